"""Work on one environment that Ctrl-C may interrupt, and what is known of its command then."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from mwaa_async import Environment, MwaaClient
from mwaa_async._cli.exits import StoppedError
from mwaa_async._cli.output import say

_NOTICED = 0.1  # seconds; a wait that is shorter needs no word

T = TypeVar("T")


def run_interruptible(
    client: MwaaClient,
    environment: str,
    work: Callable[[Environment], Awaitable[T]],
    done: Callable[[], str] = lambda: "",
) -> T:
    """Do the work on the environment and return its result.

    Raises `StoppedError` where Ctrl-C is pressed; it says what is `done` already, or else what became of the command.
    """
    interruptible = _Interruptible(client, environment, work)
    try:
        return asyncio.run(interruptible.run())
    except KeyboardInterrupt:
        raise StoppedError(f"interrupted; {done() or interruptible.left_behind}") from None


class _Interruptible(Generic[T]):
    """The work; `left_behind` says what became of its command when it was interrupted."""

    def __init__(self, client: MwaaClient, environment: str, work: Callable[[Environment], Awaitable[T]]) -> None:
        self._client = client
        self._environment = client.environment(environment)
        self._work = work
        self.left_behind = "the command has not run"

    async def run(self) -> T:
        """Open the client, do the work, and close the client, which waits for what is on the wire."""
        try:
            async with self._client:
                return await self._run()
        finally:
            state = self._environment.statistics()
            if state.running or state.settling:
                self.left_behind = "the command may still be running: look in Airflow before you repeat it"

    async def _run(self) -> T:
        try:
            return await self._work(self._environment)
        except asyncio.CancelledError:
            if self._environment.statistics().running:
                self.left_behind = "the command is not running any more, if it ever was"
                asyncio.get_running_loop().call_later(_NOTICED, self._say_that_it_waits)
            # A second Ctrl-C leaves connections unclosed, about which aiohttp would complain.
            asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
            raise

    def _say_that_it_waits(self) -> None:
        if self._environment.statistics().running:
            say("interrupted; waiting for the web server to be done with the command (Ctrl-C again does not wait)")
