"""A guard on a Redis Cluster, and on a primary that fails over by Sentinel."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from redis.asyncio import RedisCluster, Sentinel

from mwaa_async import RedisGuard
from mwaa_async._guards.lease.protocol import Contender, Granted
from tests.guards.redis.hosts import LEASE, SETTLE_TIME, redis_host
from tests.guards.redis.many_servers import PRIMARY, Cluster, Watched
from tests.guards.workers import ENVIRONMENT

pytestmark = pytest.mark.anyio

LEASE_KEY = f"mwaa-async:{{{ENVIRONMENT}}}:lease"


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
async def guards(cluster: Cluster, tmp_path: Path) -> AsyncIterator[list[RedisGuard]]:
    """Return the guards of two hosts, each of which knows another one of the masters."""
    async with (
        RedisCluster(host="127.0.0.1", port=cluster.masters[0].port) as first,
        RedisCluster(host="127.0.0.1", port=cluster.masters[1].port) as second,
    ):
        guards = [redis_host(client, tmp_path / name) for name, client in {"a": first, "b": second}.items()]
        yield guards
        for each in guards:
            await each.rest()


async def test_hosts_on_a_redis_cluster_take_turns_and_call_each_other(guards: list[RedisGuard]) -> None:
    """Before redis-py 8 its client could not subscribe: `test_traps.py` has what follows from that."""
    turns: list[tuple[float, int, float]] = []

    async def take_turns(which: int) -> None:
        for _ in range(5):
            slot = await guards[which].acquire(ENVIRONMENT)
            await slot.request_begins(settle_time=SETTLE_TIME)
            began = time.monotonic()
            await asyncio.sleep(0.1)
            turns.append((began, which, time.monotonic()))
            await slot.release()

    await asyncio.gather(take_turns(0), take_turns(1))
    turns.sort()
    gaps = sorted(later[0] - earlier[2] for earlier, later in pairwise(turns))
    print(f"hand-over: median {gaps[len(gaps) // 2]:.4f} s")
    assert gaps[0] >= 0
    assert gaps[len(gaps) // 2] < 0.5
    assert [which for _, which, _ in turns[1:-1]] in ([0, 1] * 4, [1, 0] * 4)


async def test_a_holder_that_dies_on_a_redis_cluster_is_replaced_when_its_lease_is_over(
    cluster: Cluster, guards: list[RedisGuard]
) -> None:
    async with RedisCluster(host="127.0.0.1", port=cluster.masters[2].port) as client:
        async with RedisGuard(client)._connected() as engine:
            assert isinstance(await engine.ask(ENVIRONMENT, Contender("dead", 0, 1, "host"), term=LEASE), Granted)
        died = time.monotonic()
        slot = await guards[0].acquire(ENVIRONMENT)
        assert LEASE - 0.1 <= time.monotonic() - died < LEASE + 2
        await slot.release()


async def test_a_slot_that_moves_to_another_master_takes_the_lease_and_the_line_with_it(
    cluster: Cluster, guards: list[RedisGuard]
) -> None:
    first, second = guards
    slot = await first.acquire(ENVIRONMENT)
    waiting = asyncio.create_task(second.acquire(ENVIRONMENT))
    await _in_line(first)
    await asyncio.to_thread(cluster.move, LEASE_KEY)
    await asyncio.sleep(LEASE)
    await slot.request_begins(settle_time=SETTLE_TIME)
    assert not waiting.done()
    released = time.monotonic()
    await slot.release()
    await (await waiting).release()
    assert time.monotonic() - released < 1.5
    assert (first.lost_leases, second.lost_leases) == (0, 0)


async def test_a_failover_by_sentinel_takes_the_lease_and_the_line_with_it(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    servers = Watched(tmp_path_factory.mktemp("watched"))
    try:
        servers.start()
        sentinel = Sentinel([("127.0.0.1", servers.sentinel.port)])  # type: ignore[no-untyped-call]
        async with sentinel.master_for(PRIMARY) as one, sentinel.master_for(PRIMARY) as other:
            first, second = (redis_host(client, tmp_path / str(id(client)), lease=15) for client in (one, other))
            slot = await first.acquire(ENVIRONMENT)
            waiting = asyncio.create_task(second.acquire(ENVIRONMENT))
            await _in_line(first)
            await asyncio.to_thread(servers.lose_the_primary)
            await slot.request_begins(settle_time=SETTLE_TIME)
            assert not waiting.done()
            await slot.release()
            await (await waiting).release()
            assert (first.lost_leases, second.lost_leases) == (0, 0)
            await first.rest()
            await second.rest()
        for each in sentinel.sentinels:
            await each.aclose()
    finally:
        servers.stop()


async def _in_line(guard: RedisGuard) -> None:
    while not (await guard.look(ENVIRONMENT)).line:
        await asyncio.sleep(0.01)
