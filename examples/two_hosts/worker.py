"""A program that runs on many hosts and shares an environment with the others; README.md says how to start two.

    MWAA_ASYNC_GUARD=redis://127.0.0.1:6390 python worker.py NAME [RUNS]

It triggers runs one after the other, and prints from when to when each of its requests was open. On a real environment
it is the same, with a guard that all hosts reach: `rediss://…`, or `dynamodb://TABLE`.
"""

import asyncio
import os
import sys
from datetime import datetime, timedelta

from mwaa_async import DynamoDBGuard, Guard, MwaaClient, RedisGuard
from mwaa_async.events import Event, RequestEnded


async def main(name: str, runs: str = "5") -> None:
    """Trigger the runs, each when the turn of this host has come."""

    def show(event: Event) -> None:
        if isinstance(event, RequestEnded):
            end = datetime.now()
            print(f"{end - timedelta(seconds=event.took):%H:%M:%S.%f} {end:%H:%M:%S.%f} {name}", flush=True)

    async with MwaaClient(guard=guard(os.environ["MWAA_ASYNC_GUARD"]), on_event=show) as client:
        environment = client.environment(os.environ.get("MWAA_ENVIRONMENT", "demo"))
        for _ in range(int(runs)):
            await environment.dags.trigger("etl", conf={"by": name})


def guard(url: str) -> Guard:
    """Return the guard that all hosts share."""
    scheme, _, table = url.partition("://")
    return DynamoDBGuard(table) if scheme == "dynamodb" else RedisGuard(url)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
