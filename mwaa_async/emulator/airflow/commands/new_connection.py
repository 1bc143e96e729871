"""A connection as ``airflow connections add`` is told of it: by a URI, as JSON, or value by value."""

import json
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.commands.lookups import crash_with_airflow_exception
from mwaa_async.emulator.airflow.metadata import Connection

_FIELDS = {"host", "login", "password", "schema", "description"}


def new_connection(call: Call) -> Connection:
    """Makes the connection, or fails on what Airflow's ``Connection`` does not take."""
    asked = call.arguments
    if asked.conn_uri:
        connection = _of_uri(call, asked.conn_uri)
    elif getattr(asked, "conn_json", None):
        connection = _of_json(call, asked.conn_json)
    else:
        connection = _of_values(call)
    check_extra(call, connection.extra)
    return connection


def _of_values(call: Call) -> Connection:
    return Connection(
        conn_id=call.arguments.conn_id,
        conn_type=call.arguments.conn_type,
        host=call.arguments.conn_host,
        login=call.arguments.conn_login,
        password=call.arguments.conn_password,
        schema=call.arguments.conn_schema,
        port=call.arguments.conn_port,
    )


def _of_uri(call: Call, uri: str) -> Connection:
    conn_type = split_uri(call, uri).scheme
    protocol, parts = _split_behind_type(call, uri, conn_type)
    host = _host(parts)
    return Connection(
        conn_id=call.arguments.conn_id,
        conn_type=_normal_type(conn_type),
        host=f"{protocol}://{host}" if protocol and host else host,
        login=parts.username and unquote(parts.username),
        password=parts.password and unquote(parts.password),
        schema=unquote(parts.path[1:]),
        port=_port(call, parts),
        extra=_extra_of_query(call, parts.query),
    )


def split_uri(call: Call, uri: str) -> SplitResult:
    try:
        return urlsplit(uri)
    except ValueError as error:
        call.crash("connections_bad_uri", f"ValueError: {error}")


def _split_behind_type(call: Call, uri: str, conn_type: str) -> tuple[str, SplitResult]:
    """Finds the protocol of the host, as in ``http://https://host`` (airflow/models/connection.py since 2.6)."""
    count = uri.count("://")
    if call.version < (2, 6, 0):
        return "", split_uri(call, uri)
    rest = uri.replace(f"{conn_type}://", "" if count == 2 else "//")
    if count > 2 or (count == 2 and set(rest.partition("://")[0]) & set("@:")):
        shown = "" if call.version >= (3, 0, 0) else f": {uri}"
        crash_with_airflow_exception(call, "", f"Invalid connection string{shown}.")
    parts = split_uri(call, rest)
    return (parts.scheme if count == 2 else ""), parts


def _host(parts: SplitResult) -> str:
    host = unquote(parts.hostname or "")
    if "/" in host:
        # Python has put it into lower case, which is no good for a path (`_parse_netloc_to_hostname`).
        host = unquote(parts.netloc.rpartition("@")[2].partition(":")[0])
    return host


def _normal_type(conn_type: str) -> str:
    return "postgres" if conn_type == "postgresql" else conn_type.replace("-", "_")


def _port(call: Call, parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError as error:
        call.crash("connections_bad_port", f"ValueError: {error}")


def _extra_of_query(call: Call, query: str) -> str | None:
    if not query:
        return None
    extra: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    if "__extra__" in extra:
        return str(extra["__extra__"])
    if call.version >= (3, 0, 0):
        extra = {key: _json_or_text(value) for key, value in extra.items()}
    return json.dumps(extra)


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _of_json(call: Call, text: str) -> Connection:
    given = _object(call, text)
    extra, conn_type, port = given.pop("extra", None), given.pop("conn_type", None), given.pop("port", None)
    if unknown := next((key for key in given if key not in _FIELDS), None):
        # Airflow's class takes no other arguments, and is called with whatever the JSON has.
        message = f"TypeError: __init__() got an unexpected keyword argument {unknown!r}"
        call.crash("connections_unknown_field", message)
    connection = Connection(
        conn_id=call.arguments.conn_id,
        conn_type=_normal_type(str(conn_type)) if conn_type else None,
        port=_number(call, port) if port else None,
        extra=extra if isinstance(extra, str) or not extra else json.dumps(extra),
        **{key: None if value is None else str(value) for key, value in given.items()},
    )
    if not connection.conn_type:
        call.fail("conn-json is invalid; must supply conn-type")
    return connection


def _object(call: Call, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        call.crash("connections_bad_json", f"json.decoder.JSONDecodeError: {error}")
    except ValueError as error:
        call.crash("connections_bad_json", f"ValueError: {error}")
    if isinstance(value, list):
        call.crash("connections_json_is_no_object", "TypeError: pop expected at most 1 argument, got 2")
    if not isinstance(value, dict):
        message = f"AttributeError: {type(value).__name__!r} object has no attribute 'pop'"
        call.crash("connections_json_is_no_object", message)
    return value


def _number(call: Call, port: object) -> int:
    try:
        return int(str(port))
    except ValueError:
        message = f"ValueError: Expected integer value for `port`, but got {port!r} instead."
        call.crash("connections_json_bad_port", message)


def check_extra(call: Call, extra: str | None) -> None:
    """Refuses an extra field that is no JSON object, which was a mere warning before 3.0."""
    if not extra:
        return
    conn_id = repr(call.arguments.conn_id)
    try:
        value = json.loads(extra)
    except ValueError as error:
        call.log("extra_is_no_json", conn_id=conn_id)
        if call.version >= (3, 0, 0):
            message = f"ValueError: Encountered non-JSON in `extra` field for connection {conn_id}."
            call.crash("connections_bad_extra", message, cause=str(error))
    else:
        if not isinstance(value, dict) and call.version >= (3, 0, 0):
            message = f"Encountered JSON value in `extra` which does not parse as a dictionary in connection {conn_id}."
            message += " The `extra` field must contain a JSON representation of a Python dict."
            call.crash("connections_extra_is_no_object", f"ValueError: {message}")
