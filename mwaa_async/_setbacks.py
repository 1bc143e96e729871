"""What can go wrong on the way to the web server and back, and the decision whether to try again."""

from collections.abc import Collection

_SHORT_WAIT = 5.0


class Setback(Exception):
    """One try to have a command run that brought no output of Airflow's."""


class NotSentError(Setback):
    """Nothing of the request left this process: no address, no connection, no TLS, no way through the proxy."""


class ConnectionGoneError(NotSentError):
    """The web server had closed the keep-alive connection before the request."""


class TokenTooOldError(NotSentError):
    """Connecting took so long that the token is of no use any more."""


class LostError(Setback):
    """The request may have been received, but the answer did not come (whole)."""


class StatusError(Setback):
    """The web server, or something before it, answered with a status that stands for no output."""

    def __init__(self, status: int, body: bytes | bytearray, retry_after: float | None) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body
        self.retry_after = retry_after

    @property
    def is_rejection(self) -> bool:
        """Tell whether the command has certainly not run."""
        asked_to_wait = self.status == 503 and self.retry_after is not None
        return asked_to_wait or self.status in (401, 403, 404, 405, 413, 429)


class UnreadableError(Setback):
    """The web server answered, with something that is not Airflow's output."""

    def __init__(self, cause: str, status: int, body: bytes | bytearray) -> None:
        super().__init__(cause)
        self.status = status
        self.body = body


def outcome_is_unknown(setback: Setback) -> bool:
    """Tell whether the command may have run."""
    return isinstance(setback, LostError | UnreadableError) or (
        isinstance(setback, StatusError) and not setback.is_rejection
    )


def end_is_unseen(setback: Setback) -> bool:
    """Tell whether the command may be running on: no answer came, or a gateway's or a crashed worker's."""
    return isinstance(setback, LostError) or (
        isinstance(setback, StatusError) and not setback.is_rejection and setback.status >= 500
    )


def pause_before_repeat(
    setback: Setback, earlier: Collection[Setback], *, may_run_twice: bool, settle_time: float
) -> float | bool:
    """Decide whether a command is sent again after a setback.

    Returns the seconds to wait before it is, `True` for a pause that grows with the tries, or `False` where it must
    not be sent again. `earlier` are the setbacks of the command before this one, and `may_run_twice` tells whether it
    changes nothing when it runs twice.
    """
    if outcome_is_unknown(setback):
        # Once: a command that takes too long each time would otherwise keep its environment busy for many minutes.
        again = may_run_twice and not any(outcome_is_unknown(one) for one in earlier)
        return settle_time if again else False
    if isinstance(setback, StatusError):
        wait = setback.retry_after if setback.status in (429, 503) else None
        return wait if wait is not None and wait <= _SHORT_WAIT else False
    return True
