"""Tells the log, and the client's `on_event`, what happens in one environment."""

import asyncio
import logging
from collections.abc import Callable

from mwaa_async._clock import now
from mwaa_async._errors import MwaaError
from mwaa_async._protocol.secrets import named
from mwaa_async._reporting.log_lines import log_level, log_text
from mwaa_async._request import Request
from mwaa_async.events import (
    AbandonedCommandEnded,
    CommandEnded,
    CommandQueued,
    CommandStarted,
    Event,
    QueueStalled,
    RequestEnded,
    RequestRepeated,
    SlotClosed,
    TokenFailed,
    TokenFetched,
    TokenRefused,
)

logger = logging.getLogger("mwaa_async")


class Reporter:
    """Writes a line into the log for each event, and calls `on_event` with it.

    Trouble is always reported. Everything else would cost time for each command, and is told only while it `is_wanted`.
    """

    def __init__(self, environment: str, on_event: Callable[[Event], None] | None = None) -> None:
        self._environment = environment
        self._on_event = on_event

    @property
    def is_wanted(self) -> bool:
        """Tell whether anybody listens to what is no trouble."""
        return self._on_event is not None or logger.isEnabledFor(logging.INFO)

    def report(self, event: Event) -> None:
        """Report an event."""
        if (level := log_level(event)) and logger.isEnabledFor(level):
            logger.log(level, "%s", log_text(event))
        if self._on_event is not None:
            try:
                self._on_event(event)
            except (Exception, asyncio.CancelledError):  # a listener's mistake; no command should fail for it
                logger.exception("on_event failed with a %s; the client goes on", type(event).__name__)

    def queued(self, request: Request) -> None:
        """Report a command that was asked for."""
        if self.is_wanted:
            self.report(CommandQueued(*self._which(request)))

    def started(self, request: Request) -> None:
        """Report a command whose turn has come."""
        if self.is_wanted:
            self.report(CommandStarted(*self._which(request), _queued_for(request)))

    def request_ended(self, request: Request, url: str, began_at: float, end: int | BaseException) -> None:
        """Report a request that was answered with this status, or not at all."""
        if self.is_wanted:
            attempt, took = len(request.failed) + 1, now() - began_at
            answer = (end,) if isinstance(end, int) else (None, type(end).__name__, str(end) or "cancelled")
            self.report(RequestEnded(*self._which(request), attempt, took, url, *answer))

    def repeated(self, request: Request, pause: float, cause: Exception) -> None:
        """Report a command that is sent again."""
        self.report(RequestRepeated(*self._which(request), len(request.failed), pause, str(cause)))

    def ended(self, request: Request, error: BaseException | None = None) -> None:
        """Report a command that is over for its caller."""
        if self.is_wanted:
            times, attempts = (_queued_for(request), _took(request)), request.attempts if request.was_sent else 0
            self.report(CommandEnded(*self._which(request), *times, attempts, _outcome(error), _ran(request, error)))

    def abandoned(self, request: Request, error: BaseException | None) -> None:
        """Report the end of a command for which nobody waits any more."""
        self.report(AbandonedCommandEnded(*self._which(request), _took(request), _outcome(error), _ran(request, error)))

    def closed(self, request: Request, seconds: float) -> None:
        """Report an environment that is left alone because of a command."""
        self.report(SlotClosed(*self._which(request), seconds))

    def stalled(self, seconds: float, before: tuple[str, ...]) -> None:
        """Report a queue in which nothing moves."""
        self.report(QueueStalled(self._environment, seconds, before))

    def token_fetched(self, took: float) -> None:
        """Report a token."""
        if self.is_wanted:
            self.report(TokenFetched(self._environment, took))

    def token_failed(self, took: float, error: MwaaError) -> None:
        """Report that AWS gave no token."""
        if self.is_wanted:
            self.report(TokenFailed(self._environment, took, type(error).__name__, str(error)))

    def token_refused(self, request: Request, http_status: int) -> None:
        """Report a token that the web server did not take."""
        self.report(TokenRefused(*self._which(request), http_status))

    def _which(self, request: Request) -> tuple[str, str, int]:
        return self._environment, named(request.line), request.number


def _queued_for(request: Request) -> float:
    return (now() if request.began_at is None else request.began_at) - request.asked_at


def _took(request: Request) -> float:
    return 0.0 if request.began_at is None else now() - request.began_at


def _outcome(error: BaseException | None) -> str:
    if isinstance(error, asyncio.CancelledError):
        return "cancelled"
    return "done" if error is None else type(error).__name__


def _ran(request: Request, error: BaseException | None) -> bool | None:
    """Return what is known when a command ends: whether it ran."""
    if error is None or isinstance(error, MwaaError):
        return True if error is None else error.ran
    return None if request.is_open or request.maybe_ran else False
