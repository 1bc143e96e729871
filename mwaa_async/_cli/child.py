"""A program that runs beside the emulator."""

import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress

import anyio
import click
from anyio.abc import Process

from mwaa_async._cli.output import say

_NOT_FOUND, _NOT_EXECUTABLE = 127, 126  # as in a shell


async def run_child(command: Sequence[str], environ: Mapping[str, str], signals: AsyncIterator[signal.Signals]) -> int:
    """Run the command, without a shell and with this process's stdin, stdout and stderr; return its exit status."""
    async with await _started(command, environ) as process, anyio.create_task_group() as tasks:
        tasks.start_soon(_pass_on, signals, process)
        status = await process.wait()
        tasks.cancel_scope.cancel()
    return status if status >= 0 else 128 - status


async def _started(command: Sequence[str], environ: Mapping[str, str]) -> Process:
    try:
        return await anyio.open_process(command, stdin=None, stdout=None, stderr=None, env=environ)
    except OSError as error:
        say(f"cannot run {command[0]!r}: {error.strerror}")
        status = _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE
        raise click.exceptions.Exit(status) from None


async def _pass_on(signals: AsyncIterator[signal.Signals], process: Process) -> None:
    async for number in signals:
        # Ctrl-C reaches the whole process group by itself; it is caught so that the child decides what it means.
        if number != signal.SIGINT:
            with suppress(ProcessLookupError):
                process.send_signal(number)
