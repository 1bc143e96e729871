"""The guard of one event loop."""

import asyncio
from collections.abc import Callable
from weakref import WeakKeyDictionary

from mwaa_async._identity import EnvironmentId

_Locks = dict[EnvironmentId, asyncio.Lock]  # which is first come, first served


class LocalGuard:
    """Keeps the rule within one event loop: for a program that knows itself to be the only one.

    Clients that are given the same `LocalGuard` share its slots. In another event loop it counts anew.
    """

    def __init__(self) -> None:
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, _Locks] = WeakKeyDictionary()

    async def is_free(self, environment: EnvironmentId) -> bool:
        """Tell whether nobody has the environment's slot."""
        return not self._lock(environment).locked()

    async def acquire(self, environment: EnvironmentId, on_next: Callable[[], None] | None = None) -> "LocalSlot":
        """Wait for the environment's slot and take it; `on_next` is called before the wait."""
        lock = self._lock(environment)
        if on_next is not None:
            on_next()  # nearly always: those who wait here are the clients of one event loop, and they are few
        await lock.acquire()
        return LocalSlot(lock)

    def _lock(self, environment: EnvironmentId) -> asyncio.Lock:
        loop = asyncio.get_running_loop()
        try:
            return self._locks[loop][environment]
        except KeyError:
            return self._locks.setdefault(loop, {}).setdefault(environment, asyncio.Lock())

    def __repr__(self) -> str:
        return "LocalGuard()"


class LocalSlot:
    """A slot of a `LocalGuard`; it needs no mark of an open request, since it dies with its holder's event loop."""

    __slots__ = ("_lock",)

    def __init__(self, lock: asyncio.Lock) -> None:
        self._lock = lock

    async def request_begins(self, *, settle_time: float) -> None:
        """Do nothing."""

    async def request_ended(self) -> None:
        """Do nothing."""

    async def release(self, *, closed_for: float = 0.0) -> None:
        """Give the slot back, at once or `closed_for` seconds from now."""
        if closed_for:
            asyncio.get_running_loop().call_later(closed_for, self._lock.release)
        else:
            self._lock.release()
