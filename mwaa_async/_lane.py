"""The lane of one environment: the one place where a command waits, takes its token, is posted and leaves."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mwaa_async._aws import CliTokenAnswer
from mwaa_async._clock import now
from mwaa_async._errors import ConnectError, MwaaError, OutputError, QueueTimeoutError, TokenError
from mwaa_async._guards import Guard, Slot
from mwaa_async._identity import EnvironmentId
from mwaa_async._outcomes import (
    TOKEN_REFUSED,
    bad_status,
    check,
    end_is_unseen,
    excerpt,
    outcome_unknown,
    ran,
    seconds_to_wait,
)
from mwaa_async._protocol.answers import GarbledAnswerError
from mwaa_async._protocol.secrets import redacted
from mwaa_async._result import CommandResult
from mwaa_async._tokens import CliToken, Tokens
from mwaa_async._web_server import (
    Answer,
    ConnectionGoneError,
    LostError,
    NotSentError,
    TokenTooOldError,
    TooLargeError,
    WebServer,
)

logger = logging.getLogger("mwaa_async")

_ATTEMPTS = 3  # to get a request onto the wire, where nothing of it was sent before


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
    """A command that has the environment's slot, and the outcome that its caller waits for."""

    line: str
    slot: Slot
    began_at: float
    outcome: asyncio.Future[Answer]
    task: asyncio.Task[None] | None = None


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
    ) -> None:
        self._identity = identity
        self._guard = guard
        self._tokens = Tokens(fetch_token, token_lifetime, wanted_next=self._is_one_waiting)
        self._web_server = web_server
        self._settle_time = settle_time
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
            task = self._turn.task
            await asyncio.wait([task], timeout=self._settle_time)
            _cancel_once(task)
            await asyncio.wait([task])
        await self._tokens.aclose()
        await self._web_server.aclose()

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
        raise QueueTimeoutError(
            f"{self._identity.name}: {cause}; {redacted(line)!r} has not run",
            environment=self._identity.name,
            command=redacted(line),
        )

    def _is_one_waiting(self) -> bool:
        return bool(self._queue) and self._turn is not None

    def _begin_turn(self, line: str, slot: Slot) -> Turn:
        turn = self._turn = Turn(line, slot, began_at=now(), outcome=asyncio.get_running_loop().create_future())
        turn.task = asyncio.create_task(self._take_turn(turn))
        return turn

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
        self._abandon(turn)
        if self._web_server.on_wire:
            return outcome_unknown(turn.line, self._identity.name, f"no answer within {timeout:g} s")
        return self._not_connected(turn.line, f"no token and connection within {timeout:g} s")

    def _abandon(self, turn: Turn) -> None:
        if not self._web_server.on_wire and turn.task is not None:
            _cancel_once(turn.task)

    async def _take_turn(self, turn: Turn) -> None:
        """Deliver the command, tell the outcome, and give the slot back as soon as the web server is done."""
        closed_for = 0.0
        try:
            answer = await self._deliver(turn.line)
            if end_is_unseen(answer.status):
                closed_for = self._settle_time
            _tell(turn, self._usable(turn.line, answer))
        except LostError as error:
            closed_for = self._settle_time
            _tell(turn, outcome_unknown(turn.line, self._identity.name, str(error)))
        except TooLargeError as error:
            _tell(turn, self._too_large(turn.line, error))
        except MwaaError as error:
            _tell(turn, error)
        except asyncio.CancelledError:
            closed_for = self._settle_time if self._web_server.on_wire else 0.0
            raise
        finally:
            self._turn = None
            if closed_for:
                self._settling_until = now() + closed_for
            await turn.slot.release(closed_for=closed_for)

    async def _deliver(self, line: str) -> Answer:
        """Post the command until the web server has taken it, with another token where it refuses the first."""
        token = await self._token()
        answer = await self._connect_and_post(token, line)
        if answer.status not in TOKEN_REFUSED:
            return answer
        self._tokens.refused(token)
        answer = await self._connect_and_post(await self._token(), line)
        if token.uses > 1 and answer.status not in TOKEN_REFUSED:
            self._tokens.stop_reusing()
        return answer

    async def _token(self) -> CliToken:
        try:
            return await self._tokens.take()
        except TokenError as error:
            error.environment = self._identity.name
            raise

    async def _connect_and_post(self, token: CliToken, line: str) -> Answer:
        for _ in range(_ATTEMPTS - 1):
            try:
                return await self._post(token, line)
            except ConnectionGoneError:
                continue
            except TokenTooOldError:
                token = await self._token()
            except NotSentError as error:
                raise self._not_connected(line, f"{token.hostname}: {error}") from error
        try:
            return await self._post(token, line)
        except NotSentError as error:
            raise self._not_connected(line, f"{token.hostname}: {error}") from error

    def _not_connected(self, line: str, cause: str) -> ConnectError:
        return ConnectError(
            f"{self._identity.name}: no connection to the web server: {cause}; {redacted(line)!r} has not run",
            environment=self._identity.name,
            command=redacted(line),
        )

    def _too_large(self, line: str, error: TooLargeError) -> OutputError:
        return OutputError(
            f"{self._identity.name}: {redacted(line)!r} ran, but {error}; ask for less of it",
            environment=self._identity.name,
            command=redacted(line),
        )

    def _usable(self, line: str, answer: Answer) -> Answer | MwaaError:
        if ran(answer.status):
            return answer
        return bad_status(line, self._identity.name, answer.status, answer.body, seconds_to_wait(answer.retry_after))

    async def _post(self, token: CliToken, line: str) -> Answer:
        self._tokens.prefetch_if_due()
        return await self._web_server.post(
            token.hostname, token.value, line, still_fresh=lambda: self._tokens.is_fresh(token)
        )

    def __repr__(self) -> str:
        state = self.statistics()
        return f"<Lane {self._identity} [{state.running} running, {state.queued} queued]>"


def _tell(turn: Turn, outcome: Answer | MwaaError) -> None:
    if turn.outcome.done():
        logger.info("an abandoned command ended: %s", outcome)
    elif isinstance(outcome, MwaaError):
        turn.outcome.set_exception(outcome)
    else:
        turn.outcome.set_result(outcome)


def _cancel_once(task: asyncio.Task[None]) -> None:
    # A second cancellation could strike while the slot is being given back.
    if not task.done() and not task.cancelling():
        task.cancel()
