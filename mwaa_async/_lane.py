"""The lane of one environment: the one place where a command waits, takes its token, is posted and leaves."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from mwaa_async._aws import CliTokenAnswer
from mwaa_async._clock import now
from mwaa_async._errors import MwaaError, OutputError, QueueTimeoutError, TokenError
from mwaa_async._guards import Guard, Slot
from mwaa_async._identity import EnvironmentId
from mwaa_async._outcomes import (
    TOKEN_REFUSED,
    check,
    error_after,
    excerpt,
    not_connected,
    outcome_unknown,
    ran,
    seconds_to_wait,
)
from mwaa_async._protocol.answers import GarbledAnswerError
from mwaa_async._protocol.reads import only_reads
from mwaa_async._protocol.secrets import redacted
from mwaa_async._result import CommandResult
from mwaa_async._setbacks import (
    ConnectionGoneError,
    Setback,
    StatusError,
    TokenTooOldError,
    end_is_unseen,
    outcome_is_unknown,
    pause_before_repeat,
)
from mwaa_async._tokens import CliToken, Tokens
from mwaa_async._web_server import Answer, TooLargeError, WebServer

logger = logging.getLogger("mwaa_async")

_TRIES = 4  # of which the last one comes about two seconds after the first, where no connection comes about


@dataclass(frozen=True, slots=True)
class EnvironmentStatistics:
    """What one client does with one environment at this moment, and has done so far.

    `queued` commands wait for their turn and `running` (0 or 1) is with the web server, also when nobody waits for it
    any more. `completed` and `failed` count the commands that ended well and with an error. While `settling`, no
    command is sent because the end of the one before could not be seen.
    """

    queued: int
    running: int
    completed: int
    failed: int
    tokens_fetched: int
    settling: bool


@dataclass(eq=False, slots=True)
class Turn:
    """A command that has the environment's slot, and the outcome that its caller waits for.

    `maybe_ran` says that a request was sent of whose end nothing is known; until `closed_until` the command of that
    request may be running.
    """

    line: str = field(repr=False)  # it may hold secrets
    slot: Slot
    began_at: float
    outcome: asyncio.Future[Answer]
    task: asyncio.Task[None] | None = None
    setbacks: list[Setback] = field(default_factory=list)
    maybe_ran: bool = False
    closed_until: float = 0.0


class Lane:
    """Runs the commands of one client for one environment, each in its turn.

    A turn belongs to a task of the lane's own, which holds the guard's slot from beginning to end. Whoever waits for
    the command may go away at any time: what is on the wire goes on without them.
    """

    def __init__(
        self,
        identity: EnvironmentId,
        *,
        guard: Guard,
        fetch_token: Callable[[], Awaitable[CliTokenAnswer]],
        token_lifetime: float,
        web_server: WebServer,
        settle_time: float,
        retry_reads: bool,
    ) -> None:
        self._identity = identity
        self._guard = guard
        self._tokens = Tokens(fetch_token, token_lifetime, wanted_next=self._is_one_waiting)
        self._web_server = web_server
        self._settle_time = settle_time
        self._retry_reads = retry_reads
        self._queue: set[asyncio.Timeout] = set()
        self._turn: Turn | None = None
        self._settling_until = -math.inf
        self._completed = self._failed = 0
        self._closed = False

    async def run(
        self, line: str, *, timeout: float | None, queue_timeout: float | None, check_failure: bool
    ) -> CommandResult:
        """Run one command line in its turn; see `Environment.run`."""
        try:
            asked_at = now()
            slot = await self._wait_for_slot(line, queue_timeout)
            turn = self._begin_turn(line, slot)
            answer = await self._outcome(turn, timeout)
            result = await self._result(turn, answer, asked_at)
            if check_failure:
                check(result)
        except MwaaError:
            self._failed += 1
            raise
        self._completed += 1
        return result

    def statistics(self) -> EnvironmentStatistics:
        """Return what the lane does and has done."""
        return EnvironmentStatistics(
            queued=len(self._queue),
            running=int(self._turn is not None),
            completed=self._completed,
            failed=self._failed,
            tokens_fetched=self._tokens.fetched,
            settling=now() < self._settling_until,
        )

    async def aclose(self) -> None:
        """Send away who is queued, wait for what is on the wire (at most `settle_time`), and close the connection."""
        self._closed = True
        for waiting in self._queue:
            waiting.reschedule(now())
        if self._turn is not None and self._turn.task is not None:
            await self._end(self._turn.task)
        await self._tokens.aclose()
        await self._web_server.aclose()

    async def _end(self, task: asyncio.Task[None]) -> None:
        if self._web_server.on_wire:
            await asyncio.wait([task], timeout=self._settle_time)
        _cancel_once(task)
        await asyncio.wait([task])

    async def _wait_for_slot(self, line: str, queue_timeout: float | None) -> Slot:
        if self._turn is not None:
            self._tokens.prefetch_if_due()
        try:
            async with asyncio.timeout(queue_timeout) as waiting:
                self._queue.add(waiting)
                try:
                    return await self._guard.acquire(self._identity)
                finally:
                    self._queue.discard(waiting)
        except TimeoutError:
            cause = "the client was closed" if self._closed else f"its turn did not come within {queue_timeout:g} s"
            raise self._sent_away(line, cause) from None

    def _is_one_waiting(self) -> bool:
        return bool(self._queue) and self._turn is not None

    def _sent_away(self, line: str, cause: str) -> QueueTimeoutError:
        return QueueTimeoutError(
            f"{self._identity.name}: {cause}; {redacted(line)!r} has not run",
            environment=self._identity.name,
            command=redacted(line),
        )

    def _begin_turn(self, line: str, slot: Slot) -> Turn:
        turn = self._turn = Turn(line, slot, began_at=now(), outcome=asyncio.get_running_loop().create_future())
        turn.task = asyncio.create_task(self._take_turn(turn))
        turn.task.add_done_callback(lambda task: self._turn_ended(turn, task))
        return turn

    def _turn_ended(self, turn: Turn, task: asyncio.Task[None]) -> None:
        """Tell the outcome where the turn did not end well; nobody may be left to wait for it."""
        error = self._closed_in_turn(turn) if task.cancelled() else task.exception()
        if error is None:
            return
        if turn.outcome.done():
            logger.info("an abandoned command ended: %s", error)
        else:
            turn.outcome.set_exception(error)

    def _closed_in_turn(self, turn: Turn) -> MwaaError:
        if turn.maybe_ran:
            return outcome_unknown(turn.line, self._identity.name, "the client was closed")
        return self._sent_away(turn.line, "the client was closed")

    async def _outcome(self, turn: Turn, timeout: float | None) -> Answer:
        """Wait for the turn's outcome, and leave the turn to itself where the waiting is over before."""
        try:
            if timeout is None:
                return await turn.outcome
            async with asyncio.timeout(timeout):
                return await turn.outcome
        except TimeoutError:
            raise self._timed_out(turn, timeout) from None
        except asyncio.CancelledError:
            self._abandon(turn)
            raise

    async def _result(self, turn: Turn, answer: Answer, asked_at: float) -> CommandResult:
        name, took = self._identity.name, answer.came_at - turn.began_at
        try:
            stdout, stderr = await answer.output()
        except GarbledAnswerError as error:
            cause = f"{error} (HTTP {answer.status} {excerpt(answer.body, turn.line)})"
            raise outcome_unknown(turn.line, name, cause, answer.status) from error
        return CommandResult(name, turn.line, stdout, stderr, answer.status, turn.began_at - asked_at, took)

    def _timed_out(self, turn: Turn, timeout: float | None) -> MwaaError:
        sent = self._web_server.on_wire or turn.maybe_ran
        self._abandon(turn)
        if sent:
            return outcome_unknown(turn.line, self._identity.name, f"no answer within {timeout:g} s")
        return not_connected(turn.line, self._identity.name, f"no token and connection within {timeout:g} s")

    def _abandon(self, turn: Turn) -> None:
        if not self._web_server.on_wire and turn.task is not None:
            _cancel_once(turn.task)

    async def _take_turn(self, turn: Turn) -> None:
        """Deliver the command, and give the slot back as soon as the web server is done with it."""
        try:
            answer = await self._deliver(turn)
            if turn.outcome.done():
                logger.info("an abandoned command ended: HTTP %d", answer.status)
            else:
                turn.outcome.set_result(answer)
        except asyncio.CancelledError:
            if self._web_server.was_on_wire():
                self._leave_alone(turn)
            raise
        finally:
            self._turn = None
            closed_for = max(0.0, turn.closed_until - now()) if turn.maybe_ran else 0.0
            await turn.slot.release(closed_for=closed_for)

    def _leave_alone(self, turn: Turn) -> None:
        """Keep the environment closed: the command may be running, and nobody will see its end."""
        turn.maybe_ran = True
        turn.closed_until = self._settling_until = now() + self._settle_time

    async def _deliver(self, turn: Turn) -> Answer:
        """Have the command run, with as many tries as are safe. Raises `MwaaError`."""
        try:
            return await self._try(turn)
        except Setback as setback:
            return await self._try_again(turn, setback)
        except TooLargeError as error:
            raise self._too_large(turn.line, error) from None

    async def _try_again(self, turn: Turn, first: Setback) -> Answer:
        import stamina

        tries = stamina.retry_context(on=lambda error: self._pause(turn, error), attempts=_TRIES, timeout=None)
        try:
            async for attempt in tries:
                with attempt:
                    if attempt.num == 1:
                        raise first
                    return await self._try(turn)
        except Setback as setback:
            raise self._error(turn, error_after(setback, turn.line, self._identity.name)) from setback
        except MwaaError as error:
            raise self._error(turn, error) from error.__cause__
        raise AssertionError("stamina ends with a result or an exception")

    def _pause(self, turn: Turn, error: Exception) -> float | bool:
        """Decide about the next try; called once for each setback."""
        if not isinstance(error, Setback):
            return False
        may_run_twice = self._retry_reads and only_reads(turn.line)
        pause = pause_before_repeat(error, turn.setbacks, may_run_twice=may_run_twice, settle_time=self._settle_time)
        turn.setbacks.append(error)
        return pause

    def _error(self, turn: Turn, error: MwaaError) -> MwaaError:
        """Return the error, or a more honest one where an earlier try of this command may have run."""
        if turn.maybe_ran and error.ran is False:
            return outcome_unknown(turn.line, self._identity.name, f"the answer was lost, and then: {error}")
        return error

    async def _try(self, turn: Turn) -> Answer:
        """Try once. Raises `Setback`, or `TokenError`."""
        try:
            answer = await self._post_with_token(turn.line)
            if not ran(answer.status):
                raise StatusError(answer.status, answer.body, seconds_to_wait(answer.retry_after))
        except Setback as setback:
            if end_is_unseen(setback):
                self._leave_alone(turn)
            elif outcome_is_unknown(setback):
                turn.maybe_ran = True
            raise
        return answer

    async def _post_with_token(self, line: str) -> Answer:
        """Post the command, with another token where the web server refuses the first."""
        token = await self._token(line)
        answer = await self._post(token, line)
        if answer.status not in TOKEN_REFUSED:
            return answer
        self._tokens.refused(token)
        answer = await self._post(await self._token(line), line)
        if token.uses > 1 and answer.status not in TOKEN_REFUSED:
            self._tokens.stop_reusing()
        return answer

    async def _token(self, line: str) -> CliToken:
        try:
            return await self._tokens.take()
        except TokenError as error:
            error.environment, error.command = self._identity.name, redacted(line)
            raise

    async def _post(self, token: CliToken, line: str) -> Answer:
        self._tokens.prefetch_if_due()
        try:
            return await self._post_once(token, line)
        except ConnectionGoneError:
            return await self._post_once(token, line)
        except TokenTooOldError:
            return await self._post_once(await self._token(line), line)

    async def _post_once(self, token: CliToken, line: str) -> Answer:
        return await self._web_server.post(
            token.hostname, token.value, line, still_fresh=lambda: self._tokens.is_fresh(token)
        )

    def _too_large(self, line: str, error: TooLargeError) -> OutputError:
        return OutputError(
            f"{self._identity.name}: {redacted(line)!r} ran, but {error}; ask for less of it",
            environment=self._identity.name,
            command=redacted(line),
        )

    def __repr__(self) -> str:
        return f"<Lane {self._identity} [{int(self._turn is not None)} running, {len(self._queue)} queued]>"


def _cancel_once(task: asyncio.Task[None]) -> None:
    # A second cancellation could strike while the slot is being given back.
    if not task.done() and not task.cancelling():
        task.cancel()
