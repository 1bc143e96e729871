"""The CLI tokens of one environment: fetched in time, reused while fresh, never sent when too old."""

import asyncio
from collections.abc import Awaitable, Callable

from mwaa_async._aws import CliTokenAnswer
from mwaa_async._clock import now
from mwaa_async._errors import TokenError
from mwaa_async._model.cli_token import CliToken
from mwaa_async._reporting import Reporter


class Tokens:
    """Hands out tokens for the commands of one environment, one command at a time.

    A token counts as fresh for five sixths of its lifetime, reckoned from before AWS was asked for it; the last sixth
    is for the way to the web server. Fetching goes on when the one who waits for it is cancelled, so that the next one
    finds the token.

    `wanted_next` tells whether a command is running and another one waits that will need a token: then the next token
    is fetched ahead, while the command before is still running, where this one would be too old.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[CliTokenAnswer]],
        lifetime: float,
        *,
        wanted_next: Callable[[], bool],
        report: Reporter,
    ) -> None:
        self._fetch = fetch
        self._report = report
        self._fresh_for = lifetime * 5 / 6
        self._wanted_next = wanted_next
        self._current: CliToken | None = None
        self._fetching: asyncio.Task[CliToken] | None = None
        self._due: asyncio.TimerHandle | None = None
        self._fetch_took = 0.0
        self._reusable = True
        self.fetched = 0

    async def take(self) -> CliToken:
        """Return a token that the web server should accept now. Raises `TokenError`."""
        fetching = self.fetching()
        token = self._current if fetching is None else await self.fetched_by(fetching)
        assert token is not None
        token.taken += 1
        return token

    def fetching(self) -> "asyncio.Task[CliToken] | None":
        """Begin to fetch a token where there is none for a command that comes now, and return what fetches it."""
        return None if self.are_ready else self._fetching or self._start_fetching()

    def is_fresh(self, token: CliToken) -> bool:
        """Tell whether the web server should still accept the token."""
        return now() - token.asked_at < self._fresh_for

    def prefetch_if_due(self) -> None:
        """Start fetching the next token where the command that comes next would find this one too old."""
        if self._fetching is not None or not self._wanted_next():
            return
        if self._current is None or not self._usable(self._current, now() + self._lead):
            self._start_fetching()

    def refused(self, token: CliToken) -> None:
        """Take notice that the web server did not accept the token."""
        if self._current is token:
            self._current = None

    def stop_reusing(self) -> None:
        """Give out every token once only from now on, since the service does not take them twice."""
        self._reusable = False

    async def aclose(self) -> None:
        """Cancel what is being fetched."""
        if self._due is not None:
            self._due.cancel()
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

    @property
    def _lead(self) -> float:
        # Twice what fetching took last time: AWS is not always equally quick.
        return min(2 * self._fetch_took, self._fresh_for / 2)

    @property
    def are_ready(self) -> bool:
        """Tell whether there is a token for a command that comes now."""
        return self._current is not None and self._usable(self._current, now())

    def _usable(self, token: CliToken, moment: float) -> bool:
        return moment - token.asked_at < self._fresh_for and (self._reusable or not token.taken)

    async def fetched_by(self, fetching: "asyncio.Task[CliToken]") -> CliToken:
        """Return the token that is being fetched. Raises `TokenError`."""
        await asyncio.wait([fetching])
        if fetching.cancelled():
            raise TokenError("the client was closed before AWS gave a token")
        token = fetching.result()
        if not self.is_fresh(token):
            raise TokenError(f"AWS took longer for a token than the {self._fresh_for:.3g} s for which it is of use")
        return token

    def _start_fetching(self) -> asyncio.Task[CliToken]:
        self._fetching = asyncio.create_task(self._fetch_token(), name="mwaa_async: fetch a CLI token")
        self._fetching.add_done_callback(self._fetching_done)
        return self._fetching

    async def _fetch_token(self) -> CliToken:
        began_at = now()
        try:
            answer = await self._fetch()
        except TokenError as error:
            # Whoever waits for the token gets this error, too; a token fetched ahead is tried again in its turn.
            self._report.token_failed(now() - began_at, error)
            raise
        self._fetch_took = now() - answer.asked_at
        self.fetched += 1
        self._report.token_fetched(self._fetch_took)
        return CliToken(answer.token, answer.hostname, answer.asked_at)

    def _fetching_done(self, task: asyncio.Task[CliToken]) -> None:
        self._fetching = None
        if not task.cancelled() and task.exception() is None:
            self._keep(task.result())

    def _keep(self, token: CliToken) -> None:
        self._current = token
        if self._due is not None:
            self._due.cancel()
        # A command that begins before this moment and ends after it leaves a token that is too old.
        self._due = asyncio.get_running_loop().call_at(
            token.asked_at + self._fresh_for - self._lead, self.prefetch_if_due
        )
