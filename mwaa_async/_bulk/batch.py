"""Sending the rows of a batch: environments in parallel, each one row after the other."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Generic, Literal

from mwaa_async._bulk.journal import Entry, Journal
from mwaa_async._bulk.refusals import RefusedBeforeError
from mwaa_async._bulk.rows import new_batch
from mwaa_async._bulk.sender import Sender, Step
from mwaa_async._bulk.sources import Source
from mwaa_async._bulk.work import Kind, O, Q, Row
from mwaa_async._bulk.writer import Writer
from mwaa_async._environment import Environment
from mwaa_async._errors import JournalError

OnError = Literal["continue", "stop"]


class Batch(Generic[Q, O]):
    """One batch; `environment` returns the handle of an environment by its name."""

    def __init__(
        self,
        environment: Callable[[str], Environment],
        kind: Kind[Q, O],
        journal: Journal | None,
        on_error: OnError = "continue",
    ) -> None:
        if on_error not in ("continue", "stop"):
            raise ValueError(f"on_error is 'continue' or 'stop', not {on_error!r}")
        self._environment = environment
        self._kind = kind
        self._writer = Writer(journal)
        self._name = new_batch() if journal is None else journal.batch
        self._stops_at_error = on_error == "stop"
        self._is_stopping = False
        self._problem: Exception | None = None
        self._reading: asyncio.Task[None] | None = None
        self._senders: dict[str, Sender[O]] = {}
        self._steps: asyncio.Queue[Step[O] | None] = asyncio.Queue()
        self._done: asyncio.Queue[Step[O] | Exception | None] = asyncio.Queue()

    def running(self) -> Mapping[str, Row[O]]:
        """Return the row that is with each environment's web server at this moment, or is about to be."""
        rows = {name: sender.running for name, sender in self._senders.items()}
        return {name: row for name, row in rows.items() if row is not None}

    def stop(self) -> None:
        """Send no more rows; those that are running go on to their end, and are recorded and reported."""
        if self._reading is not None:
            self._reading.cancel()
        self._cancel()

    async def outcomes(self, *sources: Source[Q]) -> AsyncGenerator[O, None]:
        """Yield the outcomes as they are known, each when the journal has it.

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

    def _cancel(self) -> None:
        self._is_stopping = True
        for sender in self._senders.values():
            sender.cancel()

    async def _work(self, sources: Sequence[Source[Q]]) -> None:
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
                end.ran = None if any(sender.has_sent for sender in self._senders.values()) else False
            self._done.put_nowait(end)

    async def _read(self, sources: Sequence[Source[Q]], workers: asyncio.TaskGroup) -> None:
        """Give every environment its rows; where that fails, the rows that are running still go on to their end."""
        try:
            if not self._is_stopping:
                await self._read_all(sources, workers)
        except asyncio.CancelledError:
            if self._reading is None or self._reading.cancelling():
                raise
            self._problem = RuntimeError("the requests were cancelled by themselves")
            self._cancel()
        except Exception as error:  # noqa: BLE001  # it is raised in the end
            self._problem = _first(error)
            self._cancel()
        finally:
            for sender in self._senders.values():
                sender.rows.end()

    async def _read_all(self, sources: Sequence[Source[Q]], workers: asyncio.TaskGroup) -> None:
        async with asyncio.TaskGroup() as readers:
            readings = [readers.create_task(self._read_one(source, workers)) for source in sources]
        await self._writer.end(sum(reading.result() for reading in readings))

    async def _read_one(self, source: Source[Q], workers: asyncio.TaskGroup) -> int:
        total = 0
        async with aclosing(source.rows(self._row)) as all_of_them:
            async for rows in all_of_them:
                await self._enter(rows, source, workers)
                total += len(rows)
        for sender in self._senders.values():
            if sender.source is source:
                sender.rows.end()
        return total

    async def _enter(self, rows: Sequence[Row[O]], source: Source[Q], workers: asyncio.TaskGroup) -> None:
        """Put rows into their environments' queues, unless there is nothing to be done with them any more."""
        for row, entry in zip(rows, await self._writer.plan(rows), strict=True):
            if row.problem is not None and self._stops_at_error:
                self.stop()
            if row.problem is not None or entry.is_finished:
                self._steps.put_nowait(Step(row, source, self._known(row, entry)))
            else:
                self._sender(row.environment, source, workers).rows.put(row, entry)

    def _row(self, number: int, request: Q) -> Row[O]:
        return self._kind.row(self._name, number, request)

    def _sender(self, environment: str, source: Source[Q], workers: asyncio.TaskGroup) -> Sender[O]:
        if environment not in self._senders:
            runner, stop = self._environment(environment).runner, self.stop if self._stops_at_error else None
            sender = Sender(runner, source, self._writer, self._steps.put_nowait, stop)
            if self._is_stopping:
                sender.cancel()
            self._senders[environment] = sender
            _start(sender.run(), workers)
        return self._senders[environment]

    async def _record(self) -> None:
        """Write outcomes into the journal, as many at once as there are, and then report them."""
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

    def _known(self, row: Row[O], entry: Entry) -> O:
        """Return the outcome of a row that is not sent."""
        if row.problem is not None:
            return row.failed("failed", 0, row.problem)
        if entry.status == "failed":
            error = RefusedBeforeError(entry.error or "it failed before", environment=row.environment)
            return row.failed("failed", entry.attempts, error)
        return row.known(entry, self._environment(row.environment).runner)


def _start(work: Coroutine[Any, Any, None], tasks: asyncio.TaskGroup) -> None:
    """Start a task, unless the group was cancelled a moment ago, of which its other tasks do not know yet."""
    try:
        tasks.create_task(work)
    except RuntimeError:
        work.close()  # as Python 3.13 does
        raise


def _first(error: Exception) -> Exception:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
