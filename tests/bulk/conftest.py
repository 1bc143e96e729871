"""An emulator with two environments, and a client that is led to it and waits for nothing for long."""

from collections.abc import AsyncIterator

import pytest

from mwaa_async import MwaaClient
from mwaa_async.emulator import Emulator
from tests.bulk.rows import ENVIRONMENTS, SETTLE_TIME


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator(environments=ENVIRONMENTS) as emulator:
        yield emulator


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[MwaaClient]:
    async with MwaaClient(**emulator.client_options(), settle_time=SETTLE_TIME) as client:
        for name in ENVIRONMENTS:  # so that nobody has to be asked for it
            client.environment(name, airflow_version="2.10.3")
        yield client
