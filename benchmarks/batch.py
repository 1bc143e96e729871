"""What a batch of triggers costs: the web server's idle time, a row and its journal, and memory."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import ENVIRONMENT, child, emulator, highest_memory
from benchmarks.rounds import median_ratio
from benchmarks.table import Row
from mwaa_async import MwaaClient, TriggerRequest

FEW, SOME, MANY = 1000, 2000, 20_000
ROUNDS = 3


class Cost(NamedTuple):
    """What one batch took: seconds, the process's memory at its highest, and the server's idle times (seconds)."""

    seconds: float
    memory: float
    idle: list[float]


def rows() -> Iterator[Row]:
    """Measure batches, each in a process of its own, against emulators of their own."""
    idle = statistics.median(
        statistics.median(cost(500, with_journal=True, command_time=0.02).idle) for _ in range(ROUNDS)
    )
    what = "idle time of a web server between two rows of a batch of 20 ms commands, with a journal"
    yield Row(what, 1.5, idle * 1000, "ms")
    pairs = [(cost(SOME, with_journal=True), cost(SOME, with_journal=False)) for _ in range(ROUNDS)]
    ratio = median_ratio([one.seconds for one, _ in pairs], [one.seconds for _, one in pairs])
    yield Row("a row of a batch with a journal, no service times, against one without", 1.5, ratio)
    few, many = cost(FEW, with_journal=True), cost(MANY, with_journal=True)
    yield Row("memory of a batch of 20,000 rows, against one of 1,000", 1.1, many.memory / few.memory)


def cost(rows: int, *, with_journal: bool, command_time: float = 0.0) -> Cost:
    """Run one batch, in a process of its own, against an emulator of its own."""
    with emulator(command_time=command_time) as running, tempfile.TemporaryDirectory() as directory:
        with child(_work, rows, Path(directory) / "journal" if with_journal else None) as worker:
            seconds, memory = worker.recv()
        running.send("idle?")
        return Cost(seconds, memory, running.recv())


def _work(pipe: Connection, rows: int, journal: Path | None) -> None:
    """Be the program that triggers the rows, and tell how long that took and how much memory."""
    seconds = asyncio.run(trigger(rows, journal))
    pipe.send((seconds, highest_memory()))


async def trigger(rows: int, journal: Path | None) -> float:
    """Trigger that many rows and return the seconds."""
    requests = (TriggerRequest(ENVIRONMENT, "etl", {"row": row}) for row in range(rows))
    async with MwaaClient() as client:
        await client.environment(ENVIRONMENT).run("version")  # makes the connection
        start = time.perf_counter()
        triggered = 0
        async for outcome in client.trigger_many(requests, journal=journal):
            triggered += outcome.status == "triggered"
        assert triggered == rows
        return time.perf_counter() - start
