"""The execution of one command: a token, a request, and more of them while that is safe, until there is an answer."""

import asyncio
from collections.abc import Awaitable, Callable

from mwaa_async._attempts import (
    AttemptError,
    ConnectionClosedError,
    NotSentError,
    SilentError,
    StatusError,
    TokenTooOldError,
    UnreadableError,
    end_is_unseen,
    outcome_is_unknown,
    spends_token,
)
from mwaa_async._clock import now
from mwaa_async._errors import MwaaError, OutputError
from mwaa_async._guards import RequestSlot
from mwaa_async._model.cli_token import CliToken
from mwaa_async._model.result import CommandResult
from mwaa_async._outcomes import error_after, is_silent, outcome_unknown, ran, seconds_to_wait
from mwaa_async._protocol.answers import GarbledAnswerError
from mwaa_async._protocol.catalogue import command_words
from mwaa_async._protocol.secrets import redacted
from mwaa_async._reporting import Reporter
from mwaa_async._request import Request
from mwaa_async._retry import path_after, seconds_until_retry
from mwaa_async._tokens import Tokens
from mwaa_async._transport.web_server import Answer, TooLargeError, WebServer
from mwaa_async._waiting import Waiting

_LARGE = 1 << 20  # characters


class Execution:
    """Executes the commands of one environment, one at a time, with fresh tokens over one connection.

    `find_version` asks for the environment's Airflow version, `check` refuses what MWAA does not offer there, and
    `first_path` tells where the endpoint should be. Where it is, and which commands the web server refuses, is
    remembered.
    """

    def __init__(
        self,
        environment: str,
        *,
        tokens: Tokens,
        web_server: WebServer,
        settle_time: float,
        find_version: Callable[[], Awaitable[None]],
        check: Callable[[str], None],
        first_path: Callable[[], str],
        waiting: Waiting,
        report: Reporter,
    ) -> None:
        self._environment = environment
        self._tokens = tokens
        self._web_server = web_server
        self._settle_time = settle_time
        self._find_version = find_version
        self._check = check
        self._first_path = first_path
        self._waiting = waiting
        self._report = report
        self._path: str | None = None
        self._refused: set[str] = set()
        self._caller_is_known = False

    @property
    def tokens_fetched(self) -> int:
        """Tell how many tokens AWS has given."""
        return self._tokens.fetched

    @property
    def is_ready(self) -> bool:
        """Tell whether there is a token for a command that comes now."""
        return self._tokens.are_ready

    async def get_ready(self, *, with_token: bool = True) -> None:
        """Find out the version and fetch a token, both at once, where they are missing. Raises `TokenError`."""
        fetching = self._tokens.fetching() if with_token else None
        await self._find_version()
        if fetching is not None and fetching.done() and not fetching.cancelled() and fetching.exception() is None:
            fetching = self._tokens.fetching()  # it may have become too old while the version was looked for
        if fetching is not None:
            await self._tokens.fetched_by(fetching)

    def prepare_first(self) -> None:
        """Begin to fetch a token for the command that comes first, where there is none."""
        self._tokens.fetching()

    def prepare_next(self) -> None:
        """Fetch a token for the command that comes next, where it will need another one."""
        self._tokens.prefetch_if_due()

    async def aclose(self) -> None:
        """Close the connection, and cancel the fetching of a token."""
        await self._tokens.aclose()
        await self._web_server.aclose()

    async def execute(self, request: Request, slot: RequestSlot) -> CommandResult:
        """Have the command run in the slot and return what it printed. Raises `MwaaError`.

        Where it is cancelled while the request is open, the request says until when the command may be running.
        """
        try:
            self._check(request.line)
            return await self._execute(request, slot)
        except MwaaError as error:
            raise self._honest(request, error) from error.__cause__
        finally:
            if request.is_open:  # cancelled
                self._leave_alone(request)

    async def _execute(self, request: Request, slot: RequestSlot) -> CommandResult:
        while True:
            try:
                return await self._attempt(request, slot)
            except AttemptError as error:
                pause = self._pause(request, error)
                if pause is None or not request.is_wanted:
                    raise error_after(error, request.line, self._environment) from error
                await self._sleep(request, pause, error)

    async def _sleep(self, request: Request, pause: float, error: AttemptError) -> None:
        """Wait for the next attempt."""
        if _is_trouble(error):
            self._report.repeated(request, pause, error)
        self._waiting.begin(request, "the next attempt", until=now() + pause)
        await asyncio.sleep(pause)

    async def _attempt(self, request: Request, slot: RequestSlot) -> CommandResult:
        """Send the command once. Raises `AttemptError`, `TokenError`, or `OutputError`."""
        token = request.token = await self._token(request)
        self._tokens.prefetch_if_due()
        path = self._path = self._path or self._first_path()
        answer = await self._post(request, token, path, slot)
        error = None if ran(answer.status) else self._status_error(answer.hiding(token.value), token, path)
        if error is None or not end_is_unseen(error):
            await slot.request_ended()
        if error is None or not (error.refuses_token or error.is_redirect):
            self._take_acceptance(request, token)
        elif error.is_redirect:
            token.sent -= 1  # whoever points elsewhere has not taken the token
        if error is not None:
            raise error
        return await self._result(request, answer)

    async def _token(self, request: Request) -> CliToken:
        if request.token is not None and self._tokens.is_fresh(request.token):
            return request.token
        return await self._tokens.take()

    async def _post(self, request: Request, token: CliToken, path: str, slot: RequestSlot) -> Answer:
        async def before_sending() -> None:
            await slot.request_begins(settle_time=self._settle_time)
            if not self._tokens.is_fresh(token):
                raise TokenTooOldError("connecting took too long for the token")
            request.is_open = request.was_sent = True
            token.sent += 1

        began_at, url = now(), f"https://{token.hostname}{path}"
        self._waiting.begin(request, "the answer")
        try:
            answer = await self._web_server.post(
                token.hostname, path, token.value, request.line, before_sending=before_sending
            )
        except (AttemptError, TooLargeError) as error:
            request.is_open = False
            self._report.request_ended(request, url, began_at, error)
            if not (isinstance(error, AttemptError) and end_is_unseen(error)):
                await slot.request_ended()
            if isinstance(error, TooLargeError):
                raise self._too_large(request.line, error) from None
            raise
        except asyncio.CancelledError as error:
            self._report.request_ended(request, url, began_at, error)
            raise
        request.is_open = False
        self._report.request_ended(request, url, began_at, answer.status)
        return answer

    async def _result(self, request: Request, answer: Answer) -> CommandResult:
        request.maybe_ran = True  # it has; whoever gives up from here on cannot know more
        try:
            stdout, stderr = await answer.output()
        except GarbledAnswerError as error:
            body = answer.hiding(request.token.value).body if request.token else b""
            raise UnreadableError(str(error), answer.status, body) from error
        began_at = request.asked_at if request.began_at is None else request.began_at
        result = CommandResult(
            self._environment,
            request.line,
            stdout,
            stderr,
            answer.status,
            began_at - request.asked_at,
            answer.came_at - began_at,
            request.attempts,
        )
        if await _is_silent(result):
            raise SilentError(result)
        return result

    def _pause(self, request: Request, error: AttemptError) -> float | None:
        """Take notice of an attempt without an answer, and return the seconds until the next one, if there is one."""
        if end_is_unseen(error):
            self._leave_alone(request)
        elif outcome_is_unknown(error):
            request.maybe_ran = True
        words = command_words(request.line)
        pause = seconds_until_retry(
            error,
            request.failed,
            idempotent=request.idempotent,
            settle_time=self._settle_time,
            refused_before=words in self._refused,
        )
        request.attempts += pause is not None and outcome_is_unknown(error)
        if isinstance(error, StatusError) and error.refuses_token:
            self._report.token_refused(request, error.status)
            self._take_refusal(request, error, words, is_last=pause is None)
        elif isinstance(error, NotSentError) and pause is None and request.token is not None:
            self._tokens.refused(request.token)  # AWS may name another web server with the next one
        self._path = path_after(error, request.failed) or self._path
        request.token = None if spends_token(error) else request.token
        request.failed += (error,)
        return pause

    def _take_refusal(self, request: Request, error: StatusError, words: str, *, is_last: bool) -> None:
        """Replace the token, or where that did not help, keep it: it is the command, or the caller, that is refused."""
        if is_last and error.refuses_command:
            self._refused.add(words)
        elif not is_last and request.token is not None:
            self._tokens.refused(request.token)

    def _status_error(self, answer: Answer, token: CliToken, path: str) -> StatusError:
        return StatusError(
            answer.status,
            answer.body,
            seconds_to_wait(answer.retry_after),
            path=path,
            location=answer.location,
            token_was_reused=token.sent > 1,
            caller_is_known=self._caller_is_known,
        )

    def _take_acceptance(self, request: Request, token: CliToken) -> None:
        self._caller_is_known = True
        if self._refused:
            self._refused.discard(command_words(request.line))
        if request.failed and _refuses_reused_token(request.failed[-1]):
            # The service takes a token once only, and so every one is given out once only from now on.
            self._tokens.stop_reusing()

    def _honest(self, request: Request, error: MwaaError) -> MwaaError:
        """Return the error, or a more honest one where an earlier attempt of this command may have run."""
        if request.maybe_ran and error.ran is False:
            error = outcome_unknown(request.line, self._environment, f"the answer was lost, and then: {error}")
        error.attempts = request.attempts
        return error

    def _too_large(self, line: str, error: TooLargeError) -> OutputError:
        return OutputError(
            f"{self._environment}: {redacted(line)!r} ran, but {error}; ask for less of it",
            environment=self._environment,
            command=redacted(line),
        )

    def _leave_alone(self, request: Request) -> None:
        """Keep the environment closed: the command may be running, and nobody will see its end."""
        request.maybe_ran = True
        request.closed_until = now() + self._settle_time


async def _is_silent(result: CommandResult) -> bool:
    if len(result.stdout) < _LARGE:
        return is_silent(result)
    return await asyncio.to_thread(is_silent, result)  # it goes through all the log lines before an answer


def _is_trouble(error: AttemptError) -> bool:
    """Tell whether an attempt that is followed by another one is worth a warning of its own."""
    if isinstance(error, StatusError):
        return not (error.is_redirect or error.refuses_token)  # which is how Airflow 3 answers, and is told already
    return not isinstance(error, ConnectionClosedError)  # which is how a connection ends that was not used for long


def _refuses_reused_token(error: AttemptError) -> bool:
    return isinstance(error, StatusError) and error.refuses_token and error.token_was_reused
