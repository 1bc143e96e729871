"""The conditional writes do what the protocol says, and none that was decided by an old record does anything else."""

import random
from typing import Any

import pytest

from mwaa_async._guards.lease.dynamodb_record import Record, read, write
from mwaa_async._guards.lease.protocol import Lease, State, Step, Ticket, asked, left, renewed
from tests.guards.dynamodb.dynalite import BY_BOTH
from tests.guards.dynamodb.server import TABLE

pytestmark = pytest.mark.anyio

NAMES = ["a/0/1/h", "b/0/1/h", "c/0/1/h", "d/0/1/h", "owner/0/1/line"]
KEY = {"environment": {"S": "any"}}
AT = 1_700_000_000


def step(record: Record, chance: random.Random) -> Step:
    """Let somebody do something that it may do, with some whose terms are over."""
    state, who, beat = record.state, chance.choice(NAMES), record.next_beat
    over = {ticket.who for ticket in state.line if chance.random() < 0.3} | ({""} if chance.random() < 0.3 else set())

    def is_left(which: Lease | Ticket) -> float:
        return 0.0 if (which.who if isinstance(which, Ticket) else "") in over or not record.exists else 1.0

    match chance.randrange(4):
        case 0:
            return renewed(state, who, state.lease.fence, term=chance.choice([2.0, 30.0]), beat=beat)[0]
        case 1:
            return left(state, who, state.lease.fence, closed_for=chance.choice([0.0, 7.5]), beat=beat)[0]
    return asked(state, who, term=30.0, beat=beat, left=is_left)[0]


async def written(client: Any, words: dict[str, Any]) -> bool:
    try:
        await client.update_item(TableName=TABLE, Key=KEY, **words)
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True


async def seen(client: Any) -> Record:
    return read((await client.get_item(TableName=TABLE, Key=KEY, ConsistentRead=True)).get("Item"))


@BY_BOTH
@pytest.mark.parametrize("seed", range(4))
async def test_what_is_written_is_what_the_protocol_says(client: Any, seed: int) -> None:
    chance, record = random.Random(seed), Record()
    for _ in range(40):
        state = step(record, chance).state
        words = write(record, state, AT)
        assert (words is None) == (state == record.state)
        if words is not None:
            assert await written(client, words)
            record = await seen(client)
        assert record.state == state


@BY_BOTH
@pytest.mark.parametrize("seed", range(4))
async def test_what_was_decided_by_an_old_record_changes_no_lease_and_takes_nobodys_place(
    client: Any, seed: int
) -> None:
    chance, records, refused = random.Random(seed), [Record()], 0
    for _ in range(60):
        now, old = records[-1], chance.choice(records[-3:])
        state = step(old, chance).state
        if (words := write(old, state, AT)) is None:
            continue
        if not await written(client, words):
            refused += 1
            continue
        records.append(await seen(client))
        lease, line = records[-1].state.lease, records[-1].state.line
        assert lease == (state.lease if now.state.lease == old.state.lease else now.state.lease)
        gone = {ticket.who for ticket in old.state.line} - {ticket.who for ticket in state.line}
        kept = [ticket.who for ticket in now.state.line if ticket.who not in gone]
        assert [ticket.who for ticket in line][: len(kept)] == kept
    assert refused, "otherwise nothing was tested"


def test_a_write_relies_on_what_it_changes_only() -> None:
    record = Record(State(Lease("a", 7, 3, 30.0), (Ticket("b", 4), Ticket("c", 5))), 2, AT, exists=True)
    step, _ = asked(record.state, "c", term=30.0, beat=record.next_beat, left=lambda _: 1.0)
    words = write(record, step.state, AT)
    assert words is not None
    names, values = words["ExpressionAttributeNames"], words["ExpressionAttributeValues"]
    said = [condition.split(" = ") for condition in words["ConditionExpression"].split(" AND ")]
    assert [(".".join(names[part] for part in path.split(".")), values[value]) for path, value in said] == [
        ("line.c", {"N": "5"})
    ]
