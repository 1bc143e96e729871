"""A queue in which nothing moves is told of every minute, with who comes first."""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing

import pytest

from mwaa_async import EnvironmentId, GuardError, RequestSlot, SlotStatus
from mwaa_async._reporting import Reporter
from mwaa_async._request import Request
from mwaa_async._waiting import Waiting
from mwaa_async.events import CommandWaiting, Event, QueueStalled
from tests.simulation.clock import VirtualLoop

ENVIRONMENT = EnvironmentId("aws", "eu-west-1", "demo")


class Guard:
    """A guard whose queue is as the test says."""

    def __init__(self, status: SlotStatus | GuardError) -> None:
        self.state = status

    async def is_free(self, environment: EnvironmentId) -> bool:
        return False

    async def acquire(self, environment: EnvironmentId, on_next: Callable[[], None] | None = None) -> RequestSlot:
        raise NotImplementedError

    async def status(self, environment: EnvironmentId) -> SlotStatus:
        if isinstance(self.state, GuardError):
            raise self.state
        return self.state


@pytest.fixture
def run() -> Iterator[Callable[[Coroutine[None, None, None]], None]]:
    with closing(VirtualLoop(random.Random(0))) as loop:
        yield loop.run_until_complete


@pytest.fixture
def told() -> list[Event]:
    return []


def waiting_for(guard: Guard, told: list[Event]) -> Waiting:
    waiting = Waiting(ENVIRONMENT, guard, Reporter("demo", told.append))
    waiting.begin(Request("dags list", idempotent=True, asked_at=0.0), "the slot")
    return waiting


def stalls(told: list[Event]) -> list[tuple[int, tuple[str, ...]]]:
    return [(round(event.seconds), event.before) for event in told if isinstance(event, QueueStalled)]


Run = Callable[[Coroutine[None, None, None]], None]


def test_a_queue_that_does_not_move_is_told_of_every_minute(run: Run, told: list[Event]) -> None:
    async def wait() -> None:
        waiting = waiting_for(Guard(SlotStatus(("process 1", "process 2"))), told)
        await asyncio.sleep(150)
        waiting.close()

    run(wait())
    assert stalls(told) == [(60, ("process 1", "process 2")), (120, ("process 1", "process 2"))]
    assert [round(event.seconds) for event in told if isinstance(event, CommandWaiting)] == [*range(1, 150)]


def test_the_log_has_the_first_word_about_a_wait_and_one_each_minute(
    run: Run, told: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    async def wait() -> None:
        waiting = waiting_for(Guard(SlotStatus((), 300.0)), told)
        await asyncio.sleep(150)
        waiting.close()

    with caplog.at_level(logging.DEBUG, "mwaa_async"):
        run(wait())
    assert len(caplog.records) == 3
    assert len(told) == 149


def test_a_queue_that_moves_is_no_trouble_however_long_it_is(run: Run, told: list[Event]) -> None:
    async def wait() -> None:
        guard = Guard(SlotStatus(("process 1", "process 2")))
        waiting = waiting_for(guard, told)
        await asyncio.sleep(50)
        guard.state = SlotStatus(("process 2",))
        await asyncio.sleep(50)
        waiting.close()

    run(wait())
    assert stalls(told) == []


@pytest.mark.parametrize("status", [SlotStatus((), 300.0), GuardError("the engine is gone")], ids=["closed", "gone"])
def test_a_closed_slot_and_an_engine_that_is_gone_are_no_stall(
    run: Run, told: list[Event], status: SlotStatus | GuardError
) -> None:
    async def wait() -> None:
        waiting = waiting_for(Guard(status), told)
        await asyncio.sleep(100)
        waiting.close()

    run(wait())
    assert stalls(told) == []
    assert len(told) == 99


def test_nothing_is_told_of_a_wait_that_is_over(run: Run, told: list[Event]) -> None:
    async def wait() -> None:
        waiting = waiting_for(Guard(SlotStatus(("process 1",))), told)
        await asyncio.sleep(2.5)
        waiting.end()
        await asyncio.sleep(10)
        assert not asyncio.all_tasks() - {asyncio.current_task()}

    run(wait())
    assert len(told) == 2
