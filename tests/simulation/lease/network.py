"""The engine as the guard sees it: every message takes a while, and may be late, or lost, as may its answer."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from dataclasses import dataclass
from typing import TypeVar

from mwaa_async._guards.lease import protocol
from mwaa_async._guards.lease.engine import Connect, Engine, EngineError, View
from mwaa_async._guards.lease.protocol import Contender, Granted, Held, Left, Queued, State, Step, Watch, by_clock
from mwaa_async._guards.lease.redis_engine import LOST_CALL
from mwaa_async._identity import EnvironmentId
from tests.simulation.lease.scenario import Settings
from tests.simulation.lease.store import Store

T = TypeVar("T")

_TIMEOUT = 5.0  # seconds for an answer
_POLL = 0.25  # seconds between two looks of those who cannot be called
_LATE = (0.5, 4.0, 6.0, 20.0)  # seconds; some of it after everybody has stopped to wait for it
_SERVER_CLOCK = 1_790_000_000.0  # seconds which the server's clock is before everybody else's


@dataclass(eq=False, slots=True)
class Network:
    """Between all hosts and the engine; what is on its way arrives, whatever has become of the sender."""

    store: Store
    settings: Settings
    chance: random.Random
    bells: dict[str, asyncio.Event]
    is_out: bool = False
    troubles: int = 0

    async def exchange(self, act: Callable[[], T]) -> T:
        """Let something be done at the engine, and bring its answer. Raises `EngineError`."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._send(lambda: self._arrive(act, answer))
        with suppress(TimeoutError):
            async with asyncio.timeout(_TIMEOUT):
                return await answer
        self.troubles += 1
        raise EngineError("no answer")

    def _arrive(self, act: Callable[[], T], answer: asyncio.Future[T]) -> None:
        if not self.is_out:
            result = act()
            self._send(lambda: None if answer.done() else answer.set_result(result))

    def _send(self, deliver: Callable[[], None]) -> None:
        takes = self.chance.uniform(0.1, 1.0) * self.settings.delay
        if self.chance.random() < self.settings.trouble:
            self.troubles += 1
            if self.chance.random() < 0.5:
                return
            takes = self.chance.choice(_LATE)
        _later(takes, deliver)

    def call(self, who: str) -> None:
        """Tell somebody that it may go on; that is lost now and then."""
        bell = self.bells.get(who)
        if self.settings.has_clock and bell is not None and self.chance.random() >= self.settings.lost_calls:
            _later(self.chance.random() * self.settings.delay, bell.set)


def _later(seconds: float, do: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, do, context=Context())


class SimulatedEngine:
    """An engine with a clock of its own (Redis), or one that knows conditional writes only (DynamoDB)."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._watch = Watch()

    async def ask(self, environment: EnvironmentId, who: Contender, *, term: float) -> Granted | Queued:
        self._bell(who).clear()
        return await self._do(
            who,
            lambda state, beat, left, floor: protocol.asked(
                state, str(who), term=term, beat=beat, left=left, floor=floor
            ),
        )

    async def renew(self, environment: EnvironmentId, held: Held, *, term: float) -> Granted | None:
        self._bell(held.who).clear()
        return await self._do(
            held.who,
            lambda state, beat, left, floor: protocol.renewed(state, str(held.who), held.fence, term=term, beat=beat),
        )

    async def leave(self, environment: EnvironmentId, who: Contender, fence: int, *, closed_for: float = 0.0) -> bool:
        self._network.bells.pop(str(who), None)
        return await self._do(
            who,
            lambda state, beat, left, floor: protocol.left(state, str(who), fence, closed_for=closed_for, beat=beat),
        )

    async def look(self, environment: EnvironmentId) -> View:
        return await self._network.exchange(View)

    async def called(self, environment: EnvironmentId, who: Contender, seconds: float, *, holds: bool) -> None:
        bell = self._bell(who)
        longest = (LOST_CALL if holds else seconds) if self._network.settings.has_clock else _POLL
        with suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, longest)):
                await bell.wait()

    async def _do(self, who: Contender, decide: Callable[[State, int, Left, int], tuple[Step, T]]) -> T:
        if self._network.settings.has_clock:
            return await self._network.exchange(lambda: self._decided(str(who), decide))
        while True:
            version, state = await self._network.exchange(lambda: (self._store.version, self._store.state))
            left = self._watch.at(asyncio.get_running_loop().time(), state)
            step, answer = decide(state, version + 1, left, 0)
            if await self._network.exchange(lambda: self._is_written(str(who), version, step)):  # noqa: B023
                return answer

    def _decided(self, who: str, decide: Callable[[State, int, Left, int], tuple[Step, T]]) -> T:
        """Decide and act at once, as a script does."""
        clock = round((_SERVER_CLOCK + asyncio.get_running_loop().time()) * 1000)
        step, answer = decide(self._store.state, clock, by_clock(clock), clock)
        self._take(who, step)
        return answer

    def _is_written(self, who: str, version: int, step: Step) -> bool:
        """Write on the condition that nobody else has written."""
        if self._store.version != version:
            return False
        self._take(who, step)
        return True

    def _take(self, who: str, step: Step) -> None:
        self._store.change(who, step)
        for each in step.calls:
            self._network.call(each)

    @property
    def _store(self) -> Store:
        return self._network.store

    def _bell(self, who: Contender) -> asyncio.Event:
        return self._network.bells.setdefault(str(who), asyncio.Event())


def connect(network: Network) -> Connect:
    """Return what a guard connects with."""

    @asynccontextmanager
    async def connected() -> AsyncIterator[Engine]:
        yield SimulatedEngine(network)

    return connected
