"""One event loop's connection to the engine: open while somebody uses it, and closed by the one task that owns it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from mwaa_async._guards.lease.engine import Connect, Engine

_IDLE = 10.0  # seconds for which it stays open though nobody uses it
_LAST = 1.0  # seconds for what goes on in the background, when it is closed
_END = 5.0  # seconds in which whoever uses it still has to end, when the event loop ends


class Connection:
    """Opens the engine when it is needed, and closes it when it was not used for a while, or the event loop ends.

    `farewell` gives up what is kept in the engine for later. `asyncio.run` cancels all tasks at its end and waits for
    them: the task of this one gives everything up then, and waits for those who still use the engine.
    """

    def __init__(self, connect: Connect, farewell: Callable[[], Awaitable[None]]) -> None:
        self._connect = connect
        self._farewell = farewell
        self._opened: asyncio.Future[Engine] | None = None
        self._owner: asyncio.Task[None] | None = None
        self._users = 0
        self._unused = asyncio.Event()
        self._unused.set()
        self._closing = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def engine(self) -> Engine:
        """Return the engine, opened. Raises `EngineError`."""
        if self._opened is None:
            loop = asyncio.get_running_loop()
            self._opened = loop.create_future()
            self._closing.clear()
            self._owner = loop.create_task(self._run(self._opened), name="mwaa_async: the connection of a guard")
        return await asyncio.shield(self._opened)

    def use(self) -> None:
        """Keep the engine open until `leave`."""
        self._users += 1
        self._unused.clear()

    def leave(self) -> None:
        """Take notice that one user needs it no more."""
        self._users -= 1
        if not self._users:
            self._unused.set()

    def begin(self, work: Awaitable[None], name: str) -> None:
        """Do this in a task of its own, which uses the engine."""

        async def run() -> None:
            try:
                await work
            finally:
                self.leave()

        self.use()
        task = asyncio.get_running_loop().create_task(run(), name=f"mwaa_async: {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close_if_unused(self) -> None:
        """Give up what is kept for later, and close the engine unless somebody uses it."""
        await self._farewell()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LAST)
        if self._owner is not None and self._unused.is_set():
            self._closing.set()
            await asyncio.wait([self._owner])

    async def _run(self, opened: asyncio.Future[Engine]) -> None:
        try:
            async with self._connect() as engine:
                opened.set_result(engine)
                try:
                    await self._until_unused()
                finally:
                    await self._end()
        except Exception as error:
            if opened.done():
                raise
            opened.set_exception(error)
        finally:
            self._forget(opened)

    def _forget(self, opened: asyncio.Future[Engine]) -> None:
        if self._opened is opened:
            self._opened = self._owner = None
        if not opened.done():
            opened.cancel()
        elif not opened.cancelled():
            opened.exception()  # whoever asked has got it, or has gone

    async def _until_unused(self) -> None:
        """Return when nobody uses the engine after a while; whoever comes then opens another one."""
        while True:
            await self._unused.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(_IDLE):
                    await self._closing.wait()
            if self._unused.is_set():
                self._opened = self._owner = None
                return
            self._closing.clear()

    async def _end(self) -> None:
        if not self._unused.is_set():
            await self._farewell()
        with suppress(TimeoutError):  # what they keep is over by itself
            async with asyncio.timeout(_END):
                await self._unused.wait()
