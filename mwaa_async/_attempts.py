"""How an attempt to run a command can end without Airflow's output."""

from mwaa_async._model.result import CommandResult

# Which of the two says "expired" is not known, and 403 is given for a command, too; in neither case has anything run.
TOKEN_REFUSED = frozenset({401, 403})
_REJECTIONS = frozenset({401, 403, 404, 405, 413, 429})


class AttemptError(Exception):
    """One attempt to run a command brought no output of Airflow's."""


class NotSentError(AttemptError):
    """Nothing of the request left this process: no address, no connection, no TLS, no way through the proxy.

    `advice` is what to do about it, in sentences, and `kind` one of those of `connect_failures`, where that is known.
    """

    def __init__(self, cause: str = "", advice: str = "", kind: str = "") -> None:
        super().__init__(cause)
        self.advice = advice
        self.kind = kind


class NoWayError(NotSentError):
    """The environment variables name a proxy that cannot be used, now or in a moment."""


class ConnectionClosedError(NotSentError):
    """The web server had closed the keep-alive connection before the request."""


class TokenTooOldError(NotSentError):
    """Connecting took so long that the token is of no use any more."""


class LostError(AttemptError):
    """The request may have been received, but the answer did not come (whole)."""


class StatusError(AttemptError):
    """The web server, or something before it, answered with a status that stands for no output.

    `path` is the one that was asked, `location` where the answer points to. `token_was_reused` says that the token
    was sent before, and `caller_is_known` that the web server has accepted a token of this client before.
    """

    def __init__(
        self,
        status: int,
        body: bytes | bytearray,
        retry_after: float | None,
        *,
        path: str = "",
        location: str | None = None,
        token_was_reused: bool = False,
        caller_is_known: bool = False,
    ) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body
        self.retry_after = retry_after
        self.path = path
        self.location = location
        self.token_was_reused = token_was_reused
        self.caller_is_known = caller_is_known

    @property
    def is_redirect(self) -> bool:
        """Tell whether the answer points to another address: whoever answers so has run nothing."""
        return 300 <= self.status < 400

    @property
    def refuses_token(self) -> bool:
        """Tell whether it may be the token that is refused."""
        return self.status in TOKEN_REFUSED

    @property
    def refuses_command(self) -> bool:
        """Tell whether it is rather the command that is refused: 403 is given for single ones, with a good token."""
        return self.status == 403 and self.caller_is_known

    @property
    def is_rejection(self) -> bool:
        """Tell whether the command has certainly not run."""
        asked_to_wait = self.status == 503 and self.retry_after is not None
        return asked_to_wait or self.is_redirect or self.status in _REJECTIONS


class UnreadableError(AttemptError):
    """The web server answered, with something that is not Airflow's output."""

    def __init__(self, cause: str, status: int, body: bytes | bytearray) -> None:
        super().__init__(cause)
        self.status = status
        self.body = body


class SilentError(AttemptError):
    """Airflow ended without a word, which this command does not do when it succeeds."""

    def __init__(self, result: CommandResult) -> None:
        super().__init__("Airflow printed nothing, which this command does not do when it succeeds")
        self.result = result


def outcome_is_unknown(error: AttemptError) -> bool:
    """Tell whether the command may have run."""
    if isinstance(error, StatusError):
        return not error.is_rejection
    return not isinstance(error, NotSentError)


def end_is_unseen(error: AttemptError) -> bool:
    """Tell whether the command may be running on: no answer came, or a gateway's or a crashed worker's."""
    if isinstance(error, StatusError):
        return not error.is_rejection and error.status >= 500
    return isinstance(error, LostError)


def spends_token(error: AttemptError) -> bool:
    """Tell whether the web server may have taken the token, of which it might take each once only."""
    return not isinstance(error, NotSentError) and not (isinstance(error, StatusError) and error.is_redirect)
