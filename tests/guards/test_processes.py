"""Promise 1 and 2 over processes, threads and event loops; a process may die or stand still at any moment."""

import asyncio
import bisect
import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from mwaa_async import HostGuard, MwaaClient
from mwaa_async.emulator import Emulator
from tests.guards import workers
from tests.guards.redis.hosts import redis_host
from tests.guards.redis.server import RedisServer
from tests.guards.shared import SharedGuard
from tests.guards.workers import ENVIRONMENT, TurnTaken

SPAWN = multiprocessing.get_context("spawn")


@contextmanager
def process(work: Callable[..., None], *args: object, context: BaseContext = SPAWN) -> Iterator[tuple[int, Connection]]:
    """Start a process, and see that it is gone in the end."""
    ours, theirs = context.Pipe()
    started: BaseProcess = context.Process(target=work, args=(theirs, *args))  # type: ignore[attr-defined]
    started.start()
    theirs.close()
    try:
        assert started.pid
        yield started.pid, ours
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(started.pid or 0, signal.SIGCONT)
        started.kill()
        started.join()
        ours.close()


def together(work: Callable[..., None], count: int, *args: object, context: BaseContext = SPAWN) -> list[TurnTaken]:
    """Let that many processes work at the same time, and return all turns in the order in which they began."""
    with contextlib.ExitStack() as stack:
        pipes = [stack.enter_context(process(work, *args, context=context))[1] for _ in range(count)]
        for pipe in pipes:
            assert pipe.recv() == "ready"
        for pipe in pipes:
            pipe.send("go")
        turns = [turn for pipe in pipes for turn in pipe.recv()]
    return sorted(turns, key=lambda turn: turn.began)


def overlaps(turns: list[TurnTaken]) -> int:
    return sum(earlier.ended > later.began for earlier, later in pairwise(turns))


def longest_wait(turns: list[TurnTaken]) -> int:
    """Return how many turns others began, at most, while one waited."""
    began = [turn.began for turn in turns]
    return max(bisect.bisect_left(began, turn.began) - bisect.bisect_right(began, turn.asked) for turn in turns)


def test_four_busy_processes_take_turns_and_nobody_starves(
    shared: SharedGuard, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    number = 6 if shared.lease else 50
    turns = together(workers.busy, 4, shared.at(tmp_path), number, 0.05)
    span = turns[-1].ended - turns[0].began
    part = span / (4 * number * 0.05)
    print(f"4 processes x {number} turns of 50 ms: {part:.3f} x the ideal, longest wait {longest_wait(turns)} turns")
    record_property("longest_wait_in_turns", longest_wait(turns))
    assert len(turns) == 4 * number
    assert overlaps(turns) == 0
    assert longest_wait(turns) <= 20


def test_a_process_with_very_many_turns_to_take_does_not_keep_the_others_out(
    shared: SharedGuard, tmp_path: Path
) -> None:
    with (
        process(workers.busy, shared.at(tmp_path), 10_000, 0.01) as (_, many),
        process(workers.busy, shared.at(tmp_path), 20, 0.01) as (_, few),
    ):
        assert many.recv() == few.recv() == "ready"
        many.send("go")
        few.send("go")
        turns: list[TurnTaken] = few.recv()
        assert len(turns) == 20
        assert not many.poll()
    # Alone, twenty turns take 0.2 s; in turn with one other process, twice that.
    assert turns[-1].ended - turns[0].asked < 2 + 20 * 4 * shared.looks_every


def test_processes_of_one_host_hand_a_lease_over_as_quickly_as_hosts_do(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    before = redis_server.steps()
    turns = together(workers.busy, 2, partial(redis_host, redis_server.url, tmp_path), 20, 0.02)
    assert overlaps(turns) == 0
    assert redis_server.steps() - before < 3 * len(turns), "one gives it back, and the other one takes it"


@pytest.mark.parametrize(
    ("shared", "method"),
    [
        ("HostGuard", "fork"),
        ("HostGuard", "forkserver"),
        ("HostGuard", "spawn"),
        ("RedisGuard", "fork"),
        ("RedisGuard", "forkserver"),
        ("DynamoDBGuard", "fork"),
    ],
    indirect=["shared"],
)
def test_the_rule_holds_however_processes_are_started(shared: SharedGuard, tmp_path: Path, method: str) -> None:
    asyncio.run(workers.take_turns(shared.at(tmp_path), 1, 0.0, 0))  # a fork inherits what this leaves open
    number = 4 if shared.lease else 20
    turns = together(workers.busy, 3, shared.at(tmp_path), number, 0.005, context=multiprocessing.get_context(method))
    assert len(turns) == 3 * number
    assert overlaps(turns) == 0


@pytest.mark.parametrize(
    ("shared", "work"),
    [
        ("HostGuard", workers.busy_on_uvloop),
        ("HostGuard", workers.busy_in_threads),
        ("RedisGuard", workers.busy_on_uvloop),
        ("RedisGuard", workers.busy_in_threads),
        ("DynamoDBGuard", workers.busy_on_uvloop),
    ],
    indirect=["shared"],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_the_rule_holds_on_other_event_loops_and_in_threads(
    shared: SharedGuard, tmp_path: Path, work: Callable[..., None]
) -> None:
    number = 5 if shared.lease else 20
    turns = together(work, 2, shared.at(tmp_path), number, 0.005)
    assert len(turns) >= 2 * number
    assert overlaps(turns) == 0


def test_event_loops_in_threads_of_this_process_take_turns(shared: SharedGuard, tmp_path: Path) -> None:
    number = 10 if shared.lease else 100
    turns = sorted(workers.turns_of_threads(shared.at(tmp_path), number, 0.002), key=lambda turn: turn.began)
    assert len(turns) == 3 * number
    assert overlaps(turns) == 0
    assert longest_wait(turns) <= 3


@pytest.mark.anyio
async def test_a_forked_child_neither_holds_nor_frees_its_parents_slot(shared: SharedGuard, tmp_path: Path) -> None:
    slot = await shared.at(tmp_path)().acquire(ENVIRONMENT)
    fork = multiprocessing.get_context("fork")
    with process(workers.line_up, shared.at(tmp_path), context=fork) as (_, pipe):
        assert await asyncio.to_thread(pipe.recv) == "waiting"
        assert not pipe.poll(0.1), "the child waits, though it inherited the parent's open files"
        released = time.monotonic()
        await slot.release()
        assert await asyncio.to_thread(pipe.recv) >= released


@contextmanager
def holder_and_waiters(make_guard: workers.MakeGuard, waiters: int) -> Iterator[list[tuple[int, Connection]]]:
    """Start a process that has the slot, and then others that wait for it."""
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(process(workers.hold, make_guard))]
        processes[0][1].recv()
        processes += [stack.enter_context(process(workers.line_up, make_guard)) for _ in range(waiters)]
        assert all(pipe.recv() == "waiting" for _, pipe in processes[1:])
        assert not any(pipe.poll(0.1) for _, pipe in processes[1:])
        yield processes


def test_a_process_that_is_killed_frees_the_slot_at_once_or_when_its_lease_is_over(
    shared: SharedGuard, tmp_path: Path
) -> None:
    with holder_and_waiters(shared.at(tmp_path), 1) as [(holder, _), (_, waits)]:
        killed = time.monotonic()
        os.kill(holder, signal.SIGKILL)
        assert 0 < waits.recv() - killed < (shared.lease + 2 if shared.lease else 0.5)


def test_a_process_that_is_killed_in_line_is_passed_over(shared: SharedGuard, tmp_path: Path) -> None:
    with holder_and_waiters(shared.at(tmp_path), 2) as [(_, holds), (first, _), (_, second_waits)]:
        os.kill(first, signal.SIGKILL)
        holds.send(0.0)
        assert second_waits.recv() >= holds.recv()


def test_a_process_that_is_stopped_keeps_the_slot_until_it_goes_on(shared: SharedGuard, tmp_path: Path) -> None:
    with holder_and_waiters(shared.at(tmp_path), 1) as [(holder, holds), (_, waits)]:
        os.kill(holder, signal.SIGSTOP)
        holds.send(0.0)
        assert not waits.poll(0.5)
        os.kill(holder, signal.SIGCONT)
        assert waits.recv() >= holds.recv()


def test_those_behind_a_stopped_process_know_who_has_the_slot_and_who_is_before_them(
    shared: SharedGuard, tmp_path: Path
) -> None:
    make_guard = shared.at(tmp_path)
    with (
        contextlib.ExitStack() as stack,
        process(workers.hold_with_a_request, make_guard) as (holder, holds),
        process(workers.say_who_is_before, make_guard) as (_, says),
    ):
        assert holds.recv() == "open"
        first, waits = stack.enter_context(process(workers.line_up, make_guard))
        assert waits.recv() == "waiting"
        says.send("line up")
        os.kill(holder, signal.SIGSTOP)
        said = says.recv()
        os.kill(holder, signal.SIGCONT)
        holds.send("go on")
    assert said == (f"process {holder} of this host", f"process {first} of this host")


def test_a_slot_that_is_to_stay_closed_stays_closed_for_everybody_even_when_its_process_is_gone(
    shared: SharedGuard, tmp_path: Path
) -> None:
    with process(workers.hold, shared.at(tmp_path)) as (_, holds):
        holds.recv()
        holds.send(0.8)
        released = holds.recv()
    with process(workers.line_up, shared.at(tmp_path)) as (_, waits):
        assert waits.recv() == "waiting"
        assert waits.recv() - released > 0.75


@pytest.mark.anyio
async def test_several_processes_send_one_command_at_a_time_also_when_one_is_killed(
    shared: SharedGuard, tmp_path: Path
) -> None:
    number = 5 if shared.lease else 15
    async with Emulator(command_time=0.02) as emulator:
        arguments = (shared.at(tmp_path), emulator.environ(), number)
        with contextlib.ExitStack() as stack:
            children = [stack.enter_context(process(workers.run_commands, *arguments)) for _ in range(4)]
            for _, pipe in children:
                assert await asyncio.to_thread(pipe.recv) == "ready"
            os.kill(children[0][0], signal.SIGKILL)
            for _, pipe in children[1:]:
                assert await asyncio.to_thread(pipe.recv) == "done"
        assert emulator.max_running("demo") == 1
        commands = [record.command for record in emulator.commands]
    assert len(commands) == len(set(commands)) >= 3 * number


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("shared", "number"),
    [
        ("HostGuard", signal.SIGKILL),
        ("HostGuard", signal.SIGTERM),
        ("HostGuard", signal.SIGHUP),
        ("RedisGuard", signal.SIGKILL),
        ("DynamoDBGuard", signal.SIGTERM),
    ],
    indirect=["shared"],
    ids=lambda value: getattr(value, "name", value),
)
async def test_what_ends_with_a_request_open_leaves_the_slot_closed_for_its_settle_time(
    shared: SharedGuard, tmp_path: Path, number: signal.Signals
) -> None:
    guard = shared.at(tmp_path)()
    await guard.status(ENVIRONMENT)  # what is loaded would keep this event loop, and so the emulator, from running
    options: dict[str, Any] = {"guard": guard, "settle_time": workers.SETTLE_TIME}
    async with Emulator(command_time=0.9) as emulator, MwaaClient(**emulator.client_options(), **options) as client:
        with process(workers.run_commands, shared.at(tmp_path), emulator.environ(), 1) as (running, _):
            while not emulator.commands:
                await asyncio.sleep(0.01)
            waiting = asyncio.create_task(client.environment("demo").run("version"))
            await asyncio.sleep(0.2)  # it fetches its token, and lines up
            os.kill(running, number)
            ended = time.monotonic()
            await waiting
        assert emulator.max_running("demo") == 1
        # The last sign of life of a lease was up to a third of it before.
        longest = max(workers.SETTLE_TIME, shared.lease)
        assert longest - shared.lease / 3 - 0.1 <= emulator.commands[1].start - ended < longest + 2


def test_waiting_for_lock_files_takes_hardly_any_time_of_the_processor(tmp_path: Path) -> None:
    """Twelve wait, of whom five have no position in the queue."""
    make_guard = partial(HostGuard, tmp_path)
    with contextlib.ExitStack() as stack:
        _, holds = stack.enter_context(process(workers.hold, make_guard))
        holds.recv()
        pipes = [stack.enter_context(process(workers.wait_and_measure, make_guard))[1] for _ in range(12)]
        assert all(pipe.recv() == "waiting" for pipe in pipes)
        time.sleep(3.0)
        for pipe in pipes:
            pipe.send("how much?")
        took = [pipe.recv() for pipe in pipes]
    print("seconds of the processor in 3 s of waiting:", [round(seconds, 3) for seconds in took])
    assert max(took) < 0.15
