"""The guard of one event loop."""

import asyncio
from collections.abc import Callable
from weakref import WeakKeyDictionary

from mwaa_async._clock import now
from mwaa_async._guards.guard import SlotStatus
from mwaa_async._guards.loop_queue import HERE, LoopQueue
from mwaa_async._identity import EnvironmentId

_Queues = dict[EnvironmentId, LoopQueue]


class LocalGuard:
    """Keeps the rule within one event loop: for a program that knows itself to be the only one.

    Clients that are given the same `LocalGuard` share its slots. In another event loop it counts anew.
    """

    def __init__(self) -> None:
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queues] = WeakKeyDictionary()

    async def is_free(self, environment: EnvironmentId) -> bool:
        """Tell whether nobody has the environment's slot."""
        return self._queue(environment).is_free

    async def acquire(self, environment: EnvironmentId, on_next: Callable[[], None] | None = None) -> "LocalSlot":
        """Wait for the environment's slot and take it; see `QueueingGuard.acquire`."""
        queue = self._queue(environment)
        await queue.wait(on_next or _nothing)
        return LocalSlot(queue)

    async def status(self, environment: EnvironmentId) -> SlotStatus:
        """Tell who has the environment's slot, and for how long it stays closed."""
        queue = self._queue(environment)
        closed_for = max(0.0, queue.closed_until - now())
        return SlotStatus(() if queue.is_free or closed_for else (HERE,), closed_for)

    def _queue(self, environment: EnvironmentId) -> LoopQueue:
        loop = asyncio.get_running_loop()
        try:
            return self._queues[loop][environment]
        except KeyError:
            return self._queues.setdefault(loop, {}).setdefault(environment, LoopQueue())

    def __repr__(self) -> str:
        return "LocalGuard()"


class LocalSlot:
    """A slot of a `LocalGuard`; it needs no mark of an open request, since it dies with its holder's event loop."""

    __slots__ = ("_queue",)

    def __init__(self, queue: LoopQueue) -> None:
        self._queue = queue

    async def request_begins(self, *, settle_time: float) -> None:
        """Do nothing."""

    async def request_ended(self) -> None:
        """Do nothing."""

    async def release(self, *, closed_for: float = 0.0) -> None:
        """Give the slot back, at once or `closed_for` seconds from now."""
        if closed_for:
            self._queue.closed_until = now() + closed_for
            asyncio.get_running_loop().call_later(closed_for, self._queue.release)
        else:
            self._queue.release()


def _nothing() -> None:
    """Do nothing."""
