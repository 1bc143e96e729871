"""A Redis server in a network of its own, to which the hosts of a test are linked."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.guards.networks.namespaces import new_namespace
from tests.guards.redis.server import RedisServer


@pytest.fixture
def network() -> Iterator[None]:
    """Have the test in a network namespace, where the machine allows."""
    with ExitStack() as stack:
        try:
            stack.enter_context(new_namespace())
        except (OSError, AttributeError) as error:
            pytest.skip(f"this machine allows no network namespaces (they take Linux, root and `ip`): {error}")
        yield


@pytest.fixture
def server(network: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"), "--bind", "0.0.0.0", "--protected-mode", "no")
    server.start()
    yield server
    server.stop()
