"""Processes of their own: for the emulator, which would take time from what is measured, and for memory."""

import asyncio
import multiprocessing
import os
import resource
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from mwaa_async.emulator import Emulator

ENVIRONMENT = "demo"


@contextmanager
def child(target: Any, *arguments: Any) -> Iterator[Connection]:
    """Run a function in a process of its own, with a pipe to it."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=target, args=(theirs, *arguments))
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        process.join()


@contextmanager
def emulator(environments: Sequence[str] = (ENVIRONMENT,), **options: Any) -> Iterator[Connection]:
    """Serve an emulator, and lead every AWS client of this process and its children to it.

    Where the pipe is sent something it answers with the idle times between the commands that trigger, in seconds.
    """
    before = dict(os.environ)
    with child(_serve, environments, options) as pipe:
        os.environ.update(pipe.recv())
        try:
            yield pipe
        finally:
            os.environ.clear()
            os.environ.update(before)


def memory() -> int:
    """Return the bytes of memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def highest_memory() -> int:
    """Return the most bytes of memory that this process has had."""
    status = Path("/proc/self/status")
    if status.exists():  # what the system tells otherwise may be the memory of the process that started this one
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << (0 if sys.platform == "darwin" else 10)


def _serve(pipe: Connection, environments: Sequence[str], options: dict[str, Any]) -> None:
    async def serve() -> None:
        async with Emulator(environments, **options) as running:
            pipe.send(running.environ())
            while await asyncio.to_thread(_is_asked, pipe):
                triggers = [one for one in running.commands if "trigger" in one.command]
                pipe.send([after.start - (one.end or 0.0) for one, after in pairwise(triggers)])

    asyncio.run(serve())


def _is_asked(pipe: Connection) -> bool:
    try:
        pipe.recv()
    except EOFError:
        return False
    return True
