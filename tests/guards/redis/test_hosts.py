"""The promises over many hosts: processes with lock directories of their own, one Redis, and one emulator."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from mwaa_async.emulator import Emulator
from tests.guards.redis import hosts
from tests.guards.redis.hosts import LEASE, SETTLE_TIME, host
from tests.guards.redis.server import RedisServer
from tests.guards.test_processes import longest_wait, overlaps, process
from tests.guards.workers import ENVIRONMENT, TurnTaken

pytestmark = pytest.mark.anyio


@contextlib.contextmanager
def holder_and_waiter(
    server: RedisServer, directory: Path, settle_time: float = SETTLE_TIME
) -> Iterator[tuple[tuple[int, Connection], tuple[int, Connection]]]:
    """Start a host that has the slot with a request open, and then one that waits for it."""
    with process(hosts.hold, server.url, directory / "a", settle_time) as holder:
        assert holder[1].recv() == "open"
        with process(hosts.line_up, server.url, directory / "b") as waiter:
            assert waiter[1].recv() == "waiting"
            yield holder, waiter


def turns_of(count: int, server: RedisServer, directory: Path, number: int, length: float) -> list[TurnTaken]:
    with contextlib.ExitStack() as stack:
        pipes = [
            stack.enter_context(process(hosts.busy, server.url, directory / f"host-{which}", number, length))[1]
            for which in range(count)
        ]
        assert [pipe.recv() for pipe in pipes] == ["ready"] * count
        for pipe in pipes:
            pipe.send("go")
        return sorted((turn for pipe in pipes for turn in pipe.recv()), key=lambda turn: turn.began)


def test_five_busy_hosts_take_turns_and_hand_over_within_50_ms(server: RedisServer, tmp_path: Path) -> None:
    turns = turns_of(5, server, tmp_path, 40, 0.02)
    gaps = sorted(later.began - earlier.ended for earlier, later in pairwise(turns))
    wait = longest_wait(turns)
    print(f"hand-over: median {gaps[len(gaps) // 2]:.4f} s, longest {gaps[-1]:.4f} s; longest wait {wait} turns")
    assert len(turns) == 200
    assert overlaps(turns) == 0
    assert wait <= 10
    assert gaps[len(gaps) // 2] < 0.05


def test_a_host_that_dies_with_a_request_open_keeps_the_slot_until_its_lease_is_over(
    server: RedisServer, tmp_path: Path
) -> None:
    with holder_and_waiter(server, tmp_path) as ((holder, _), (_, waits)):
        os.kill(holder, signal.SIGKILL)
        killed = time.monotonic()
        assert LEASE - LEASE / 3 - 0.1 <= waits.recv() - killed < LEASE + 2


def test_a_settle_time_longer_than_the_lease_is_kept_after_the_holders_last_sign_of_life(
    server: RedisServer, tmp_path: Path
) -> None:
    settle_time = 2 * LEASE
    with holder_and_waiter(server, tmp_path, settle_time) as ((holder, _), (_, waits)):
        os.kill(holder, signal.SIGKILL)
        killed = time.monotonic()
        assert settle_time - LEASE / 3 - 0.1 <= waits.recv() - killed < settle_time + 2


def test_a_host_that_dies_in_line_leaves_it_within_a_few_seconds(server: RedisServer, tmp_path: Path) -> None:
    with (
        holder_and_waiter(server, tmp_path) as ((_, holds), (first, _)),
        process(hosts.line_up, server.url, tmp_path / "c") as (_, second_waits),
    ):
        assert second_waits.recv() == "waiting"
        os.kill(first, signal.SIGKILL)
        released = time.monotonic()
        holds.send(0.0)
        assert second_waits.recv() - released < 3 + 1.5


def test_a_holder_that_is_stopped_longer_than_its_lease_loses_it_counts_that_and_goes_on(
    server: RedisServer, tmp_path: Path
) -> None:
    with holder_and_waiter(server, tmp_path) as ((holder, holds), (_, waits)):
        os.kill(holder, signal.SIGSTOP)
        stopped = time.monotonic()
        assert LEASE - LEASE / 3 - 0.1 <= waits.recv() - stopped < LEASE + 2
        os.kill(holder, signal.SIGCONT)
        holds.send(0.0)
        assert holds.recv() == 1


def test_a_waiter_that_is_stopped_keeps_nobody_waiting_and_gets_its_turn_when_it_goes_on(
    server: RedisServer, tmp_path: Path
) -> None:
    with (
        holder_and_waiter(server, tmp_path) as ((_, holds), (first, waits)),
        contextlib.ExitStack() as stack,
    ):
        os.kill(first, signal.SIGSTOP)
        _, second_waits = stack.enter_context(process(hosts.line_up, server.url, tmp_path / "c"))
        assert second_waits.recv() == "waiting"
        released = time.monotonic()
        holds.send(0.0)
        assert second_waits.recv() - released < 3 + 1.5
        os.kill(first, signal.SIGCONT)
        assert waits.recv() > released


async def test_five_hosts_send_one_command_at_a_time_also_when_hosts_are_killed(
    server: RedisServer, tmp_path: Path
) -> None:
    """The kill leaves a request open, so the slot stays closed until the lease is over."""
    async with Emulator(command_time=0.03) as emulator:
        with contextlib.ExitStack() as stack:
            children = [
                stack.enter_context(
                    process(hosts.run_commands, server.url, tmp_path / str(which), emulator.environ(), f"h{which}", 40)
                )
                for which in range(5)
            ]
            for _, pipe in children:
                assert await asyncio.to_thread(pipe.recv) == "ready"
            for (pid, _), after in zip(children[:2], (20, 60), strict=True):
                while len(emulator.commands) < after:
                    await asyncio.sleep(0.005)
                os.kill(pid, signal.SIGKILL)
            for _, pipe in children[2:]:
                assert await asyncio.to_thread(pipe.recv) == "done"
        assert emulator.max_running("demo") == 1
        commands = [record.command.split()[2] for record in emulator.commands]
        starts = sorted(record.start for record in emulator.commands)
    print(f"longest gap after a kill: {max(later - earlier for earlier, later in pairwise(starts)):.2f} s")
    assert len(commands) == len(set(commands))
    assert {f"h{which}-{turn}" for which in (2, 3, 4) for turn in range(40)} <= set(commands)
    assert max(later - earlier for earlier, later in pairwise(starts)) < LEASE + 2


async def test_a_slot_that_is_to_stay_closed_stays_closed_for_every_host(server: RedisServer, tmp_path: Path) -> None:
    first, second = host(server.url, tmp_path / "a"), host(server.url, tmp_path / "b")
    slot = await first.acquire(ENVIRONMENT)
    await slot.request_begins(settle_time=0.5)
    released = time.monotonic()
    await slot.release(closed_for=0.5)
    await first.rest()
    assert 0.3 < (await second.status(ENVIRONMENT)).closed_for <= 0.5
    slot = await second.acquire(ENVIRONMENT)
    assert 0.5 <= time.monotonic() - released < 0.5 + 2
    await slot.release()


async def test_while_nobody_waits_the_lease_is_kept_without_a_round_trip_and_somebody_who_comes_gets_it(
    server: RedisServer, tmp_path: Path
) -> None:
    first, second = host(server.url, tmp_path / "a"), host(server.url, tmp_path / "b")
    await (await first.acquire(ENVIRONMENT)).release()
    before = server.steps()
    for _ in range(100):
        slot = await first.acquire(ENVIRONMENT)
        await slot.request_begins(settle_time=SETTLE_TIME)
        await slot.request_ended()
        await slot.release()
    assert server.steps() == before
    began = time.monotonic()
    await (await second.acquire(ENVIRONMENT)).release()
    assert time.monotonic() - began < 0.9, "the first one was called, and gave back what it only kept"


async def test_a_lease_that_nobody_needs_is_given_back_after_a_second(server: RedisServer, tmp_path: Path) -> None:
    first, second = host(server.url, tmp_path / "a"), host(server.url, tmp_path / "b")
    await (await first.acquire(ENVIRONMENT)).release()
    assert not await second.is_free(ENVIRONMENT)
    await asyncio.sleep(1.3)
    assert await second.is_free(ENVIRONMENT)


async def test_who_has_the_slot_and_who_waits_is_said_with_host_and_process(
    server: RedisServer, tmp_path: Path
) -> None:
    with holder_and_waiter(server, tmp_path) as ((holder, holds), (waiter, waits)):
        status = await host(server.url, tmp_path / "c").status(ENVIRONMENT)
        assert status.before == (f"process {holder} of this host", f"process {waiter} of this host")
        holds.send(0.0)
        assert await asyncio.to_thread(waits.recv)


async def test_without_a_usable_lock_directory_it_works_too(server: RedisServer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    guards = [host(server.url, tmp_path / "file") for _ in range(2)]
    slot = await guards[0].acquire(ENVIRONMENT)
    waiting = [asyncio.create_task(guard.acquire(ENVIRONMENT)) for guard in guards]
    await asyncio.sleep(0.1)
    assert not any(task.done() for task in waiting)
    await slot.release()
    done, left = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert (len(done), len(left)) == (1, 1)
    for task in [*done, *left]:
        await (await task).release()
