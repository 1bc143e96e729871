"""Triggering the rows of a batch: environments in parallel, each one row after the other."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

from mwaa_async._bulk.journal import Entry, Journal
from mwaa_async._bulk.rows import Row, Status, TriggerOutcome, TriggerRequest, new_batch, row_of
from mwaa_async._bulk.writer import Writer
from mwaa_async._commands.dag_runs import DagRun, trigger
from mwaa_async._errors import CommandFailedError, DagRunAlreadyExistsError, MwaaError, OutputError

if TYPE_CHECKING:
    from mwaa_async._client import MwaaClient

Requests = Iterable[TriggerRequest] | AsyncIterable[TriggerRequest]
OnError = Literal["continue", "stop"]

_AHEAD = 1000  # rows that are read and not finished: so far one environment may be ahead of another
_AT_ONCE = 64  # rows, or outcomes, that the journal gets in one transaction
_ROUNDS = 3  # in which rows whose outcome is unknown are sent again, when all others are done
_UNSETTLED = 100  # rows of an environment that may wait for these rounds


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
        self._stopping = False
        self._reading: asyncio.Task[None] | None = None
        self._room = asyncio.Semaphore(_AHEAD)
        self._lines: dict[str, asyncio.Queue[tuple[Row, Entry] | None]] = {}
        self._steps: asyncio.Queue[_Step | None] = asyncio.Queue(_AT_ONCE)
        self._outcomes: asyncio.Queue[TriggerOutcome | Exception | None] = asyncio.Queue(_AT_ONCE)

    def stop(self) -> None:
        """Begin no more rows; what is on the wire goes on to its end, and is recorded and told."""
        self._stopping = True
        if self._reading is not None:
            self._reading.cancel()  # it may be waiting for room, which nobody makes any more

    async def outcomes(self, requests: Requests) -> AsyncGenerator[TriggerOutcome, None]:
        """Yield the outcomes as they come, each when the journal has it."""
        work = asyncio.create_task(self._work(requests))
        try:
            while (outcome := await self._outcomes.get()) is not None:
                if isinstance(outcome, Exception):
                    raise outcome
                yield outcome
        finally:
            work.cancel()
            await asyncio.wait([work])
            await self._writer.aclose()

    async def _work(self, requests: Requests) -> None:
        end: Exception | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._record())
                async with asyncio.TaskGroup() as workers:
                    self._reading = workers.create_task(self._read(requests, workers))
                await self._steps.put(None)
        except ExceptionGroup as group:
            end = _first(group)
        await self._outcomes.put(end)

    async def _read(self, requests: Requests, workers: asyncio.TaskGroup) -> None:
        """Give every environment its rows, not more of them than there is room for."""
        try:
            number = 0
            async with aclosing(_some(requests)) as all_of_them:
                async for some in all_of_them:
                    await self._plan(number, some, workers)
                    number += len(some)
            await self._writer.end(number)
        finally:
            for line in self._lines.values():
                line.put_nowait(None)

    async def _plan(self, before: int, requests: list[TriggerRequest], workers: asyncio.TaskGroup) -> None:
        numbered = enumerate(requests, before + 1)
        rows = [row for number, request in numbered if (row := await self._row(number, request))]
        for row, entry in zip(rows, await self._writer.plan(rows), strict=True):
            await self._room.acquire()
            await self._enter(row, entry, workers)

    async def _row(self, number: int, request: TriggerRequest) -> Row | None:
        try:
            return row_of(self._name, number, request)
        except (ValueError, TypeError) as error:
            await self._room.acquire()
            await self._steps.put(_Step(TriggerOutcome(request, "failed", error=error, attempts=0, row=number)))
            return None

    async def _enter(self, row: Row, entry: Entry, workers: asyncio.TaskGroup) -> None:
        """Let a row stand in its environment's line, unless it is finished."""
        if entry.is_finished:
            await self._steps.put(_Step(_finished(row, entry)))
            return
        name = row.request.environment
        if name not in self._lines:
            self._lines[name] = asyncio.Queue()
            workers.create_task(self._drive(name, self._lines[name]))
        self._lines[name].put_nowait((row, entry))

    async def _drive(self, environment: str, line: asyncio.Queue[tuple[Row, Entry] | None]) -> None:
        """Trigger the rows of one environment, and in the end again those of which nobody knows."""
        unsettled: list[tuple[Row, Entry]] = []
        coming = asyncio.create_task(self._next(line))
        self._client._expect_more(environment, lambda: not coming.done() or coming.result() is not None)
        try:
            while not self._stopping and (taken := await coming) is not None:
                coming = asyncio.create_task(self._next(line))
                unsettled += await self._attempt(*taken, is_last=False)
                if len(unsettled) >= _UNSETTLED:
                    unsettled = await self._settle(unsettled)
            await self._settle(unsettled)
        finally:
            self.running.pop(environment, None)
            await self._put_back(coming)

    async def _next(self, line: asyncio.Queue[tuple[Row, Entry] | None]) -> tuple[Row, Entry] | None:
        """Return the next row; the journal has it as sent from now on, since its request may follow at once."""
        taken = await line.get()
        if taken is not None and not self._stopping:
            row, entry = taken
            await self._writer.write(Entry(row.number, "sent", entry.attempts))
        return taken

    async def _put_back(self, coming: asyncio.Task[tuple[Row, Entry] | None]) -> None:
        """Take back that a row was sent which was only about to be."""
        if not coming.done():
            coming.cancel()
        with suppress(asyncio.CancelledError):
            if (taken := await coming) is not None:
                row, entry = taken
                await self._writer.write(Entry(row.number, entry.status, entry.attempts, entry.ran, entry.error))

    async def _settle(self, unsettled: list[tuple[Row, Entry]]) -> list[tuple[Row, Entry]]:
        for last in range(_ROUNDS - 1, -1, -1):
            unsettled = [left for row, entry in unsettled for left in await self._attempt(row, entry, is_last=not last)]
        return unsettled

    async def _attempt(self, row: Row, entry: Entry, *, is_last: bool) -> list[tuple[Row, Entry]]:
        """Trigger a row, and return it where nobody knows whether it was and another attempt will tell."""
        if self._stopping and entry.status == "unknown":
            return []
        self.running[row.request.environment] = row
        outcome = await self._outcome(row, entry.attempts)
        written = _entry(row, outcome)
        if outcome.status == "unknown" and not (is_last or self._stopping):
            await self._writer.write(written)
            return [(row, written)]
        if outcome.status in ("failed", "unknown") and self._stops_at_error:
            self.stop()
        await self._steps.put(_Step(outcome, written))
        return []

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
            # Output that nobody understands says no more than none: the run may be there or not.
            is_unknown = error.ran is None or isinstance(error, OutputError)
            return outcome("unknown" if is_unknown else "failed", error.attempts, None, error)
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
                await self._outcomes.put(step.outcome)
                self._room.release()


async def _some(requests: Requests) -> AsyncGenerator[list[TriggerRequest], None]:
    """Yield the requests, some at a time where none has to be waited for."""
    if isinstance(requests, AsyncIterable):
        async for request in requests:
            yield [request]
        return
    each = iter(requests)
    while some := list(islice(each, _AT_ONCE)):
        yield some


def _finished(row: Row, entry: Entry) -> TriggerOutcome:
    """Return the outcome of a row that the journal knows as finished."""
    request, attempts = row.request, entry.attempts
    if entry.status == "failed":
        error = CommandFailedError(entry.error or "it failed before", environment=request.environment)
        return TriggerOutcome(request, "failed", None, error, attempts, row.number, row.run_id)
    run = DagRun(dag_id=request.dag_id, run_id=row.run_id, conf=request.conf, logical_date=request.logical_date)
    return TriggerOutcome(request, "already_triggered", run, None, attempts, row.number, row.run_id)


def _entry(row: Row, outcome: TriggerOutcome) -> Entry:
    error = outcome.error
    ran = error.ran if isinstance(error, MwaaError) else None if error is None else False
    return Entry(row.number, outcome.status, outcome.attempts, ran, None if error is None else str(error))


def _first(group: ExceptionGroup[Exception]) -> Exception:
    error: Exception = group
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
