"""The line in which the rows of one environment wait for their turn."""

import asyncio
from collections import deque

from mwaa_async._bulk.journal import Entry
from mwaa_async._bulk.rows import Row
from mwaa_async._bulk.writer import Writer

# A row with what the journal knew of it when it was read.
Job = tuple[Row, Entry]

_MOST_AT_ONCE = 16


class Line:
    """Rows in their order. The next one is marked as sent while the one before runs, so that it can follow at once.

    Where the web server is quicker than the disk, more than one is marked at once.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._rows: asyncio.Queue[Job | None] = asyncio.Queue()
        self._ready: deque[Job] = deque()
        self._marking: asyncio.Task[None] | None = None
        self._marked: list[Job] = []
        self._at_once = 1
        self._ended = False

    @property
    def has_more(self) -> bool:
        """Tell whether a row is there, or may come."""
        return not self._ended or bool(self._ready or self._marked)

    def put(self, row: Row, entry: Entry) -> None:
        """Let a row stand in the line."""
        self._rows.put_nowait((row, entry))

    def end(self) -> None:
        """Say that nothing comes after the rows that are there."""
        self._rows.put_nowait(None)

    async def is_ready(self) -> bool:
        """Wait until the journal has the next row as sent, or tell that there is none any more."""
        if not self._ready and (marking := self._mark_next()) is not None:
            if self._marked:  # it is the disk that is waited for, not the one who brings the rows
                self._at_once = min(2 * self._at_once, _MOST_AT_ONCE)
            await marking
            self._ready.extend(self._marked)
            self._marking, self._marked = None, []
        return bool(self._ready)

    def take(self) -> Job:
        """Return the next row, which goes out now, and see to those that come after it."""
        job = self._ready.popleft()
        self._mark_next()
        return job

    async def aclose(self) -> None:
        """Take back that rows were sent which were only about to be."""
        if self._marking is not None:
            self._marking.cancel()
            await asyncio.wait([self._marking])
            if not self._marking.cancelled():
                self._marking.exception()  # the next write has it, too
        back = [entry for _, entry in (*self._ready, *self._marked)]
        self._ended, self._ready, self._marked = True, deque(), []
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
        await self._writer.write(*(Entry(row.number, "sent", entry.attempts) for row, entry in self._marked))
