"""The lane of one environment: the one place where a command waits, takes its token, is posted and leaves."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mwaa_async._aws import CliTokenAnswer
from mwaa_async._clock import now
from mwaa_async._delivery import Delivery, Errand
from mwaa_async._errors import MwaaError, QueueTimeoutError
from mwaa_async._guards import Guard, Slot
from mwaa_async._identity import EnvironmentId
from mwaa_async._outcomes import check, excerpt, not_connected, outcome_unknown
from mwaa_async._protocol.answers import GarbledAnswerError
from mwaa_async._protocol.secrets import redacted
from mwaa_async._result import CommandResult
from mwaa_async._web_server import Answer, WebServer

logger = logging.getLogger("mwaa_async")


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

    `ended` is the outcome, too, also for a caller who stopped waiting in the same round of the event loop. A turn that
    is `unwanted` before its task has `begun` is over as soon as it begins: a task that is cancelled before its first
    step never takes it, and could not give back the slot.
    """

    errand: Errand
    slot: Slot
    began_at: float
    outcome: asyncio.Future[Answer]
    task: asyncio.Task[None] | None = None
    ended: Answer | Exception | None = None
    begun: bool = False
    unwanted: bool = False

    def stop(self) -> None:
        """Cancel the task, unless it is giving back the slot already."""
        if self.begun and not self.unwanted and self.ended is None and self.task is not None:
            self.task.cancel()
        self.unwanted = True


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
        self._delivery = Delivery(
            identity.name,
            fetch_token=fetch_token,
            token_lifetime=token_lifetime,
            wanted_next=self._is_one_waiting,
            web_server=web_server,
            settle_time=settle_time,
            retry_reads=retry_reads,
        )
        self._settle_time = settle_time
        self._queue: set[asyncio.Timeout] = set()
        self._turn: Turn | None = None
        self._settling_until = 0.0
        self._completed = self._failed = 0
        self._closed = False

    async def run(
        self, line: str, *, timeout: float | None, queue_timeout: float | None, check_failure: bool
    ) -> CommandResult:
        """Run one command line in its turn; see `Environment.run`."""
        try:
            asked_at = now()
            turn = self._begin_turn(line, await self._wait_for_slot(line, queue_timeout))
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
            tokens_fetched=self._delivery.tokens.fetched,
            settling=now() < (self._turn.errand.closed_until if self._turn else self._settling_until),
        )

    async def aclose(self) -> None:
        """Send away who is queued, wait for what is on the wire (at most `settle_time`), and close the connection."""
        self._closed = True
        for waiting in self._queue:
            if not waiting.expired():
                waiting.reschedule(now())
        while self._turn is not None and self._turn.task is not None:
            await self._end(self._turn, self._turn.task)
        await self._delivery.aclose()

    async def _end(self, turn: Turn, task: asyncio.Task[None]) -> None:
        if self._delivery.on_wire:
            await asyncio.wait([task], timeout=self._settle_time)
        turn.stop()
        await asyncio.wait([task])

    async def _wait_for_slot(self, line: str, queue_timeout: float | None) -> Slot:
        if self._closed:
            raise self._sent_away(line, "the client was closed")
        if self._turn is not None:
            self._delivery.tokens.prefetch_if_due()
        try:
            async with asyncio.timeout(queue_timeout) as waiting:
                self._queue.add(waiting)
                try:
                    return await self._guard.acquire(self._identity)
                finally:
                    self._queue.discard(waiting)
        except TimeoutError:
            cause = "the client was closed" if self._closed else f"its turn did not come within {queue_timeout} s"
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
        turn = self._turn = Turn(Errand(line), slot, now(), asyncio.get_running_loop().create_future())
        turn.unwanted = self._closed  # in the same round of the event loop in which the turn came
        turn.task = asyncio.create_task(self._take_turn(turn))
        return turn

    def _closed_in_turn(self, turn: Turn) -> MwaaError:
        if turn.errand.maybe_ran:
            return outcome_unknown(turn.errand.line, self._identity.name, "the client was closed")
        return self._sent_away(turn.errand.line, "the client was closed")

    async def _outcome(self, turn: Turn, timeout: float | None) -> Answer:
        """Wait for the turn's outcome, and leave the turn to itself where the waiting is over before."""
        try:
            if timeout is None:
                return await turn.outcome
            async with asyncio.timeout(timeout):
                return await turn.outcome
        except TimeoutError:
            if isinstance(turn.ended, Answer):
                return turn.ended
            raise turn.ended or self._timed_out(turn, timeout) from None
        except asyncio.CancelledError:
            self._abandon(turn)
            raise

    async def _result(self, turn: Turn, answer: Answer, asked_at: float) -> CommandResult:
        name, took = self._identity.name, answer.came_at - turn.began_at
        try:
            stdout, stderr = await answer.output()
        except GarbledAnswerError as error:
            cause = f"{error} (HTTP {answer.status} {excerpt(answer.body, turn.errand.line)})"
            raise outcome_unknown(turn.errand.line, name, cause, answer.status) from error
        return CommandResult(name, turn.errand.line, stdout, stderr, answer.status, turn.began_at - asked_at, took)

    def _timed_out(self, turn: Turn, timeout: float | None) -> MwaaError:
        sent = self._delivery.on_wire or turn.errand.maybe_ran
        self._abandon(turn)
        if sent:
            return outcome_unknown(turn.errand.line, self._identity.name, f"no answer within {timeout:g} s")
        return not_connected(turn.errand.line, self._identity.name, f"no token and connection within {timeout:g} s")

    def _abandon(self, turn: Turn) -> None:
        if not self._delivery.on_wire:
            turn.stop()

    async def _take_turn(self, turn: Turn) -> None:
        """Deliver the command, tell the outcome, and give the slot back as soon as the web server is done."""
        turn.begun = True
        try:
            if turn.unwanted:
                raise asyncio.CancelledError
            _tell(turn, await self._delivery.deliver(turn.errand))
        except asyncio.CancelledError:
            _tell(turn, self._closed_in_turn(turn))
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the caller's to handle
            _tell(turn, error)
        finally:
            self._settling_until = turn.errand.closed_until
            await turn.slot.release(closed_for=max(0.0, turn.errand.closed_until - now()))
            if self._turn is turn:
                self._turn = None

    def __repr__(self) -> str:
        return f"<Lane {self._identity} [{int(self._turn is not None)} running, {len(self._queue)} queued]>"


def _tell(turn: Turn, outcome: Answer | Exception) -> None:
    turn.ended = outcome
    if turn.outcome.done():
        logger.info("an abandoned command ended: %s", outcome)
    elif isinstance(outcome, Answer):
        turn.outcome.set_result(outcome)
    else:
        turn.outcome.set_exception(outcome)
