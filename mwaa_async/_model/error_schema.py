"""How pydantic, and so FastAPI, sees an error that is part of a value. Nothing here runs without pydantic."""

from typing import Any

from mwaa_async._model.portable import plain_error
from mwaa_async._model.result import MwaaError

_JSON_SCHEMA = {
    "title": "Error",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "message": {"type": "string"},
        "ran": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
        "environment": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "command": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "http_status": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "attempts": {"type": "integer"},
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
    error = kinds.get(str(value.get("type")), MwaaError)(value["message"])
    vars(error).update({name: value[name] for name in ("environment", "command", "http_status") if name in value})
    return error


def _kinds(kind: type[MwaaError]) -> set[type[MwaaError]]:
    return {kind}.union(*map(_kinds, kind.__subclasses__()))
