"""The state of one environment as an item of a DynamoDB table, and the one conditional write from a state to the next.

No write needs to have seen all of the item: it says what it has seen of what it changes, and of what it relies on. So
those who wait and the one who holds the lease give their signs of life without getting in each other's way.

    environment   the key: prefix and environment
    owner, fence, beat, term, released   the lease
    line          the beat of each who waits
    places        the place of each of them: a number that DynamoDB counts, so that any number may line up at once
    last          the place that was given out last
    since         when the lease was taken, and
    expires       when DynamoDB may remove the item: seconds since 1970 by AWS's clock, by which nothing is decided
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mwaa_async._guards.lease.protocol import Lease, State, Ticket

KEY = "environment"
EXPIRES = "expires"
KEPT = 30 * 24 * 3600
"""Seconds for which an item stays that nobody uses."""

Value = str | int | float | dict[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """An item as it was seen; one that `exists` not is as good as one in which nobody has or wants the lease."""

    state: State = field(default_factory=State)
    last: int = 0
    since: int = 0
    exists: bool = False

    @property
    def next_beat(self) -> int:
        """Return a number that is no beat of anybody yet."""
        return 1 + max(self.state.lease.beat, *(ticket.beat for ticket in self.state.line), 0)


def read(item: Mapping[str, Any] | None) -> Record:
    """Return what stands in an item, or that there is none."""
    if not item:
        return Record()
    values = {name: _plain(value) for name, value in item.items()}
    lease = Lease(
        values["owner"], int(values["fence"]), int(values["beat"]), float(values["term"]), int(values["released"])
    )
    in_order = sorted(values["line"], key=lambda who: int(values["places"][who]))
    line = tuple(Ticket(who, int(values["line"][who])) for who in in_order)
    return Record(State(lease, line), int(values["last"]), int(values["since"]), exists=True)


def write(old: Record, new: State, at: int) -> dict[str, Any] | None:
    """Return what to ask of `UpdateItem` for the new state where the old one still holds; `None` where it is the same.

    `at` is AWS's time, in seconds since 1970.
    """
    if new == old.state:
        return None
    words = _Words()
    if old.exists:
        _change_line(words, old, new)
        _change_lease(words, old, new.lease, at)
    else:
        _make(words, new, at)
    words.set(at + KEPT, EXPIRES)
    return words.request()


def _make(words: "_Words", new: State, at: int) -> None:
    words.require(f"attribute_not_exists({words.name(KEY)})")
    _set_lease(words, new.lease)
    words.set(at, "since")
    words.set(len(new.line), "last")
    words.set({ticket.who: ticket.beat for ticket in new.line}, "line")
    words.set({ticket.who: place for place, ticket in enumerate(new.line, 1)}, "places")


def _change_lease(words: "_Words", old: Record, new: Lease, at: int) -> None:
    seen = old.state.lease
    if new == seen:
        return
    for name in ("owner", "fence", "beat"):
        words.require_same(getattr(seen, name), name)
    _set_lease(words, new)
    if new.fence != seen.fence:
        words.set(at, "since")
        if all(ticket.who != new.owner for ticket in old.state.line):
            words.require_same(old.last, "last")  # nobody has lined up meanwhile, who would be first


def _set_lease(words: "_Words", lease: Lease) -> None:
    for name in ("owner", "fence", "beat", "term", "released"):
        words.set(getattr(lease, name), name)


def _change_line(words: "_Words", old: Record, new: State) -> None:
    before = {ticket.who: ticket.beat for ticket in old.state.line}
    after = {ticket.who: ticket.beat for ticket in new.line}
    for who, beat in before.items():
        if after.get(who) != beat:
            words.require_same(beat, "line", who)
        if who not in after:
            words.remove("line", who)
            words.remove("places", who)
    for who, beat in after.items():
        if who not in before:
            _line_up(words, who)
        if before.get(who) != beat:
            words.set(beat, "line", who)


def _line_up(words: "_Words", who: str) -> None:
    words.require(f"attribute_exists({words.name(KEY)})")
    words.require(f"attribute_not_exists({words.name('line', who)})")
    words.add(1, "last", to=("places", who))
    words.add(1, "last", to=("last",))


@dataclass(slots=True)
class _Words:
    """The expressions of one `UpdateItem`; every name is a placeholder, since many are reserved words."""

    sets: list[str] = field(default_factory=list)
    removes: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def name(self, *path: str) -> str:
        return ".".join(self.names.setdefault(each, f"#{len(self.names)}") for each in path)

    def set(self, value: Value, *path: str) -> None:
        self.sets.append(f"{self.name(*path)} = {self._value(value)}")

    def add(self, number: int, *path: str, to: tuple[str, ...]) -> None:
        self.sets.append(f"{self.name(*to)} = {self.name(*path)} + {self._value(number)}")

    def remove(self, *path: str) -> None:
        self.removes.append(self.name(*path))

    def require(self, condition: str) -> None:
        self.conditions.append(condition)

    def require_same(self, value: Value, *path: str) -> None:
        self.require(f"{self.name(*path)} = {self._value(value)}")

    def _value(self, value: Value) -> str:
        placeholder = f":{len(self.values)}"
        self.values[placeholder] = _typed(value)
        return placeholder

    def request(self) -> dict[str, Any]:
        removes = f" REMOVE {', '.join(self.removes)}" if self.removes else ""
        return {
            "UpdateExpression": f"SET {', '.join(self.sets)}{removes}",
            "ConditionExpression": " AND ".join(self.conditions),
            "ExpressionAttributeNames": {placeholder: name for name, placeholder in self.names.items()},
            "ExpressionAttributeValues": self.values,
        }


def _typed(value: Value) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"M": {name: _typed(each) for name, each in value.items()}}
    return {"S": value} if isinstance(value, str) else {"N": repr(value)}


def _plain(value: Mapping[str, Any]) -> Any:
    (kind, content), *_ = value.items()
    return {name: _plain(each) for name, each in content.items()} if kind == "M" else content
