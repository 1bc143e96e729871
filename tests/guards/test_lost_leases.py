"""A lease that was lost while a command had it is counted, however its end is learnt of."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guards.redis.hosts import redis_host
from tests.guards.redis.server import RedisServer
from tests.guards.workers import ENVIRONMENT

pytestmark = pytest.mark.anyio

LEASE = 1.0


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("stands_still", [0.0, LEASE], ids=["in time", "too late"])
async def test_a_lease_that_ran_out_is_counted_also_where_it_cannot_be_given_back(
    server: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture, stands_still: float
) -> None:
    guard = redis_host(server.url, tmp_path, lease=LEASE)
    slot = await guard.acquire(ENVIRONMENT)
    await slot.request_begins(settle_time=0.5)
    server.stop()
    time.sleep(stands_still)  # the process is stopped, heartbeat and all
    await slot.request_ended()
    await slot.release(closed_for=0.5)
    assert guard.lost_leases == (1 if stands_still else 0)
    assert ("was lost" in caplog.text) is bool(stands_still)
