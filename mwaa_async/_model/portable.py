"""What all values can do: leave the process as JSON."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import Any


class Portable:
    """A frozen dataclass that callers get in their hands."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the value as JSON can express it.

        Dates are text in ISO 8601, durations are seconds, and errors have what their own `to_dict` says. A conf and
        what a command printed are in it as they are.
        """
        assert is_dataclass(self)
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}


def plain(value: Any) -> Any:
    """Return what a value's field holds as JSON can express it."""
    match value:
        case Portable():
            return value.to_dict()
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Exception():
            return plain_error(value)
        case Mapping():
            return {str(key): plain(one) for key, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case _:
            return value


def plain_error(error: Exception) -> dict[str, Any]:
    """Return an error as JSON can express it; one that is no `MwaaError` says that something could not be sent."""
    to_dict = getattr(error, "to_dict", None)
    return to_dict() if to_dict else {"type": type(error).__name__, "message": str(error), "ran": False}
