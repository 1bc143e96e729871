"""What most tests start from: a running emulator and a client that is led to it."""

import signal
from collections.abc import AsyncIterator

import pytest

from mwaa_async import MwaaClient
from mwaa_async.emulator import Emulator

# They need an Airflow from PyPI; tox's airflow2, airflow30 and airflow3 name the directory, which brings it back.
collect_ignore = ["real_airflow"]


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_not_ignored() -> None:
    """Let programs be interrupted: what a shell starts in the background ignores SIGINT, and so do its children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator(environments=["demo"]) as emulator:
        yield emulator


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[MwaaClient]:
    async with MwaaClient(**emulator.client_options()) as client:
        yield client
