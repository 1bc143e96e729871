"""The thread of an emulator that is used as `with Emulator() as emulator:`, with an event loop of its own.

It is no portal of anyio: that one waits for its thread also in a forked process, where there is none.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager, suppress
from threading import Event, Thread
from typing import Any


class ServerThread:
    """A thread in which servers are up from now until `close`; what they raise when they start is raised here."""

    def __init__(self, servers: AbstractAsyncContextManager[object]) -> None:
        self._servers = servers
        self._loop = asyncio.new_event_loop()
        self._is_up, self._is_over = Event(), asyncio.Event()
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name="mwaa-async emulator", daemon=True)
        self._thread.start()
        try:
            self._is_up.wait()
        except BaseException:
            self.close()
            raise
        if self._error is not None:
            self.close()

    def call(self, function: Callable[..., Coroutine[Any, Any, None]], *arguments: object) -> None:
        """Call the function in the thread's event loop, and wait until it is done."""
        asyncio.run_coroutine_threadsafe(function(*arguments), self._loop).result()

    def close(self) -> None:
        """Stop the servers and wait for the end of the thread. Raises what they raise."""
        with suppress(RuntimeError):  # the event loop is closed already
            self._loop.call_soon_threadsafe(self._is_over.set)
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._serve())
        except BaseException as error:  # noqa: BLE001  # raised to whom the thread belongs
            self._error = error
        finally:
            self._is_up.set()

    async def _serve(self) -> None:
        async with self._servers:
            self._is_up.set()
            await self._is_over.wait()


class Done:
    """What has happened already, to be awaited by those who are used to it."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()
