"""How fast five busy hosts hand over a slot, and how long one waits; each is a process with locks of its own."""

import asyncio
import bisect
import os
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from multiprocessing.connection import Connection

from benchmarks.processes import child
from benchmarks.table import Row
from mwaa_async import EnvironmentId, Guard, RedisGuard

HOSTS = 5
TURNS = 40
LENGTH = 0.02
ENVIRONMENT = EnvironmentId("aws", "eu-west-1", "demo")

Turn = tuple[float, float, float]  # asked, began, ended


def rows() -> Iterator[Row]:
    """Measure the hand-over of each guard of many hosts."""
    with redis_server() as url:
        yield from _rows("RedisGuard", url)


def _rows(name: str, url: str) -> Iterator[Row]:
    turns = sorted(_turns(url), key=lambda turn: turn[1])
    gaps = [1000 * (later[1] - earlier[2]) for earlier, later in pairwise(turns)]
    began = [turn[1] for turn in turns]
    waits = [bisect.bisect_left(began, begin) - bisect.bisect_right(began, asked) for asked, begin, _ in turns]
    yield Row(f"{name}: {HOSTS} busy hosts hand over a slot, median", 50, statistics.median(gaps), "ms")
    yield Row(f"{name}: the longest gap between two turns", 1000, max(gaps), "ms")
    yield Row(f"{name}: the longest wait of a host, in turns of others", 10, max(waits), "turns")


def _turns(url: str) -> list[Turn]:
    with ExitStack() as stack:
        pipes = [stack.enter_context(child(_host, url)) for _ in range(HOSTS)]
        for pipe in pipes:
            pipe.recv()
        for pipe in pipes:
            pipe.send("go")
        return [turn for pipe in pipes for turn in pipe.recv()]


def _host(pipe: Connection, url: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        os.environ["MWAA_ASYNC_LOCK_DIRECTORY"] = directory
        pipe.send(asyncio.run(_take_turns(pipe, RedisGuard(url))))


async def _take_turns(pipe: Connection, guard: Guard) -> list[Turn]:
    await (await guard.acquire(EnvironmentId("aws", "eu-west-1", f"warm-up-{os.getpid()}"))).release()
    pipe.send("ready")
    await asyncio.to_thread(pipe.recv)
    turns = []
    for _ in range(TURNS):
        asked = time.monotonic()
        slot = await guard.acquire(ENVIRONMENT)
        began = time.monotonic()
        await asyncio.sleep(LENGTH)
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
