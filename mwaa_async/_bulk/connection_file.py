"""Connections as `airflow connections import` reads them: JSON, YAML, or a line ID=URI for each."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from mwaa_async._bulk.settings_files import line_for, parse_json, plain_value, twins, written_json
from mwaa_async._commands.call import Value
from mwaa_async._protocol.versions import Version

# What `airflow.models.Connection` takes, and `extra_dejson` of airflow/secrets/local_filesystem.py.
_FIELDS = ("conn_type", "host", "login", "password", "schema", "port", "extra")
_ALL_FIELDS = (*_FIELDS, "extra_dejson", "description", "uri", "conn_id")
_TEXTS = ("conn_type", "host", "login", "password", "schema", "description", "uri")
_ID = re.compile(r"[\w.-]{1,200}")  # airflow/utils/helpers.py, `validate_key`
_COMMENT = re.compile(r"\s*#")

Pairs = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection that is to be added, with the command lines that add and delete it on the version asked for."""

    conn_id: str
    add: str = field(repr=False)
    delete: str = field(repr=False)


def read_connections(text: str, suffix: str, version: Version) -> tuple[list[Connection], list[str]]:
    """Return the connections of a file that ends so, and everything that is wrong with them.

    Raises `ImportError` for YAML where PyYAML is not installed.
    """
    if (parse := _PARSERS.get(suffix.lower())) is None:
        return [], ["a file of connections ends in .json, .yaml, .yml or .env"]
    try:
        pairs = parse(text)
    except ValueError as error:
        return [], [str(error)]
    connections, problems = [], [f"connection {conn_id!r} is there twice" for conn_id in twins(pairs)]
    for conn_id, value in pairs:
        try:
            connections.append(_connection(conn_id, plain_value(value), version))
        except ValueError as error:
            problems.append(f"connection {conn_id!r}: {error}")
    return connections, problems


def _parse_env(text: str) -> Pairs:
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line and not _COMMENT.match(line)]
    for number, line in lines:
        conn_id, _, uri = line.partition("=")
        if not conn_id or not uri or "/" in conn_id:  # a URI without an id, which is not to be shown
            raise ValueError(f"line {number}: it must be ID=URI")
    return [(line.partition("=")[0], line.partition("=")[2]) for _, line in lines]


def _parse_yaml(text: str) -> Pairs:
    import yaml

    try:
        node = yaml.compose(text, yaml.SafeLoader)
        document = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ValueError(f"{where}no YAML") from None  # what is wrong may be a password
    except (yaml.YAMLError, RecursionError):
        raise ValueError("no YAML that can be read") from None
    if not isinstance(document, dict) or not isinstance(node, yaml.MappingNode):
        raise ValueError("it must be a mapping of ids to connections")
    if any(_has_twins(value) for _, value in node.value):
        raise ValueError("an object in it has a key twice")
    by_id = {str(key): value for key, value in document.items()}
    return [(str(key.value), by_id.get(str(key.value))) for key, _ in node.value]  # with those that are there twice


def _has_twins(node: Any) -> bool:
    """Tell whether a mapping inside of the node has a key twice, which YAML's reader takes without a word."""
    waiting, seen = [node], set()
    while waiting:
        one = waiting.pop()
        if isinstance(one.value, str) or id(one) in seen:  # an alias may lead in a circle
            continue
        seen.add(id(one))
        pairs = [pair for pair in one.value if isinstance(pair, tuple)]
        keys = [key.value for key, _ in pairs if isinstance(key.value, str)]
        if len({*keys}) < len(keys):
            return True
        waiting += [value for _, value in pairs] or one.value
    return False


_PARSERS: Mapping[str, Callable[[str], Pairs]] = {
    ".json": parse_json,
    ".yaml": _parse_yaml,
    ".yml": _parse_yaml,
    ".env": _parse_env,
}


def _connection(conn_id: str, value: Any, version: Version) -> Connection:
    _check_id(conn_id, version)
    options = _by_uri(value, None, version) if isinstance(value, str) else _by_fields(conn_id, value, version)
    add = line_for("connections add", conn_id, options=options, version=version)
    return Connection(conn_id, add, line_for("connections delete", conn_id, version=version))


def _check_id(conn_id: str, version: Version) -> None:
    if not conn_id:
        raise ValueError("its id is empty")
    if version >= (2, 6, 0) and not _ID.fullmatch(conn_id):
        raise ValueError("an id has letters, digits, '_', '-' and '.', at most 200 in all")
    if version >= (3, 0, 0) and ".." in conn_id:
        raise ValueError("Airflow 3 takes no '..' in an id")


def _by_uri(uri: str, description: str | None, version: Version) -> dict[str, Value]:
    try:
        parts = urlsplit(uri)
        _ = parts.port  # raises, where a password has a "/", "#" or "?" that is not encoded
    except ValueError:
        raise ValueError("its URI is none: are special characters of the password percent-encoded?") from None
    if not parts.scheme or (version < (2, 3, 0) and not parts.netloc):
        raise ValueError("its URI is none: it must be TYPE://…")
    return {"conn-uri": uri, "conn-description": description}


def _by_fields(conn_id: str, value: Any, version: Version) -> dict[str, Value]:
    fields = _checked_fields(conn_id, value)
    description = fields.pop("description", None)
    if uri := fields.pop("uri", None):
        if fields:
            raise ValueError("it has a uri, and other fields beside it: give one of them")
        return _by_uri(uri, description, version)
    extra = _extra(fields, version)
    if not fields.get("conn_type"):
        raise ValueError("it has no conn_type, and no uri")
    given = {**fields, "extra": extra, "port": _port(fields)}
    if version < (2, 3, 0):  # which has no --conn-json
        options: dict[str, Value] = {f"conn-{name.removeprefix('conn_')}": text for name, text in given.items()}
        return {**options, "conn-description": description}
    document = {**given, "description": description}
    return {"conn-json": written_json({name: one for name, one in document.items() if one is not None})}


def _checked_fields(conn_id: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("it must be a URI or an object with its fields")
    if unknown := [str(name) for name in value if name not in _ALL_FIELDS]:
        raise ValueError(f"it has no field {unknown[0]!r}; there are {', '.join(_ALL_FIELDS)}")
    fields = {name: one for name, one in value.items() if one is not None}
    if fields.pop("conn_id", conn_id) != conn_id:
        raise ValueError("its field conn_id says another id")
    if wrong := [name for name in _TEXTS if not isinstance(fields.get(name, ""), str)]:
        raise ValueError(f"its field {wrong[0]} must be text")
    return fields


def _extra(fields: dict[str, Any], version: Version) -> str | None:
    if "extra_dejson" in fields:
        if "extra" in fields:
            raise ValueError("it has extra and extra_dejson: give one of them")
        fields["extra"] = written_json(fields.pop("extra_dejson"))
    extra = fields.get("extra")
    text = extra if isinstance(extra, str | None) else written_json(extra)
    if text and version >= (3, 0, 0) and not _is_object(text):
        raise ValueError("Airflow 3 takes only a JSON object for its extra")
    return text


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _port(fields: Mapping[str, Any]) -> int | None:
    port = fields.get("port")
    if port in (None, ""):
        return None
    if isinstance(port, bool) or not isinstance(port, int | str) or not re.fullmatch("[0-9]+", str(port)):
        raise ValueError("its port must be a whole number")
    return int(port)
