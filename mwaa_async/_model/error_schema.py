"""How pydantic, and so FastAPI, sees an error that is part of a value. Nothing here runs without pydantic."""

from typing import Any

from mwaa_async._model.dag_run import DagRun
from mwaa_async._model.portable import plain_error
from mwaa_async._model.result import MwaaError


def _or_null(of: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [of, {"type": "null"}]}


_EVERY_ERRORS = ("environment", "command", "http_status", "attempts")
_JSON_SCHEMA = {
    "title": "Error",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "message": {"type": "string"},
        "ran": _or_null({"type": "boolean"}),
        "environment": _or_null({"type": "string"}),
        "command": _or_null({"type": "string"}),
        "http_status": _or_null({"type": "integer"}),
        "attempts": {"type": "integer"},
        "retry_after": _or_null({"type": "number"}),
        "advice": _or_null({"type": "string"}),
        "dag_run": _or_null({"type": "object"}),
        "failed_tasks": _or_null({"type": "array", "items": {"type": "string"}}),
        "dag_is_paused": _or_null({"type": "boolean"}),
        "url": _or_null({"type": "string"}),
    },
    "required": ["type", "message", "ran"],
}


class ErrorSchema:
    """Marks a field that holds an error: it leaves as what its `to_dict` says, and comes in as an `MwaaError`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Return the schema; pydantic calls this."""
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            _restored,
            serialization=core_schema.plain_serializer_function_ser_schema(plain_error, when_used="unless-none"),
        )

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        """Return what OpenAPI says of it; pydantic calls this."""
        return _JSON_SCHEMA


def _restored(value: Any) -> Exception:
    if isinstance(value, Exception):
        return value
    if not isinstance(value, dict) or not isinstance(value.get("message"), str):
        raise ValueError("an error is an Exception, or an object with its message")
    kinds = {kind.__name__: kind for kind in _kinds(MwaaError)}
    kind = kinds.get(str(value.get("type")), MwaaError)
    error = kind(value["message"])
    vars(error).update(
        {name: _attribute(name, value[name]) for name in (*_EVERY_ERRORS, *kind.DETAILS) if name in value}
    )
    return error


def _attribute(name: str, value: Any) -> Any:
    from pydantic import TypeAdapter

    match name, value:
        case "dag_run", dict():
            return TypeAdapter(DagRun).validate_python(value)
        case "failed_tasks", list():
            return tuple(value)
    return value


def _kinds(kind: type[MwaaError]) -> set[type[MwaaError]]:
    return {kind}.union(*map(_kinds, kind.__subclasses__()))
