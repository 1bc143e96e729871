"""What the typed methods make of the recorded answers, read in them by a person: a module for each version.

Each line of `tests/samples/airflow` is in its version's `EXPECTED`, or with the reason why not in `no_method.py`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from mwaa_async import Environment


class Error(NamedTuple):
    """An error of exactly this class, with this piece in its message."""

    kind: type[Exception]
    piece: str


class Expected(NamedTuple):
    """A recorded command, the call of a typed method that belongs to it, and what that returns or raises.

    `command` is the recorded one, `nth` tells those apart that were recorded more than once. What the method asks
    Airflow afterwards is in `then`: the recorded commands that answer it.
    """

    command: str
    call: Callable[[Environment], Awaitable[object]]
    value: object
    nth: int = 0
    then: tuple[str, ...] = ()

    @property
    def is_sent(self) -> bool:
        """Tell whether Airflow is asked: a `ValueError`, which an `UnsupportedCommandError` is, comes before."""
        return not (isinstance(self.value, Error) and issubclass(self.value.kind, ValueError))


def but_with(expected: Sequence[Expected], values: Mapping[str, object]) -> tuple[Expected, ...]:
    """Return what is expected, with other values for these commands: "command", or "command #1" for its second."""
    named = {f"{one.command} #{one.nth}" if one.nth else one.command: one for one in expected}
    assert values.keys() <= named.keys()
    return tuple(one._replace(value=values.get(name, one.value)) for name, one in named.items())


class Printed:
    """The value of methods that return a `CommandResult`: what Airflow printed, every character of it."""


PRINTED = Printed()

# What the recorded triggers sent as conf, and how that was spelled.
CONF: dict[str, Any] = {"text": 'it\'s "quoted" $HOME', "n": [1, 2.5, None, True], "名": "🎉"}
CONF_TEXT = r"""{"text": "it's \"quoted\" $HOME", "n": [1, 2.5, null, true], "名": "🎉"}"""


def utc(year: int, month: int, day: int, *time: int) -> datetime:
    """Return this moment in UTC."""
    hour, minute, second, microsecond = (*time, 0, 0, 0, 0)[:4]
    return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=UTC)
