"""An event loop that was closed, or rests between calls, keeps nobody waiting: not its process, not another one."""

import asyncio
import gc
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from mwaa_async import EnvironmentId, HostGuard, MwaaClient
from mwaa_async.emulator import Emulator
from tests.guards import left_loops
from tests.guards.left_loops import SETTLE_TIME
from tests.guards.test_processes import process
from tests.guards.workers import ENVIRONMENT

pytestmark = pytest.mark.anyio

IN_THE_QUEUE = [
    left_loops.waits_no_longer,
    left_loops.is_cancelled_in_the_queue,
    left_loops.rests_in_the_queue,
    left_loops.is_closed_in_the_queue,
]
WITH_AN_OPEN_REQUEST = [
    left_loops.abandons_an_open_request,
    left_loops.rests_with_an_open_request,
    left_loops.is_closed_with_an_open_request,
]
NOTICE = 2.0  # seconds in which somebody notices, on a machine that does other things, too


@pytest.fixture(params=["its process", "another process"])
def in_its_process(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "its process")


@pytest.mark.parametrize("leaving", IN_THE_QUEUE, ids=lambda leaving: leaving.__name__)
async def test_who_waited_in_it_is_passed_over(
    tmp_path: Path, leaving: Callable[..., None], in_its_process: bool
) -> None:
    async with Emulator(command_time=1.0) as emulator, client(emulator, tmp_path) as ours:
        with process(left_loops.leave, tmp_path, emulator.environ(), leaving) as (_, pipe):
            assert await asyncio.to_thread(pipe.recv) == "ready"
            first = asyncio.create_task(ours.environment("demo").run("variables set first x"))
            while not emulator.commands:
                await asyncio.sleep(0.01)
            pipe.send("leave")
            await asyncio.to_thread(pipe.recv)
            assert not first.done()
            await first
            assert first_ended(emulator) > 0
            await run_next(ours, pipe if in_its_process else None)
        assert [record.command.split()[2] for record in emulator.commands] == ["first", "next"]
        assert emulator.commands[1].start - first_ended(emulator) < NOTICE


@pytest.mark.parametrize("leaving", WITH_AN_OPEN_REQUEST, ids=lambda leaving: leaving.__name__)
async def test_a_request_that_was_open_in_it_closes_the_slot_for_the_settle_time(
    tmp_path: Path, leaving: Callable[..., None], in_its_process: bool
) -> None:
    async with Emulator(command_time=0.9) as emulator, client(emulator, tmp_path) as ours:
        with process(left_loops.leave, tmp_path, emulator.environ(), leaving) as (_, pipe):
            assert await asyncio.to_thread(pipe.recv) == "ready"
            pipe.send("leave")
            left = await asyncio.to_thread(pipe.recv)
            assert len(emulator.commands) == 1
            assert emulator.commands[0].end is None
            await run_next(ours, pipe if in_its_process else None)
        assert [record.command.split()[2] for record in emulator.commands] == ["left", "next"]
        assert SETTLE_TIME <= emulator.commands[1].start - left < SETTLE_TIME + NOTICE
        assert emulator.max_running("demo") == 1


def test_what_a_closed_event_loop_has_left_and_is_collected_later_disturbs_nobody(tmp_path: Path) -> None:
    guard, holder, waiter = HostGuard(tmp_path), asyncio.new_event_loop(), asyncio.new_event_loop()
    slot = holder.run_until_complete(guard.acquire(ENVIRONMENT))
    task = waiter.create_task(guard.acquire(ENVIRONMENT))
    task._log_destroy_pending = False  # type: ignore[attr-defined]  # which is what is done here
    waiter.run_until_complete(asyncio.sleep(0.1))
    waiter.close()
    while any(line.loop is waiter for line in list(guard._lines._lines.values())):
        time.sleep(0.05)
    del task
    gc.collect()
    holder.run_until_complete(slot.release())
    holder.close()
    asyncio.run(_use_many(guard))


async def _use_many(guard: HostGuard) -> None:
    for number in range(50):
        await (await guard.acquire(EnvironmentId("aws", "eu-west-1", f"e{number}"))).release()


def client(emulator: Emulator, directory: Path) -> MwaaClient:
    return MwaaClient(guard=HostGuard(directory), settle_time=SETTLE_TIME, **emulator.client_options())


def first_ended(emulator: Emulator) -> float:
    return emulator.commands[0].end or 0.0


async def run_next(ours: MwaaClient, pipe: Connection | None) -> None:
    """Run another command, in the process that left its event loop, or in this one."""
    if pipe is None:
        await ours.environment("demo").run("variables set next x")
    else:
        pipe.send("run")
        await asyncio.to_thread(pipe.recv)
