"""What a check finds."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Check = Literal[
    "region",
    "clock",
    "credentials",
    "aws",
    "permission",
    "environment",
    "access mode",
    "version",
    "guard",
    "name",
    "connection",
    "tls",
    "endpoint",
    "command",
]
Status = Literal["ok", "warning", "failed", "not checked"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check has found, and what to do about it. It holds no secret.

    `causes` are the failed checks for which this one could not be made.
    """

    check: Check
    status: Status
    found: str
    remedy: str = ""
    causes: tuple[Check, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON has it."""
        return asdict(self)


def ok(check: Check, found: str) -> Finding:
    """Return that all is well."""
    return Finding(check, "ok", found)


def warning(check: Check, found: str, remedy: str = "") -> Finding:
    """Return what keeps no command from running, and yet should be known."""
    return Finding(check, "warning", found, remedy)


def failed(check: Check, found: str, remedy: str) -> Finding:
    """Return what keeps commands from running."""
    return Finding(check, "failed", found, remedy)


def not_checked(check: Check, *causes: Check) -> Finding:
    """Return that it could not be looked at, because of other checks."""
    return Finding(check, "not checked", f"needs {' and '.join(causes)}", causes=causes)
