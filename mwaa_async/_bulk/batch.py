"""Triggering the rows of a batch: environments in parallel, each one row after the other."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

from mwaa_async._bulk.journal import Entry, Journal
from mwaa_async._bulk.line import Line
from mwaa_async._bulk.rows import Row, Status, TriggerOutcome, TriggerRequest, bad_row, new_batch, row_of
from mwaa_async._bulk.writer import Writer
from mwaa_async._commands.dag_runs import DagRun, trigger
from mwaa_async._errors import (
    CommandFailedError,
    DagRunAlreadyExistsError,
    JournalError,
    MwaaError,
    OutputError,
    TokenError,
)

if TYPE_CHECKING:
    from mwaa_async._client import MwaaClient

Requests = Iterable[TriggerRequest] | AsyncIterable[TriggerRequest]
OnError = Literal["continue", "stop"]

_AHEAD = 1000  # rows that are read and whose outcome nobody has taken: so far one environment may be ahead of another
_AT_ONCE = 64  # rows that are entered into the journal in one transaction
_ROUNDS = 3  # in which rows whose outcome is unknown are sent again, when all others are done
_LONGEST = 2000  # characters of an error in the journal
_UNSETTLED = 100  # rows that may wait for these rounds: each takes up room


@dataclass(frozen=True, slots=True)
class _Step:
    """A row that has come so far, to be recorded and told; without an entry the journal knows already."""

    outcome: TriggerOutcome
    entry: Entry | None = None


class Batch:
    """One batch on its way; `running` has the row that each environment is at."""

    def __init__(self, client: "MwaaClient", journal: Journal | None, on_error: OnError = "continue") -> None:
        if on_error not in ("continue", "stop"):
            raise ValueError(f"on_error is 'continue' or 'stop', not {on_error!r}")
        self.running: dict[str, Row] = {}
        self._client = client
        self._writer = Writer(journal)
        self._name = new_batch() if journal is None else journal.batch
        self._stops_at_error = on_error == "stop"
        self._stopping = self._has_sent = False
        self._problem: Exception | None = None
        self._reading: asyncio.Task[None] | None = None
        self._lines: dict[str, Line] = {}
        self._unsettled: dict[str, list[tuple[Row, TriggerOutcome]]] = {}
        # The one limit to how much there is at a time, from the reading of a row until its outcome is taken.
        self._room = asyncio.Semaphore(_AHEAD)
        self._steps: asyncio.Queue[_Step | None] = asyncio.Queue()
        self._outcomes: asyncio.Queue[TriggerOutcome | Exception | None] = asyncio.Queue()

    def stop(self) -> None:
        """Begin no more rows; what is on the wire goes on to its end, and is recorded and told."""
        self._stopping = True
        if self._reading is not None:
            self._reading.cancel()

    async def outcomes(self, requests: Requests) -> AsyncGenerator[TriggerOutcome, None]:
        """Yield the outcomes as they come, each when the journal has it."""
        async with aclosing(self._writer):
            work = asyncio.create_task(self._work(requests))
            try:
                while (outcome := await self._outcomes.get()) is not None:
                    if isinstance(outcome, Exception):
                        raise outcome
                    self._room.release()
                    yield outcome
            finally:
                work.cancel()
                await asyncio.wait([work])

    async def _work(self, requests: Requests) -> None:
        end: Exception | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._record())
                async with asyncio.TaskGroup() as workers:
                    self._reading = workers.create_task(self._read(requests, workers))
                self._steps.put_nowait(None)
            end = self._problem
        except ExceptionGroup as group:
            end = _first(group)
        finally:
            if isinstance(end, JournalError):
                end.ran = None if self._has_sent else False
            self._outcomes.put_nowait(end)

    async def _read(self, requests: Requests, workers: asyncio.TaskGroup) -> None:
        """Give every environment its rows; where that goes wrong, what is on the wire still comes to its end."""
        try:
            if not self._stopping:
                await self._read_all(requests, workers)
        except asyncio.CancelledError:
            if self._reading is None or self._reading.cancelling():
                raise
            self._problem, self._stopping = RuntimeError("the requests were cancelled by themselves"), True
        except Exception as error:  # noqa: BLE001  # it is told in the end
            self._problem, self._stopping = error, True
        finally:
            for line in self._lines.values():
                line.end()

    async def _read_all(self, requests: Requests, workers: asyncio.TaskGroup) -> None:
        number = 0
        async with aclosing(_some(requests)) as all_of_them:
            async for some in all_of_them:
                await self._enter(number, some, workers)
                number += len(some)
        await self._writer.end(number)

    async def _enter(self, before: int, requests: Sequence[TriggerRequest], workers: asyncio.TaskGroup) -> None:
        """Let rows stand in their environments' lines, unless there is nothing to be done with them any more."""
        for _ in requests:
            await self._room.acquire()
        rows = [self._row(number, request) for number, request in enumerate(requests, before + 1)]
        for row, entry in zip(rows, await self._writer.plan(rows), strict=True):
            if row.problem is not None and self._stops_at_error:
                self.stop()
            if row.problem is not None or entry.is_finished:
                self._steps.put_nowait(_Step(self._known(row, entry)))
            else:
                self._line(row.request.environment, workers).put(row, entry)

    def _row(self, number: int, request: TriggerRequest) -> Row:
        try:
            return row_of(self._name, number, request)
        except (ValueError, TypeError, RecursionError) as problem:
            return bad_row(number, request, problem)

    def _line(self, environment: str, workers: asyncio.TaskGroup) -> Line:
        if environment not in self._lines:
            line = self._lines[environment] = Line(self._writer)
            workers.create_task(self._drive(environment, line))
        return self._lines[environment]

    async def _drive(self, environment: str, line: Line) -> None:
        """Trigger the rows of one environment, and in the end again those of which nobody knows."""
        with suppress(TokenError):  # every row is told of it
            self._client._expect_more(environment, lambda: line.has_more and not self._stopping)
        self._unsettled[environment] = []
        async with aclosing(line):
            while await line.is_ready() and not self._stopping:
                row, entry = line.take()
                await self._attempt(row, entry.attempts)
                if self._has_too_many_unsettled():
                    await self._settle(environment)
            await self._settle(environment)
        self.running.pop(environment, None)

    def _has_too_many_unsettled(self) -> bool:
        count = sum(map(len, self._unsettled.values()))
        return count >= _UNSETTLED or (count > 0 and self._stops_at_error)

    async def _settle(self, environment: str) -> None:
        """Send the rows again of which nobody knows, until it is known or no attempt is left."""
        for left in range(_ROUNDS - 1, -1, -1):
            outcomes, self._unsettled[environment] = self._unsettled[environment], []
            for row, outcome in outcomes:
                if self._stopping:
                    self._steps.put_nowait(_Step(outcome))
                else:
                    await self._attempt(row, outcome.attempts, is_last=not left)

    async def _attempt(self, row: Row, attempts: int, *, is_last: bool = False) -> None:
        """Trigger a row, and keep it where nobody knows whether it was and another attempt will tell."""
        environment = row.request.environment
        self.running[environment], self._has_sent = row, True
        outcome = await self._outcome(row, attempts)
        entry = _entry(row, outcome)
        if outcome.status == "unknown" and not is_last and not self._stopping:
            await self._writer.write(entry)
            self._unsettled[environment].append((row, outcome))
            return
        if outcome.status in ("failed", "unknown") and self._stops_at_error:
            self.stop()
        self._steps.put_nowait(_Step(outcome, entry))

    async def _outcome(self, row: Row, attempts: int) -> TriggerOutcome:
        request, environment = row.request, self._client.environment(row.request.environment)

        def outcome(
            status: Status, sent: int, run: DagRun | None = None, error: Exception | None = None
        ) -> TriggerOutcome:
            return TriggerOutcome(request, status, run, error, attempts + sent, row.number, row.run_id)

        try:
            run, sent = await trigger(
                environment, request.dag_id, conf=request.conf, run_id=row.run_id, logical_date=request.logical_date
            )
            return outcome("triggered", sent, run)
        except DagRunAlreadyExistsError as error:
            if error.dag_run is None:
                return outcome("failed", error.attempts, None, error)
            return outcome("already_triggered", error.attempts, error.dag_run)
        except MwaaError as error:
            return outcome("unknown" if _is_unknown(error) else "failed", error.attempts, None, error)
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
                self._outcomes.put_nowait(step.outcome)

    def _known(self, row: Row, entry: Entry) -> TriggerOutcome:
        """Return the outcome of a row that is not sent."""
        request, attempts = row.request, entry.attempts
        if row.problem is not None:
            return TriggerOutcome(request, "failed", None, row.problem, 0, row.number)
        if entry.status == "failed":
            error = CommandFailedError(entry.error or "it failed before", environment=request.environment)
            return TriggerOutcome(request, "failed", None, error, attempts, row.number, row.run_id)
        run = DagRun(
            dag_id=request.dag_id,
            run_id=row.run_id,
            conf=request.conf,
            logical_date=request.logical_date,
            environment=self._client.environment(request.environment),
        )
        return TriggerOutcome(request, "already_triggered", run, None, attempts, row.number, row.run_id)


async def _some(requests: Requests) -> AsyncGenerator[list[TriggerRequest], None]:
    """Yield the requests, some at a time where none has to be waited for."""
    if isinstance(requests, AsyncIterable):
        async for request in requests:
            yield [request]
        return
    each = iter(requests)
    while some := list(islice(each, _AT_ONCE)):
        yield some


def _is_unknown(error: MwaaError) -> bool:
    """Tell whether the run may be there or not.

    Output that nobody understands says no more than none; and where a run exists already, looking for it may fail.
    """
    return (
        error.ran is None or isinstance(error, OutputError) or isinstance(error.__context__, DagRunAlreadyExistsError)
    )


def _entry(row: Row, outcome: TriggerOutcome) -> Entry:
    error = outcome.error
    ran = error.ran if isinstance(error, MwaaError) else None if error is None else False
    # A message has the command in it, and so a conf, which may be long.
    return Entry(row.number, outcome.status, outcome.attempts, ran, None if error is None else str(error)[:_LONGEST])


def _first(group: ExceptionGroup[Exception]) -> Exception:
    error: Exception = group
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
