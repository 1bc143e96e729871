"""Sending the rows of one environment: one after the other, and in the end again those of which nobody knows."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Generic

from mwaa_async._bulk.journal import Entry
from mwaa_async._bulk.ready_rows import ReadyRows
from mwaa_async._bulk.refusals import status_after
from mwaa_async._bulk.row_runner import RowRunner
from mwaa_async._bulk.sources import Source
from mwaa_async._bulk.work import O, Row
from mwaa_async._bulk.writer import Writer
from mwaa_async._errors import EventLoopError, MwaaError, QueueTimeoutError
from mwaa_async._runner import Runner

_ROUNDS = 3  # in which rows whose outcome is unknown are sent again, when all others are done
_LONGEST = 2000  # characters of an error in the journal


@dataclass(frozen=True, slots=True)
class Step(Generic[O]):
    """A row with an outcome, to be recorded and reported; without an entry the journal knows already."""

    row: Row[O]
    source: Source[Any]
    outcome: O
    entry: Entry | None = None


class Sender(Generic[O]):
    """Sends the rows of one environment.

    While one row is running, the next one waits in the environment's queue already, so that the web server has no time
    to wait. `report` gets every row with its outcome. `stop` is called after the first that was not done; without
    it the others are sent all the same.
    """

    def __init__(
        self,
        runner: Runner,
        source: Source[Any],
        writer: Writer,
        report: Callable[[Step[O]], None],
        stop: Callable[[], None] | None,
    ) -> None:
        self.rows: ReadyRows[O] = ReadyRows(writer)
        self.source = source
        self.has_sent = False
        self._runner = runner
        self._writer = writer
        self._report = report
        self._stop = stop
        # Where the first failure ends the batch, the next row must not be in the queue before the outcome is known.
        self._places = asyncio.Semaphore(1 if stop else 2)
        self._open: dict[int, tuple[Row[O], RowRunner]] = {}
        self._unsettled: list[Step[O]] = []
        self._is_stopping = False

    @property
    def running(self) -> Row[O] | None:
        """Return the row that is with the web server, or is about to be."""
        return next((row for row, _ in self._open.values()), None)

    def cancel(self) -> None:
        """Send no more rows; the one that is running goes on to its end."""
        self._is_stopping = True
        for _, runner in self._open.values():
            runner.cancel("the batch was stopped")

    async def run(self) -> None:
        """Send all rows, until they have an outcome or are cancelled."""
        async with aclosing(self.rows):
            while await self._send_some():
                await self._settle()
            await self._settle()

    async def _send_some(self) -> bool:
        """Send rows, and tell whether there are more, because others have to be settled first."""
        async with asyncio.TaskGroup() as sending:
            while True:
                await self._places.acquire()
                if self._has_to_settle or not await self.rows.is_ready() or self._is_stopping:
                    self._places.release()
                    return self._has_to_settle and not self._is_stopping
                sending.create_task(self._send(*self.rows.take()))

    async def _send(self, row: Row[O], entry: Entry) -> None:
        try:
            if (step := await self._attempt(row, entry)) is not None:
                await self._take(step)
        finally:
            self.rows.done()
            self._places.release()

    @property
    def _has_to_settle(self) -> bool:
        is_full = self.source.unsettled >= self.source.most_unsettled
        return bool(self._unsettled) and (is_full or self._stop is not None)

    async def _settle(self) -> None:
        """Send the rows again whose outcome is unknown, until it is known or no attempt is left."""
        for left in range(_ROUNDS - 1, -1, -1):
            steps, self._unsettled = self._unsettled, []
            self.source.unsettled -= len(steps)
            for step in steps:
                assert step.entry is not None
                again = await self._attempt(step.row, step.entry, is_last=not left)
                await self._take(again or step, is_last=not left or again is None)

    async def _take(self, step: Step[O], *, is_last: bool = False) -> None:
        """Report a row, or keep it where nobody knows whether it ran and another attempt will show it."""
        assert step.entry is not None
        if step.outcome.status == "unknown" and not is_last and not self._is_stopping:
            await self._writer.write(step.entry)
            self._unsettled.append(step)
            self.source.unsettled += 1
            return
        if step.outcome.status in ("failed", "unknown") and self._stop is not None:
            self._stop()
        self._report(step)

    async def _attempt(self, row: Row[O], entry: Entry, *, is_last: bool = False) -> Step[O] | None:
        """Send a row, or return `None` where it was cancelled before that; then it is given back."""
        runner = RowRunner(self._runner, is_first=not self._open, is_idempotent=row.is_idempotent)
        self._open[row.number] = row, runner
        outcome = None
        try:
            if not self._is_stopping:
                outcome = await self._outcome(row, entry, runner, is_last)
        finally:
            self.has_sent = self.has_sent or runner.has_begun
            if outcome is None and not runner.has_begun:
                self.rows.give_back(entry)
            if outcome is not None or not runner.has_begun:  # otherwise the row may be running, for all that is known
                self._close(row)
        return None if outcome is None else Step(row, self.source, outcome, _entry(row, outcome))

    def _close(self, row: Row[O]) -> None:
        del self._open[row.number]
        for _, first in [*self._open.values()][:1]:
            first.become_first()

    async def _outcome(self, row: Row[O], entry: Entry, runner: RowRunner, is_last: bool) -> O | None:
        try:
            return await row.attempt(runner, entry)
        except EventLoopError:
            raise  # which no row can help
        except MwaaError as error:
            if self._is_stopping and isinstance(error, QueueTimeoutError):
                return None
            status = status_after(
                error, is_refused=row.refuses(error), may_be_there=entry.may_be_there, is_last=is_last
            )
            return row.failed(status, entry.attempts + error.attempts - (error.ran is False), error)
        except (ValueError, TypeError) as error:
            return row.failed("failed", entry.attempts, error)


def _entry(row: Row[O], outcome: O) -> Entry:
    error = None if outcome.error is None else str(outcome.error)[:_LONGEST]  # it has the command in it, and so a conf
    return Entry(row.number, outcome.status, outcome.attempts, _ran(row, outcome), error)


def _ran(row: Row[O], outcome: O) -> bool | None:
    """Return what the journal says of a row that failed; see `Entry`."""
    error = outcome.error
    if outcome.status != "failed" or error is None:
        return None
    if row.refuses(error):
        return True
    got_nowhere = not isinstance(error, MwaaError) or error.ran is False
    return False if got_nowhere else None
