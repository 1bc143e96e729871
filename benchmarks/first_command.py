"""How many round trips to AWS the first command of an environment waits for."""

import asyncio
import time
from collections.abc import Iterator

from benchmarks.processes import ENVIRONMENT
from benchmarks.table import Row
from mwaa_async import MwaaClient
from mwaa_async.emulator import Emulator, SlowToken

ROUND_TRIP = 0.5  # seconds


def rows() -> Iterator[Row]:
    """Measure it against an AWS that takes half a second for each answer."""
    what = "first command of an environment: AWS round trips before it is sent"
    yield Row(what, 1.1, asyncio.run(_seconds()) / ROUND_TRIP, "")


async def _seconds() -> float:
    async with Emulator([ENVIRONMENT, "other"], token_time=ROUND_TRIP) as emulator:
        emulator.faults.descriptions.extend([SlowToken(ROUND_TRIP), SlowToken(ROUND_TRIP)])
        async with MwaaClient(**emulator.client_options()) as client:
            await client.environment("other").run("version")  # makes the connection to AWS
            start = time.perf_counter()
            await client.environment(ENVIRONMENT).run("version")
            first = time.perf_counter() - start
            await client.environment(ENVIRONMENT).run("version")
            return first - (time.perf_counter() - start - first)
