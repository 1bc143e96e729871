"""A batch on its way: shown while it runs, interrupted by Ctrl-C, told in the end."""

import asyncio
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Generic, NoReturn

import anyio
import click

from mwaa_async import MwaaClient
from mwaa_async._bulk.batch import Batch
from mwaa_async._bulk.sources import Source
from mwaa_async._bulk.work import O, Q
from mwaa_async._cli.exits import NOT_ENDED, StoppedError
from mwaa_async._cli.output import counted, in_one_line, say
from mwaa_async._cli.progress import Standing, shown_progress
from mwaa_async._cli.signals import caught_signals
from mwaa_async._cli.summary import Summary


class BulkRun(Generic[Q, O]):
    """The batch on its way, until it is done or interrupted.

    `then` is what follows when all rows have an outcome; Ctrl-C ends that.
    """

    def __init__(
        self,
        client: MwaaClient,
        batch: Batch[Q, O],
        sources: Sequence[Source[Q]],
        standing: Standing,
        summary: Summary[O],
        report: Callable[[O], None],
        *,
        has_journal: bool,
        then: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._client = client
        self._batch = batch
        self._sources = sources
        self._standing = standing
        self._summary = summary
        self._report = report
        self._has_journal = has_journal
        self._then = then
        self._following: anyio.CancelScope | None = None
        self._interrupts = 0
        self._left_behind = ""

    def run(self) -> None:
        """Send all rows and show the summary. Ends the program with an exit status, unless all rows are done."""
        try:
            asyncio.run(self._work())
        except KeyboardInterrupt:
            self._interrupts = self._interrupts or 1  # where signals cannot be caught
            self._left_behind = self._on_the_wire()
        finally:
            self._summary.show()
        if self._interrupts:
            left_behind = self._left_behind or self._summary.left_behind
            kept = ", and the journal is kept" if self._has_journal else ""
            raise StoppedError(f"interrupted; {left_behind}{kept}. To go on: {self._again()}")
        if self._summary.unfinished:
            say(self._way_on())
        if self._summary.exit_status == NOT_ENDED:
            say(f"to go on waiting: {self._again()}")
        if self._summary.exit_status:
            raise click.exceptions.Exit(self._summary.exit_status)

    def _way_on(self) -> str:
        left = f"{counted(self._summary.unfinished, 'row')} left"
        if not self._has_journal:
            return f"{left}; the same command does all of them again"
        without = " without --new-batch" if "--new-batch" in sys.argv else ""
        return f"the same command{without} goes on: {left}"

    def _again(self) -> str:
        """Return the command that goes on, with the rows or, where none is left, with what follows them."""
        words = [word for word in sys.argv[1:] if word not in ("--new-batch", "--resume")]
        more = ("--resume",) if self._has_journal and not self._summary.unfinished else ()
        return in_one_line(shlex.join(["mwaa-async", *words, *more]))

    async def _work(self) -> None:
        with caught_signals(signal.SIGINT) as signals:
            watching = asyncio.create_task(self._watch(signals))
            try:
                async with self._client:
                    await self._send()
                    await self._follow()
            finally:
                watching.cancel()

    async def _send(self) -> None:
        if self._interrupts:
            return
        with shown_progress(self._standing, self._batch.running) as progress:
            async with aclosing(self._batch.outcomes(*self._sources)) as outcomes:
                async for outcome in outcomes:
                    self._summary.count(outcome)
                    self._report(outcome)
                    progress.count(outcome)

    async def _follow(self) -> None:
        if self._then is None or self._interrupts:
            return
        with anyio.CancelScope() as self._following:
            await self._then()

    async def _watch(self, signals: AsyncIterator[signal.Signals]) -> None:
        """Finish what is on the wire when Ctrl-C is pressed, and the second time nothing."""
        async for _ in signals:
            self._interrupts += 1
            if self._interrupts > 1:
                self._leave()
            self._batch.stop()
            if self._following is not None:
                self._following.cancel()
            with suppress(click.exceptions.Exit, click.ClickException):  # who read it may be gone by the same Ctrl-C
                say("interrupted; finishing what is on the wire (Ctrl-C again quits)")

    def _leave(self) -> NoReturn:
        """End the program at once; rows that are on the wire stay in the journal as sent."""
        # Connections stay unclosed, about which aiohttp would complain.
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        raise KeyboardInterrupt

    def _on_the_wire(self) -> str:
        rows = [f"row {row.number} ({row.environment})" for row in self._batch.running().values()]
        return f"{', '.join(rows)} may still be running" if rows else ""
