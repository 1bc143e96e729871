"""What a waiting command costs, against a task that waits at an `asyncio.Semaphore`: 100,000 of each."""

import asyncio
import gc
import statistics
import time
from collections.abc import Callable, Coroutine, Iterator
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from benchmarks.processes import ENVIRONMENT, child, emulator, memory
from benchmarks.table import Row
from mwaa_async import LocalGuard, MwaaClient

WAITING = 100_000
ROUNDS = 5


class Cost(NamedTuple):
    """What one that waits costs: bytes of memory, and the seconds in which it is submitted and cancelled."""

    memory: float
    submitting: float
    cancelling: float


def rows() -> Iterator[Row]:
    """Compare both, each in processes of their own, task for task."""
    with emulator(command_time=3600.0):
        costs: dict[str, list[Cost]] = {"ours": [], "semaphore": []}
        for _ in range(ROUNDS):
            for name, work in (("ours", commands), ("semaphore", semaphore)):
                with child(measure_in_process, work) as pipe:
                    costs[name].append(pipe.recv())
    ours, least = costs["ours"], costs["semaphore"]
    for what, goal, field in (
        ("memory of one of 100,000 waiting commands, against a task at asyncio.Semaphore", 1.25, "memory"),
        ("submitting them", 1.5, "submitting"),
        ("cancelling them", 1.5, "cancelling"),
    ):
        pairs = zip(ours, least, strict=True)
        yield Row(what, goal, statistics.median(getattr(one, field) / getattr(other, field) for one, other in pairs))


def measure_in_process(pipe: Connection, work: Callable[[], Coroutine[Any, Any, Cost]]) -> None:
    """Send what the work costs."""
    pipe.send(asyncio.run(work()))


async def commands() -> Cost:
    """Let commands wait for one that runs for an hour."""
    async with MwaaClient(guard=LocalGuard(), settle_time=0) as client:
        environment = client.environment(ENVIRONMENT, airflow_version="2.10.3")
        running = asyncio.create_task(environment.run("version"))
        while not environment.statistics().running:  # noqa: ASYNC110  # nothing tells it
            await asyncio.sleep(0.01)
        cost = await measure(lambda: environment.run("version"), lambda: environment.statistics().queued == WAITING)
        running.cancel()
        return cost


async def semaphore() -> Cost:
    """Let tasks wait at a semaphore that nobody releases."""
    one_at_a_time, waiting = asyncio.Semaphore(0), 0

    async def run(command: str) -> str:
        nonlocal waiting
        waiting += 1
        async with one_at_a_time:
            return command

    return await measure(lambda: run("version"), lambda: waiting == WAITING)


async def measure(start: Callable[[], Coroutine[Any, Any, Any]], all_wait: Callable[[], bool]) -> Cost:
    """Start them, let all of them wait, and cancel them."""
    gc.collect()
    before, start_time = memory(), time.perf_counter()
    tasks = [asyncio.create_task(start()) for _ in range(WAITING)]
    while not all_wait():  # noqa: ASYNC110  # nothing tells it, and looking costs nothing
        await asyncio.sleep(0)
    submitted, used = time.perf_counter(), memory() - before
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return Cost(used / WAITING, submitted - start_time, time.perf_counter() - submitted)
