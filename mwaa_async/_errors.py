"""Every error of the package. Each says whether the command ran: `ran` is False, True, or None where nobody knows."""

from typing import TYPE_CHECKING, ClassVar

from mwaa_async._model.result import MwaaError as MwaaError
from mwaa_async._model.result import OutputError as OutputError

if TYPE_CHECKING:
    from mwaa_async._model.dag_run import DagRun


class TokenError(MwaaError):
    """AWS gave no CLI token (after the SDK's own retries), so nothing was sent to the web server."""

    ran = False


class EnvironmentNotFoundError(TokenError):
    """There is no environment of that name in this account and region."""


class AccessDeniedError(TokenError):
    """AWS refused the caller's credentials, or they lack the permission `airflow:CreateCliToken`."""


class ThrottledError(TokenError):
    """AWS refused to give a token because too many were asked for."""


class QueueTimeoutError(MwaaError):
    """The command's turn did not come within `queue_timeout`; nothing was sent."""

    ran = False


class GuardError(MwaaError):
    """The guard itself cannot be used (lock directory, server); nothing was sent."""

    ran = False


class EventLoopError(MwaaError, RuntimeError):
    """The client is used in another event loop than the one it was opened in; nothing was sent."""

    ran = False


class UnsupportedCommandError(MwaaError, ValueError):
    """MWAA does not offer the command on that Airflow version, or its command line cannot say it; nothing was sent."""

    ran = False


class ConnectError(MwaaError):
    """The client could not connect to the web server (DNS, refused, TLS, proxy), and nothing was sent.

    The message says what to do, such as the ways to a private web server.
    """

    ran = False


class RequestRejectedError(MwaaError):
    """The web server refused the request before running it; `retry_after` is how many seconds it asked to wait."""

    ran = False
    DETAILS = ("retry_after",)
    retry_after: float | None = None


class OutcomeUnknownError(MwaaError):
    """The request was sent, but no usable answer came: the command may have run, may be running, or may not have run.

    https://github.com/apache/airflow/issues/32020 shows a load balancer that does not wait for a command.
    """

    ran = None


class CommandFailedError(MwaaError):
    """Airflow ran the command and reports failure; `result` has what it printed.

    `advice` says what to do about it, where that is known; it is part of the message, too.
    """

    ran = True
    DETAILS: ClassVar[tuple[str, ...]] = ("advice",)
    advice: str | None = None


class DagNotFoundError(CommandFailedError):
    """Airflow knows no DAG of this id."""


class DagRunNotFoundError(CommandFailedError):
    """Airflow knows no such run of the DAG (any more)."""


class DagRunAlreadyExistsError(CommandFailedError):
    """The DAG has a run with this run id, or this logical date, already; nothing was triggered.

    `dag_run` is the run with this run id as it is now, without its conf, which Airflow does not print; it is `None`
    where only the logical date is another run's. `dags.trigger(…, exists_ok=True)` returns it in the error's place.
    """

    DETAILS = ("advice", "dag_run")
    dag_run: "DagRun | None" = None


class VariableNotFoundError(CommandFailedError, KeyError):
    """Airflow knows no variable of this key."""

    __str__ = Exception.__str__  # a KeyError would show its message in quotes


class DagRunFailedError(MwaaError):
    """The DAG run that was waited for has failed; `dag_run` is what became of it.

    `failed_tasks` are the ids of the tasks that failed, those of mapped ones as `task[3]`, or `None` where Airflow does
    not say. `url` is where Airflow's web interface shows the run, where that is known. Both are part of the message.
    """

    ran = True
    DETAILS = ("dag_run", "failed_tasks", "url")
    dag_run: "DagRun | None" = None
    failed_tasks: tuple[str, ...] | None = None
    url: str | None = None


class DagRunNotEndedError(MwaaError, TimeoutError):
    """The DAG run that was waited for has not ended; it goes on, and `wait` may be called again.

    `dag_run` is what was seen of it last, and `url` where Airflow's web interface shows it, where that is known.
    `dag_is_paused` tells whether its DAG is paused, and so nothing will happen; `None` where nobody looked.
    """

    ran = True
    DETAILS = ("dag_run", "dag_is_paused", "url")
    dag_run: "DagRun | None" = None
    dag_is_paused: bool | None = None
    url: str | None = None


class JournalError(MwaaError):
    """The journal of a batch cannot be used, or is of another batch.

    `ran` is `False` where nothing was sent, and `None` where rows were sent before the journal could not be written any
    more; the same journal tells these apart when it can be used again.
    """

    ran: bool | None = False  # type: ignore[misc]  # of this class alone it depends on the moment


class BatchFinishedError(JournalError):
    """All rows of the batch are triggered, or refused by Airflow, and nothing was sent.

    It is raised so that a program that runs again, with the journal of the last time, is told that there is nothing
    left to do.
    """
