"""The journal's face towards the event loop: a thread writes, and what comes at the same time is one transaction."""

import asyncio
from collections.abc import Sequence

from anyio import CapacityLimiter, to_thread

from mwaa_async._bulk.journal import Entry, Journal
from mwaa_async._bulk.rows import Row


class Writer:
    """Writes a journal, one transaction after the other; without a journal it remembers nothing."""

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._turns = CapacityLimiter(1)
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def plan(self, rows: Sequence[Row]) -> Sequence[Entry]:
        """Enter rows, and return what is known of each; see `Journal.plan`."""
        if self._journal is None:
            return [Entry(row.number, "planned") for row in rows]
        return await to_thread.run_sync(self._journal.plan, rows, limiter=self._turns)

    async def end(self, total: int) -> None:
        """Note how many rows there are; see `Journal.end`."""
        if self._journal is not None:
            await to_thread.run_sync(self._journal.end, total, limiter=self._turns)

    async def write(self, *entries: Entry) -> None:
        """Return when the entries are on disk. Raises `JournalError`."""
        if self._journal is None:
            return
        loop = asyncio.get_running_loop()
        written = [loop.create_future() for _ in entries]
        self._waiting += zip(entries, written, strict=True)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(self._journal))
        for future in written:
            await future

    async def aclose(self) -> None:
        """Wait until everything is written."""
        if self._writing is not None:
            await self._writing

    async def _write(self, journal: Journal) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            try:
                await to_thread.run_sync(journal.record, [entry for entry, _ in taken], limiter=self._turns)
            except Exception as error:  # noqa: BLE001  # it is for those who wait
                _settle([future for _, future in taken], error)
            else:
                _settle([future for _, future in taken], None)


def _settle(futures: Sequence[asyncio.Future[None]], error: Exception | None) -> None:
    for future in futures:
        if not future.done() and error is not None:
            future.set_exception(error)
        elif not future.done():
            future.set_result(None)
