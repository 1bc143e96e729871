"""What the web server's answer means for the one who asked: Airflow's output, or the error that says what happened."""

import email.utils
import time

from mwaa_async._errors import CommandFailedError, MwaaError, OutcomeUnknownError, RequestRejectedError
from mwaa_async._protocol.secrets import redacted, without_secrets
from mwaa_async._protocol.verdicts import failure
from mwaa_async._result import CommandResult

# Which of the two says "expired" is not known; in neither case has anything run.
TOKEN_REFUSED = frozenset({401, 403})
# Airflow ran. Whether a failed command is answered with 200 or 400 is not known either.
_AIRFLOW_RAN = frozenset({200, 400})
_REJECTED = {
    401: "refused a fresh CLI token; the caller's role may lack access to this environment's Airflow",
    403: "refused a fresh CLI token; the caller's role may lack access to this environment's Airflow",
    404: "has no CLI endpoint; look at the environment's web server access mode and at a proxy in between",
    405: "does not take commands here; look at a proxy in between",
    413: "refused the command as too long; pass a shorter conf, or a reference to it",
    429: "refused the command as one too many; try again later",
    503: "was not ready and asked to try again later",
}
_UNKNOWN = {
    500: "MWAA answers so, too, when it does not offer the command",
    502: "the command may have run",
    503: "the command may have run",
    504: "the load balancer did not wait any longer, and the command may be running on",
}


def ran(status: int) -> bool:
    """Tell whether the answer holds Airflow's output."""
    return status in _AIRFLOW_RAN


def end_is_unseen(status: int) -> bool:
    """Tell whether the command may be running on although there is an answer: a gateway's, or a crashed worker's."""
    return status >= 500


def bad_status(
    line: str, environment: str, status: int, body: bytes | bytearray, retry_after: float | None
) -> MwaaError:
    """Return the error for an answer that does not hold Airflow's output."""
    command = redacted(line)
    if status in _REJECTED and (status != 503 or retry_after is not None):
        wait = f" (in {retry_after:g} s)" if retry_after is not None else ""
        return RequestRejectedError(
            f"{environment}: the web server {_REJECTED[status]}{wait} (HTTP {status}); {command!r} has not run",
            environment=environment,
            command=command,
            http_status=status,
            retry_after=retry_after,
        )
    return outcome_unknown(
        line, environment, f"HTTP {status} {excerpt(body, line)}: {_UNKNOWN.get(status, 'no known answer')}", status
    )


def outcome_unknown(line: str, environment: str, cause: str, status: int | None = None) -> OutcomeUnknownError:
    """Return the error for a command of which nobody knows whether it ran."""
    command = redacted(line)
    return OutcomeUnknownError(
        f"{environment}: it is unknown whether {command!r} ran: {cause}; look in Airflow before you repeat it",
        environment=environment,
        command=command,
        http_status=status,
    )


def check(result: CommandResult) -> None:
    """Raise `CommandFailedError` where Airflow reports that the command failed."""
    reason = failure(result.stdout, result.stderr)
    if reason is None and result.http_status == 200:
        return
    command = redacted(result.command)
    text = without_secrets(reason or f"HTTP {result.http_status}", result.command)
    raise CommandFailedError(
        f"{result.environment}: Airflow ran {command!r}, and it failed: {text}",
        environment=result.environment,
        command=command,
        result=result,
    )


def excerpt(body: bytes | bytearray, line: str) -> str:
    """Return the beginning of an answer that is not what it should be, without the command's secrets."""
    start = " ".join(bytes(body[:400]).decode(errors="replace").split())
    return repr(without_secrets(start, line)[:80])


def seconds_to_wait(retry_after: str | None) -> float | None:
    """Return the seconds of a `Retry-After` header, which holds seconds or a date (RFC 9110, 10.2.3)."""
    if retry_after is None:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        moment = email.utils.parsedate_to_datetime(retry_after).timestamp()
    except ValueError:
        return None
    return max(0.0, moment - time.time())
