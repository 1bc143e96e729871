"""Getting one command to the web server and its answer back, with as many tries as are safe."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from mwaa_async._aws import CliTokenAnswer
from mwaa_async._clock import now
from mwaa_async._errors import MwaaError, OutputError, TokenError
from mwaa_async._outcomes import TOKEN_REFUSED, error_after, outcome_unknown, ran, seconds_to_wait
from mwaa_async._protocol.answers import GarbledAnswerError, Output
from mwaa_async._protocol.secrets import redacted
from mwaa_async._setbacks import (
    ConnectionGoneError,
    Setback,
    StatusError,
    TokenTooOldError,
    UnreadableError,
    end_is_unseen,
    outcome_is_unknown,
    pause_before_repeat,
)
from mwaa_async._tokens import CliToken, Tokens
from mwaa_async._web_server import Answer, TooLargeError, WebServer

# stamina warns of every repeat, which logging would print on stderr where a program has not set it up.
logging.getLogger("stamina").addHandler(logging.NullHandler())

_TRIES = 4  # of which the last one comes about two seconds after the first, where no connection comes about


@dataclass(eq=False, slots=True)
class Errand:
    """A command that is to be delivered, and what is known of its fate.

    `may_run_twice` says that it changes nothing when it runs twice, `attempts` how often it was sent where it may have
    run. `maybe_ran` says that a request was sent of whose end nothing is known; until `closed_until` the command of
    that request may be running.
    """

    line: str = field(repr=False)  # it may hold secrets
    may_run_twice: bool = False
    setbacks: tuple[Setback, ...] = ()
    attempts: int = 1
    maybe_ran: bool = False
    closed_until: float = 0.0


class Delivered(NamedTuple):
    """The web server's answer, and Airflow's output in it."""

    answer: Answer
    output: Output


class Delivery:
    """Delivers the commands of one environment, one at a time, with fresh tokens over one connection."""

    def __init__(
        self,
        environment: str,
        *,
        fetch_token: Callable[[], Awaitable[CliTokenAnswer]],
        token_lifetime: float,
        wanted_next: Callable[[], bool],
        web_server: WebServer,
        settle_time: float,
        admit: Callable[[str], Awaitable[None]],
    ) -> None:
        self._environment = environment
        self.tokens = Tokens(fetch_token, token_lifetime, wanted_next=wanted_next)
        self._web_server = web_server
        self._settle_time = settle_time
        self._admit = admit

    @property
    def on_wire(self) -> bool:
        """Tell whether a request is open that the web server may have received."""
        return self._web_server.on_wire

    async def deliver(self, errand: Errand) -> Delivered:
        """Have the command run and return the answer with its output. Raises `MwaaError`.

        Where it is cancelled while a request is open, the errand says so.
        """
        try:
            await self._admit(errand.line)
            return await self._try(errand)
        except Setback as setback:
            return await self._try_again(errand, setback)
        finally:
            if self._web_server.was_on_wire():  # cancelled
                self._leave_alone(errand)

    async def aclose(self) -> None:
        """Close the connection, and cancel the fetching of a token."""
        await self.tokens.aclose()
        await self._web_server.aclose()

    async def _try_again(self, errand: Errand, first: Setback) -> Delivered:
        import stamina

        tries = stamina.retry_context(on=lambda error: self._pause(errand, error), attempts=_TRIES, timeout=None)
        try:
            async for attempt in tries:
                with attempt:
                    if attempt.num == 1:
                        raise first
                    return await self._try(errand)
        except Setback as setback:
            raise self._error(errand, error_after(setback, errand.line, self._environment)) from setback
        except MwaaError as error:
            raise self._error(errand, error) from error.__cause__
        raise AssertionError("stamina ends with a result or an exception")

    def _pause(self, errand: Errand, error: Exception) -> float | bool:
        """Decide about the next try; called once for each setback."""
        if not isinstance(error, Setback):
            return False
        pause = pause_before_repeat(
            error, errand.setbacks, may_run_twice=errand.may_run_twice, settle_time=self._settle_time
        )
        errand.setbacks += (error,)
        errand.attempts += pause is not False and outcome_is_unknown(error)
        return pause

    def _error(self, errand: Errand, error: MwaaError) -> MwaaError:
        """Return the error, or a more honest one where an earlier try of this command may have run."""
        if errand.maybe_ran and error.ran is False:
            error = outcome_unknown(errand.line, self._environment, f"the answer was lost, and then: {error}")
        error.attempts = errand.attempts
        return error

    async def _try(self, errand: Errand) -> Delivered:
        """Try once. Raises `Setback`, `TokenError`, or `OutputError`."""
        try:
            answer = await self._post_with_token(errand.line)
            if not ran(answer.status):
                raise StatusError(answer.status, answer.body, seconds_to_wait(answer.retry_after))
            return await self._read(errand, answer)
        except Setback as setback:
            if end_is_unseen(setback):
                self._leave_alone(errand)
            elif outcome_is_unknown(setback):
                errand.maybe_ran = True
            raise
        except TooLargeError as error:
            raise self._too_large(errand.line, error) from None

    async def _read(self, errand: Errand, answer: Answer) -> Delivered:
        errand.maybe_ran = True  # it has; whoever gives up from here on cannot know more
        try:
            return Delivered(answer, await answer.output())
        except GarbledAnswerError as error:
            raise UnreadableError(str(error), answer.status, answer.body) from error

    async def _post_with_token(self, line: str) -> Answer:
        """Post the command, with another token where the web server refuses the first."""
        token, answer = await self._post(line)
        if answer.status not in TOKEN_REFUSED:
            return answer
        self.tokens.refused(token)
        fresh, answer = await self._post(line)
        if answer.status in TOKEN_REFUSED:
            self.tokens.refused(fresh)
        elif token.sent > 1:
            self.tokens.stop_reusing()
        return answer

    async def _post(self, line: str) -> tuple[CliToken, Answer]:
        """Post the command, and tell with which token: one that got too old on the way is replaced."""
        token = await self._token(line)
        self.tokens.prefetch_if_due()
        try:
            return token, await self._post_once(token, line)
        except ConnectionGoneError:
            return token, await self._post_once(token, line)
        except TokenTooOldError:
            token = await self._token(line)
            return token, await self._post_once(token, line)

    async def _token(self, line: str) -> CliToken:
        try:
            return await self.tokens.take()
        except TokenError as error:
            error.environment, error.command = self._environment, redacted(line)
            raise

    async def _post_once(self, token: CliToken, line: str) -> Answer:
        return await self._web_server.post(
            token.hostname, token.value, line, still_fresh=lambda: self.tokens.use(token)
        )

    def _too_large(self, line: str, error: TooLargeError) -> OutputError:
        return OutputError(
            f"{self._environment}: {redacted(line)!r} ran, but {error}; ask for less of it",
            environment=self._environment,
            command=redacted(line),
        )

    def _leave_alone(self, errand: Errand) -> None:
        """Keep the environment closed: the command may be running, and nobody will see its end."""
        errand.maybe_ran = True
        errand.closed_until = now() + self._settle_time
