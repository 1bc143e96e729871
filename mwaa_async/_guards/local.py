"""The guard of one event loop."""

import asyncio
from weakref import WeakKeyDictionary

from mwaa_async._guards.turns import Turns
from mwaa_async._identity import EnvironmentId


class LocalGuard:
    """Keeps the rule within one event loop: for a program that knows itself to be the only one.

    Clients that are given the same `LocalGuard` share its slots. In another event loop it counts anew.
    """

    def __init__(self) -> None:
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[EnvironmentId, Turns]] = WeakKeyDictionary()

    async def acquire(self, environment: EnvironmentId) -> "LocalSlot":
        """Wait for the environment's slot and take it."""
        turns = self._turns_for(environment)
        if not turns.take_at_once():
            await turns.wait()
        return LocalSlot(turns)

    def _turns_for(self, environment: EnvironmentId) -> Turns:
        loop = asyncio.get_running_loop()
        try:
            return self._turns[loop][environment]
        except KeyError:
            return self._turns.setdefault(loop, {}).setdefault(environment, Turns())

    def __repr__(self) -> str:
        return "LocalGuard()"


class LocalSlot:
    """A slot of a `LocalGuard`."""

    __slots__ = ("_turns",)

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    async def release(self, *, closed_for: float = 0.0) -> None:
        """Give the slot back, at once or `closed_for` seconds from now."""
        if closed_for:
            asyncio.get_running_loop().call_later(closed_for, self._turns.give_back)
        else:
            self._turns.give_back()
