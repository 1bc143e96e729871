"""The order in which those of one process come who wait for the same environment."""

import asyncio
from collections import deque
from threading import Lock


class Turns:
    """First come, first served, over the event loops and threads of a process.

    Whoever leaves the queue early changes nothing for the others. The whole changing state is `taken` and the queue of
    those who wait; a turn is given away in `_pass_on` only.
    """

    def __init__(self) -> None:
        self.taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._mutex = Lock()

    def take_at_once(self) -> bool:
        """Take the turn where nobody has it, and tell whether that was so."""
        with self._mutex:
            was_free = not self.taken
            self.taken = True
        return was_free

    async def wait(self) -> None:
        """Queue and wait for the turn."""
        turn = asyncio.get_running_loop().create_future()
        with self._mutex:
            self._waiting.append(turn)
            if not self.taken:  # given back by another thread in the meantime
                self.taken = True
                self._pass_on()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the turn had come already, in the same round of the event loop
                self.give_back()
            raise

    def give_back(self) -> None:
        """End the turn; the next one comes."""
        with self._mutex:
            self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            loop = turn.get_loop()
            if loop is asyncio._get_running_loop():
                if not turn.done():
                    turn.set_result(None)
                    return
            elif not loop.is_closed():
                loop.call_soon_threadsafe(self._hand_over, turn)
                return
        self.taken = False

    def _hand_over(self, turn: asyncio.Future[None]) -> None:
        if turn.done():
            self.give_back()
        else:
            turn.set_result(None)

    def __repr__(self) -> str:
        waiting = sum(not turn.done() for turn in self._waiting)
        return f"<Turns [{'taken' if self.taken else 'free'}, {waiting} waiting]>"
