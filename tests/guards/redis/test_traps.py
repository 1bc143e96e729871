"""Traps that other locks on Redis fell into, and what happens when the server misbehaves."""

import asyncio
import gc
import random
import time
from pathlib import Path
from typing import Any

import pytest
import trustme
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from mwaa_async import EnvironmentId, GuardError, MwaaClient, QueueTimeoutError, RedisGuard
from mwaa_async._aws import Account
from mwaa_async._guards.lease import protocol
from mwaa_async._guards.lease.engine import Engine
from mwaa_async._guards.lease.protocol import Contender, Granted, Held, Queued
from mwaa_async.emulator import Emulator
from tests.guards.redis.hosts import LEASE, SETTLE_TIME, redis_host
from tests.guards.redis.server import RedisServer
from tests.guards.workers import ENVIRONMENT

pytestmark = pytest.mark.anyio

LEASE_KEY = f"mwaa-async:{{{ENVIRONMENT}}}:lease"


def contender(number: int) -> Contender:
    return Contender("node", number, 1, "host")


async def test_a_lost_call_costs_a_second_and_no_more(server: RedisServer, tmp_path: Path) -> None:
    first, second = redis_host(server.url, tmp_path / "a"), redis_host(server.url, tmp_path / "b")
    slot = await first.acquire(ENVIRONMENT)
    waiting = asyncio.create_task(second.acquire(ENVIRONMENT))
    await _in_line(first)
    server.do("ACL", "SETUSER", "default", "resetchannels")  # nobody may publish, nor subscribe again
    released = time.monotonic()
    await slot.release()
    await (await waiting).release()
    assert time.monotonic() - released < 1.5
    server.do("ACL", "SETUSER", "default", "allchannels")


class _WithoutCalls(Redis):
    """A client that cannot subscribe, as a `RedisCluster` of redis-py 5 to 7."""

    @property
    def pubsub(self) -> Any:
        raise AttributeError


async def test_a_client_that_cannot_subscribe_is_told_of_and_costs_a_second_for_each_turn(
    server: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with _WithoutCalls(port=server.port) as client:
        first, second = redis_host(client, tmp_path / "a"), redis_host(client, tmp_path / "b")
        slot = await first.acquire(ENVIRONMENT)
        waiting = asyncio.create_task(second.acquire(ENVIRONMENT))
        await _in_line(first)
        released = time.monotonic()
        await slot.release()
        await (await waiting).release()
        assert time.monotonic() - released < 1.5
        await first.rest()
        await second.rest()
        gc.collect()
    assert {record.getMessage() for record in caplog.records} == {
        "Redis (_WithoutCalls): this client cannot subscribe: every turn may take a second longer"
    }


async def test_the_clients_default_time_out_does_not_cut_the_wait_for_a_call(
    server: RedisServer, tmp_path: Path
) -> None:
    async with Redis.from_url(server.url, socket_timeout=0.2, decode_responses=True) as client:
        first, second = redis_host(client, tmp_path / "a"), redis_host(client, tmp_path / "b")
        slot = await first.acquire(ENVIRONMENT)
        waiting = asyncio.create_task(second.acquire(ENVIRONMENT))
        await asyncio.sleep(1.0)
        released = time.monotonic()
        await slot.release()
        slot = await waiting
        assert time.monotonic() - released < 0.5
        await slot.release()
        await first.rest()
        await second.rest()


async def test_a_repeated_release_whose_first_answer_was_lost_is_no_alarm(server: RedisServer) -> None:
    async with RedisGuard(server.url)._connected() as engine:
        granted = await engine.ask(ENVIRONMENT, contender(1), term=10)
        assert isinstance(granted, Granted)
        assert isinstance(await engine.ask(ENVIRONMENT, contender(2), term=10), Queued)
        assert await engine.leave(ENVIRONMENT, contender(1), granted.fence)
        assert isinstance(await engine.ask(ENVIRONMENT, contender(2), term=10), Granted)
        assert await engine.leave(ENVIRONMENT, contender(1), granted.fence), "it had been given back"
        assert await engine.renew(ENVIRONMENT, Held(contender(1), granted.fence, 10, 0), term=10) is None


async def test_the_scripts_do_what_the_protocol_says(server: RedisServer) -> None:
    """Random steps of four contenders, on the server and in memory; terms are over at once, or not at all."""
    for seed in range(30):
        server.do("FLUSHALL")
        async with RedisGuard(server.url)._connected() as engine:
            await _same_steps(engine, random.Random(seed))


async def _same_steps(engine: Engine, chance: random.Random) -> None:
    state, fences = protocol.State(), dict.fromkeys(range(4), 0)
    for beat in range(1, 80):
        number = chance.randrange(4)
        who = contender(number)
        theirs: object
        ours: object
        match chance.choice(["ask", "ask", "renew", "leave"]):
            case "ask":
                answer = await engine.ask(ENVIRONMENT, who, term=100)
                floor = answer.fence if isinstance(answer, Granted) else 0
                step, mine = protocol.asked(
                    state, str(who), term=100, beat=beat, left=protocol.by_clock(beat), floor=floor
                )
                if isinstance(mine, Granted):
                    fences[number] = mine.fence
                theirs, ours = (
                    (answer.before, mine.before)
                    if isinstance(answer, Queued) and isinstance(mine, Queued)
                    else (answer, mine)
                )
            case "renew":
                theirs = await engine.renew(ENVIRONMENT, Held(who, fences[number], 100, 0), term=100)
                step, ours = protocol.renewed(state, str(who), fences[number], term=100, beat=beat)
            case _:
                theirs = await engine.leave(ENVIRONMENT, who, fences[number])
                step, ours = protocol.left(state, str(who), fences[number], closed_for=0, beat=beat)
        state = step.state
        assert theirs == ours
        assert (await engine.look(ENVIRONMENT)).line == tuple(ticket.who for ticket in state.line)


async def test_a_deleted_lease_is_noticed_counted_and_not_made_anew_and_the_next_number_is_higher(
    server: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    guard = redis_host(server.url, tmp_path)
    slot = await guard.acquire(ENVIRONMENT)
    before = _fence(server)
    server.do("FLUSHALL")
    deadline = time.monotonic() + LEASE
    while not guard.lost_leases and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    assert guard.lost_leases == 1
    assert server.do("EXISTS", LEASE_KEY) == 0
    assert f"the lease {before} was lost" in caplog.text
    await slot.request_begins(settle_time=SETTLE_TIME)
    assert _fence(server) > before
    await slot.release()
    assert guard.lost_leases == 1


async def test_a_failover_that_loses_the_last_writes_gives_a_second_lease_with_another_number(
    server: RedisServer, tmp_path: Path
) -> None:
    first, second = redis_host(server.url, tmp_path / "a"), redis_host(server.url, tmp_path / "b")
    await (await first.acquire(ENVIRONMENT)).release(closed_for=0.01)
    saved = server.do("HGETALL", LEASE_KEY)
    slot = await first.acquire(ENVIRONMENT)
    number = _fence(server)
    server.do("DEL", LEASE_KEY)
    assert isinstance(saved, dict)
    server.do("HSET", LEASE_KEY, *(word for pair in saved.items() for word in pair))  # what the new primary has
    other = await second.acquire(ENVIRONMENT)
    assert _fence(server) > number
    await slot.release()
    await other.release()
    assert (first.lost_leases, second.lost_leases) == (1, 0)


async def test_the_command_on_the_wire_gets_its_result_though_the_lease_is_lost(
    server: RedisServer, tmp_path: Path
) -> None:
    guard = redis_host(server.url, tmp_path)
    async with (
        Emulator(command_time=0.5) as emulator,
        _client(emulator, guard) as client,
    ):
        running = asyncio.create_task(client.environment("demo").run("version"))
        while not emulator.commands:
            await asyncio.sleep(0.01)
        server.do("FLUSHALL")
        assert (await running).stdout
        assert (await client.environment("demo").run("version")).stdout
    assert guard.lost_leases == 1


@pytest.mark.parametrize("policy", ["volatile-lru", "allkeys-lru"])
async def test_an_eviction_policy_that_takes_leases_is_warned_of_and_a_volatile_one_takes_none(
    server: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture, policy: str
) -> None:
    server.do("CONFIG", "SET", "maxmemory-policy", policy)
    guard = redis_host(server.url, tmp_path)
    slot = await guard.acquire(ENVIRONMENT)
    await asyncio.sleep(0.2)
    assert ("evicts any key" in caplog.text) is (policy == "allkeys-lru")
    if policy == "volatile-lru":
        for number in range(200):
            server.do("SET", f"other-{number}", "x" * 10_000, "EX", "1000")
        server.do("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(Exception, match="maxmemory"):
            server.do("SET", "one more", "x")
        assert server.do("DBSIZE") == 1, "all is gone but the lease"
        server.do("CONFIG", "SET", "maxmemory", "0")
    await slot.release()
    assert guard.lost_leases == 0


async def test_a_server_that_is_stopped_and_started_again_in_the_middle_loses_no_turn(
    server: RedisServer, tmp_path: Path
) -> None:
    server.do("CONFIG", "SET", "appendfsync", "always")
    guards = [redis_host(server.url, tmp_path / str(which), lease=10) for which in range(3)]
    async with Emulator(command_time=0.05) as emulator:
        clients = [_client(emulator, guard) for guard in guards]
        async with clients[0] as a, clients[1] as b, clients[2] as c:
            commands = [
                asyncio.create_task(client.environment("demo").run(f"variables set {name}-{turn} x"))
                for name, client in {"a": a, "b": b, "c": c}.items()
                for turn in range(10)
            ]
            while len(emulator.commands) < 10:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(server.stop)
            await asyncio.sleep(0.5)
            sent = len(emulator.commands)
            await asyncio.sleep(0.5)
            assert len(emulator.commands) == sent < 30, "nothing new is sent meanwhile"
            await asyncio.to_thread(server.start)
            await asyncio.gather(*commands)
        assert emulator.max_running("demo") == 1
        assert len(emulator.commands) == 30
    assert [guard.lost_leases for guard in guards] == [0, 0, 0]


async def test_while_the_server_cannot_be_reached_a_command_waits_up_to_its_queue_timeout(
    server: RedisServer, tmp_path: Path
) -> None:
    guard = redis_host(server.url, tmp_path)
    async with Emulator() as emulator, _client(emulator, guard) as client:
        await client.environment("demo").run("version")
        await asyncio.sleep(1.2)
        await asyncio.to_thread(server.stop)
        with pytest.raises(QueueTimeoutError):
            await client.environment("demo").run("version", queue_timeout=0.5)
        with pytest.raises(GuardError, match="nothing was sent"):
            await client.environment("demo").run("version")
        assert len(emulator.commands) == 1
        await asyncio.to_thread(server.start)
        await client.environment("demo").run("version")


async def test_a_lease_that_is_kept_sends_nothing_either_once_the_server_is_gone(
    server: RedisServer, tmp_path: Path
) -> None:
    guard = redis_host(server.url, tmp_path, lease=30)
    slot = await guard.acquire(ENVIRONMENT)
    await slot.request_begins(settle_time=SETTLE_TIME)
    await asyncio.sleep(0.3)  # the calls are subscribed to in the background
    await asyncio.to_thread(server.stop)
    await asyncio.sleep(0.3)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await slot.request_begins(settle_time=SETTLE_TIME)
    await asyncio.to_thread(server.start)
    await slot.request_begins(settle_time=SETTLE_TIME)
    await slot.release()
    assert guard.lost_leases == 0


async def test_a_server_that_pauses_longer_than_the_lease_costs_no_promise(server: RedisServer, tmp_path: Path) -> None:
    guards = [redis_host(server.url, tmp_path / str(which)) for which in range(2)]
    slot = await guards[0].acquire(ENVIRONMENT)
    waiting = asyncio.create_task(guards[1].acquire(ENVIRONMENT))
    await _in_line(guards[0])
    server.do("CLIENT", "PAUSE", str(round(1000 * LEASE + 500)), "ALL")
    await asyncio.sleep(LEASE + 0.5)
    assert not waiting.done()
    await slot.release()
    await (await asyncio.wait_for(waiting, 5)).release()


async def test_a_lease_that_runs_out_while_a_server_is_silent_is_counted_also_when_it_is_given_back_before_that_shows(
    server: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Redis(port=server.port, socket_timeout=1.5, retry=Retry(NoBackoff(), 0)) as client:
        guard = redis_host(client, tmp_path, lease=1)
        slot = await guard.acquire(ENVIRONMENT)
        await slot.request_begins(settle_time=0.5)
        server.do("CLIENT", "PAUSE", 4000, "ALL")
        await asyncio.sleep(1.2)  # the next sign of life has no answer yet
        assert guard.lost_leases == 0
        await slot.release()
        assert guard.lost_leases == 1
        assert caplog.text.count("was lost") == 1
        await guard.rest()


async def test_a_server_that_was_never_there_is_an_error_at_once_and_no_password_is_shown(tmp_path: Path) -> None:
    guard = redis_host("redis://user:hush@127.0.0.1:1/0", tmp_path)
    began = time.monotonic()
    with pytest.raises(GuardError, match=r"127\.0\.0\.1:1") as caught:
        await guard.acquire(ENVIRONMENT)
    assert time.monotonic() - began < 2
    assert caught.value.ran is False
    assert "hush" not in f"{caught.value!r} {guard!r} {caught.value.__cause__!r}"
    await guard.rest()


async def test_a_wrong_password_is_an_error_that_says_so_and_does_not_show_it(
    server: RedisServer, tmp_path: Path
) -> None:
    server.do("ACL", "SETUSER", "app", "on", ">right", "~*", "&*", "+@all")
    guard = redis_host(server.url.replace("//", "//app:hush@"), tmp_path)
    with pytest.raises(GuardError, match="look at the user") as caught:
        await guard.acquire(ENVIRONMENT)
    assert "hush" not in str(caught.value)
    await guard.rest()


# What docs/how-to/several-hosts.md says.
RULES = "~mwaa-async:* &mwaa-async:* +evalsha +eval +subscribe +publish +ping +info +time"
RULES += " +hget +hset +hdel +hmget +zadd +zrem +zrange +zrevrange +zrank +zscore +zcard"


async def test_a_user_with_the_rules_of_the_docs_can_do_all_of_it(
    server: RedisServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page = Path("docs/how-to/several-hosts.md").read_text()
    assert f"ACL SETUSER app on >PASSWORD {RULES}" in " ".join(page.split())
    server.do("ACL", "SETUSER", "app", "on", ">right", "resetchannels", *RULES.split())
    url = server.url.replace("//", "//app:right@")
    first, second = redis_host(url, tmp_path / "a"), redis_host(url, tmp_path / "b")
    slot = await first.acquire(ENVIRONMENT)
    waiting = asyncio.create_task(second.acquire(ENVIRONMENT))
    await _in_line(first)
    released = time.monotonic()
    await slot.release()
    slot = await waiting
    assert time.monotonic() - released < 0.5
    await slot.release()
    assert caplog.text == ""


async def test_tls_is_spoken_and_the_certificate_is_verified(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(str(directory / "key.pem"))
    certificate.cert_chain_pems[0].write_to_path(str(directory / "cert.pem"))
    files = [f"--tls-{name}-file" for name in ("cert", "key", "ca-cert")]
    names = ["cert.pem", "key.pem", "ca.pem"]
    options = [word for file, name in zip(files, names, strict=True) for word in (file, str(directory / name))]
    plain = RedisServer(directory)
    server = RedisServer(directory, "--tls-port", str(plain.port), "--tls-auth-clients", "no", *options)
    server.start()
    try:
        url = f"rediss://127.0.0.1:{plain.port}/0"
        guard = redis_host(f"{url}?ssl_ca_certs={directory / 'ca.pem'}", tmp_path)
        await (await guard.acquire(ENVIRONMENT)).release()
        with pytest.raises(GuardError, match="certificate"):
            await redis_host(url, tmp_path / "other").acquire(ENVIRONMENT)
    finally:
        server.stop()


def test_one_guard_serves_several_event_loops_and_leaves_no_connection_open(
    server: RedisServer, tmp_path: Path
) -> None:
    guard = redis_host(server.url, tmp_path)

    async def use() -> None:
        slot = await guard.acquire(ENVIRONMENT)
        await slot.release()

    for _ in range(3):
        began = time.monotonic()
        asyncio.run(use())
        assert time.monotonic() - began < 1, "the one before has given its lease back"
    gc.collect()
    deadline = time.monotonic() + 5
    while _connections(server) > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _connections(server) == 1, "that of whoever asks for it"


async def test_a_client_that_is_closed_gives_back_what_is_kept_and_the_connections(
    server: RedisServer, tmp_path: Path
) -> None:
    guard = redis_host(server.url, tmp_path / "a")
    async with Emulator() as emulator, _client(emulator, guard) as client:
        await client.environment("demo").run("version")
        assert _connections(server) > 1
        identity = _identity(client)
    other = redis_host(server.url, tmp_path / "b")
    assert await other.is_free(identity)
    await other.rest()
    assert _connections(server) == 1


async def test_an_abandoned_request_keeps_the_slot_closed_for_other_hosts_when_its_client_is_closed(
    server: RedisServer, tmp_path: Path
) -> None:
    first, second = redis_host(server.url, tmp_path / "a"), redis_host(server.url, tmp_path / "b")
    async with Emulator(command_time=1.5) as emulator:
        async with _client(emulator, first) as client:
            with pytest.raises(Exception, match="no answer"):
                await client.environment("demo").run("variables set a x", timeout=0.3)
            identity = _identity(client)
        left = (await second.status(identity)).closed_for
        async with _client(emulator, second) as client:
            await client.environment("demo").run("variables set b x")
        assert 0 < left <= SETTLE_TIME
        assert emulator.max_running("demo") == 1


async def test_a_waiter_that_is_cancelled_leaves_the_line_at_once(server: RedisServer, tmp_path: Path) -> None:
    first, second = redis_host(server.url, tmp_path / "a"), redis_host(server.url, tmp_path / "b")
    slot = await first.acquire(ENVIRONMENT)
    waiting = asyncio.create_task(second.acquire(ENVIRONMENT))
    await _in_line(first)
    waiting.cancel()
    deadline = time.monotonic() + 1
    while (await first.look(ENVIRONMENT)).line and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    assert not (await first.look(ENVIRONMENT)).line
    await slot.release()


@pytest.mark.parametrize("lease", [0, 0.5, -1, float("nan"), float("inf")])
def test_a_lease_that_is_too_short_or_no_number_is_refused(lease: float) -> None:
    with pytest.raises(ValueError, match="lease"):
        RedisGuard("redis://127.0.0.1", lease=lease)


@pytest.mark.parametrize(
    "url", ["http://user:hush@host", "host:6379", "redis://user:hush@host:port", "redis://user:hush@host?x=hush"]
)
def test_what_is_no_url_of_redis_is_refused_without_showing_a_password(url: str) -> None:
    with pytest.raises(ValueError, match="is no URL of a Redis server") as caught:
        RedisGuard(url)
    assert "hush" not in str(caught.value)


def _client(emulator: Emulator, guard: RedisGuard) -> MwaaClient:
    options: dict[str, Any] = {**emulator.client_options(), "guard": guard, "settle_time": SETTLE_TIME}
    return MwaaClient(**options)


def _identity(client: MwaaClient) -> EnvironmentId:
    assert isinstance(client._account, Account)
    return client._account.identity("demo")


async def _in_line(guard: RedisGuard) -> None:
    while not (await guard.look(ENVIRONMENT)).line:
        await asyncio.sleep(0.01)


def _fence(server: RedisServer) -> int:
    return int(str(server.do("HGET", LEASE_KEY, "fence")))


def _connections(server: RedisServer) -> int:
    clients = server.do("INFO", "clients")
    assert isinstance(clients, dict)
    return int(clients["connected_clients"])
