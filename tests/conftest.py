"""What most tests start from: a running emulator and a client that is led to it."""

import os
import signal
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, settings

from mwaa_async import MwaaClient
from mwaa_async.emulator import Emulator

# They need an Airflow from PyPI; tox's airflow2, airflow30 and airflow3 name the directory, which brings it back.
collect_ignore = ["real_airflow"]

# Each test has a time limit; a busy machine may well take 200 ms for one example. What fails says how to repeat it.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("busy")


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_not_ignored() -> None:
    """Let programs be interrupted: what a shell starts in the background ignores SIGINT, and so do its children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def lock_directory(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Lock in a directory of these tests: what one has left open must not keep a later one waiting."""
    os.environ["MWAA_ASYNC_LOCK_DIRECTORY"] = str(tmp_path_factory.mktemp("locks"))


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
