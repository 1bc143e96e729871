"""The lane of one environment: the one place where a command waits, has its turn, and leaves."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from mwaa_async._aws import CliTokenAnswer
from mwaa_async._clock import now
from mwaa_async._errors import MwaaError, QueueTimeoutError
from mwaa_async._execution import Execution, Request
from mwaa_async._guards import Guard, Slot
from mwaa_async._identity import EnvironmentId
from mwaa_async._outcomes import check, not_connected, outcome_unknown
from mwaa_async._protocol.secrets import redacted
from mwaa_async._result import CommandResult
from mwaa_async._tokens import Tokens
from mwaa_async._web_server import WebServer

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
    """A command in the lane, from the moment in which it is asked for until its slot is given back.

    The caller waits for `outcome`, which whoever comes first sets: the answer, an error, or a time-out. `timer` is that
    of `queue_timeout` while the command is queued, and that of `timeout` from then on. A turn that is `unwanted` before
    its task has `begun` is over as soon as it begins: a task that is cancelled before its first step never takes it.
    While it is `leaving`, it gives back the slot and must not be cancelled.
    """

    request: Request
    outcome: asyncio.Future[CommandResult]
    timeout: float | None
    task: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None
    begun: bool = False
    unwanted: bool = False
    leaving: bool = False

    def stop(self) -> None:
        """Cancel the task, unless it is giving back the slot already."""
        if self.begun and not self.unwanted and not self.leaving and self.task is not None:
            self.task.cancel()
        self.unwanted = True


class Lane:
    """Runs the commands of one client for one environment, each in its turn.

    A turn belongs to a task of the lane's own, which waits for the guard's slot and holds it to the end. Whoever waits
    for the command may go away at any time: what is on the wire goes on without them.
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
        admit: Callable[[str], Awaitable[None]],
        first_path: Callable[[], str],
    ) -> None:
        self._identity = identity
        self._guard = guard
        self._tokens = Tokens(fetch_token, token_lifetime, wanted_next=self._is_one_waiting)
        self._web_server = web_server
        self._execution = Execution(
            identity.name,
            tokens=self._tokens,
            web_server=web_server,
            settle_time=settle_time,
            admit=admit,
            first_path=first_path,
        )
        self._settle_time = settle_time
        self._queue: dict[Turn, None] = {}  # a set that keeps its order
        self._turn: Turn | None = None
        self._settling_until = 0.0
        # Whoever sends a command as soon as the one before has ended says so here: the next token is fetched in time.
        self.more_to_come: Callable[[], bool] = lambda: False
        self._completed = self._failed = 0
        self._closed = False

    async def run(
        self,
        line: str,
        *,
        timeout: float | None,
        queue_timeout: float | None,
        check_failure: bool,
        idempotent: bool,
    ) -> CommandResult:
        """Run one command line in its turn; see `Environment.run`."""
        try:
            turn = self._enter(line, timeout, queue_timeout, idempotent=idempotent)
            try:
                result = await turn.outcome
            except asyncio.CancelledError:
                self._abandon(turn)
                raise
            if check_failure:
                check(result)
        except MwaaError:
            self._failed += 1
            raise
        self._completed += 1
        return result

    def send_away(self, words: Sequence[str], cause: str) -> None:
        """End the waiting of queued commands with one of these words in them; they are not sent."""
        for turn in [turn for turn in self._queue if any(word in turn.request.line for word in words)]:
            self._send_away(turn, cause)

    def statistics(self) -> EnvironmentStatistics:
        """Return what the lane does and has done."""
        return EnvironmentStatistics(
            queued=len(self._queue),
            running=int(self._turn is not None),
            completed=self._completed,
            failed=self._failed,
            tokens_fetched=self._tokens.fetched,
            settling=now() < (self._turn.request.closed_until if self._turn else self._settling_until),
        )

    async def aclose(self) -> None:
        """Send away who is queued, wait for what is on the wire (at most `settle_time`), and close the connection."""
        self._closed = True
        tasks = [turn.task for turn in self._queue if turn.task is not None]
        for turn in list(self._queue):
            self._send_away(turn, "the client was closed")
        if tasks:
            await asyncio.wait(tasks)
        while self._turn is not None and self._turn.task is not None:
            await self._end(self._turn, self._turn.task)
        await self._tokens.aclose()
        await self._web_server.aclose()

    async def _end(self, turn: Turn, task: asyncio.Task[None]) -> None:
        if turn.request.is_open:
            await asyncio.wait([task], timeout=self._settle_time)
        turn.stop()
        await asyncio.wait([task])

    def _enter(self, line: str, timeout: float | None, queue_timeout: float | None, *, idempotent: bool) -> Turn:
        """Let the command join the queue."""
        if self._closed:
            raise self._sent_away(line, "the client was closed")
        loop = asyncio.get_running_loop()
        turn = Turn(Request(line, idempotent, loop.time()), loop.create_future(), timeout)
        self._queue[turn] = None
        if self._turn is not None:
            self._tokens.prefetch_if_due()
        if queue_timeout is not None:
            cause = f"its turn did not come within {queue_timeout:g} s"
            turn.timer = loop.call_later(queue_timeout, self._send_away, turn, cause)
        turn.task = asyncio.create_task(self._take_turn(turn))
        return turn

    def _is_one_waiting(self) -> bool:
        return (bool(self._queue) or self.more_to_come()) and self._turn is not None

    def _send_away(self, turn: Turn, cause: str) -> None:
        """End the waiting of a command that is queued."""
        _tell(turn, self._sent_away(turn.request.line, cause))
        turn.stop()

    def _sent_away(self, line: str, cause: str) -> QueueTimeoutError:
        return QueueTimeoutError(
            f"{self._identity.name}: {cause}; {redacted(line)!r} has not run",
            environment=self._identity.name,
            command=redacted(line),
        )

    async def _take_turn(self, turn: Turn) -> None:
        """Wait for the slot, deliver the command, and give the slot back as soon as the web server is done."""
        turn.begun = True
        try:
            slot = None if turn.unwanted else await self._guard.acquire(self._identity)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the caller's to handle
            _tell(turn, error)
            return
        finally:
            self._queue.pop(turn, None)
            if turn.timer is not None:
                turn.timer.cancel()
        if slot is not None:
            await self._use(slot, turn)

    async def _use(self, slot: Slot, turn: Turn) -> None:
        self._turn = turn
        try:
            if turn.unwanted or self._closed:  # in the same round of the event loop in which the turn came
                raise asyncio.CancelledError
            self._come(turn)
            _tell(turn, await self._execution.execute(turn.request))
        except asyncio.CancelledError:
            _tell(turn, self._closed_in_turn(turn))
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the caller's to handle
            _tell(turn, error)
        finally:
            turn.leaving = True
            self._settling_until = turn.request.closed_until
            if turn.timer is not None:
                turn.timer.cancel()
            await slot.release(closed_for=max(0.0, turn.request.closed_until - now()))
            if self._turn is turn:
                self._turn = None

    def _come(self, turn: Turn) -> None:
        loop = asyncio.get_running_loop()
        turn.request.began_at = loop.time()
        if turn.timeout is not None:
            turn.timer = loop.call_later(turn.timeout, self._time_out, turn)

    def _time_out(self, turn: Turn) -> None:
        """End the waiting for a command whose turn has come; what is on the wire goes on."""
        line, name = turn.request.line, self._identity.name
        if turn.request.is_open or turn.request.maybe_ran:
            _tell(turn, outcome_unknown(line, name, f"no answer within {turn.timeout:g} s"))
        else:
            _tell(turn, not_connected(line, name, f"no token and connection within {turn.timeout:g} s"))
        self._abandon(turn)

    def _abandon(self, turn: Turn) -> None:
        """Leave the turn to itself: nobody waits for it any more."""
        if not turn.request.is_open:
            turn.stop()

    def _closed_in_turn(self, turn: Turn) -> MwaaError:
        if turn.request.maybe_ran:
            return outcome_unknown(turn.request.line, self._identity.name, "the client was closed")
        return self._sent_away(turn.request.line, "the client was closed")

    def __repr__(self) -> str:
        return f"<Lane {self._identity} [{int(self._turn is not None)} running, {len(self._queue)} queued]>"


def _tell(turn: Turn, outcome: CommandResult | Exception) -> None:
    if turn.outcome.done():
        logger.info("a command that nobody waits for any more ended: %r", outcome)
    elif isinstance(outcome, CommandResult):
        turn.outcome.set_result(outcome)
    else:
        turn.outcome.set_exception(outcome)
