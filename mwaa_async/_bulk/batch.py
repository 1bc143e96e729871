"""Triggering the rows of a batch: environments in parallel, each one row after the other."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mwaa_async._bulk.journal import Entry, Journal
from mwaa_async._bulk.line import Line
from mwaa_async._bulk.refusals import RefusedBeforeError, is_refusal, status_after, told_as_unknown
from mwaa_async._bulk.rows import Row, Status, TriggerOutcome, TriggerRequest, bad_row, new_batch, row_of
from mwaa_async._bulk.sources import Source
from mwaa_async._bulk.writer import Writer
from mwaa_async._commands.dag_runs import DagRun
from mwaa_async._commands.triggering import trigger
from mwaa_async._errors import DagRunAlreadyExistsError, JournalError, MwaaError, QueueTimeoutError, TokenError
from mwaa_async._queue import Submitted

if TYPE_CHECKING:
    from mwaa_async._client import MwaaClient

OnError = Literal["continue", "stop"]

_ROUNDS = 3  # in which rows whose outcome is unknown are sent again, when all others are done
_LONGEST = 2000  # characters of an error in the journal


@dataclass(eq=False, slots=True)
class _Lane:
    """One environment: the line of its rows, where they come from, and those of which nobody knows."""

    environment: str
    line: Line
    source: Source
    unsettled: list["_Step"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Step:
    """A row that has come so far, to be recorded and told; without an entry the journal knows already."""

    row: Row
    source: Source
    outcome: TriggerOutcome
    entry: Entry | None = None


class Batch:
    """One batch on its way; `running` has the row that each environment is at."""

    def __init__(self, client: "MwaaClient", journal: Journal | None, on_error: OnError = "continue") -> None:
        if on_error not in ("continue", "stop"):
            raise ValueError(f"on_error is 'continue' or 'stop', not {on_error!r}")
        self.running: dict[str, Row] = {}
        self._submitted: dict[str, Submitted] = {}
        self._client = client
        self._writer = Writer(journal)
        self._name = new_batch() if journal is None else journal.batch
        self._stops_at_error = on_error == "stop"
        self._stopping = self._has_sent = False
        self._problem: Exception | None = None
        self._reading: asyncio.Task[None] | None = None
        self._lanes: dict[str, _Lane] = {}
        self._steps: asyncio.Queue[_Step | None] = asyncio.Queue()
        self._done: asyncio.Queue[_Step | Exception | None] = asyncio.Queue()

    def stop(self) -> None:
        """Begin no more rows; what is on the wire goes on to its end, and is recorded and told."""
        self._stopping = True
        if self._reading is not None:
            self._reading.cancel()
        for command in self._submitted.values():
            command.leave("the batch was stopped")

    async def outcomes(self, *sources: Source) -> AsyncGenerator[TriggerOutcome, None]:
        """Yield the outcomes as they come, each when the journal has it.

        The rows of one environment all have to come from the same source.
        """
        async with aclosing(self._writer):
            work = asyncio.create_task(self._work(sources))
            try:
                while (step := await self._done.get()) is not None:
                    if isinstance(step, Exception):
                        raise step
                    step.source.room.release()
                    yield step.outcome
            finally:
                work.cancel()
                await asyncio.wait([work])

    async def _work(self, sources: Sequence[Source]) -> None:
        end: Exception | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._record())
                async with asyncio.TaskGroup() as workers:
                    self._reading = workers.create_task(self._read(sources, workers))
                self._steps.put_nowait(None)
            end = self._problem
        except ExceptionGroup as group:
            end = _first(group)
        finally:
            if isinstance(end, JournalError):
                end.ran = None if self._has_sent else False
            self._done.put_nowait(end)

    async def _read(self, sources: Sequence[Source], workers: asyncio.TaskGroup) -> None:
        """Give every environment its rows; where that goes wrong, what is on the wire still comes to its end."""
        try:
            if not self._stopping:
                await self._read_all(sources, workers)
        except asyncio.CancelledError:
            if self._reading is None or self._reading.cancelling():
                raise
            self._problem, self._stopping = RuntimeError("the requests were cancelled by themselves"), True
        except Exception as error:  # noqa: BLE001  # it is told in the end
            self._problem, self._stopping = _first(error), True
        finally:
            for lane in self._lanes.values():
                lane.line.end()

    async def _read_all(self, sources: Sequence[Source], workers: asyncio.TaskGroup) -> None:
        async with asyncio.TaskGroup() as readers:
            readings = [readers.create_task(self._read_one(source, workers)) for source in sources]
        await self._writer.end(sum(reading.result() for reading in readings))

    async def _read_one(self, source: Source, workers: asyncio.TaskGroup) -> int:
        total = 0
        async with aclosing(source.rows(self._row)) as all_of_them:
            async for rows in all_of_them:
                await self._enter(rows, source, workers)
                total += len(rows)
        for lane in self._lanes.values():
            if lane.source is source:
                lane.line.end()
        return total

    async def _enter(self, rows: Sequence[Row], source: Source, workers: asyncio.TaskGroup) -> None:
        """Let rows stand in their environments' lines, unless there is nothing to be done with them any more."""
        for row, entry in zip(rows, await self._writer.plan(rows), strict=True):
            if row.problem is not None and self._stops_at_error:
                self.stop()
            if row.problem is not None or entry.is_finished:
                self._steps.put_nowait(_Step(row, source, self._known(row, entry)))
            else:
                self._lane(row.request.environment, source, workers).line.put(row, entry)

    def _row(self, number: int, request: TriggerRequest) -> Row:
        try:
            return row_of(self._name, number, request)
        except (ValueError, TypeError, RecursionError) as problem:
            return bad_row(number, request, problem)

    def _lane(self, environment: str, source: Source, workers: asyncio.TaskGroup) -> _Lane:
        if environment not in self._lanes:
            lane = self._lanes[environment] = _Lane(environment, Line(self._writer), source)
            workers.create_task(self._drive(lane))
        return self._lanes[environment]

    async def _drive(self, lane: _Lane) -> None:
        """Trigger the rows of one environment, and in the end again those of which nobody knows."""
        with suppress(TokenError):  # every row is told of it
            self._client._expect_more(lane.environment, lambda: lane.line.has_more and not self._stopping)
        async with aclosing(lane.line):
            while await lane.line.is_ready() and not self._stopping:
                row, entry = lane.line.take()
                step = await self._attempt(lane, row, entry)
                if step is None:  # it was not sent
                    await self._writer.write(entry)
                else:
                    await self._take(lane, step)
                if self._has_to_settle(lane):
                    await self._settle(lane)
            await self._settle(lane)
        self.running.pop(lane.environment, None)

    def _has_to_settle(self, lane: _Lane) -> bool:
        if self._stops_at_error:
            return bool(lane.unsettled)
        return lane.source.unsettled >= lane.source.most_unsettled

    async def _settle(self, lane: _Lane) -> None:
        """Send the rows again of which nobody knows, until it is known or no attempt is left."""
        for left in range(_ROUNDS - 1, -1, -1):
            steps, lane.unsettled = lane.unsettled, []
            lane.source.unsettled -= len(steps)
            for step in steps:
                assert step.entry is not None
                again = await self._attempt(lane, step.row, step.entry, is_last=not left)
                await self._take(lane, again or step, is_last=not left or again is None)

    async def _take(self, lane: _Lane, step: _Step, *, is_last: bool = False) -> None:
        """Have a row recorded and told, or keep it where nobody knows whether it ran and another attempt will tell."""
        assert step.entry is not None
        if step.outcome.status == "unknown" and not is_last and not self._stopping:
            await self._writer.write(step.entry)
            lane.unsettled.append(step)
            lane.source.unsettled += 1
            return
        if step.outcome.status in ("failed", "unknown") and self._stops_at_error:
            self.stop()
        self._steps.put_nowait(step)

    async def _attempt(self, lane: _Lane, row: Row, entry: Entry, *, is_last: bool = False) -> _Step | None:
        """Trigger a row, or return `None` where the batch was stopped before that."""
        if self._stopping:
            return None
        self.running[lane.environment], self._has_sent = row, True
        outcome = await self._outcome(row, entry, is_last)
        if self._stopping and isinstance(outcome.error, QueueTimeoutError):
            return None
        return _Step(row, lane.source, outcome, _entry(row, outcome))

    async def _outcome(self, row: Row, entry: Entry, is_last: bool) -> TriggerOutcome:
        request, environment = row.request, self._client.environment(row.request.environment)

        def outcome(
            status: Status, sent: int, run: DagRun | None = None, error: Exception | None = None
        ) -> TriggerOutcome:
            return TriggerOutcome(request, status, run, error, entry.attempts + sent, row.number, row.run_id)

        try:
            run, sent = await trigger(
                environment,
                request.dag_id,
                conf=row.conf,
                run_id=row.run_id,
                logical_date=request.logical_date,
                on_submit=lambda command: self._submitted.update({request.environment: command}),
            )
            return outcome("triggered", sent, run)
        except MwaaError as error:
            if isinstance(error, DagRunAlreadyExistsError) and error.dag_run is not None:
                return outcome("already_triggered", error.attempts, error.dag_run)
            status = status_after(error, request, may_be_there=entry.may_be_there, is_last=is_last)
            told = told_as_unknown(error, row.run_id) if status == "unknown" else error
            return outcome(status, error.attempts - (error.ran is False), None, told)
        except (ValueError, TypeError) as error:
            return outcome("failed", 0, None, error)

    async def _record(self) -> None:
        """Write outcomes into the journal, as many at once as there are, and then tell them."""
        ended = False
        while not ended:
            some = [await self._steps.get()]
            while not self._steps.empty():
                some.append(self._steps.get_nowait())
            ended = some[-1] is None
            steps = [step for step in some if step is not None]
            await self._writer.write(*(step.entry for step in steps if step.entry is not None))
            for step in steps:
                self._done.put_nowait(step)

    def _known(self, row: Row, entry: Entry) -> TriggerOutcome:
        """Return the outcome of a row that is not sent."""
        request, attempts = row.request, entry.attempts
        if row.problem is not None:
            return TriggerOutcome(request, "failed", None, row.problem, 0, row.number)
        if entry.status == "failed":
            error = RefusedBeforeError(entry.error or "it failed before", environment=request.environment)
            return TriggerOutcome(request, "failed", None, error, attempts, row.number, row.run_id)
        run = DagRun(
            dag_id=request.dag_id,
            run_id=row.run_id,
            conf=row.conf,
            logical_date=request.logical_date,
            environment=self._client.environment(request.environment),
        )
        return TriggerOutcome(request, "already_triggered", run, None, attempts, row.number, row.run_id)


def _entry(row: Row, outcome: TriggerOutcome) -> Entry:
    error = None if outcome.error is None else str(outcome.error)[:_LONGEST]  # it has the command in it, and so a conf
    return Entry(row.number, outcome.status, outcome.attempts, _ran(outcome), error)


def _ran(outcome: TriggerOutcome) -> bool | None:
    """Return what the journal says of a row that failed; see `Entry`."""
    if outcome.status != "failed":
        return None
    if is_refusal(outcome.error, outcome.request):
        return True
    got_nowhere = not isinstance(outcome.error, MwaaError) or outcome.error.ran is False
    return False if got_nowhere else None


def _first(error: Exception) -> Exception:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
