"""One Airflow command at a time: the async client for the Airflow CLI of Amazon MWAA."""

from importlib import import_module
from typing import TYPE_CHECKING

from mwaa_async._version import __version__

if TYPE_CHECKING:
    from mwaa_async._bulk.rows import CommandOutcome, CommandRequest, TriggerOutcome, TriggerRequest
    from mwaa_async._client import MwaaClient
    from mwaa_async._commands.assets import Asset
    from mwaa_async._commands.dags import Dag, DagFile, DagImportError, Job
    from mwaa_async._commands.db import CleanedTable
    from mwaa_async._commands.providers import Hook, Provider, Trigger, Widget
    from mwaa_async._commands.roles import Role
    from mwaa_async._commands.tasks import FailedDep, TaskInstance
    from mwaa_async._environment import Environment
    from mwaa_async._errors import (
        AccessDeniedError,
        BatchFinishedError,
        CommandFailedError,
        ConnectError,
        DagNotFoundError,
        DagRunAlreadyExistsError,
        DagRunFailedError,
        DagRunNotEndedError,
        DagRunNotFoundError,
        EnvironmentNotFoundError,
        EventLoopError,
        GuardError,
        JournalError,
        MwaaError,
        OutcomeUnknownError,
        OutputError,
        QueueTimeoutError,
        RequestRejectedError,
        ThrottledError,
        TokenError,
        UnsupportedCommandError,
        VariableNotFoundError,
    )
    from mwaa_async._guards import (
        Guard,
        HostGuard,
        LocalGuard,
        ObservableGuard,
        QueueingGuard,
        RequestSlot,
        RestingGuard,
        Slot,
        SlotStatus,
    )
    from mwaa_async._guards.lease.dynamodb import DynamoDBGuard
    from mwaa_async._guards.lease.redis import RedisGuard
    from mwaa_async._identity import EnvironmentId
    from mwaa_async._model.dag_run import DagRun
    from mwaa_async._model.result import CommandResult
    from mwaa_async._model.statistics import EnvironmentStatistics
    from mwaa_async._model.timeouts import Timeouts
else:
    # Each is loaded when it is named: pytest imports this package in every run, for the sake of the plugin in it.
    _NAMES = {
        "_bulk.rows": ("CommandOutcome", "CommandRequest", "TriggerOutcome", "TriggerRequest"),
        "_client": ("MwaaClient",),
        "_commands.assets": ("Asset",),
        "_commands.dags": ("Dag", "DagFile", "DagImportError", "Job"),
        "_commands.db": ("CleanedTable",),
        "_commands.providers": ("Hook", "Provider", "Trigger", "Widget"),
        "_commands.roles": ("Role",),
        "_commands.tasks": ("FailedDep", "TaskInstance"),
        "_environment": ("Environment",),
        "_errors": (
            "AccessDeniedError",
            "BatchFinishedError",
            "CommandFailedError",
            "ConnectError",
            "DagNotFoundError",
            "DagRunAlreadyExistsError",
            "DagRunFailedError",
            "DagRunNotEndedError",
            "DagRunNotFoundError",
            "EnvironmentNotFoundError",
            "EventLoopError",
            "GuardError",
            "JournalError",
            "MwaaError",
            "OutcomeUnknownError",
            "OutputError",
            "QueueTimeoutError",
            "RequestRejectedError",
            "ThrottledError",
            "TokenError",
            "UnsupportedCommandError",
            "VariableNotFoundError",
        ),
        "_guards": (
            "Guard",
            "HostGuard",
            "LocalGuard",
            "ObservableGuard",
            "QueueingGuard",
            "RequestSlot",
            "RestingGuard",
            "Slot",
            "SlotStatus",
        ),
        "_guards.lease.dynamodb": ("DynamoDBGuard",),
        "_guards.lease.redis": ("RedisGuard",),
        "_identity": ("EnvironmentId",),
        "_model.dag_run": ("DagRun",),
        "_model.result": ("CommandResult",),
        "_model.statistics": ("EnvironmentStatistics",),
        "_model.timeouts": ("Timeouts",),
    }
    _MODULES = {name: module for module, names in _NAMES.items() for name in names}

    def __getattr__(name):
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        return value

    def __dir__():
        return sorted({*globals(), *_MODULES})


__all__ = [
    "AccessDeniedError",
    "Asset",
    "BatchFinishedError",
    "CleanedTable",
    "CommandFailedError",
    "CommandOutcome",
    "CommandRequest",
    "CommandResult",
    "ConnectError",
    "Dag",
    "DagFile",
    "DagImportError",
    "DagNotFoundError",
    "DagRun",
    "DagRunAlreadyExistsError",
    "DagRunFailedError",
    "DagRunNotEndedError",
    "DagRunNotFoundError",
    "DynamoDBGuard",
    "Environment",
    "EnvironmentId",
    "EnvironmentNotFoundError",
    "EnvironmentStatistics",
    "EventLoopError",
    "FailedDep",
    "Guard",
    "GuardError",
    "Hook",
    "HostGuard",
    "Job",
    "JournalError",
    "LocalGuard",
    "MwaaClient",
    "MwaaError",
    "ObservableGuard",
    "OutcomeUnknownError",
    "OutputError",
    "Provider",
    "QueueTimeoutError",
    "QueueingGuard",
    "RedisGuard",
    "RequestRejectedError",
    "RequestSlot",
    "RestingGuard",
    "Role",
    "Slot",
    "SlotStatus",
    "TaskInstance",
    "ThrottledError",
    "Timeouts",
    "TokenError",
    "Trigger",
    "TriggerOutcome",
    "TriggerRequest",
    "UnsupportedCommandError",
    "VariableNotFoundError",
    "Widget",
    "__version__",
]
