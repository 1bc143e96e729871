"""What the web server's answer means for the one who asked: Airflow's output, or the error that says what happened."""

import email.utils
import re
import time

from mwaa_async._attempts import AttemptError, NotSentError, SilentError, StatusError, UnreadableError
from mwaa_async._errors import (
    CommandFailedError,
    ConnectError,
    DagNotFoundError,
    DagRunAlreadyExistsError,
    DagRunNotFoundError,
    MwaaError,
    OutcomeUnknownError,
    RequestRejectedError,
    VariableNotFoundError,
)
from mwaa_async._model.result import CommandResult
from mwaa_async._protocol.advice import advice
from mwaa_async._protocol.catalogue import always_answers
from mwaa_async._protocol.named_failures import NamedFailure, named_failure
from mwaa_async._protocol.secrets import called, may_print_secrets, redacted, without_secrets
from mwaa_async._protocol.verdicts import failure, lists_import_errors, printed_nothing, words_of_airflow

# Airflow ran. Whether a failed command is answered with 200 or 400 is not known either.
_AIRFLOW_RAN = frozenset({200, 400})
_REJECTED = {
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
_KINDS: dict[NamedFailure | None, type[CommandFailedError]] = {
    "dag not found": DagNotFoundError,
    "dag run not found": DagRunNotFoundError,
    "dag run already exists": DagRunAlreadyExistsError,
    "variable not found": VariableNotFoundError,
}
_LONGEST_LOCATION = 200  # characters
_LONGEST_EXCERPT = 400  # bytes, of which so many characters are shown:
_SHOWN = 80
_LONGEST_WAIT = 86400.0  # seconds; nobody waits longer, and a sleep has to be a number


def ran(status: int) -> bool:
    """Tell whether the answer holds Airflow's output."""
    return status in _AIRFLOW_RAN


def error_after(error: AttemptError, line: str, environment: str) -> MwaaError:
    """Return the error for a command that is not sent (again) after this attempt."""
    match error:
        case StatusError(is_redirect=True):
            return _rejected(error, line, environment, _redirected(error))
        case StatusError(refuses_token=True):
            return _rejected(error, line, environment, _refused(error, line))
        case StatusError(is_rejection=True):
            return _rejected(error, line, environment, _REJECTED[error.status])
        case StatusError():
            return _bad_status(error, line, environment)
        case NotSentError():
            return not_connected(line, environment, str(error), error.advice)
        case UnreadableError():
            cause = f"{error} (HTTP {error.status} {excerpt(error.body, line)})"
            return outcome_unknown(line, environment, cause, error.status)
        case SilentError():
            unknown = outcome_unknown(line, environment, str(error), error.result.http_status)
            unknown.result = error.result
            return unknown
        case _:
            return outcome_unknown(line, environment, str(error))


def not_connected(line: str, environment: str, cause: str, remedy: str = "") -> ConnectError:
    """Return the error for a command that did not get as far as the web server."""
    command = redacted(line)
    return ConnectError(
        f"{environment}: no connection to the web server: {cause}; {command!r} has not run{remedy and '. '}{remedy}",
        environment=environment,
        command=command,
    )


def _rejected(rejection: StatusError, line: str, environment: str, told: str) -> RequestRejectedError:
    command, wait = redacted(line), rejection.retry_after
    error = RequestRejectedError(
        f"{environment}: the web server {told}{'' if wait is None else f' (in {wait:g} s)'} "
        f"(HTTP {rejection.status}); {command!r} has not run",
        environment=environment,
        command=command,
        http_status=rejection.status,
    )
    error.retry_after = wait
    return error


def _refused(refusal: StatusError, line: str) -> str:
    """Say what may be refused: 403 is known for tokens, for roles, and for commands that MWAA lists as offered."""
    if refusal.refuses_command:
        return (
            f"takes this caller's CLI tokens for other commands, and refuses {called(line)!r}: MWAA or the caller's "
            "role in Airflow does not allow it"
        )
    if refusal.status == 401:
        return "refused a fresh CLI token; the caller's role may lack access to this environment's Airflow"
    return (
        f"refused a fresh CLI token with {called(line)!r}: the caller's role may lack access to this environment's "
        "Airflow, or this command is not allowed; see whether 'version' runs"
    )


def _redirected(redirect: StatusError) -> str:
    where = "nowhere" if redirect.location is None else repr(_without_query(redirect.location)[:_LONGEST_LOCATION])
    return (
        f"points to {where}, which is not followed, since the CLI token is for this web server only; look at a proxy "
        "in between, and whether the environment is available"
    )


def _without_query(location: str) -> str:
    """Return where a redirect points to, without a password or what else may be a secret in it."""
    address = location.partition("?")[0].partition("#")[0]
    scheme, slashes, rest = address.partition("//")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}"


def _bad_status(answer: StatusError, line: str, environment: str) -> OutcomeUnknownError:
    meaning = _UNKNOWN.get(answer.status, "no answer that this endpoint is known to give")
    cause = f"HTTP {answer.status} {excerpt(answer.body, line)}: {meaning}"
    return outcome_unknown(line, environment, cause, answer.status)


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
    printed = words_of_airflow(result.command, result.stdout)
    # Without a stderr nobody asks, and looking a line up takes its time.
    reason = failure(printed, result.stderr, always_answers=not result.stderr or always_answers(result.command))
    # Whether this version exits with 1 after listing import errors cannot be told with 200: no failure with 400 either.
    if reason is None and (result.http_status == 200 or lists_import_errors(result.stdout)):
        return
    command = redacted(result.command)
    text = without_secrets(reason or f"HTTP {result.http_status}", result.command)
    kind = _KINDS.get(named_failure(reason or ""), CommandFailedError)
    hint = advice(result.command, reason or "")
    told = f"{text.removesuffix('.')}; {hint}" if hint else text
    error = kind(
        f"{result.environment}: Airflow ran {command!r}, and it failed: {told}",
        environment=result.environment,
        command=command,
        result=result,
    )
    error.advice = hint
    raise error


def is_silent(result: CommandResult) -> bool:
    """Tell whether the command printed nothing, does so never when it succeeds, and does not say why either."""
    if result.http_status != 200 or not printed_nothing(result.command, result.stdout):
        return False
    return failure(result.stdout, result.stderr) is None


def excerpt(body: bytes | bytearray, line: str) -> str:
    """Return the beginning of an answer that is not what it should be, where no secret of the command's can be in it.

    What Airflow printed may be in it, as it is or in base64, whole or cut in two.
    """
    start = bytes(body[:_LONGEST_EXCERPT])
    if body and may_print_secrets(line):
        kind = "of HTML " if start.lstrip().startswith(b"<") else ""
        return f"with {len(body)} bytes {kind}that are not shown, since they may hold a secret"
    return repr(" ".join(start.decode(errors="replace").split())[:_SHOWN])


def seconds_to_wait(retry_after: str | None) -> float | None:
    """Return the seconds of a `Retry-After` header, which holds seconds or a date (RFC 9110, 10.2.3)."""
    if retry_after is None:
        return None
    if re.fullmatch("[0-9]+", retry_after.strip()):
        return min(float(retry_after), _LONGEST_WAIT)
    try:
        moment = email.utils.parsedate_to_datetime(retry_after).timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, moment - time.time()), _LONGEST_WAIT)
