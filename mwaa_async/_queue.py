"""The queue of one environment: where a command waits, has its turn, and leaves.

One deque, and one worker, a task that runs while somebody waits. This is the way of one command:

    get ready   version and token, before the slot: nobody holds it while AWS is asked
    acquire     the guard's slot
    take        the first command that still waits; whoever was cancelled has left the queue
    execute     requests, until there is an answer or a reason to give up (`_execution.py`)
    release     the slot, closed for as long as an end that nobody saw demands
"""

import asyncio
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from mwaa_async._clock import Allowance, allowed, now
from mwaa_async._errors import MwaaError, QueueTimeoutError
from mwaa_async._execution import Execution
from mwaa_async._guards import QueueingGuard, RequestSlot
from mwaa_async._identity import EnvironmentId
from mwaa_async._model.result import CommandResult
from mwaa_async._model.statistics import EnvironmentStatistics
from mwaa_async._outcomes import check, not_connected, outcome_unknown
from mwaa_async._protocol.secrets import redacted
from mwaa_async._reporting import Reporter
from mwaa_async._request import Request
from mwaa_async._waiting import Waiting

T = TypeVar("T")

_CLOSED = "the client was closed"
_SLACK = 64  # commands that have left the queue and may be in it still, beside as many as wait


@dataclass(eq=False, slots=True)
class Submitted:
    """A command that was asked for: its caller waits for `outcome`, which whoever is first sets.

    Of its two allowances one passes at a time: `in_queue` (`queue_timeout`) while it waits for its turn, and `in_turn`
    (`timeout=`) while AWS is asked for it and while it is executed.
    """

    request: Request
    queue: "CommandQueue"
    outcome: asyncio.Future[CommandResult]
    in_queue: Allowance | None
    in_turn: Allowance | None
    is_queued: bool = True

    def result(self, *, check_failure: bool) -> Coroutine[Any, Any, CommandResult]:
        """Return what waits for the result, once; see `Environment.run`."""
        return self.queue.result(self, check_failure=check_failure)

    def wait_at_most(self, seconds: float) -> None:
        """Wait in the queue for that many seconds from now on, as if they had been its `queue_timeout`."""
        if self.is_queued:
            self.queue.limit(self, seconds)

    def leave(self, cause: str) -> None:
        """Leave the queue, where it waits for its turn still; the caller gets the cause as an error."""
        self.queue.leave(self, cause)


class CommandQueue:
    """Runs the commands of one client for one environment, one at a time, in the order in which they are submitted.

    Whoever waits for a command may go away at any time: an open request goes on to its end without them, and no other
    one is begun for them.
    """

    def __init__(
        self,
        identity: EnvironmentId,
        *,
        guard: QueueingGuard,
        execution: Execution,
        settle_time: float,
        waiting: Waiting,
        report: Reporter,
    ) -> None:
        self._identity = identity
        self._guard = guard
        self._execution = execution
        self._settle_time = settle_time
        self._wait = waiting
        self._report = report
        self._waiting: deque[Submitted] = deque()  # and those who have left, until their turn comes
        self._queued = 0
        self._running: Submitted | None = None
        self._worker: asyncio.Task[None] | None = None
        self._may_be_interrupted = self._is_interrupted = False
        self._settling_until = 0.0
        self._completed = self._failed = 0
        self._is_closed = False

    @property
    def has_next(self) -> bool:
        """Tell whether a command is running and another one follows it."""
        return self._running is not None and self._queued > 0

    def submit(
        self,
        line: str,
        *,
        timeout: float | Allowance | None,
        queue_timeout: float | Allowance | None,
        idempotent: bool,
    ) -> Submitted:
        """Put a command line into the queue; whoever does waits for its result. Raises `QueueTimeoutError`.

        The time-outs are seconds, or an allowance of which the commands of one method take what is left.
        """
        if self._is_closed:
            self._failed += 1
            raise self._not_run(line, _CLOSED)
        return self._submit(Request(line, idempotent, now()), timeout, queue_timeout)

    async def result(self, command: Submitted, *, check_failure: bool) -> CommandResult:
        """Wait for the result of a command that was submitted. Raises `MwaaError`."""
        # All in one coroutine: where 100,000 commands wait, each one that awaits another one counts.
        try:
            result = await command.outcome
            if check_failure:
                check(result)
        except MwaaError as error:
            self._failed += 1
            self._report.ended(command.request, error)
            raise
        except asyncio.CancelledError as error:
            self._report.ended(command.request, error)
            self._cancelled(command)
            raise
        self._completed += 1
        self._report.ended(command.request)
        return result

    def limit(self, command: Submitted, seconds: float) -> None:
        """Let a command that has no `queue_timeout` wait for its turn for that many seconds from now on."""
        command.in_queue = Allowance(seconds, seconds)
        command.in_queue.run(self._time_out_in_queue, command)

    def leave(self, command: Submitted, cause: str) -> None:
        """Take a command out of the queue, where it waits for its turn; its caller gets the cause."""
        if command.is_queued:
            self._leave(command, self._not_run(command.request.line, cause))

    def statistics(self) -> EnvironmentStatistics:
        """Return what the queue does and has done."""
        running = self._running
        return EnvironmentStatistics(
            queued=self._queued,
            running=int(running is not None),
            completed=self._completed,
            failed=self._failed,
            tokens_fetched=self._execution.tokens_fetched,
            settling=now() < (running.request.closed_until if running else self._settling_until),
        )

    async def aclose(self) -> None:
        """End the waiting of those who are queued, wait for an open request (at most `settle_time`), and close."""
        self._is_closed = True
        for command in self._waiting:
            self.leave(command, _CLOSED)
        if self._worker is not None:
            await self._end(self._worker)
        self._wait.close()
        await self._execution.aclose()

    async def _end(self, worker: asyncio.Task[None]) -> None:
        if self._running is not None and self._running.request.is_open:
            await asyncio.wait([worker], timeout=self._settle_time)
        self._interrupt()
        await asyncio.wait([worker])

    def _submit(
        self, request: Request, timeout: float | Allowance | None, queue_timeout: float | Allowance | None
    ) -> Submitted:
        loop = asyncio.get_running_loop()
        command = Submitted(request, self, loop.create_future(), allowed(queue_timeout), allowed(timeout))
        self._report.queued(request)
        self._waiting.append(command)
        self._queued += 1
        if command.in_queue is not None:
            command.in_queue.run(self._time_out_in_queue, command)
        if self._worker is None:
            self._worker = loop.create_task(self._work(), name=f"mwaa_async: the commands of {self._identity.name}")
        elif self._running is not None and self._queued == 1:
            self._execution.prepare_next()
        return command

    def _cancelled(self, command: Submitted) -> None:
        if command.is_queued:
            self._leave(command)
        else:
            self._abandon(command)

    async def _work(self) -> None:
        try:
            while self._queued:
                await self._run_next()
        finally:
            self._worker = None
            self._wait.end()
            for command in self._waiting:  # the event loop is being closed
                self.leave(command, "the event loop was closed")
            self._waiting.clear()

    async def _run_next(self) -> None:
        try:
            slot = await self._interruptible(self._slot())
            if slot is not None and self._queued and not self._execution.is_ready:
                await slot.release()  # nobody holds it while AWS is asked
                slot = await self._interruptible(self._slot(is_next=True))
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the caller's to handle
            if (command := self._take()) is not None:
                _tell(command, self._named(error, command))
            return
        if slot is None:
            return
        self._running = self._take()
        try:
            if self._running is not None:
                await self._execute(self._running, slot)
        finally:
            self._settling_until = 0.0 if self._running is None else self._running.request.closed_until
            closed_for = max(0.0, self._settling_until - now())
            if closed_for and self._running is not None:
                self._report.closed(self._running.request, closed_for)
            await slot.release(closed_for=closed_for)
            self._running = None

    async def _slot(self, *, is_next: bool = False) -> RequestSlot:
        """Get ready, and take the slot; in a long queue of others the token is fetched when this client is next."""
        is_next = is_next or self._execution.is_ready or await self._guard.is_free(self._identity)
        first = await self._get_ready(with_token=is_next)
        self._wait.begin(first.request, "the slot")
        return await self._guard.acquire(self._identity, self._execution.prepare_first)

    async def _get_ready(self, *, with_token: bool) -> Submitted:
        """Have the version and a token, in the time of the command that comes first, which is returned."""
        while not self._waiting[0].is_queued:
            self._waiting.popleft()
        first = self._waiting[0]
        self._pause(first)
        self._run_turn(first)
        self._wait.begin(first.request, "a token")
        try:
            await self._execution.get_ready(with_token=with_token)
        finally:
            self._pause(first)
        if first.is_queued and first.in_queue is not None:
            first.in_queue.run(self._time_out_in_queue, first)
        return first

    def _take(self) -> Submitted | None:
        """Return the first command that still waits, whose turn has come."""
        while self._waiting:
            command = self._waiting.popleft()
            if command.is_queued:
                command.request.began_at = now()
                self._dequeue(command)
                self._report.started(command.request)
                return command
        return None

    async def _execute(self, command: Submitted, slot: RequestSlot) -> None:
        self._run_turn(command)
        try:
            result = await self._interruptible(self._execution.execute(command.request, slot))
            self._end_turn(command, self._ended(command) if result is None else result)
        except asyncio.CancelledError:
            self._end_turn(command, self._ended(command))
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the caller's to handle
            self._end_turn(command, self._named(error, command))
        finally:
            self._pause(command)

    def _end_turn(self, command: Submitted, outcome: CommandResult | Exception) -> None:
        if command.outcome.done():
            self._report.abandoned(command.request, None if isinstance(outcome, CommandResult) else outcome)
        _tell(command, outcome)

    async def _interruptible(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Do what is of no use any more when nobody waits for it: return `None` where it was interrupted."""
        self._may_be_interrupted = True
        try:
            return await work
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._is_interrupted or task is None or task.uncancel():
                raise
            return None
        finally:
            self._may_be_interrupted = self._is_interrupted = False

    def _interrupt(self) -> None:
        if self._worker is not None and self._may_be_interrupted and not self._is_interrupted:
            self._is_interrupted = True
            self._worker.cancel()

    def _leave(self, command: Submitted, error: MwaaError | None = None) -> None:
        self._dequeue(command)
        if error is not None:
            _tell(command, error)
        if len(self._waiting) > 2 * self._queued + _SLACK:
            self._waiting = deque(one for one in self._waiting if one.is_queued)
        if not self._queued and self._running is None:
            self._interrupt()

    def _dequeue(self, command: Submitted) -> None:
        command.is_queued = False
        self._queued -= 1
        self._pause(command)

    def _abandon(self, command: Submitted) -> None:
        """Begin no other request for the command; one that is open goes on to its end."""
        command.request.is_wanted = False
        if command is self._running and not command.request.is_open:
            self._interrupt()

    def _run_turn(self, command: Submitted) -> None:
        if command.in_turn is not None:
            command.in_turn.run(self._time_out, command)

    def _pause(self, command: Submitted) -> None:
        for allowance in (command.in_queue, command.in_turn):
            if allowance is not None:
                allowance.pause()

    def _time_out_in_queue(self, command: Submitted) -> None:
        assert command.in_queue is not None
        self.leave(command, f"its turn did not come within {command.in_queue.seconds:g} s")

    def _time_out(self, command: Submitted) -> None:
        """End the waiting for a command whose `timeout` is over; an open request goes on."""
        if command.is_queued:
            self._leave(command, self._timed_out(command))
        else:
            _tell(command, self._timed_out(command))
            self._abandon(command)

    def _timed_out(self, command: Submitted) -> MwaaError:
        assert command.in_turn is not None
        line, name, seconds = command.request.line, self._identity.name, command.in_turn.seconds
        if command.request.is_open or command.request.maybe_ran:
            return outcome_unknown(line, name, f"no answer within {seconds:g} s")
        return not_connected(line, name, f"no token and connection within {seconds:g} s")

    def _ended(self, command: Submitted) -> MwaaError:
        """Return the error for a command that was interrupted in its turn."""
        if command.request.maybe_ran:
            return outcome_unknown(command.request.line, self._identity.name, _CLOSED)
        return self._not_run(command.request.line, _CLOSED)

    def _named(self, error: Exception, command: Submitted) -> Exception:
        """Return the error, which says whose it is: what a guard or AWS raises is about no command."""
        if isinstance(error, MwaaError) and error.command is None:
            error.environment, error.command = self._identity.name, redacted(command.request.line)
        return error

    def _not_run(self, line: str, cause: str) -> QueueTimeoutError:
        return QueueTimeoutError(
            f"{self._identity.name}: {cause}; {redacted(line)!r} has not run",
            environment=self._identity.name,
            command=redacted(line),
        )

    def __repr__(self) -> str:
        return f"<CommandQueue {self._identity} [{int(self._running is not None)} running, {self._queued} queued]>"


def _tell(command: Submitted, outcome: CommandResult | Exception) -> None:
    """Give the command's caller its outcome, unless there is one already."""
    if command.outcome.done():
        return
    if isinstance(outcome, CommandResult):
        command.outcome.set_result(outcome)
    else:
        command.outcome.set_exception(outcome)
