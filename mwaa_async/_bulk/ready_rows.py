"""The rows of one environment in their order, each marked as sent in the journal shortly before it is."""

import asyncio
from collections import deque
from typing import Generic

from mwaa_async._bulk.journal import Entry
from mwaa_async._bulk.work import O, Row
from mwaa_async._bulk.writer import Writer

# A row with what the journal knew of it when it was read.
Job = tuple[Row[O], Entry]

_MOST_AT_ONCE = 16


class ReadyRows(Generic[O]):
    """A queue of rows. The next one is marked as sent when there is room for it, while the one before is running.

    Where the web server is quicker than the disk, more than one is marked at once, and ahead.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._rows: asyncio.Queue[Job[O] | None] = asyncio.Queue()
        self._ready: deque[Job[O]] = deque()
        self._marking: asyncio.Task[None] | None = None
        self._marked: list[Job[O]] = []
        self._not_sent: list[Entry] = []
        self._with_environment = 0
        self._at_once = 1
        self._ended = False

    def put(self, row: Row[O], entry: Entry) -> None:
        """Add a row at the end."""
        self._rows.put_nowait((row, entry))

    def end(self) -> None:
        """Say that no row follows those that are there."""
        self._rows.put_nowait(None)

    async def is_ready(self) -> bool:
        """Wait until the journal has the next row as sent, or tell that there is none any more."""
        if not self._ready and (marking := self._mark_next()) is not None:
            await marking
            self._ready.extend(self._marked)
            self._marking, self._marked = None, []
        return bool(self._ready)

    def take(self) -> Job[O]:
        """Return the next row, which is sent now."""
        self._with_environment += 1
        job = self._ready.popleft()
        if self._at_once > 1:
            self._mark_next()
        return job

    def done(self) -> None:
        """Take notice that a row that was taken is not with the environment any more."""
        self._with_environment -= 1

    def give_back(self, entry: Entry) -> None:
        """Take back a row that was not sent after all; the journal has that when this is closed."""
        self._not_sent.append(entry)

    async def aclose(self) -> None:
        """Have the journal say of the rows that were not sent what it said before."""
        if self._marking is not None:
            self._marking.cancel()
            await asyncio.wait([self._marking])
            if not self._marking.cancelled():
                self._marking.exception()  # the next write has it, too
        back = [*self._not_sent, *(entry for _, entry in (*self._ready, *self._marked))]
        self._ended, self._ready, self._marked, self._not_sent = True, deque(), [], []
        await self._writer.write(*back)

    def _mark_next(self) -> asyncio.Task[None] | None:
        if self._marking is None and not self._ended:
            self._marking = asyncio.create_task(self._mark())
        return self._marking

    async def _mark(self) -> None:
        job = await self._rows.get()
        while job is not None:
            self._marked.append(job)
            if len(self._marked) == self._at_once or self._rows.empty():
                break
            job = self._rows.get_nowait()
        self._ended = job is None
        had_some, were_ready = self._with_environment > 0, len(self._ready)
        await self._writer.write(*(Entry(row.number, "sent", entry.attempts) for row, entry in self._marked))
        if had_some and not self._ready and not self._with_environment:  # which had to wait for the disk
            self._at_once = min(2 * self._at_once, _MOST_AT_ONCE)
        elif len(self._ready) == were_ready:  # it was quicker than any command
            self._at_once = max(self._at_once // 2, 1)
