"""The protocol on a DynamoDB table: each step is one conditional write, and whoever waits looks again and again."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from random import random
from typing import Any, TypeVar

from mwaa_async._clock import now
from mwaa_async._guards.lease.dynamodb_errors import engine_error, failed_condition
from mwaa_async._guards.lease.dynamodb_record import KEY, Record, read, write
from mwaa_async._guards.lease.engine import EngineError, View
from mwaa_async._guards.lease.protocol import (
    TICKET,
    Contender,
    Granted,
    Held,
    Left,
    Queued,
    Step,
    Watch,
    again,
    asked,
    left,
    renewed,
)
from mwaa_async._identity import EnvironmentId

T = TypeVar("T")

_PATIENCE = 3.0  # seconds for which one step is tried again
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0  # seconds between two tries, of which any part is taken


@dataclass(slots=True)
class _Seen:
    """What is known of one environment: the record as it was seen last, and for how long its beats were seen."""

    watch: Watch = field(default_factory=Watch)
    record: Record | None = None

    def left(self, record: Record) -> Left:
        """Tell how much of each term is left now, if the record is still what it was; a write makes sure of that."""
        return self.watch.at(now(), record.state)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a contender knows since its last step."""

    before: int
    last: int
    others_wait: bool


class DynamoDBEngine:
    """An `Engine` on a DynamoDB table, by an AWS client that belongs to the running event loop."""

    def __init__(self, client: Any, table_name: str, prefix: str, poll_interval: float) -> None:
        self._client = client
        self._table_name = table_name
        self._prefix = prefix
        self._poll_interval = poll_interval
        self._seen: dict[EnvironmentId, _Seen] = {}
        self._told: dict[str, _Told] = {}
        self._ahead = 0.0  # seconds by which AWS's clock is ahead of this host's

    async def ask(self, environment: EnvironmentId, who: Contender, *, term: float) -> Granted | Queued:
        """Do `protocol.asked`."""
        name = str(who)

        def decide(record: Record, left: Left) -> tuple[Step, Granted | Queued]:
            # Only a record that is not there, or not any more, needs a fence that grows by itself.
            floor = 0 if record.exists else self._time() * 1000
            return asked(record.state, name, term=term, beat=record.next_beat, left=left, floor=floor)

        if name not in self._told:
            self._at(environment).record = None  # what was seen in an earlier turn is too old to rely on
        record, _ = await self._step(environment, decide)
        line = [ticket.who for ticket in record.state.line]
        before = line.index(name) if name in line else 0
        self._told[name] = _Told(before, record.last, bool(line))
        if record.state.lease.owner == name:
            return Granted(record.state.lease.fence, bool(line))
        return Queued(before, again(TICKET if before else self._at(environment).left(record)(record.state.lease)))

    async def renew(self, environment: EnvironmentId, held: Held, *, term: float) -> Granted | None:
        """Do `protocol.renewed`."""
        name = str(held.who)

        def decide(record: Record, left: Left) -> tuple[Step, Granted | None]:
            return renewed(record.state, name, held.fence, term=term, beat=record.next_beat)

        record, answer = await self._step(environment, decide)
        if answer is None:
            self._told.pop(name, None)
            return None
        self._told[name] = _Told(0, record.last, bool(record.state.line))
        return Granted(held.fence, bool(record.state.line))

    async def leave(self, environment: EnvironmentId, who: Contender, fence: int, *, closed_for: float = 0.0) -> bool:
        """Do `protocol.left`."""

        def decide(record: Record, _: Left) -> tuple[Step, bool]:
            return left(record.state, str(who), fence, closed_for=closed_for, beat=record.next_beat)

        self._told.pop(str(who), None)
        _, answer = await self._step(environment, decide)
        return answer

    async def look(self, environment: EnvironmentId) -> View:
        """Look at the state."""
        record = await self._read(environment)
        lease, left = record.state.lease, self._at(environment).left(record)
        line = tuple(ticket.who for ticket in record.state.line if left(ticket) > 0)
        held_for = max(0.0, float(self._time() - record.since)) if lease.owner else None
        return View(lease.owner or None, left(lease), held_for, line)

    async def called(self, environment: EnvironmentId, who: Contender, seconds: float, *, holds: bool) -> None:
        """Look every `poll_interval`, and return as soon as there is something new for this contender."""
        until, told = now() + seconds, self._told.get(str(who), _Told(0, 0, others_wait=False))
        # Whoever holds the lease has nothing more to learn then. Whoever is far behind looks as often as the others:
        # those before it may have taken their turns by the next look.
        pause = seconds if holds and told.others_wait else self._poll_interval
        while (rest := until - now()) > 0:
            await asyncio.sleep(min(pause, rest))
            if now() < until and await self._is_called(environment, who, told, holds=holds):
                return

    async def _is_called(self, environment: EnvironmentId, who: Contender, told: _Told, *, holds: bool) -> bool:
        try:
            # Half a read unit does for what is no hurry; a record that is a little old is found out by the next write.
            record = await self._read(environment, is_consistent=not (holds or told.before))
        except EngineError:
            return holds  # who waits asks soon, and learns then what is the matter; who has the lease asks now
        if holds:
            return record.last != told.last or record.state.lease.owner != str(who)
        left = self._at(environment).left(record)
        _, answer = asked(record.state, str(who), term=0.0, beat=record.next_beat, left=left)
        return isinstance(answer, Granted) or (answer.before == 0 and told.before > 0)

    async def _step(
        self, environment: EnvironmentId, decide: Callable[[Record, Left], tuple[Step, T]]
    ) -> tuple[Record, T]:
        """Decide by what was seen last and write it, again where it had changed; return the record after it.

        Whether a write was done whose answer was lost shows by the next one. Raises `EngineError`.
        """
        give_up, pause = now() + _PATIENCE, _FIRST_PAUSE
        while True:
            try:
                seen = self._at(environment)
                record = seen.record or await self._read(environment)
                step, answer = decide(record, seen.left(record))
                words = write(record, step.state, self._time())
                if words is None:
                    return record, answer
                if (written := await self._write(environment, words)) is not None:
                    return written, answer
            except EngineError as error:
                if not error.may_pass or now() > give_up:
                    raise
            if now() > give_up:
                raise EngineError(
                    f"DynamoDB table {self._table_name}: too many hosts write the record of {environment}"
                )
            await asyncio.sleep(pause * random())  # noqa: S311  # to get out of each other's way
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _read(self, environment: EnvironmentId, *, is_consistent: bool = True) -> Record:
        """Read the record. Raises `EngineError`."""
        try:
            answer = await self._client.get_item(
                TableName=self._table_name, Key=self._key(environment), ConsistentRead=is_consistent
            )
        except Exception as error:  # noqa: BLE001  # the SDK's parser takes an answer for granted, and fails in many ways
            raise engine_error(error, self._table_name, "dynamodb:GetItem") from None
        return self._notice(environment, answer, answer.get("Item"))

    async def _write(self, environment: EnvironmentId, words: dict[str, Any]) -> Record | None:
        """Write, and return the record after that; `None` where it had changed. Raises `EngineError`."""
        try:
            answer = await self._client.update_item(
                TableName=self._table_name,
                Key=self._key(environment),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **words,
            )
        except Exception as error:  # noqa: BLE001  # as of every call of the SDK's
            if (refused := failed_condition(error)) is None:
                raise engine_error(error, self._table_name, "dynamodb:UpdateItem") from None
            if "Item" in refused:
                self._notice(environment, refused, refused["Item"])
            else:  # it was deleted, or this is no DynamoDB of AWS's
                self._at(environment).record = None
            return None
        return self._notice(environment, answer, answer["Attributes"])

    def _notice(self, environment: EnvironmentId, answer: dict[str, Any], item: dict[str, Any] | None) -> Record:
        """Remember what was seen, and since when: from the answer on, since what it shows may be as new as that."""
        self._ahead = _date(answer) - time.time()
        seen, record = self._at(environment), read(item)
        seen.record = record
        seen.left(record)
        return record

    def _at(self, environment: EnvironmentId) -> _Seen:
        return self._seen.setdefault(environment, _Seen())

    def _key(self, environment: EnvironmentId) -> dict[str, Any]:
        return {KEY: {"S": f"{self._prefix}:{environment}"}}

    def _time(self) -> int:
        """Return AWS's time, in seconds since 1970: that of one host may be wrong by years."""
        return int(time.time() + self._ahead)


def _date(answer: dict[str, Any]) -> float:
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return time.time()
