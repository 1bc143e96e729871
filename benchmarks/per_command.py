"""How long one command takes, against the floor: a token, a keep-alive connection, and nothing but the POST."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

from benchmarks.clients import Run, floor, floor_with_tokens_ahead, with_host_guard, with_local_guard
from benchmarks.processes import ENVIRONMENT, emulator
from benchmarks.rounds import by_turns_async, median_ratio
from benchmarks.table import Row

Clients = Mapping[str, Callable[[str], AbstractAsyncContextManager[Run]]]


def rows() -> Iterator[Row]:
    """Compare without service times, and with those that people see."""
    clients: Clients = {"floor": floor, "local": with_local_guard, "host": with_host_guard}
    ratios = _ratios(clients, rounds=40, commands=100)
    yield Row("one command, no service times, LocalGuard, against the floor", 1.05, ratios["local"])
    yield Row("one command, no service times, HostGuard, against the floor", 1.12, ratios["host"])
    times = {"token_time": 0.15, "command_time": 0.1}
    clients = {"floor": floor, "host": with_host_guard}
    ratios = _ratios(clients, rounds=3, commands=40, **times)
    yield Row("tokens of 150 ms and commands of 100 ms, 40 at once", 1.01, ratios["host"])
    clients = {"floor": floor_with_tokens_ahead, "host": with_host_guard}
    ratios = _ratios(clients, rounds=3, commands=40, single_use_tokens=True, **times)
    yield Row("the same with tokens that serve once", 1.05, ratios["host"])


def _ratios(clients: Clients, *, rounds: int, commands: int, **options: Any) -> dict[str, float]:
    at_once = bool(options)
    with emulator(**options):
        times = asyncio.run(
            by_turns_async(rounds, {name: partial(_seconds, one, commands, at_once) for name, one in clients.items()})
        )
    return {name: median_ratio(seconds, times["floor"]) for name, seconds in times.items()}


async def _seconds(client: Callable[[str], AbstractAsyncContextManager[Run]], commands: int, at_once: bool) -> float:
    async with client(ENVIRONMENT) as run:
        await run("version")  # makes the connection
        start = time.perf_counter()
        if at_once and client not in (floor, floor_with_tokens_ahead):
            await asyncio.gather(*(run("version") for _ in range(commands)))
        else:
            for _ in range(commands):
                await run("version")
        return time.perf_counter() - start
