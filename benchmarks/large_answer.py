"""What an answer of 20 MB does to the program: how long the event loop stands still, and how much memory it takes."""

import asyncio
import base64
import json
import os
import statistics
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

from benchmarks.processes import ENVIRONMENT, child, highest_memory, memory
from benchmarks.table import Row
from mwaa_async import MwaaClient
from mwaa_async.emulator import Emulator, WrongAnswer

SIZE = 20_000_000
ROUNDS = 5
_TICK = 0.001


def rows() -> Iterator[Row]:
    """Measure it several times, each time in a process of its own."""
    measured = [_measured() for _ in range(ROUNDS)]
    held, peak = (statistics.median(one) for one in zip(*measured, strict=True))
    yield Row("a 20 MB answer: longest time that the event loop is held", 20.0, held * 1000, "ms")
    yield Row("a 20 MB answer: peak memory, over its size", 4.0, peak / SIZE)


def _measured() -> tuple[float, float]:
    with child(_serve) as emulator, child(_run, emulator.recv()) as program:
        measured: tuple[float, float] = program.recv()
        return measured


def _serve(pipe: Connection) -> None:
    """Be the emulator, whose second command prints that much."""
    lines = b"2026-01-01 a line of the log of a task, as long as they are, with some words\n"
    stdout = base64.b64encode((lines * (SIZE // len(lines) + 1))[:SIZE]).decode()

    async def serve() -> None:
        async with Emulator([ENVIRONMENT]) as emulator:
            emulator.faults.commands.extend([None, WrongAnswer(json.dumps({"stdout": stdout, "stderr": ""}).encode())])
            pipe.send(emulator.environ())
            await asyncio.to_thread(pipe.poll, None)

    asyncio.run(serve())


def _run(pipe: Connection, environ: dict[str, str]) -> None:
    """Be the program that asks for it, and tell how long its event loop was held, and how much memory it took."""
    os.environ.update(environ)
    pipe.send(asyncio.run(_answer()))


async def _answer() -> tuple[float, float]:
    async with MwaaClient() as client:
        environment = client.environment(ENVIRONMENT)
        await environment.run("version")
        before = memory()
        ticking = asyncio.create_task(_longest_pause())
        result = await environment.run("version")
        assert len(result.stdout) == SIZE
        ticking.cancel()
        return await ticking, highest_memory() - before


async def _longest_pause() -> float:
    longest, last = 0.0, time.perf_counter()
    try:
        while True:
            await asyncio.sleep(_TICK)
            longest, last = max(longest, time.perf_counter() - last - _TICK), time.perf_counter()
    except asyncio.CancelledError:
        return longest
