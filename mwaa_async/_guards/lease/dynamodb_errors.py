"""What DynamoDB refuses: whether another try may help, and what to do otherwise."""

from typing import Any

from mwaa_async._aws_errors import refusal_of
from mwaa_async._guards.lease.engine import EngineError

# Beside other names of throttling, and answers of the kind 5xx.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
_PASSING = (
    "ProvisionedThroughputExceededException",
    "TransactionCanceledException",
    "TransactionConflictException",
    "TransactionInProgressException",
    "ReplicatedWriteConflictException",
    "InternalServerError",
    "ServiceUnavailable",
)
_HOW = "mwaa-async guard create-table"


def engine_error(error: Exception, table_name: str, permission: str) -> EngineError:
    """Return what an error of the SDK's means for whoever asked the table; it holds no secret."""
    refusal = refusal_of(error)
    place = f"DynamoDB table {table_name}"
    match refusal.kind:
        case "not found":
            told = f"there is no such table here; look at the region and the account, or make it: {_HOW} {table_name}"
        case "denied":
            told = f"AWS refused ({refusal.told}); the caller needs {permission!r} on the table"
        case _:
            told = "; ".join(filter(None, (refusal.told, refusal.remedy)))
    return EngineError(f"{place}: {told}", may_pass=_may_pass(error, refusal.kind, refusal.code))


def _may_pass(error: Exception, kind: str, code: str) -> bool:
    if kind == "throttled" or code in _PASSING or _status(error) >= 500:
        return True
    # Without a code there was no answer.
    return kind == "other" and not code


def _status(error: Exception) -> int:
    answer: dict[str, Any] = getattr(error, "response", None) or {}
    return int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)


def failed_condition(error: Exception) -> dict[str, Any] | None:
    """Return the answer by which DynamoDB says that the record was no more what it had been, if it is that."""
    return getattr(error, "response", None) if error_code(error) == "ConditionalCheckFailedException" else None


def error_code(error: Exception) -> str:
    """Return the code of DynamoDB's answer, if there was one."""
    answer: dict[str, Any] = getattr(error, "response", None) or {}
    return str(answer.get("Error", {}).get("Code", ""))
