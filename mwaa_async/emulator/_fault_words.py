"""Faults in words, as a command line has them: `status-answer:504,ran=true`."""

import re
from dataclasses import MISSING, Field, fields
from typing import Any

from mwaa_async.emulator._faults import (
    CommandFault,
    CutConnection,
    RefusedByAws,
    SlowAnswer,
    SlowToken,
    StatusAnswer,
    TokenFault,
    WrongAnswer,
    WrongAwsAnswer,
)

_KINDS: tuple[type[TokenFault | CommandFault], ...] = (
    RefusedByAws,
    WrongAwsAnswer,
    SlowToken,
    CutConnection,
    StatusAnswer,
    WrongAnswer,
    SlowAnswer,
)
_BEFORE_NAME = re.compile(r",(?=[\w-]+=)")
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def fault_from(text: str) -> TokenFault | CommandFault | None:
    """Return the fault of `NAME`, or `NAME:ARGUMENTS`; that of "none" lets a command pass.

    A name is that of the class (`StatusAnswer`), also as `status-answer`. The arguments are separated by commas, each
    with its name but for the first: `status-answer:504,ran=true`. Raises `ValueError`, which says what there is.
    """
    name, _, arguments = text.partition(":")
    if name.lower() == "none":
        if arguments:
            raise ValueError(f"{text!r} is not what this fault takes: none")
        return None
    kinds = {_word(kind).replace("-", ""): kind for kind in _KINDS}
    kind = kinds.get(name.lower().replace("-", "").replace("_", ""))
    if kind is None:
        raise ValueError(f"{name!r} is no fault; there are: {'; '.join(map(_usage, _KINDS))}; none")
    try:
        given = _arguments(kind, arguments)
    except ValueError:
        given = None
    if given is None or not _needed(kind) <= given.keys():
        raise ValueError(f"{text!r} is not what this fault takes: {_usage(kind)}")
    return kind(**given)


def _arguments(kind: type[Any], text: str) -> dict[str, Any]:
    known = {field.name: field for field in fields(kind)}
    given: dict[str, Any] = {}
    for place, part in enumerate(_BEFORE_NAME.split(text) if text else []):
        name, equals, value = part.partition("=")
        name = name.replace("-", "_")
        if name not in known or not equals:
            if place:
                raise ValueError(part)
            name, value = next(iter(known)), part
        if name in given:
            raise ValueError(part)
        given[name] = _value(known[name], value)
    return given


def _value(field: Field[Any], text: str) -> Any:
    if field.type is bool:
        if text.lower() not in _TRUTHS:
            raise ValueError(text)
        return _TRUTHS[text.lower()]
    if field.type is bytes:
        return text.encode()
    return field.type(text) if isinstance(field.type, type) else text  # `str | None` is no type


def _needed(kind: type[Any]) -> set[str]:
    return {field.name for field in fields(kind) if field.default is MISSING}


def _word(kind: type[Any]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


def _usage(kind: type[Any]) -> str:
    needed = [_name(field).upper() for field in fields(kind) if field.default is MISSING]
    others = [f"{_name(field)}=…" for field in fields(kind) if field.default is not MISSING]
    said = f":{needed[0]}" if needed else ""
    return f"{_word(kind)}{said}[{',' if needed else ':'}{','.join(others)}]" if others else f"{_word(kind)}{said}"


def _name(field: Field[Any]) -> str:
    return field.name.replace("_", "-")
