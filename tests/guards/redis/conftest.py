"""A Redis server for each test: what one leaves there must not keep another one waiting."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guards.redis.server import RedisServer


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    directory: Path = tmp_path_factory.mktemp("redis")
    server = RedisServer(directory)
    server.start()
    yield server
    server.stop()
