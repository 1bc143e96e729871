"""Hosts in networks of their own: one of them is cut off from the engine, and nobody tells it so.

Each reaches the web server all the time, as in a VPC of which one route, or one security group, is broken.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from mwaa_async._guards.lease.protocol import TICKET
from mwaa_async.emulator import Emulator, SlowAnswer
from tests.guards.networks.hosts import Told, obey, reached_from
from tests.guards.networks.namespaces import Link, in_new_namespace
from tests.guards.redis.server import RedisServer
from tests.guards.test_processes import process

pytestmark = pytest.mark.anyio

LEASE = 1.0


@dataclass(frozen=True)
class Host:
    """A host, as the test has to do with it."""

    pipe: Connection
    link: Link

    def begin(self, command: str) -> None:
        self.pipe.send(command)

    async def told(self) -> Told:
        told: Told = await asyncio.to_thread(self.pipe.recv)
        return told


@asynccontextmanager
async def linked_hosts(
    count: int,
    server: RedisServer,
    emulator: Emulator,
    directory: Path,
    *,
    lease: float = LEASE,
    settle_time: float = 0.5,
) -> AsyncIterator[list[Host]]:
    """Start hosts that reach the server by a link each, and the emulator anyway."""
    ports = [int(url.rpartition(":")[2]) for url in (emulator.endpoint_url, emulator.web_server_url("demo"))]
    links = [Link(number) for number in range(1, count + 1)]
    async with AsyncExitStack() as stack:
        processes = []
        for link in links:
            words = (f"redis://{link.address}:{server.port}/0", directory / link.name, emulator.environ())
            processes.append(stack.enter_context(process(in_new_namespace, obey, *words, lease, settle_time)))
        hosts = [Host(pipe, link) for (_, pipe), link in zip(processes, links, strict=True)]
        for (process_id, pipe), link in zip(processes, links, strict=True):
            link.lay(process_id, pipe)
            for port in ports:
                await stack.enter_async_context(reached_from(process_id, port))
        for each in hosts:
            assert await asyncio.to_thread(each.pipe.recv) == "ready"
        yield hosts


async def until(holds: Callable[[], bool]) -> float:
    """Wait until it holds, and return when that was."""
    while not holds():
        await asyncio.sleep(0.005)
    return time.monotonic()


def number(server: RedisServer) -> int:
    """Return the fencing number of the newest lease."""
    return int(str(server.do("HGET", *_keys(server, "lease"), "fence")))


def in_line(server: RedisServer) -> int:
    return sum(int(str(server.do("ZCARD", key))) for key in _keys(server, "line"))


def _keys(server: RedisServer, name: str) -> list[str]:
    keys = server.do("KEYS", f"mwaa-async:*:{name}")
    assert isinstance(keys, list)
    return keys


def sent(emulator: Emulator) -> list[str]:
    return [record.command.split()[2] for record in emulator.commands]


@pytest.mark.parametrize("settle_time", [0.5, 2.0])
async def test_the_slot_of_a_host_that_is_cut_off_goes_to_another_one_when_the_term_is_over_and_it_learns_of_that(
    server: RedisServer, tmp_path: Path, settle_time: float
) -> None:
    term = max(LEASE, settle_time)
    async with Emulator() as emulator, linked_hosts(2, server, emulator, tmp_path, settle_time=settle_time) as (a, b):
        emulator.faults.add(SlowAnswer(term + 1.0))
        a.begin("variables set a-1 x")
        await until(lambda: sent(emulator) == ["a-1"])
        numbers = [number(server)]
        b.begin("variables set b-1 x")
        await until(lambda: in_line(server) == 1)
        a.link.cut()
        cut = time.monotonic()
        assert term - LEASE / 3 - 0.1 <= await until(lambda: sent(emulator) == ["a-1", "b-1"]) - cut < term + 2
        numbers.append(number(server))
        assert (await b.told()).error == (await a.told()).error == "", "what was on the wire gets its result"
        a.begin("variables set a-2 x")
        await asyncio.sleep(0.7)
        assert sent(emulator) == ["a-1", "b-1"], "nothing new is sent meanwhile"
        a.link.mend()
        told = await a.told()
        assert told.error == ""
        numbers.append(number(server))
    assert numbers == sorted(set(numbers)), "the next command has a lease of its own"
    assert told.lost_leases == 1
    assert [f"the lease {numbers[0]} was lost" in warning for warning in told.warnings] == [True]


async def test_a_host_that_is_cut_off_sends_nothing_and_says_so_and_what_it_only_kept_is_no_loss(
    server: RedisServer, tmp_path: Path
) -> None:
    async with Emulator() as emulator, linked_hosts(1, server, emulator, tmp_path) as (a,):
        a.begin("variables set a-1 x")
        assert (await a.told()).error == ""
        a.link.cut()
        await asyncio.sleep(LEASE)
        a.begin("variables set a-2 x")
        told = await a.told()
        assert "GuardError" in told.error
        assert "nothing was sent" in told.error
        assert told.ran is False
        a.link.mend()
        a.begin("variables set a-3 x")
        told = await a.told()
        assert told.error == ""
        assert sent(emulator) == ["a-1", "a-3"]
    assert (told.lost_leases, told.warnings) == (0, [])


async def test_a_host_that_is_cut_off_in_line_is_passed_over_and_gets_its_turn_when_it_is_back(
    server: RedisServer, tmp_path: Path
) -> None:
    async with Emulator() as emulator, linked_hosts(3, server, emulator, tmp_path, lease=10) as (a, b, c):
        emulator.faults.add(SlowAnswer(1.0))
        a.begin("variables set a-1 x")
        await until(lambda: sent(emulator) == ["a-1"])
        for place, each in enumerate((b, c), 1):
            each.begin(f"variables set {'abc'[place]}-1 x")
            await until(lambda place=place: in_line(server) == place)  # type: ignore[misc]
        b.link.cut()
        cut = time.monotonic()
        assert (await a.told()).error == ""
        assert await until(lambda: sent(emulator) == ["a-1", "c-1"]) - cut < TICKET + 1.5
        assert (await c.told()).error == ""
        b.link.mend()
        assert (await b.told()).error == ""
        assert sent(emulator) == ["a-1", "c-1", "b-1"]
        assert emulator.max_running("demo") == 1
