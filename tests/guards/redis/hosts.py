"""What hosts do in these tests: processes (or guards of one process) with a lock directory of their own each."""

import asyncio
import os
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from mwaa_async import DynamoDBGuard, HostGuard, MwaaClient, RedisGuard
from tests.guards.workers import ENVIRONMENT, TurnTaken

SETTLE_TIME = 1.0
LEASE = 2.0
POLL_INTERVAL = 0.1  # of a DynamoDBGuard


def redis_host(url_or_client: Any, directory: Path, *, lease: float = LEASE, prefix: str = "mwaa-async") -> RedisGuard:
    """Return the guard of a host of its own."""
    guard = RedisGuard(url_or_client, lease=lease, prefix=prefix)
    guard._host = HostGuard(directory)
    return guard


def dynamodb_host(
    table_name: str, directory: Path, *, lease: float = LEASE, prefix: str = "mwaa-async", poll: float = POLL_INTERVAL
) -> DynamoDBGuard:
    """Return the guard of a host of its own."""
    guard = DynamoDBGuard(table_name, region_name="eu-west-1", lease=lease, poll_interval=poll, prefix=prefix)
    guard._host = HostGuard(directory)
    return guard


def host(url: str, directory: Path) -> RedisGuard | DynamoDBGuard:
    """Return the guard of a host of its own, on the engine that the URL names."""
    scheme, _, rest = url.partition("://")
    return dynamodb_host(rest, directory) if scheme == "dynamodb" else redis_host(url, directory)


def busy(pipe: Connection, url: str, directory: Path, number: int, length: float) -> None:
    """Take turns as soon as the test says so, and tell of them."""

    async def run() -> list[TurnTaken]:
        guard, turns = host(url, directory), []
        await guard.is_free(ENVIRONMENT)  # it is the turns that are measured, and not what is loaded before
        pipe.send("ready")
        await asyncio.to_thread(pipe.recv)
        for _ in range(number):
            asked = time.monotonic()
            slot = await guard.acquire(ENVIRONMENT)
            await slot.request_begins(settle_time=SETTLE_TIME)
            began = time.monotonic()
            await asyncio.sleep(length)
            turns.append(TurnTaken(os.getpid(), asked, began, time.monotonic()))
            await slot.release()
        return turns

    pipe.send(asyncio.run(run()))


def hold(pipe: Connection, url: str, directory: Path, settle_time: float) -> None:
    """Take the slot with a request open, say so, and give it back when told to."""

    async def run() -> None:
        guard = host(url, directory)
        slot = await guard.acquire(ENVIRONMENT)
        await slot.request_begins(settle_time=settle_time)
        pipe.send("open")
        closed_for = await asyncio.to_thread(pipe.recv)
        await slot.release(closed_for=closed_for)
        pipe.send(guard.lost_leases)

    asyncio.run(run())


def line_up(pipe: Connection, url: str, directory: Path) -> None:
    """Wait for the slot, say when it came, and give it back."""

    async def run() -> None:
        guard = host(url, directory)
        acquiring = asyncio.create_task(guard.acquire(ENVIRONMENT))
        while not acquiring.done() and not (await guard.look(ENVIRONMENT)).line:
            await asyncio.sleep(0.01)
        pipe.send("waiting")
        slot = await acquiring
        pipe.send(time.monotonic())
        await slot.release()

    asyncio.run(run())


def run_commands(pipe: Connection, url: str, directory: Path, environ: dict[str, str], name: str, number: int) -> None:
    """Run commands against an emulator that another process serves."""
    os.environ.update(environ)

    async def run() -> None:
        async with MwaaClient(guard=host(url, directory), settle_time=SETTLE_TIME) as client:
            demo = client.environment("demo", airflow_version="2.10.3")
            pipe.send("ready")
            for turn in range(number):
                await demo.run(f"variables set {name}-{turn} value")
        pipe.send("done")

    asyncio.run(run())
