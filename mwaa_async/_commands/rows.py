"""From the rows that Airflow prints, where everything is text, to values with types."""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar, cast

from mwaa_async._model.result import CommandResult, unexpected

Row = Mapping[str, Any]
T = TypeVar("T")


def rows(result: CommandResult) -> list[Row]:
    """Return the rows of a command's JSON output. Raises `OutputError`."""
    document = result.json()
    if not isinstance(document, list) or not all(isinstance(row, dict) for row in document):
        raise unexpected(result, "rows")
    return document


def read_rows(kind: type[T], result: CommandResult, **also: Any) -> list[T]:
    """Return each row of the output as a `kind`, a dataclass. Raises `OutputError`."""
    try:
        return [read_row(kind, row, **also) for row in rows(result)]
    except (ValueError, TypeError) as error:
        raise unexpected(result, f"{kind.__name__} that can be read ({error})") from error


def read_row(kind: type[T], row: Row, **also: Any) -> T:
    """Return the row as a `kind`: every field in its type, and in `extra` what it has no field for.

    `kind.ALIASES` has the names that other versions give to its fields. Raises `ValueError` for a value that is not
    of its field's type, and `TypeError` where a field is missing.
    """
    types, aliases = _types(cast(Hashable, kind)), getattr(kind, "ALIASES", {})
    named = {aliases.get(key, key): value for key, value in row.items()}
    known = {name: _restored(value, types[name]) for name, value in named.items() if name in types}
    extra = {name: value for name, value in named.items() if name not in types}
    return kind(**known, **also, **({"extra": extra} if extra else {}))


def read_value(kind: Any, text: str, result: CommandResult) -> Any:
    """Return one value that a command printed, in its type. Raises `OutputError`."""
    try:
        return _restored(text, kind)
    except ValueError as error:
        raise unexpected(result, f"{getattr(kind, '__name__', kind)} ({error})") from error


@cache
def _types(kind: Any) -> dict[str, Any]:
    # A type that is written as a string is none of Airflow's values.
    return {
        field.name: field.type for field in fields(kind) if field.name != "extra" and not isinstance(field.type, str)
    }


def _restored(value: Any, wanted: Any) -> Any:
    restore = _RESTORED.get(wanted)
    return value if restore is None else restore(value)


def _or_none(restore: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Airflow prints "" or "None" where there is nothing."""
    return lambda value: None if value in (None, "", "None") else restore(value)


def _boolean(value: Any) -> bool:
    if str(value).lower() not in ("true", "false"):
        raise ValueError(f"{value!r} is no boolean")
    return str(value).lower() == "true"


def read_date(value: Any) -> datetime:
    """Return a date that Airflow printed, with its time zone. Raises `ValueError`."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _duration(value: Any) -> timedelta:
    """Return the duration that Python printed: "1 day, 0:00:00.002373"."""
    found = re.fullmatch(r"(?:(-?\d+) days?, )?(\d+):(\d\d):(\d\d(?:\.\d+)?)", str(value))
    if found is None:
        raise ValueError(f"{value!r} is no duration")
    days, hours, minutes, seconds = found.groups()
    return timedelta(days=int(days or 0), hours=int(hours), minutes=int(minutes), seconds=float(seconds))


def _words(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",")) if value else ()
    return tuple(str(part) for part in value)


_PLAIN: Sequence[tuple[Any, Callable[[Any], Any]]] = (
    (str, str),
    (int, int),
    (float, float),
    (bool, _boolean),
    (datetime, read_date),
    (timedelta, _duration),
)
_RESTORED: dict[Any, Callable[[Any], Any]] = {
    **dict(_PLAIN),
    **{kind | None: _or_none(restore) for kind, restore in _PLAIN},
    tuple[str, ...]: _words,
    str: lambda value: "" if value is None else str(value),
}
