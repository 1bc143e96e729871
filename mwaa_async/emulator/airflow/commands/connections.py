"""``airflow connections …`` of Airflow 2 and 3."""

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlunsplit

from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.commands.new_connection import check_extra, new_connection, split_uri
from mwaa_async.emulator.airflow.metadata import Connection

_SINGLE_VALUES = ("conn_type", "conn_host", "conn_login", "conn_password", "conn_schema", "conn_port")

# Airflow 3 prints the extra field, but not what stands under a key with one of these in it (its secrets masker).
_SENSITIVE = (
    *("access_key", "access_token", "api_key", "apikey", "auth_header", "authorization", "bearer"),
    *("connection_string", "dsn", "keyfile_dict", "passphrase", "passwd", "password", "private_key", "proxies"),
    *("proxy", "secret", "service_account", "service_key", "token", "webhook_url"),
)
_SHORTEST_SECRET = 5


def add(call: Call) -> None:
    if call.version < (2, 3, 0):
        _check_without_json(call)
    else:
        _check(call)
    connection = new_connection(call)
    if connection.password or connection.extra:
        call.log("store_variable")
    _warn_of_short_secret(call, connection)
    if call.arguments.conn_extra is not None:
        connection = _with_extra(call, connection)
    if connection.conn_id in call.metadata.connections:
        call.fail(f"A connection with `conn_id`={connection.conn_id} already exists.")
    call.metadata.connections[connection.conn_id] = connection
    _print_added(call, connection)


def _with_extra(call: Call, connection: Connection) -> Connection:
    extra = call.arguments.conn_extra
    check_extra(call, extra)
    if extra and not (connection.password or connection.extra):
        call.log("store_variable")
    return replace(connection, extra=extra)


def delete(call: Call) -> None:
    connection = call.metadata.connections.pop(call.arguments.conn_id, None)
    if connection is None:
        call.fail(f"Did not find a connection with `conn_id`={call.arguments.conn_id}")
    _warn_of_short_secret(call, connection)
    call.print(f"Successfully deleted connection with `conn_id`={connection.conn_id}")


def _check_without_json(call: Call) -> None:
    asked = call.arguments
    if asked.conn_uri:
        parts = split_uri(call, asked.conn_uri)
        if not parts.scheme or not parts.netloc:
            call.fail(f"The URI provided to --conn-uri is invalid: {asked.conn_uri}")
        if excess := _given_singly(call):
            call.fail(f"The following args are not compatible with the add flag and --conn-uri flag: {excess!r}")
    elif not asked.conn_type:
        call.fail("The following args are required to add a connection: ['conn-uri or conn-type']")


def _check(call: Call) -> None:
    asked = call.arguments
    if call.version >= (2, 6, 0):
        _check_id(call)
    if not (asked.conn_type or asked.conn_json or asked.conn_uri):
        call.fail("Must supply either conn-uri or conn-json if not supplying conn-type")
    if asked.conn_json and asked.conn_uri:
        call.fail("Cannot supply both conn-uri and conn-json")
    if asked.conn_type:
        _check_type(call)
    _check_combination(call)


def _check_id(call: Call) -> None:
    conn_id = call.arguments.conn_id
    refused = "Could not create connection. The key"
    if len(conn_id) > 200:
        call.fail(f"{refused} has to be less than 200 characters")
    if not re.match(r"^[\w.-]+$", conn_id):
        rule = "alphanumeric characters, dashes, dots and underscores exclusively"
        call.fail(f"{refused} {conn_id!r} has to be made of {rule}")
    if ".." in conn_id and call.version >= (3, 0, 0):
        call.fail(f"{refused} {conn_id!r} must not contain consecutive dots ('..') to prevent path traversal")


def _check_type(call: Call) -> None:
    call.log("look_up_conn_types")
    known = _known_types(call)
    if call.arguments.conn_type not in known:
        call.log("unknown_conn_type", conn_type=call.arguments.conn_type, known=str(known))
        call.arguments.conn_type = "generic"


def _known_types(call: Call) -> list[str]:
    builtin = [] if call.version >= (2, 6, 0) else ["fs", "mesos_framework-id", "email", "generic"]
    return [*builtin, *(row["connection_type"] for row in call.dialect.providers["hooks"])]


def _check_combination(call: Call) -> None:
    asked = call.arguments
    if not (asked.conn_uri or asked.conn_json):
        return
    if asked.conn_uri and not split_uri(call, asked.conn_uri).scheme:
        call.fail(f"The URI provided to --conn-uri is invalid: {asked.conn_uri}")
    excess = _given_singly(call)
    if asked.conn_json and asked.conn_extra:
        excess.append("--conn-extra")
    if excess:
        flag = "uri" if asked.conn_uri else "json"
        call.fail(f"The following args are not compatible with the --conn-{flag} flag: {excess!r}")


def _given_singly(call: Call) -> list[str]:
    return [name for name in _SINGLE_VALUES if getattr(call.arguments, name) is not None]


def _warn_of_short_secret(call: Call, connection: Connection) -> None:
    if connection.password and len(connection.password) < _SHORTEST_SECRET:
        call.log("short_secret")


def _print_added(call: Call, connection: Connection) -> None:
    added = f"Successfully added `conn_id`={connection.conn_id}"
    if call.version < (3, 3, 2):
        call.print(f"{added} : {call.arguments.conn_uri or _shown_uri(connection)}")
        return
    call.print(added)
    call.show([_row(connection)], output="table")


def _shown_uri(connection: Connection) -> str:
    login = f"{connection.login or ''}:{'******' if connection.password else ''}"
    address = f"{connection.host or ''}:{connection.port or ''}"
    return urlunsplit((connection.conn_type or "", f"{login}@{address}", connection.schema or "", "", ""))


def _row(connection: Connection) -> dict[str, object]:
    return {
        "conn_id": connection.conn_id,
        "conn_type": connection.conn_type,
        "host": connection.host,
        "login": connection.login,
        "port": connection.port,
        "extra": _without_secrets(json.loads(connection.extra or "{}")),
    }


def _without_secrets(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(part, key) for key, part in value.items()}
    return "***" if value and any(word in key.lower() for word in _SENSITIVE) else value
