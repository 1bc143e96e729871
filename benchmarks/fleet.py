"""500 environments with four commands each, against what aioboto3 and aiohttp take for the same requests."""

import asyncio
import ssl
import time
from collections.abc import Iterator, Sequence
from typing import Any

import aioboto3
import aiohttp

from benchmarks.clients import connector, post
from benchmarks.processes import emulator
from benchmarks.rounds import by_turns_async, median_ratio
from benchmarks.table import Row
from mwaa_async import MwaaClient

ENVIRONMENTS = [f"environment-{number}" for number in range(500)]
COMMANDS = 4
ROUNDS = 5


def rows() -> Iterator[Row]:
    """Compare both ways."""
    with emulator(ENVIRONMENTS, command_time=0.1):
        times = asyncio.run(by_turns_async(ROUNDS, {"ours": ours, "by hand": by_hand}))
    what = "500 environments x 4 commands of 100 ms, against aioboto3 and aiohttp (a token and a connection each)"
    yield Row(what, 1.15, median_ratio(times["ours"], times["by hand"]))


async def ours() -> float:
    """Return the seconds that this project's client takes, as it is by default."""
    async with MwaaClient() as client:
        start = time.perf_counter()
        handles = [client.environment(name, airflow_version="2.10.3") for name in ENVIRONMENTS]
        await asyncio.gather(*(handle.run("version") for handle in handles for _ in range(COMMANDS)))
        return time.perf_counter() - start


async def by_hand() -> float:
    """Return the seconds that nothing but the requests takes."""
    context = ssl.create_default_context()  # one for all, since reading the authorities takes its time
    async with aioboto3.Session().client("mwaa") as aws:
        start = time.perf_counter()
        await asyncio.gather(*(_commands(aws, context, name) for name in ENVIRONMENTS))
        return time.perf_counter() - start


async def _commands(aws: Any, context: ssl.SSLContext, environment: str) -> Sequence[str]:
    token = await aws.create_cli_token(Name=environment)
    async with aiohttp.ClientSession(connector=connector(context)) as http:
        return [await post(http, token, "version") for _ in range(COMMANDS)]
