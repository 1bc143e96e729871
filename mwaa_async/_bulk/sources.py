"""Where the rows of a batch come from, and how many of them may be in progress at a time."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from itertools import islice
from typing import Any, Generic, TypeVar

from mwaa_async._bulk.work import Kind, Q

R = TypeVar("R")

Requests = Iterable[Q] | AsyncIterable[Q]
# A request with its number in the batch, from 1.
Numbered = tuple[int, Q]

_AHEAD = 1000  # rows that are read and whose outcome nobody has taken, over all sources
_AT_LEAST = 100  # of each of them
_AT_ONCE = 64  # rows that are entered into the journal in one transaction


class Source(Generic[Q]):
    """Requests that are read one after the other.

    `room` is the one limit to how much of them there is at a time, from the reading of a row until its outcome is
    taken. So far one environment may be ahead of another in the same source.
    """

    def __init__(self, requests: Iterable[Numbered[Q]] | AsyncIterable[Numbered[Q]], of: int = 1) -> None:
        ahead = max(_AT_LEAST, _AHEAD // of)
        self.room = asyncio.Semaphore(ahead)
        self.most_unsettled = ahead // 2  # they take up room, and others have to go on
        self.unsettled = 0
        self._requests = requests

    async def rows(self, row_of: Callable[[int, Q], R]) -> AsyncGenerator[list[R], None]:
        """Yield the rows, some at a time where none has to be waited for, when there is room for them."""
        if isinstance(self._requests, AsyncIterable):
            async for number, request in self._requests:
                yield await self._with_room([row_of(number, request)])
            return
        rows = (row_of(number, request) for number, request in self._requests)
        while some := list(islice(rows, _AT_ONCE)):
            yield await self._with_room(some)

    async def _with_room(self, rows: list[R]) -> list[R]:
        for _ in rows:
            await self.room.acquire()
        return rows


def source_of(requests: Requests[Q], kind: Kind[Q, Any]) -> Source[Q]:
    """Return a source of requests that are numbered as they are read. Raises `TypeError` for anything else."""
    if isinstance(requests, AsyncIterable):
        return Source(_each_numbered(requests, kind))
    if not isinstance(requests, Iterable):
        what = f"{kind.argument} is an iterable of {kind.request.__name__}"
        raise TypeError(f"{what}, and not {_kind(requests)}")
    return Source(_numbered(number, request, kind) for number, request in enumerate(requests, 1))


async def _each_numbered(requests: AsyncIterable[Q], kind: Kind[Q, Any]) -> AsyncGenerator[Numbered[Q], None]:
    number = 0
    async for request in requests:
        number += 1
        yield _numbered(number, request, kind)


def _numbered(number: int, request: object, kind: Kind[Q, Any]) -> Numbered[Q]:
    if not isinstance(request, kind.request):
        raise TypeError(
            f"request {number} is {_kind(request)}, and not a {kind.example}; nothing from there on was sent"
        )
    return number, request


def _kind(value: object) -> str:
    """Return what a value is; what it says may be secret."""
    return "None" if value is None else f"of the type {type(value).__name__}"
