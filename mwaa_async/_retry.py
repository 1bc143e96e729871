"""The decision what follows an attempt that brought no output: another one, or none. Pure functions."""

from collections.abc import Sequence

from mwaa_async._attempts import (
    AttemptError,
    ConnectionClosedError,
    NotSentError,
    NoWayError,
    StatusError,
    TokenTooOldError,
    outcome_is_unknown,
    spends_token,
)
from mwaa_async._protocol.endpoint import other_path

_PAUSES = (0.1, 0.5, 1.4)  # seconds before the attempts to connect that follow the first: two seconds in all
_SHORT_WAIT = 5.0


def seconds_until_retry(
    error: AttemptError,
    earlier: Sequence[AttemptError],
    *,
    idempotent: bool,
    settle_time: float,
    refused_before: bool = False,
) -> float | None:
    """Decide whether a command is sent again: return the seconds to wait before, or `None` where it must not be.

    `earlier` are the attempts of the command before this one, `idempotent` tells whether it changes nothing when it
    runs twice, and `refused_before` whether the web server has refused the same command with two tokens before.
    """
    if isinstance(error, NotSentError):
        return _until_reconnecting(error, earlier)
    if outcome_is_unknown(error):
        # Once: a command that takes too long each time would otherwise keep its environment busy for many minutes.
        return settle_time if idempotent and not any(map(outcome_is_unknown, earlier)) else None
    assert isinstance(error, StatusError)
    if error.refuses_token:
        return None if (refused_before and error.refuses_command) or _was_refused(earlier) else 0.0
    if path_after(error, earlier) is not None:
        return 0.0
    return _until_ready(error, earlier)


def path_after(error: AttemptError, earlier: Sequence[AttemptError]) -> str | None:
    """Return the endpoint's other address where the web server says that it is there; once for a command."""
    return None if any(map(_other_path, earlier)) else _other_path(error)


def _other_path(error: AttemptError) -> str | None:
    return other_path(error.path, error.status) if isinstance(error, StatusError) else None


def _was_refused(earlier: Sequence[AttemptError]) -> bool:
    """Tell whether the token before was refused, too: a token that was taken since then is another matter."""
    answered = (error for error in reversed(earlier) if spends_token(error))
    last = next(answered, None)
    return isinstance(last, StatusError) and last.refuses_token


def _until_ready(error: StatusError, earlier: Sequence[AttemptError]) -> float | None:
    """Return the seconds that the web server asks to wait, where they are few and have not been so too often."""
    wait = error.retry_after if error.status in (429, 503) else None
    asked = sum(isinstance(one, StatusError) and one.status == error.status for one in earlier)
    return wait if wait is not None and wait <= _SHORT_WAIT and asked < len(_PAUSES) else None


def _until_reconnecting(error: NotSentError, earlier: Sequence[AttemptError]) -> float | None:
    """Return the seconds to wait before the next connection; none for what the first connection explains by itself."""
    if isinstance(error, ConnectionClosedError | TokenTooOldError) and not any(
        type(one) is type(error) for one in earlier
    ):
        return 0.0
    if isinstance(error, NoWayError):
        return None
    failed = sum(isinstance(one, NotSentError) for one in earlier)
    return _PAUSES[failed] if failed < len(_PAUSES) else None
