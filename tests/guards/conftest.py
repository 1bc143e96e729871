"""Servers for a module's tests of all guards: each test has a prefix of its own there, or an empty server."""

import asyncio
from collections.abc import Iterator
from functools import partial

import pytest

from mwaa_async import HostGuard
from mwaa_async._aws import AwsOptions
from mwaa_async._guards.lease.dynamodb_table import create_table
from tests.guards.dynamodb.server import TABLE
from tests.guards.redis.hosts import LEASE, POLL_INTERVAL, dynamodb_host, redis_host
from tests.guards.redis.server import RedisServer
from tests.guards.shared import SharedGuard, serve_dynamodb
from tests.guards.test_processes import process


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def dynamodb_table() -> Iterator[str]:
    """Name a table; AWS's SDKs are led there, also those of processes that the tests start."""
    with process(serve_dynamodb) as (_, pipe), pytest.MonkeyPatch.context() as patch:
        for name, value in pipe.recv().items():
            patch.setenv(name, value)
        asyncio.run(create_table(TABLE, AwsOptions()))
        yield TABLE


@pytest.fixture(params=["HostGuard", "RedisGuard", "DynamoDBGuard"])
def shared(request: pytest.FixtureRequest) -> SharedGuard:
    """Give each guard that reaches over processes; nobody has left anything there."""
    if request.param == "HostGuard":
        return SharedGuard(HostGuard)
    if request.param == "RedisGuard":
        server: RedisServer = request.getfixturevalue("redis_server")
        return SharedGuard(partial(redis_host, server.url, prefix=request.node.name), LEASE)
    table: str = request.getfixturevalue("dynamodb_table")
    return SharedGuard(partial(dynamodb_host, table, prefix=request.node.name), LEASE, POLL_INTERVAL)
