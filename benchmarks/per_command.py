"""How long one command takes, as a ratio to the floor: a baseline to look at, not a gate.

    python -m benchmarks.per_command

The emulator runs in a process of its own. The clients take turns in many short rounds, so that whatever else the
machine does hits all of them alike, and the median round counts.
"""

import asyncio
import multiprocessing
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from benchmarks.clients import CLIENTS, Run, floor
from mwaa_async.emulator import Emulator

ENVIRONMENT = "demo"


def main() -> None:
    """Print both comparisons."""
    multiprocessing.set_start_method("spawn")
    print("No service times, one command after the other:")
    compare(token_time=0.0, command_time=0.0, rounds=30, commands=100)
    print("\nA token API of 150 ms and commands of 100 ms, all asked for at once:")
    compare(token_time=0.15, command_time=0.1, rounds=3, commands=40)


def compare(*, token_time: float, command_time: float, rounds: int, commands: int) -> None:
    """Run every client against one emulator and print a table."""
    with emulator(token_time, command_time):
        times = asyncio.run(_measure(rounds, commands, at_once=command_time > 0))
    least = times[next(iter(CLIENTS))]
    for name, seconds in times.items():
        print(f"  {name:28} {seconds / commands * 1000:8.3f} ms   {seconds / least:5.2f} x")


async def _measure(rounds: int, commands: int, *, at_once: bool) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in CLIENTS}
    for _ in range(rounds):
        for name, client in CLIENTS.items():
            async with client(ENVIRONMENT) as run:
                await run("version")  # makes the connection
                times[name].append(await _round(run, commands, at_once=at_once and client is not floor))
    return {name: statistics.median(seconds) for name, seconds in times.items()}


async def _round(run: Run, commands: int, *, at_once: bool) -> float:
    start = time.perf_counter()
    if at_once:
        await asyncio.gather(*(run("version") for _ in range(commands)))
    else:
        for _ in range(commands):
            await run("version")
    return time.perf_counter() - start


@contextmanager
def emulator(token_time: float, command_time: float) -> Iterator[None]:
    """Serve an emulator from a process of its own and lead every AWS client of this process to it."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(theirs, token_time, command_time))
    process.start()
    before = dict(os.environ)
    os.environ.update(ours.recv())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        ours.send(None)
        process.join()


def _serve(connection: Connection, token_time: float, command_time: float) -> None:
    async def serve() -> None:
        async with Emulator([ENVIRONMENT], token_time=token_time, command_time=command_time) as running:
            connection.send(running.environ())
            await asyncio.to_thread(connection.recv)

    asyncio.run(serve())


if __name__ == "__main__":
    main()
