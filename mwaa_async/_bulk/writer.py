"""The journal for the event loop: one thread writes, and everything that waits to be written is one transaction."""

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import ParamSpec, TypeVar

from mwaa_async._bulk.journal import Entry, Journal, Planned, open_journal, put_away
from mwaa_async._bulk.layouts import Layout
from mwaa_async._errors import BatchFinishedError

P = ParamSpec("P")
R = TypeVar("R")


async def opened_journal(path: str | os.PathLike[str], layout: Layout, *, resume: bool, new_batch: bool) -> Journal:
    """Open a journal, which may take a while; where this is cancelled, it is closed again.

    Raises `JournalError`, as `BatchFinishedError` where nothing is left to be sent and that is not what was asked for.
    """
    work = partial(_open, path, layout, resume=resume, new_batch=new_batch)
    opening = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        await asyncio.wait([opening])
    except asyncio.CancelledError:
        opening.add_done_callback(_close)
        await asyncio.wait([opening])
        raise
    return opening.result()


def _open(path: str | os.PathLike[str], layout: Layout, *, resume: bool, new_batch: bool) -> Journal:
    if new_batch:
        put_away(path, layout=layout)
    journal = open_journal(path, layout=layout, must_exist=resume)
    if resume or not journal.is_finished:
        return journal
    with closing(journal):
        raise BatchFinishedError(
            f"the batch {journal.batch!r} is finished, and nothing was sent. new_batch=True {layout.verb}s its rows "
            f"once more, resume=True tells their outcomes (the journal is {str(path)!r})"
        )


class Writer:
    """Writes a journal, one transaction after the other; without a journal it remembers nothing.

    All that touches the journal runs in one thread, and to its end: whoever waits for it may be cancelled, a
    transaction is not, and the next one begins after it.
    """

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mwaa-async-journal")
        self._waiting: list[tuple[Sequence[Entry], asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def plan(self, rows: Sequence[Planned]) -> Sequence[Entry]:
        """Enter rows, and return what is known of each; see `Journal.plan`."""
        if self._journal is None:
            return [Entry(row.number, "planned") for row in rows]
        return await self._in_thread(self._journal.plan, rows)

    async def end(self, total: int) -> None:
        """Note how many rows there are; see `Journal.end`."""
        if self._journal is not None:
            await self._in_thread(self._journal.end, total)

    async def write(self, *entries: Entry) -> None:
        """Return when the entries are on disk. Raises `JournalError`."""
        if self._journal is None or not entries:
            return
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((entries, written))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(self._journal))
        await written

    async def aclose(self) -> None:
        """Wait until everything is written, and end the thread."""
        try:
            while self._writing is not None and not self._writing.done():
                await asyncio.wait([self._writing])
        finally:
            self._waiting.clear()
            # Cancelled or not, nothing may touch the journal from now on: it is about to be closed.
            self._thread.shutdown()

    async def _write(self, journal: Journal) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            error: Exception | None = None
            try:
                await self._in_thread(journal.record, [entry for entries, _ in taken for entry in entries])
            except Exception as caught:  # noqa: BLE001  # it is for those who wait
                error = caught
            for _, written in taken:
                _settle(written, error)

    def _in_thread(self, function: Callable[P, R], /, *arguments: P.args, **_: P.kwargs) -> asyncio.Future[R]:
        return asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)


def _close(opened: asyncio.Future[Journal]) -> None:
    if opened.exception() is None:
        opened.result().close()


def _settle(written: asyncio.Future[None], error: Exception | None) -> None:
    if written.done():  # cancelled
        return
    if error is None:
        written.set_result(None)
    else:
        written.set_exception(error)
