"""An event loop that was closed, or rests between calls, keeps nobody waiting: not its process, not another one."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from mwaa_async import EnvironmentId, HostGuard, MwaaClient
from mwaa_async._guards.lease.protocol import TICKET
from mwaa_async.emulator import Emulator
from tests.guards import left_loops
from tests.guards.left_loops import SETTLE_TIME
from tests.guards.shared import SharedGuard
from tests.guards.test_processes import process
from tests.guards.workers import ENVIRONMENT, ProcessGuard

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


# The lease is one and the same on both engines; what is left shows in the same process, and in another one.
EACH = pytest.mark.parametrize(
    ("shared", "in_its_process"),
    [("HostGuard", True), ("HostGuard", False), ("RedisGuard", True), ("DynamoDBGuard", False)],
    indirect=["shared"],
    ids=lambda value: {True: "its process", False: "another process"}.get(value, value),
)


@EACH
@pytest.mark.parametrize("leaving", IN_THE_QUEUE, ids=lambda leaving: leaving.__name__)
async def test_who_waited_in_it_is_passed_over(
    shared: SharedGuard, tmp_path: Path, leaving: Callable[..., None], in_its_process: bool
) -> None:
    theirs = shared.at(another_host(shared, tmp_path))
    async with Emulator(command_time=1.0) as emulator, client(emulator, shared.at(tmp_path)()) as ours:
        with process(left_loops.leave, theirs, emulator.environ(), leaving) as (_, pipe):
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
        ticket = TICKET if shared.lease else 0.0
        assert emulator.commands[1].start - first_ended(emulator) < ticket + NOTICE


@EACH
@pytest.mark.parametrize("leaving", WITH_AN_OPEN_REQUEST, ids=lambda leaving: leaving.__name__)
async def test_a_request_that_was_open_in_it_closes_the_slot_for_the_settle_time(
    shared: SharedGuard, tmp_path: Path, leaving: Callable[..., None], in_its_process: bool
) -> None:
    theirs = shared.at(another_host(shared, tmp_path))
    async with Emulator(command_time=0.9) as emulator, client(emulator, shared.at(tmp_path)()) as ours:
        with process(left_loops.leave, theirs, emulator.environ(), leaving) as (_, pipe):
            assert await asyncio.to_thread(pipe.recv) == "ready"
            pipe.send("leave")
            left = await asyncio.to_thread(pipe.recv)
            assert len(emulator.commands) == 1
            assert (emulator.commands[0].end or left) >= left
            await run_next(ours, pipe if in_its_process else None)
        assert [record.command.split()[2] for record in emulator.commands] == ["left", "next"]
        # The last sign of life of a lease was up to a third of it before.
        longest = max(SETTLE_TIME, shared.lease)
        assert longest - shared.lease / 3 - 0.1 <= emulator.commands[1].start - left < longest + NOTICE
        assert emulator.max_running("demo") == 1


def test_lock_files_that_a_closed_event_loop_has_left_and_are_collected_later_disturb_nobody(tmp_path: Path) -> None:
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


def another_host(shared: SharedGuard, directory: Path) -> Path:
    """Return the directory of another host, where the guard reaches that far; lock files have their own tests of it."""
    return directory / "other" if shared.lease else directory


@asynccontextmanager
async def client(emulator: Emulator, guard: ProcessGuard) -> AsyncIterator[MwaaClient]:
    await guard.status(ENVIRONMENT)  # what is loaded would keep this event loop, and so the emulator, from running
    options: dict[str, Any] = {**emulator.client_options(), "guard": guard, "settle_time": SETTLE_TIME}
    async with MwaaClient(**options) as client:
        yield client


def first_ended(emulator: Emulator) -> float:
    return emulator.commands[0].end or 0.0


async def run_next(ours: MwaaClient, pipe: Connection | None) -> None:
    """Run another command, in the process that left its event loop, or in this one."""
    if pipe is None:
        await ours.environment("demo").run("variables set next x")
    else:
        pipe.send("run")
        await asyncio.to_thread(pipe.recv)
