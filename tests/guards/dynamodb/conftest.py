"""A DynamoDB for each test, with a table: what one leaves there must not keep another one waiting."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest

from mwaa_async import GuardError
from mwaa_async._aws import AwsOptions, aws_client, open_account
from mwaa_async._guards.lease.dynamodb_table import create_table
from tests.guards.dynamodb.dynalite import Dynalite
from tests.guards.dynamodb.server import TABLE, DynamoDBServer, Moto


@pytest.fixture(scope="session")
def moto() -> Moto:
    return Moto()


@pytest.fixture(scope="session")
def dynalite() -> Iterator[Dynalite]:
    dynalite = Dynalite()
    yield dynalite
    dynalite.stop()


@pytest.fixture
def empty_server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBServer]:
    """Serve a DynamoDB without a table; AWS's SDKs are led there, also those of processes that the test starts.

    It is moto's, unless the test names others.
    """
    server = DynamoDBServer(request.getfixturevalue(getattr(request, "param", "moto")))
    server.start()
    for name, value in server.environ().items():
        monkeypatch.setenv(name, value)
    yield server
    server.stop()


@pytest.fixture
def server(empty_server: DynamoDBServer) -> DynamoDBServer:
    """Serve a DynamoDB with the table of the guard."""
    if empty_server.player.sets_time_to_live:
        anyio.run(create_table, TABLE, AwsOptions())
    else:
        with pytest.raises(GuardError, match="UnknownOperation"):  # the table is there before that
            anyio.run(create_table, TABLE, AwsOptions())
    empty_server.asked.clear()
    return empty_server


@pytest.fixture
async def client(server: DynamoDBServer) -> AsyncIterator[Any]:
    async with aws_client(await open_account(AwsOptions()), "dynamodb", timeout=3.0) as client:
        yield client
