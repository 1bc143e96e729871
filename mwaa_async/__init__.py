"""One Airflow command at a time: the async client for the Airflow CLI of Amazon MWAA."""

from mwaa_async._client import MwaaClient
from mwaa_async._environment import Environment
from mwaa_async._errors import (
    AccessDeniedError,
    CommandFailedError,
    ConnectError,
    EnvironmentNotFoundError,
    GuardError,
    MwaaError,
    OutcomeUnknownError,
    OutputError,
    QueueTimeoutError,
    RequestRejectedError,
    ThrottledError,
    TokenError,
    UnsupportedCommandError,
)
from mwaa_async._guards import Guard, HostGuard, LocalGuard, Slot
from mwaa_async._identity import EnvironmentId
from mwaa_async._lane import EnvironmentStatistics
from mwaa_async._result import CommandResult
from mwaa_async._version import __version__

__all__ = [
    "AccessDeniedError",
    "CommandFailedError",
    "CommandResult",
    "ConnectError",
    "Environment",
    "EnvironmentId",
    "EnvironmentNotFoundError",
    "EnvironmentStatistics",
    "Guard",
    "GuardError",
    "HostGuard",
    "LocalGuard",
    "MwaaClient",
    "MwaaError",
    "OutcomeUnknownError",
    "OutputError",
    "QueueTimeoutError",
    "RequestRejectedError",
    "Slot",
    "ThrottledError",
    "TokenError",
    "UnsupportedCommandError",
    "__version__",
]
