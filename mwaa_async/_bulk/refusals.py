"""What an error means for a row: whether it may be done, and whether Airflow would take the row another time."""

import re
from typing import Literal

from mwaa_async._bulk.rows import TriggerRequest
from mwaa_async._errors import (
    CommandFailedError,
    DagNotFoundError,
    DagRunAlreadyExistsError,
    DagRunNotFoundError,
    MwaaError,
    OutcomeUnknownError,
    OutputError,
    VariableNotFoundError,
)
from mwaa_async._protocol.verdicts import failure, is_refusal

# What Airflow says before it makes a run (airflow/api/common/trigger_dag.py, airflow/models/dagrun.py): the date before
# the DAG's first, a run id that does not match the pattern, a conf that the DAG's params do not allow, wrong usage.
_REFUSAL = re.compile(r"ValueError: The |(\w[\w.]*\.)?ParamValidationError: |airflow .*command error: ")


class RefusedBeforeError(CommandFailedError):
    """Airflow has refused the row in an earlier call, as the journal says."""


def refuses_run(error: Exception, request: TriggerRequest) -> bool:
    """Tell whether Airflow does not take the row as it is; any other failure may be another thing the next time."""
    if isinstance(error, DagRunAlreadyExistsError):
        return error.dag_run is None and request.logical_date is not None
    if isinstance(error, DagNotFoundError | RefusedBeforeError):
        return True
    return _REFUSAL.match(reason_of(error)) is not None


def refuses_command(error: Exception) -> bool:
    """Tell whether Airflow does not take an idempotent command as it is, or what it printed cannot be read."""
    if isinstance(error, DagNotFoundError | DagRunNotFoundError | VariableNotFoundError | RefusedBeforeError):
        return True
    if isinstance(error, OutputError):  # nor would it be the next time
        return True
    return is_refusal(reason_of(error))


def reason_of(error: Exception) -> str:
    """Return the line in which Airflow says why a command failed, empty where there is none."""
    if not isinstance(error, CommandFailedError) or error.result is None:
        return ""
    return failure(error.result.stdout, error.result.stderr) or ""


def status_after(
    error: MwaaError, *, is_refused: bool, may_be_there: bool, is_last: bool
) -> Literal["failed", "unknown"]:
    """Return what is known of a row after this error.

    `may_be_there` says that an earlier attempt may have done it. A command that crashed may have done it before that,
    and another attempt will show it.
    """
    if is_refused:
        return "failed"
    if error.ran is False:
        return "unknown" if may_be_there else "failed"
    return "failed" if isinstance(error, CommandFailedError) and is_last else "unknown"


def as_unknown(error: MwaaError, what: str) -> MwaaError:
    """Return an error that does not say that nothing has run, where an earlier attempt may have."""
    if error.ran is not False:
        return error
    return OutcomeUnknownError(
        f"{error}; but an earlier attempt may {what}", environment=error.environment, command=error.command
    )
