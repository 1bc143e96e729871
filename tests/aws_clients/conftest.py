"""The programs that are run against the emulator, and what they are given: environment variables, nothing else."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import anyio
import pytest

from mwaa_async.emulator import Emulator

# The directory of a virtual environment with awscli, boto3 and requests, which tox makes.
AWS_CLIENTS = os.environ.get("MWAA_ASYNC_AWS_CLIENTS")
PROGRAMS = ("aws", "base64", "bash", "curl", "jq", "python3")


@dataclass(frozen=True, slots=True)
class Finished:
    """What a program left behind."""

    status: int
    stdout: str
    stderr: str


class Programs:
    """Runs programs with a search path of their own, led by environment variables."""

    def __init__(self, path: str) -> None:
        # Nothing that the machine's user has set for AWS has a say, so that what leads the programs to the emulator
        # can only be its own variables.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        nothing = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
        self._environ = {**kept, **nothing, "PATH": path}

    async def run(
        self, emulator: Emulator, command: Sequence[str], environ: Mapping[str, str] | None = None
    ) -> Finished:
        """Run a program as a process of its own, while the emulator goes on serving in this event loop."""
        done = await anyio.run_process(
            command,
            stdin=subprocess.DEVNULL,
            check=False,
            env={**self._environ, **emulator.environ(), **(environ or {})},
        )
        return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="session")
def programs() -> Programs:
    path = os.pathsep.join(filter(None, [AWS_CLIENTS and f"{AWS_CLIENTS}/bin", os.environ.get("PATH", os.defpath)]))
    missing = [program for program in PROGRAMS if shutil.which(program, path=path) is None]
    if missing:
        pytest.fail(
            f"not installed: {', '.join(missing)} (curl and jq come with the system's package manager, aws from PyPI: "
            "tox installs it and says where in MWAA_ASYNC_AWS_CLIENTS)"
        )
    python = shutil.which("python3", path=path)
    if subprocess.run([str(python), "-c", "import boto3, requests"], check=False, capture_output=True).returncode:
        pytest.fail(f"{python} lacks boto3 or requests (tox installs them and says where in MWAA_ASYNC_AWS_CLIENTS)")
    return Programs(path)
