"""What others fell into: lost answers, races, throttling, and records that somebody deletes."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from mwaa_async import GuardError
from mwaa_async._guards.lease.dynamodb_engine import DynamoDBEngine
from mwaa_async._guards.lease.engine import EngineError
from mwaa_async._guards.lease.protocol import Contender, Granted, Held, Queued
from tests.guards.dynamodb.dynalite import BY_BOTH
from tests.guards.dynamodb.server import TABLE, DynamoDBServer, Fault
from tests.guards.redis.hosts import LEASE, dynamodb_host, host
from tests.guards.workers import ENVIRONMENT

pytestmark = pytest.mark.anyio

A, B, C = (Contender(name, 0, 4711, name) for name in "abc")
KEY = {"environment": {"S": f"mwaa-async:{ENVIRONMENT}"}}


def engine(client: Any) -> DynamoDBEngine:
    """Return the engine of one host."""
    return DynamoDBEngine(client, TABLE, "mwaa-async", 0.05)


async def granted(engine: DynamoDBEngine, who: Contender, term: float = LEASE) -> Granted:
    answer = await engine.ask(ENVIRONMENT, who, term=term)
    assert isinstance(answer, Granted)
    return answer


def lost(operation: str = "UpdateItem") -> Fault:
    return Fault(is_done=True, operation=operation)


@BY_BOTH
async def test_a_lease_whose_answer_was_lost_is_the_same_when_asked_for_again(
    server: DynamoDBServer, client: Any
) -> None:
    one = engine(client)
    server.faults.append(lost())
    first = await granted(one, A)
    assert await granted(one, A) == first
    assert isinstance(await engine(client).ask(ENVIRONMENT, B, term=LEASE), Queued)


@BY_BOTH
async def test_a_place_in_line_whose_answer_was_lost_is_one_place(server: DynamoDBServer, client: Any) -> None:
    await granted(engine(client), A)
    server.faults.append(lost())
    assert isinstance(await engine(client).ask(ENVIRONMENT, B, term=LEASE), Queued)
    assert (await engine(client).look(ENVIRONMENT)).line == (str(B),)


@BY_BOTH
async def test_a_release_whose_answer_was_lost_is_no_alarm(server: DynamoDBServer, client: Any) -> None:
    one = engine(client)
    fence = (await granted(one, A)).fence
    server.faults.append(lost())
    assert await one.leave(ENVIRONMENT, A, fence)
    assert await one.leave(ENVIRONMENT, A, fence), "nor is one that is repeated later"


@BY_BOTH
async def test_a_renewal_whose_answer_was_lost_is_no_alarm(server: DynamoDBServer, client: Any) -> None:
    one = engine(client)
    held = Held(A, (await granted(one, A)).fence, LEASE, 0.0)
    server.faults.append(lost())
    assert await one.renew(ENVIRONMENT, held, term=LEASE) == Granted(held.fence)


@BY_BOTH
async def test_a_lease_that_somebody_has_deleted_is_not_made_anew_by_a_renewal(client: Any) -> None:
    one = engine(client)
    held = Held(A, (await granted(one, A)).fence, LEASE, 0.0)
    await client.delete_item(TableName=TABLE, Key=KEY)
    assert await one.renew(ENVIRONMENT, held, term=LEASE) is None
    assert not await one.leave(ENVIRONMENT, A, held.fence)
    assert "Item" not in await client.get_item(TableName=TABLE, Key=KEY)


@BY_BOTH
async def test_the_fencing_number_grows_with_every_lease_also_where_the_record_was_deleted(client: Any) -> None:
    fences = []
    for turn in range(6):
        who = Contender("a", turn, 4711, "a")
        fences.append((await granted(engine(client), who)).fence)
        await engine(client).leave(ENVIRONMENT, who, fences[-1])
        if turn % 2:
            await client.delete_item(TableName=TABLE, Key=KEY)
            await asyncio.sleep(1.1)  # AWS's clock tells seconds
    assert fences == sorted(set(fences))


@BY_BOTH
async def test_of_many_that_ask_at_once_one_gets_the_lease_and_the_others_a_place_each(client: Any) -> None:
    names = [Contender(f"host-{which}", 0, 1, "h") for which in range(12)]
    answers = await asyncio.gather(*(engine(client).ask(ENVIRONMENT, who, term=LEASE) for who in names))
    assert sum(isinstance(answer, Granted) for answer in answers) == 1
    assert sorted(answer.before for answer in answers if isinstance(answer, Queued)) == list(range(11))


@BY_BOTH
async def test_a_waiter_that_has_watched_a_silent_holder_for_the_term_takes_the_lease_once(client: Any) -> None:
    await granted(engine(client), A, term=0.5)
    watching = {who: engine(client) for who in (B, C)}
    for who, each in watching.items():
        assert isinstance(await each.ask(ENVIRONMENT, who, term=LEASE), Queued)
    began = time.monotonic()
    for who, each in watching.items():
        await each.called(ENVIRONMENT, who, 0.8, holds=False)
    assert time.monotonic() - began > 0.4
    answers = await asyncio.gather(*(each.ask(ENVIRONMENT, who, term=LEASE) for who, each in watching.items()))
    assert isinstance(answers[0], Granted)
    assert isinstance(answers[1], Queued)


@BY_BOTH
async def test_a_holder_that_gives_a_sign_of_life_just_before_its_lease_is_taken_keeps_it(client: Any) -> None:
    holder, waiter = engine(client), engine(client)
    held = Held(A, (await granted(holder, A, term=0.4)).fence, 0.4, 0.0)
    assert isinstance(await waiter.ask(ENVIRONMENT, B, term=LEASE), Queued)
    await asyncio.sleep(0.5)  # for the waiter the lease is over now
    assert await holder.renew(ENVIRONMENT, held, term=0.4)
    assert isinstance(await waiter.ask(ENVIRONMENT, B, term=LEASE), Queued)
    assert await holder.renew(ENVIRONMENT, held, term=0.4)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("ProvisionedThroughputExceededException", 400),
        Fault("ThrottlingException", 400),
        Fault("RequestLimitExceeded", 400),
        Fault("TransactionConflictException", 400),
        Fault("TransactionCanceledException", 400),
        Fault("InternalServerError", 500),
        lost("GetItem"),
    ],
    ids=lambda fault: f"{fault.code}-{fault.is_done}",
)
async def test_what_may_pass_is_tried_again(server: DynamoDBServer, client: Any, fault: Fault) -> None:
    server.faults.extend([fault] * 3)
    await granted(engine(client), A)
    assert not server.faults


async def test_what_does_not_pass_for_seconds_is_an_error_that_may_pass(server: DynamoDBServer, client: Any) -> None:
    server.faults.extend([Fault("ThrottlingException", 400)] * 1000)
    began = time.monotonic()
    with pytest.raises(EngineError, match="ThrottlingException") as error:
        await engine(client).ask(ENVIRONMENT, A, term=LEASE)
    assert error.value.may_pass
    assert 2 < time.monotonic() - began < 6
    assert 5 < 1000 - len(server.faults) < 60, "and not as often as it goes"


async def test_a_permission_that_is_missing_is_named_at_once(server: DynamoDBServer, client: Any) -> None:
    server.faults.append(Fault("AccessDeniedException", 400, operation="UpdateItem"))
    with pytest.raises(EngineError, match=f"{TABLE}.*needs 'dynamodb:UpdateItem'") as error:
        await engine(client).ask(ENVIRONMENT, A, term=LEASE)
    assert not error.value.may_pass


@BY_BOTH
async def test_a_table_that_is_not_there_is_said_at_once_and_how_to_make_it(
    empty_server: DynamoDBServer, tmp_path: Path
) -> None:
    with pytest.raises(GuardError, match=f"mwaa-async guard create-table {TABLE}") as error:
        await host(empty_server.url, tmp_path).acquire(ENVIRONMENT)
    assert error.value.ran is False


async def test_no_credentials_are_a_guard_error(
    server: DynamoDBServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(GuardError, match="credentials"):
        await host(server.url, tmp_path).acquire(ENVIRONMENT)


async def test_a_lease_is_lost_where_the_table_cannot_be_reached_for_longer_and_the_next_command_waits_for_another(
    server: DynamoDBServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    guard = dynamodb_host(TABLE, tmp_path, lease=1.0)
    slot = await guard.acquire(ENVIRONMENT)
    await slot.request_begins(settle_time=0.5)
    server.faults.extend([Fault()] * 10_000)
    while not guard.lost_leases:
        await asyncio.sleep(0.05)
    assert "the lease" in caplog.text
    await slot.request_ended()
    with pytest.raises(GuardError, match="nothing was sent"):
        await slot.request_begins(settle_time=0.5)
    server.faults.clear()
    await slot.request_begins(settle_time=0.5)
    await slot.release()
    assert guard.lost_leases == 1


async def test_an_item_says_when_it_may_vanish_and_its_table_that_it_does(client: Any) -> None:
    await granted(engine(client), A)
    item = (await client.get_item(TableName=TABLE, Key=KEY))["Item"]
    assert 29 < (int(item["expires"]["N"]) - time.time()) / 24 / 3600 < 31
    says = (await client.describe_time_to_live(TableName=TABLE))["TimeToLiveDescription"]
    assert says == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    billing = (await client.describe_table(TableName=TABLE))["Table"]["BillingModeSummary"]
    assert billing["BillingMode"] == "PAY_PER_REQUEST"


async def test_what_is_asked_for_one_command_is_two_writes_and_one_read(server: DynamoDBServer, tmp_path: Path) -> None:
    guard = dynamodb_host(TABLE, tmp_path, poll=10.0)  # so that it does not look while the command runs
    slot = await guard.acquire(ENVIRONMENT)
    await slot.request_begins(settle_time=1.0)
    await slot.request_ended()
    await slot.release()
    await guard.rest()
    assert server.asked == {"GetItem": 1, "UpdateItem": 2}


async def test_what_is_asked_while_waiting_is_one_write_a_second_and_a_read_a_poll(
    server: DynamoDBServer, client: Any
) -> None:
    await granted(engine(client), A, term=30.0)
    waiter = DynamoDBEngine(client, TABLE, "mwaa-async", 0.25)
    assert isinstance(await waiter.ask(ENVIRONMENT, B, term=30.0), Queued)
    server.asked.clear()
    for _ in range(2):
        answer = await waiter.ask(ENVIRONMENT, B, term=30.0)
        assert isinstance(answer, Queued)
        await waiter.called(ENVIRONMENT, B, answer.again, holds=False)
    assert server.asked["UpdateItem"] == 2
    assert 4 <= server.asked["GetItem"] <= 6


async def test_what_is_asked_for_a_turn_behind_another_host_is_three_writes_and_one_read(
    server: DynamoDBServer, client: Any
) -> None:
    holder, waiter = engine(client), engine(client)
    fence = (await granted(holder, A)).fence
    server.asked.clear()
    assert isinstance(await waiter.ask(ENVIRONMENT, B, term=LEASE), Queued)
    assert server.asked == {"GetItem": 1, "UpdateItem": 1}
    await holder.leave(ENVIRONMENT, A, fence)
    server.asked.clear()
    await waiter.called(ENVIRONMENT, B, 1.0, holds=False)
    assert server.asked == {"GetItem": 1}, "this was one look of those while waiting"
    await waiter.leave(ENVIRONMENT, B, (await granted(waiter, B)).fence)
    assert server.asked == {"GetItem": 1, "UpdateItem": 2}


async def test_a_holder_looks_for_those_who_line_up_until_it_knows_of_one(server: DynamoDBServer, client: Any) -> None:
    holder = engine(client)
    held = Held(A, (await granted(holder, A)).fence, LEASE, 0.0)
    calling = asyncio.create_task(holder.called(ENVIRONMENT, A, 30.0, holds=True))
    assert isinstance(await engine(client).ask(ENVIRONMENT, B, term=LEASE), Queued)
    await asyncio.wait_for(calling, 1)
    assert await holder.renew(ENVIRONMENT, held, term=LEASE) == Granted(held.fence, others_wait=True)
    server.asked.clear()
    await holder.called(ENVIRONMENT, A, 0.5, holds=True)
    assert not server.asked
