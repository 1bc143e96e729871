"""What a process does that leaves an event loop: it closes it, or lets it rest, with a command on the way."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection

from mwaa_async import Environment, MwaaClient
from tests.guards.workers import ENVIRONMENT, MakeGuard

SETTLE_TIME = 1.0


def waits_no_longer(loop: asyncio.AbstractEventLoop, environment: Environment) -> None:
    """Let the event loop rest as soon as the time in the queue is over."""
    with suppress(Exception):
        loop.run_until_complete(environment.run("variables set left x", queue_timeout=0.3))


def is_cancelled_in_the_queue(loop: asyncio.AbstractEventLoop, environment: Environment) -> None:
    """Let the event loop rest as soon as the one who waits is cancelled."""
    with suppress(TimeoutError):
        loop.run_until_complete(asyncio.wait_for(environment.run("variables set left x"), 0.3))


def rests_in_the_queue(loop: asyncio.AbstractEventLoop, environment: Environment) -> None:
    """Let the event loop rest while somebody waits."""
    _begin(loop, environment, 0.3)


def is_closed_in_the_queue(loop: asyncio.AbstractEventLoop, environment: Environment) -> None:
    """Close the event loop while somebody waits."""
    _begin(loop, environment, 0.3)
    loop.close()


def abandons_an_open_request(loop: asyncio.AbstractEventLoop, environment: Environment) -> None:
    """Let the event loop rest as soon as an answer has taken too long."""
    with suppress(Exception):
        loop.run_until_complete(environment.run("variables set left x", timeout=0.5))


def rests_with_an_open_request(loop: asyncio.AbstractEventLoop, environment: Environment) -> None:
    """Let the event loop rest while a request is open."""
    _begin(loop, environment, 0.5)


def is_closed_with_an_open_request(loop: asyncio.AbstractEventLoop, environment: Environment) -> None:
    """Close the event loop while a request is open, and another command waits."""
    _begin(loop, environment, 0.0)
    _begin(loop, environment, 0.5)
    loop.close()


_kept: list[asyncio.Task[object]] = []


def _begin(loop: asyncio.AbstractEventLoop, environment: Environment, seconds: float) -> None:
    _kept.append(loop.create_task(environment.run("variables set left x")))
    loop.run_until_complete(asyncio.sleep(seconds))


def leave(pipe: Connection, make_guard: MakeGuard, environ: dict[str, str], leaving: Callable[..., None]) -> None:
    """Leave an event loop in that way, say when; and when told to, run a command in another event loop."""
    os.environ.update(environ)
    loop = asyncio.new_event_loop()
    client = loop.run_until_complete(_opened(make_guard))
    environment = client.environment("demo", airflow_version="2.10.3")
    pipe.send("ready")
    pipe.recv()
    leaving(loop, environment)
    pipe.send(time.monotonic())
    if pipe.recv() == "run":
        asyncio.run(_run(make_guard))
        pipe.send(time.monotonic())
        pipe.recv()
    os._exit(0)  # what is left of the event loop would complain


async def _opened(make_guard: MakeGuard) -> MwaaClient:
    guard = make_guard()
    await guard.status(ENVIRONMENT)  # what is loaded takes its time
    return await MwaaClient(guard=guard, settle_time=SETTLE_TIME).__aenter__()


async def _run(make_guard: MakeGuard) -> None:
    async with MwaaClient(guard=make_guard(), settle_time=SETTLE_TIME) as client:
        await client.environment("demo", airflow_version="2.10.3").run("variables set next x")
