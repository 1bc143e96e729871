"""What people have reported of real environments, each with what they typed or saw; README.md is the list."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mwaa_async import Environment, MwaaClient, MwaaError
from mwaa_async.emulator import Emulator, RecordedAirflow

TWELVE_LINES = "CloudWatch logging is disabled for SubprocessLogHandler\n" * 12
# On stderr with every command of MWAA's 2.10.3.
WARNINGS = """\
/usr/local/airflow/.local/lib/python3.11/site-packages/airflow/configuration.py:859 FutureWarning: section/key \
[core/sql_alchemy_conn] has been deprecated, you should use[database/sql_alchemy_conn] instead. Please update your \
`conf.get*` call to use the new name
"""


@asynccontextmanager
async def environment(emulator: Emulator, **options: Any) -> AsyncIterator[Environment]:
    """Give a client's handle of the emulator's environment."""
    async with MwaaClient(**emulator.client_options(), **options) as client:
        yield client.environment("demo")


async def refusal(version: str, command: str | Sequence[str]) -> str:
    """Run a command that cannot be right, and return what somebody is told of it."""
    async with Emulator(airflow=version) as emulator, environment(emulator) as demo:
        with pytest.raises(MwaaError) as caught:
            await demo.run(command)
    return str(caught.value)


def answer(stdout: str, stderr: str = WARNINGS) -> Mapping[str, Any]:
    """Return what Airflow printed for a command that succeeded."""
    return {"exit": 0, "stdout": stdout, "stderr": stderr}


def recorded(*answers: Mapping[str, Any], version: str = "2.10.3") -> Emulator:
    """Return an emulator that gives these answers."""
    return Emulator(airflow=RecordedAirflow(version, answers))
