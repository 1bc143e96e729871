"""A real Airflow's own command line in the place of the embedded one."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import anyio

from mwaa_async._protocol.versions import parse_version
from mwaa_async.emulator.airflow import Execution


class AirflowBinary:
    """Runs the commands with a real Airflow's `airflow` program, for instance of a virtual environment.

    `environ` is added to this process's environment variables (`AIRFLOW_HOME` …). Raises `FileNotFoundError` where
    there is no program at `path`.
    """

    def __init__(self, path: str | os.PathLike[str], *, environ: Mapping[str, str] | None = None) -> None:
        self.path = Path(path).absolute()
        if not os.access(self.path, os.X_OK) or self.path.is_dir():
            raise FileNotFoundError(f"there is no program at {self.path}")
        self._environ = dict(environ or {})
        self._version: str | None = None

    async def execute(self, words: Sequence[str]) -> Execution:
        """Run `airflow` with these arguments, without a shell, and return what it printed."""
        # stdin is closed: a command that asks "are you sure?" fails at once, as it does on MWAA.
        done = await anyio.run_process(
            [str(self.path), *words],
            stdin=subprocess.DEVNULL,
            check=False,
            env={**os.environ, **self._environ},
            start_new_session=True,
        )
        return Execution(done.returncode, _text(done.stdout), _text(done.stderr))

    async def version(self) -> str:
        """Return what `airflow version` prints; it is run once."""
        if self._version is None:
            execution = await self.execute(["version"])
            self._version = _version_in(execution.stdout)
        return self._version

    def __repr__(self) -> str:
        return f"AirflowBinary({str(self.path)!r})"


def _version_in(printed: str) -> str:
    """Return the line that is a version: log lines stand before it, and after it too."""
    lines = printed.splitlines() or [""]
    return next(filter(_is_version, reversed(lines)), lines[-1]).strip()


def _is_version(line: str) -> bool:
    try:
        parse_version(line)
    except ValueError:
        return False
    return True


def _text(output: bytes) -> str:
    # Bytes that are no UTF-8 survive the way through text and base64.
    return output.decode(errors="surrogateescape")
