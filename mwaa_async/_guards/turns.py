"""The order in which those of one event loop come who wait for the same environment."""

import asyncio
from collections import deque


class Turns:
    """First come, first served; whoever leaves the queue early changes nothing for the others.

    The whole changing state is `taken` and the queue of those who wait, and only `_pass_on` gives a turn away.
    """

    def __init__(self) -> None:
        self.taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    def take_at_once(self) -> bool:
        """Take the turn where nobody has it, and tell whether that was so."""
        was_free = not self.taken
        self.taken = True
        return was_free

    async def wait(self) -> None:
        """Queue and wait for the turn."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the turn had come already, in the same round of the event loop
                self._pass_on()
            raise

    def give_back(self, *, closed_for: float = 0.0) -> None:
        """End the turn; the next one comes at once or after `closed_for` seconds."""
        if closed_for > 0:
            asyncio.get_running_loop().call_later(closed_for, self._pass_on)
        else:
            self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.taken = False

    def __repr__(self) -> str:
        waiting = sum(not turn.done() for turn in self._waiting)
        return f"<Turns [{'taken' if self.taken else 'free'}, {waiting} waiting]>"
