"""What the processes of these tests do; each one tells on a pipe what it did and when (monotonic time).

Each makes its guard by itself, as the test says.
"""

import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from typing import Protocol

from mwaa_async import EnvironmentId, HostGuard, MwaaClient, ObservableGuard, QueueingGuard

SETTLE_TIME = 1.0
ENVIRONMENT = EnvironmentId("aws", "eu-west-1", "demo")


class ProcessGuard(QueueingGuard, ObservableGuard, Protocol):
    """A guard that reaches over processes."""


MakeGuard = Callable[[], ProcessGuard]


@dataclass(frozen=True)
class TurnTaken:
    """One turn: who had it, when it was asked for, and from when to when it lasted."""

    who: int
    asked: float
    began: float
    ended: float


async def take_turns(make_guard: MakeGuard, number: int, length: float, who: int) -> list[TurnTaken]:
    """Take that many turns one after the other, asking for the next one at once."""
    guard, turns = make_guard(), []
    await guard.status(ENVIRONMENT)  # it is the turns that are measured, and not what is loaded before
    for _ in range(number):
        asked = time.monotonic()
        slot = await guard.acquire(ENVIRONMENT)
        began = time.monotonic()
        await asyncio.sleep(length)
        turns.append(TurnTaken(who, asked, began, time.monotonic()))
        await slot.release()
    return turns


def busy(pipe: Connection, make_guard: MakeGuard, number: int, length: float) -> None:
    """Take turns as soon as the test says so, and tell of them."""
    pipe.send("ready")
    pipe.recv()
    pipe.send(asyncio.run(take_turns(make_guard, number, length, os.getpid())))


def busy_on_uvloop(pipe: Connection, make_guard: MakeGuard, number: int, length: float) -> None:
    """Do the same on uvloop."""
    import uvloop

    pipe.send("ready")
    pipe.recv()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        pipe.send(runner.run(take_turns(make_guard, number, length, os.getpid())))


def busy_in_threads(pipe: Connection, make_guard: MakeGuard, number: int, length: float) -> None:
    """Take turns from three event loops in threads of one process."""
    pipe.send("ready")
    pipe.recv()
    pipe.send(turns_of_threads(make_guard, number, length))


def turns_of_threads(make_guard: MakeGuard, number: int, length: float) -> list[TurnTaken]:
    """Take turns from three event loops in three threads."""
    turns: list[TurnTaken] = []

    def run(who: int) -> None:
        turns.extend(asyncio.run(take_turns(make_guard, number, length, who)))

    threads = [threading.Thread(target=run, args=(who,)) for who in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return turns


def hold(pipe: Connection, make_guard: MakeGuard, environment: EnvironmentId = ENVIRONMENT) -> None:
    """Take the slot, say so, and keep it until told to give it back, closed for the seconds that the test says."""

    async def run() -> None:
        slot = await make_guard().acquire(environment)
        pipe.send(time.monotonic())
        closed_for = await asyncio.to_thread(pipe.recv)
        released = time.monotonic()
        await slot.release(closed_for=closed_for)
        pipe.send(released)

    asyncio.run(run())


def hold_with_a_request(pipe: Connection, make_guard: MakeGuard) -> None:
    """Take the slot with a request open, say so, and give it back when told to."""

    async def run() -> None:
        slot = await make_guard().acquire(ENVIRONMENT)
        await slot.request_begins(settle_time=1.0)
        pipe.send("open")
        await asyncio.to_thread(pipe.recv)
        await slot.request_ended()
        await slot.release()

    asyncio.run(run())


def line_up(pipe: Connection, make_guard: MakeGuard, environment: EnvironmentId = ENVIRONMENT) -> None:
    """Wait for the slot, say when it came, and give it back."""

    async def run() -> None:
        guard = make_guard()
        await guard.status(environment)  # which loads what is needed
        acquiring = asyncio.create_task(guard.acquire(environment))
        await asyncio.sleep(0.2)
        pipe.send("waiting")
        slot = await acquiring
        pipe.send(time.monotonic())
        await slot.release()

    asyncio.run(run())


def run_commands(pipe: Connection, make_guard: MakeGuard, environ: dict[str, str], number: int) -> None:
    """Run commands against an emulator that another process serves."""
    os.environ.update(environ)

    async def run() -> None:
        async with MwaaClient(guard=make_guard(), settle_time=SETTLE_TIME) as client:
            demo = client.environment("demo")
            pipe.send("ready")
            for turn in range(number):
                await demo.run(f"variables set {os.getpid()}-{turn} value")
        pipe.send("done")

    asyncio.run(run())


def hold_as(pipe: Connection, environ: dict[str, str], user: int | None, environment: EnvironmentId) -> None:
    """Do what `hold` does, with these variables, as this user, and in the directory that follows from that."""
    _become(environ, user)
    hold(pipe, HostGuard, environment)


def line_up_as(pipe: Connection, environ: dict[str, str], user: int | None, environment: EnvironmentId) -> None:
    """Do what `line_up` does, with these variables, as this user, and in the directory that follows from that."""
    _become(environ, user)
    line_up(pipe, HostGuard, environment)


def _become(environ: dict[str, str], user: int | None) -> None:
    os.environ.clear()
    os.environ.update(environ)
    if user is not None:
        asyncio.run(_import_everything())  # while it can be read: Python's own files may be the other user's
        os.setuid(user)


async def _import_everything() -> None:
    with tempfile.TemporaryDirectory() as directory:
        await take_turns(partial(HostGuard, directory), 1, 0.0, 0)
    await asyncio.to_thread(int)


def say_who_is_before(pipe: Connection, make_guard: MakeGuard) -> None:
    """Line up when told to, say who is before this process when told to, and go on when that is over."""

    async def run() -> None:
        guard = make_guard()
        await asyncio.to_thread(pipe.recv)
        acquiring = asyncio.create_task(guard.acquire(ENVIRONMENT))
        while len((await guard.status(ENVIRONMENT)).before) < 2:
            await asyncio.sleep(0.01)
        pipe.send((await guard.status(ENVIRONMENT)).before)
        await (await acquiring).release()

    asyncio.run(run())


def wait_and_measure(pipe: Connection, make_guard: MakeGuard) -> None:
    """Wait for the slot, and say when asked how much of the processor's time that took."""

    async def run() -> None:
        acquiring = asyncio.create_task(make_guard().acquire(ENVIRONMENT))
        await asyncio.sleep(0.3)
        began = time.process_time()
        pipe.send("waiting")
        await asyncio.to_thread(pipe.recv)
        pipe.send(time.process_time() - began)
        acquiring.cancel()

    asyncio.run(run())
