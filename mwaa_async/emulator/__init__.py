"""A local MWAA: the token API and the TLS web servers, for tests and for trying things out without an AWS account.

Needs the extra `emulator`: `pip install 'mwaa-async[emulator]'`.
"""

try:
    import trustme as _trustme  # noqa: F401  # the one thing that the extra cannot be without
except ImportError as error:
    raise ImportError("the emulator needs the extra 'emulator': pip install 'mwaa-async[emulator]'") from error

from mwaa_async.emulator._binary import AirflowBinary
from mwaa_async.emulator._emulator import MISLEADING_VARIABLES, ClientOptions, Emulator
from mwaa_async.emulator._faults import (
    CutConnection,
    Faults,
    RefusedByAws,
    SlowAnswer,
    SlowToken,
    StatusAnswer,
    WrongAnswer,
    WrongAwsAnswer,
)
from mwaa_async.emulator._recorded import RecordedAirflow
from mwaa_async.emulator._records import CommandRecord, TokenRecord
from mwaa_async.emulator.airflow import EmbeddedAirflow, Execution, MwaaLogs

__all__ = [
    "MISLEADING_VARIABLES",
    "AirflowBinary",
    "ClientOptions",
    "CommandRecord",
    "CutConnection",
    "EmbeddedAirflow",
    "Emulator",
    "Execution",
    "Faults",
    "MwaaLogs",
    "RecordedAirflow",
    "RefusedByAws",
    "SlowAnswer",
    "SlowToken",
    "StatusAnswer",
    "TokenRecord",
    "WrongAnswer",
    "WrongAwsAnswer",
]
