"""Files with many settings of one kind, as Airflow imports them: what is in them, and what is wrong with them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mwaa_async._commands.call import Value, said
from mwaa_async._protocol.versions import Version
from mwaa_async._protocol.words import split_words

_LONGEST = (128 << 10) - 1  # bytes of an argument that Linux takes


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON as it stands there, with keys that are there twice."""


def parse_json(text: str) -> list[tuple[str, Any]]:
    """Return the pairs of a JSON object. Raises `ValueError` that says what is wrong, and where."""
    try:
        document = json.loads(text, object_pairs_hook=_Pairs, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno}: no JSON: {error.msg}") from None
    except RecursionError:
        raise ValueError("no JSON that can be read: it is nested too deeply") from None
    if not isinstance(document, _Pairs):
        raise ValueError("it must be a JSON object: {…}")
    return document


def plain_value(value: Any) -> Any:
    """Return the value of a pair. Raises `ValueError` where an object in it has a key twice."""
    try:
        return _plain(value)
    except RecursionError:
        raise ValueError("its value is nested too deeply") from None


def written_json(value: Any, *, indent: int | None = None) -> str:
    """Return the value as JSON. Raises `ValueError` for what JSON lacks; the message shows nothing of it."""
    try:
        return json.dumps(value, allow_nan=False, indent=indent)
    except (TypeError, ValueError, RecursionError):
        raise ValueError("it has something in it that JSON lacks, such as a date or a number without an end") from None


def twins(pairs: list[tuple[str, Any]]) -> Iterator[str]:
    """Yield the keys that are there twice, each once."""
    keys = [key for key, _ in pairs]
    if len({*keys}) < len(keys):
        yield from (key for key in dict.fromkeys(keys) if keys.count(key) > 1)


def line_for(words: str, *positionals: str, options: Mapping[str, Value] | None = None, version: Version) -> str:
    """Return the line that calls a command on this version.

    Raises `ValueError` for what its command line cannot carry; the message shows no value.
    """
    line = said(words, *positionals, options=options, version=version)
    if any(len(word.encode()) > _LONGEST for word in split_words(line)):
        raise ValueError("it is too long: Linux takes arguments of less than 128 KiB")
    return line


def _plain(value: Any) -> Any:
    if isinstance(value, _Pairs):
        found = {key: _plain(one) for key, one in value}
        if len(found) < len(value):
            raise ValueError("an object in its value has a key twice")
        return found
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _no_constant(name: str) -> Any:
    raise ValueError(f"no JSON: it has no {name}")
