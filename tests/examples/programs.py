"""The examples that are programs, run as processes of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio

from tests.cli.program import Running

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


async def python(
    *words: str, environ: Mapping[str, str], directory: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run Python with these words, and return what it printed and how it ended."""
    done = await anyio.run_process([sys.executable, *words], check=False, env={**os.environ, **environ}, cwd=directory)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@asynccontextmanager
async def started(*words: str, environ: Mapping[str, str]) -> AsyncIterator[Running]:
    """Start Python in a session of its own, so that Ctrl-C can be pressed for it, but not for the tests."""
    process = await anyio.open_process(
        [sys.executable, *words],
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environ, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )
    async with process:
        try:
            yield Running(process)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
