"""What MWAA's own logging set-up prints besides the answer of every command."""

from dataclasses import dataclass

from mwaa_async._protocol.versions import Version
from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.versions import parse_version

# The first image with it (aws/amazon-mwaa-docker-images).
_FIRST_VERSION: Version = (2, 9, 2)

# A new environment has four of its five kinds of logs switched off, and each of the four three handlers.
_OF_A_NEW_ENVIRONMENT = ("SubprocessLogHandler",) * 12

# Made after the handlers of the image, which print what went wrong when a record could not be sent.
_TRACEBACK = """\
Traceback (most recent call last):
  File "/python/mwaa/logging/cloudwatch_handlers.py", line 267, in emit
    self.handler.emit(record)  # type: ignore
    ^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/usr/local/airflow/.local/lib/python3.11/site-packages/botocore/httpsession.py", line 493, in send
    raise EndpointConnectionError(endpoint_url=request.url, error=e)
botocore.exceptions.EndpointConnectionError: Could not connect to the endpoint URL: "https://logs.us-east-1.amazonaws.com/"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MwaaLogs:
    """What MWAA's own logging set-up prints besides the answers, on images 2.9.2 and later.

    `disabled` are the class names of the handlers that say, first of all on stdout, that CloudWatch logging is disabled
    for them: twelve times `SubprocessLogHandler` in a new environment; `TaskLogHandler` on 2 and
    `CloudWatchRemoteTaskLogger` on 3 where the task logs are off, too. `debug` is the web server's log level DEBUG,
    whose records come before and after each answer (2.9.2 and later; on 3.1 and later most of those after it are on
    stderr). `json` writes the log lines of 3.2 and later as JSON, and tracebacks too, on stdout, as
    `[logging] json_logs` does. `throttled_for` (seconds) and `error` (`Failed to emit log record.`) are what handlers
    that cannot send print; an error has its traceback on stderr.
    """

    disabled: tuple[str, ...] = _OF_A_NEW_ENVIRONMENT
    debug: bool = False
    json: bool = False
    throttled_for: float | None = None
    error: str | None = None


def logs_of(version: str, chosen: bool | MwaaLogs | None) -> MwaaLogs | None:
    """Gives the logging set-up of a new environment for `True`, none for `False`, and for `None` as MWAA has it."""
    if isinstance(chosen, MwaaLogs):
        return chosen
    return MwaaLogs() if (parse_version(version) >= _FIRST_VERSION if chosen is None else chosen) else None


def print_first(logs: MwaaLogs, call: Call) -> None:
    """Prints the lines that come before everything else."""
    for handler in logs.disabled:
        call.print(f"CloudWatch logging is disabled for {handler}")
    if logs.throttled_for is not None:
        call.print(f"Throttling _report_logging_error for {logs.throttled_for:.2f} more seconds.")
    if logs.error is not None:
        call.print(f"MWAA logging error: {logs.error}")
        call.stderr.append(_TRACEBACK)
