"""How fast five busy hosts hand over a slot, how long one waits, and what that costs in requests to the engine.

Each host is a process with locks of its own, and so is the server. The emulated DynamoDB is moto's.
"""

import asyncio
import bisect
import os
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.connection import Connection

from benchmarks.processes import child
from benchmarks.table import Row
from mwaa_async import DynamoDBGuard, EnvironmentId, Guard, RedisGuard
from mwaa_async._aws import AwsOptions
from mwaa_async._guards.lease.dynamodb_table import create_table
from tests.guards.dynamodb.server import TABLE, DynamoDBServer

HOSTS = 5
ENVIRONMENT = EnvironmentId("aws", "eu-west-1", "demo")
POLL_INTERVAL = 0.25

Turn = tuple[float, float, float]  # asked, began, ended
Count = Callable[[], dict[str, int]]


@dataclass(frozen=True)
class Engine:
    """What keeps the leases; `count` tells how often the server was asked for what. Lengths are in seconds."""

    name: str
    url: str
    count: Count
    turns: int
    length: float
    hand_over: float  # the goal, in milliseconds


def rows() -> Iterator[Row]:
    """Measure each guard of many hosts."""
    with redis_server() as url:
        yield from _rows(Engine("RedisGuard", url, lambda: _scripts(url), 40, 0.02, 50))
    with _dynamodb_server() as count:
        yield from _rows(Engine("DynamoDBGuard", f"dynamodb://{TABLE}", count, 10, 0.3, 1000 * POLL_INTERVAL + 50))


def _rows(engine: Engine) -> Iterator[Row]:
    alone, [turns] = _asked_for(engine, 1)
    yield from _costs(f"{engine.name}: one host, nobody waits", alone, len(turns))
    waiting, each = _asked_for(engine, HOSTS)
    turns = sorted((turn for those in each for turn in those), key=lambda turn: turn[1])
    gaps = [1000 * (later[1] - earlier[2]) for earlier, later in pairwise(turns)]
    began = [turn[1] for turn in turns]
    waits = [bisect.bisect_left(began, begin) - bisect.bisect_right(began, asked) for asked, begin, _ in turns]
    yield from _costs(f"{engine.name}: {HOSTS} busy hosts", waiting, len(turns))
    yield Row(
        f"{engine.name}: {HOSTS} busy hosts hand over a slot, median", engine.hand_over, statistics.median(gaps), "ms"
    )
    yield Row(f"{engine.name}: the longest gap between two turns", 1000, max(gaps), "ms")
    yield Row(f"{engine.name}: the longest wait of a host, in turns of others", 10, max(waits), "turns")


def _costs(who: str, asked: dict[str, int], turns: int) -> Iterator[Row]:
    """Tell how often the server was asked for a turn, all looks and heartbeats of that time included."""
    for name, number in sorted(asked.items()):
        yield Row(f"{who}: {name} for a turn", 10, number / turns, "")


def _asked_for(engine: Engine, hosts: int) -> tuple[dict[str, int], list[list[Turn]]]:
    """Let so many hosts take turns, and return what the server was asked for by all of them, and the turns."""
    with ExitStack() as stack:
        pipes = [stack.enter_context(child(_host, engine.url, engine.turns, engine.length)) for _ in range(hosts)]
        for pipe in pipes:
            pipe.recv()
        before = engine.count()
        for pipe in pipes:
            pipe.send("go")
        turns: list[list[Turn]] = [pipe.recv() for pipe in pipes]
        after = engine.count()
    return {name: number - before.get(name, 0) for name, number in after.items()}, turns


def _host(pipe: Connection, url: str, number: int, length: float) -> None:
    with tempfile.TemporaryDirectory() as directory:
        os.environ["MWAA_ASYNC_LOCK_DIRECTORY"] = directory
        pipe.send(asyncio.run(_take_turns(pipe, _guard(url), number, length)))


def _guard(url: str) -> Guard:
    scheme, _, table = url.partition("://")
    return DynamoDBGuard(table, poll_interval=POLL_INTERVAL) if scheme == "dynamodb" else RedisGuard(url)


async def _take_turns(pipe: Connection, guard: Guard, number: int, length: float) -> list[Turn]:
    await (await guard.acquire(EnvironmentId("aws", "eu-west-1", f"warm-up-{os.getpid()}"))).release(closed_for=0.001)
    pipe.send("ready")
    await asyncio.to_thread(pipe.recv)
    turns = []
    for _ in range(number):
        asked = time.monotonic()
        slot = await guard.acquire(ENVIRONMENT)
        began = time.monotonic()
        await asyncio.sleep(length)
        turns.append((asked, began, time.monotonic()))
        await slot.release()
    return turns


@contextmanager
def redis_server() -> Iterator[str]:
    """Start a Redis server, which has to be installed, on a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as server:
        try:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()


def _scripts(url: str) -> dict[str, int]:
    import redis

    with redis.Redis.from_url(url, decode_responses=True) as client:
        stats = client.info("commandstats")
    assert isinstance(stats, dict)
    return {"scripts": sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("eval", "evalsha"))}


@contextmanager
def _dynamodb_server() -> Iterator[Count]:
    """Serve a DynamoDB with the table, and lead every AWS client of this process and its children there."""
    before = dict(os.environ)
    with child(_serve_dynamodb) as pipe:
        os.environ.update(pipe.recv())
        asyncio.run(create_table(TABLE, AwsOptions()))

        def count() -> dict[str, int]:
            pipe.send("count")
            asked: dict[str, int] = pipe.recv()
            return asked

        try:
            yield count
        finally:
            os.environ.clear()
            os.environ.update(before)


def _serve_dynamodb(pipe: Connection) -> None:
    server = DynamoDBServer()
    server.start()
    pipe.send(server.environ())
    try:
        while pipe.recv():
            pipe.send({name: server.asked[name] for name in ("GetItem", "UpdateItem")})
    except EOFError:
        server.stop()
