"""A DynamoDB for each test, with a table: what one leaves there must not keep another one waiting."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest

from mwaa_async._aws import AwsOptions, aws_client, open_account
from mwaa_async._guards.lease.dynamodb_table import create_table
from tests.guards.dynamodb.server import TABLE, DynamoDBServer


@pytest.fixture
def empty_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBServer]:
    """Serve a DynamoDB without a table; AWS's SDKs are led there, also those of processes that the test starts."""
    server = DynamoDBServer()
    server.start()
    for name, value in server.environ().items():
        monkeypatch.setenv(name, value)
    yield server
    server.stop()


@pytest.fixture
def server(empty_server: DynamoDBServer) -> DynamoDBServer:
    """Serve a DynamoDB with the table of the guard."""
    anyio.run(create_table, TABLE, AwsOptions())
    empty_server.asked.clear()
    return empty_server


@pytest.fixture
async def client(server: DynamoDBServer) -> AsyncIterator[Any]:
    async with aws_client(await open_account(AwsOptions()), "dynamodb", timeout=3.0) as client:
        yield client
