"""What a batch of triggers costs: a row, its journal, the web server's idle time, and memory.

    python -m benchmarks.bulk [ROWS]

The emulator runs in a process of its own, and so does every batch. ROWS are those of the largest batch (100,000), whose
memory is compared with that of one with 1,000.
"""

import asyncio
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from mwaa_async import MwaaClient, TriggerRequest
from mwaa_async.emulator import Emulator

ENVIRONMENT = "demo"
FEW, SOME = 1000, 2000


class Cost(NamedTuple):
    """What one batch took: seconds, the process's memory at its highest (MB), and the server's idle times (ms)."""

    seconds: float
    memory: float
    idle: list[float]


def main(most: int) -> None:
    """Print all comparisons."""
    multiprocessing.set_start_method("spawn")
    print(f"No service times, {SOME} rows, five times in turn:")
    pairs = [(cost(SOME, with_journal=False), cost(SOME, with_journal=True)) for _ in range(5)]
    without, with_journal = (
        statistics.median(one.seconds for one in ones) / SOME * 1000 for ones in zip(*pairs, strict=True)
    )
    print(f"  without a journal {without:6.3f} ms a row, with one {with_journal:6.3f} ms; it costs", end=" ")
    print(f"{with_journal - without:.3f} ms")
    print("Idle time of the web server between two commands, with a journal:")
    for command_time, rows in ((0.02, 500), (0.0, SOME)):
        tell_idle(command_time, cost(rows, with_journal=True, command_time=command_time).idle)
    print("Memory, with a journal:")
    few, many = cost(FEW, with_journal=True), cost(most, with_journal=True)
    print(f"  {FEW} rows {few.memory:.1f} MB, {most} rows {many.memory:.1f} MB: {many.memory / few.memory:.3f} x")
    print(f"  {most / many.seconds:.0f} rows/s")


def tell_idle(command_time: float, idle: list[float]) -> None:
    """Print how long the web server had nothing to do."""
    worst = statistics.quantiles(idle, n=100)[-1]
    print(
        f"  commands of {command_time * 1000:g} ms: median {statistics.median(idle):.3f} ms, 99 of 100 {worst:.3f} ms"
    )


def cost(rows: int, *, with_journal: bool, command_time: float = 0.0) -> Cost:
    """Run one batch, in a process of its own, against an emulator of its own."""
    with child(serve, command_time) as emulator, tempfile.TemporaryDirectory() as directory:
        journal = Path(directory) / "journal" if with_journal else None
        with child(work, emulator.recv(), rows, journal) as worker:
            seconds, memory = worker.recv()
        emulator.send(None)
        return Cost(seconds, memory, emulator.recv())


@contextmanager
def child(target: Any, *arguments: Any) -> Iterator[Connection]:
    """Run a function in a process of its own, with a pipe to it."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=target, args=(theirs, *arguments))
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        process.join()


def serve(pipe: Connection, command_time: float) -> None:
    """Be the emulator, and tell in the end how long it was idle between two commands."""

    async def serve() -> None:
        async with Emulator([ENVIRONMENT], command_time=command_time) as emulator:
            pipe.send(emulator.environ())
            await asyncio.to_thread(pipe.recv)
            triggers = [one for one in emulator.commands if "trigger" in one.command]
            pipe.send([(after.start - (one.end or 0.0)) * 1000 for one, after in pairwise(triggers)])

    asyncio.run(serve())


def work(pipe: Connection, environ: Mapping[str, str], rows: int, journal: Path | None) -> None:
    """Be the program that triggers the rows, and tell how long that took and how much memory."""
    os.environ.update(environ)
    seconds = asyncio.run(trigger(rows, journal))
    pipe.send((seconds, highest_memory()))


def highest_memory() -> float:
    """Return the most memory that this process has had, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # what the system tells otherwise may be the memory of the process that started this one
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) / (1 << 10)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


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


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
