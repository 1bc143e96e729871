"""The queue within one event loop."""

import asyncio
from collections.abc import Callable

HERE = "another client of this event loop"


class LoopQueue:
    """Lets one of an event loop go on at a time: first come, first served. Whoever waits may be cancelled.

    Until `closed_until` nobody does, where the guard lets the time go by within the queue.
    """

    def __init__(self) -> None:
        self._next = asyncio.Lock()  # which is first come, first served
        self._turn = asyncio.Lock()
        self.closed_until = 0.0

    @property
    def is_free(self) -> bool:
        """Tell whether nobody is at it."""
        return not self._turn.locked()

    async def wait(self, on_next: Callable[[], None]) -> None:
        """Wait until all who came before are done; `on_next` is called when that is one only, or none."""
        async with self._next:
            on_next()
            await self._turn.acquire()

    def release(self) -> None:
        """Let the next one go on."""
        self._turn.release()
