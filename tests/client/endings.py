"""How a process, or its event loop, ends with a command on the way: what it does, and how a test makes it do so."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from mwaa_async import HostGuard, MwaaClient
from mwaa_async.emulator import Emulator
from tests.cli.program import CommandLine
from tests.guards.test_processes import process

SETTLE_TIME = 3.0
COMMAND = "variables set left x"

# Ends what was started.
End = Callable[[], Awaitable[None]]
# Starts a command in a process of its own; yields what ends that.
Ending = Callable[[Emulator, Path], AbstractAsyncContextManager[End]]


def run_until_left(pipe: Connection, directory: Path, environ: dict[str, str], *, is_closed: bool) -> None:
    """Run a command until the test says so, and then leave the event loop as it is, or closed."""
    os.environ.update(environ)
    loop = asyncio.new_event_loop()
    running = loop.create_task(_run(directory))
    loop.run_until_complete(asyncio.to_thread(pipe.recv))
    if is_closed:
        loop.close()
    pipe.send(running.done())
    pipe.recv()
    os._exit(0)  # what is left of the event loop would complain


async def _run(directory: Path) -> None:
    async with MwaaClient(guard=HostGuard(directory), settle_time=SETTLE_TIME) as client:
        await client.environment("demo", airflow_version="2.10.3").run(COMMAND)


@asynccontextmanager
async def left(emulator: Emulator, directory: Path, *, is_closed: bool) -> AsyncIterator[End]:
    """Have an event loop left, closed or not."""
    with process(partial(run_until_left, is_closed=is_closed), directory, emulator.environ()) as (_, pipe):

        async def leave() -> None:
            pipe.send("leave")
            assert not await asyncio.to_thread(pipe.recv), "the command was done already"

        yield leave


@asynccontextmanager
async def killed(emulator: Emulator, directory: Path, *, number: signal.Signals) -> AsyncIterator[End]:
    """Have a program end by a signal that it does not know of."""
    work = partial(run_until_left, is_closed=False)
    with process(work, directory, emulator.environ()) as (number_of_process, _):

        async def kill() -> None:
            os.kill(number_of_process, number)

        yield kill


@asynccontextmanager
async def signalled(emulator: Emulator, directory: Path, *, times: int) -> AsyncIterator[End]:
    """Have `mwaa-async` end by SIGTERM, or by several."""
    environ = {**os.environ, **emulator.environ(), "MWAA_ASYNC_LOCK_DIRECTORY": str(directory)}
    arguments = ("--settle-time", str(SETTLE_TIME), "run", "demo", COMMAND)
    async with CommandLine(environ).started(*arguments) as program:

        async def send() -> None:
            program.send(signal.SIGTERM)
            for _ in range(times - 1):
                assert "Ctrl-C again does not wait" in await program.error_line()
                program.send(signal.SIGTERM)
            if times > 1:
                await program.ended()

        yield send
