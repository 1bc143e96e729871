"""The program `mwaa-async`, run as a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from mwaa_async.emulator import Emulator

PROGRAM = (sys.executable, "-m", "mwaa_async")
INTERRUPTED = 130


class CommandLine:
    """Runs `mwaa-async` with the environment variables that lead it to an emulator, if any."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def led_to(self, emulator: Emulator) -> "CommandLine":
        return CommandLine({**self.environ, **emulator.environ()})

    def but_with(self, **environ: str) -> "CommandLine":
        return CommandLine({**self.environ, **environ})

    async def __call__(self, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        return await anyio.run_process([*PROGRAM, *arguments], input=stdin, check=False, env=self.environ)

    async def without_stderr(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        """Run the program with its stderr closed."""
        closing = ["sh", "-c", 'exec "$@" 2>&-', "sh"]
        return await anyio.run_process([*closing, *PROGRAM, *arguments], check=False, env=self.environ)

    @asynccontextmanager
    async def started(self, *arguments: str) -> AsyncIterator["Running"]:
        # A session of its own, so that Ctrl-C can be pressed for it and for what it starts, but not for the tests.
        process = await anyio.open_process(
            [*PROGRAM, *arguments], stdin=subprocess.DEVNULL, env=self.environ, start_new_session=True
        )
        async with process:
            try:
                yield Running(process)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


class Running:
    """A process whose lines are read as they come."""

    def __init__(self, process: Process) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._stdout = BufferedByteReceiveStream(process.stdout)
        self._stderr = BufferedByteReceiveStream(process.stderr)

    async def line(self) -> str:
        return (await self._stdout.receive_until(b"\n", 10_000)).decode()

    async def error_line(self) -> str:
        return (await self._stderr.receive_until(b"\n", 10_000)).decode()

    async def error_lines(self) -> list[str]:
        """Return the lines up to the end."""
        lines = []
        with suppress(anyio.IncompleteRead, anyio.EndOfStream):
            while True:
                lines.append(await self.error_line())
        return lines

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def press_ctrl_c(self) -> None:
        os.killpg(self._process.pid, signal.SIGINT)

    async def ended(self) -> int:
        return await self._process.wait()


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await anyio.sleep(0.01)


def told(output: bytes) -> list[str]:
    """Return the lines that the program says, without its name; it says nothing else."""
    lines = output.decode().splitlines()
    assert all(line.startswith("mwaa-async: ") for line in lines), lines
    return [line.removeprefix("mwaa-async: ") for line in lines]


def only_line(output: bytes) -> str:
    [line] = output.decode().splitlines()
    assert line.startswith("mwaa-async: ")
    return line
