"""What is known of one environment's Airflow: which version it is, and so which commands MWAA offers on it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from mwaa_async._clock import Allowance, now
from mwaa_async._errors import EnvironmentNotFoundError, MwaaError, QueueTimeoutError, UnsupportedCommandError
from mwaa_async._protocol.catalogue import is_offered
from mwaa_async._protocol.instead import instead, pasted
from mwaa_async._protocol.secrets import called, redacted
from mwaa_async._protocol.versions import Version, parse_version

logger = logging.getLogger("mwaa_async")

# Seconds for AWS to report the version. A private network may have a way to the token API only (they are two VPC
# endpoints), and then commands must not wait for the SDK's minutes of retries.
_PATIENCE = 5.0
_CLOSED = "the client was closed"
_UNLISTED = "to send it all the same: MwaaClient(allow_unlisted=True), or 'mwaa-async run --allow-unlisted'"


class Airflow:
    """One environment's Airflow; its version is found out once, with the first command that needs it.

    `ask_aws` calls `GetEnvironment`. Where that is not allowed the version stays unknown until somebody gives it, and
    only what MWAA offers on no version is refused.
    """

    def __init__(self, environment: str, ask_aws: Callable[[], Awaitable[str]], *, allow_unlisted: bool) -> None:
        self._environment = environment
        self._ask_aws = ask_aws
        self.allow_unlisted = allow_unlisted
        self._asking: asyncio.Task[None] | None = None
        # Whoever has passed submits the command before anything else can happen: an asyncio.Lock is first come, first
        # served, also between the moment in which it is released and the one in which the next one goes on.
        self._in_order = asyncio.Lock()
        self._waits: set[asyncio.Timeout] = set()
        self._is_closed = False
        self._was_asked = False
        self.text: str | None = None
        self.version: Version | None = None

    def set_version(self, text: str) -> None:
        """Take over a version that somebody knows. Raises `ValueError` for what is none."""
        self.version, self.text = parse_version(text), text

    def check(self, line: str) -> None:
        """Raise `UnsupportedCommandError` for what MWAA does not offer, as far as that is known."""
        if not self.allow_unlisted and not is_offered(line, self.version):
            raise self._unsupported(line)

    async def get_ready(self) -> None:
        """Ask AWS for the version where a command may have to be refused for it. Raises `EnvironmentNotFoundError`."""
        if not self.allow_unlisted:
            await self.find_version()

    async def known_version(
        self,
        ask_airflow: Callable[[], Awaitable[str]],
        *,
        in_queue: Allowance | None = None,
        in_turn: Allowance | None = None,
    ) -> Version:
        """Return the version; where AWS does not report it, Airflow is asked, once.

        Waiting for others passes `in_queue`, and waiting for AWS passes both. Raises `QueueTimeoutError`.
        """
        if self.version is not None and self._is_free:
            return self.version
        await self._wait(self._in_order.acquire(), in_queue)
        try:
            if self.version is None:
                await self._wait(self.find_version(), in_queue, in_turn)
            if self.version is None:
                self.set_version(await ask_airflow())
        finally:
            self._in_order.release()
        assert self.version is not None
        return self.version

    async def in_order(self, in_queue: Allowance | None = None) -> None:
        """Wait for those who asked before and are finding out the version, so that nobody overtakes them."""
        if not self._is_free:
            await self._wait(self._in_order.acquire(), in_queue)
            self._in_order.release()

    async def find_version(self) -> None:
        """Ask AWS for the version, unless it is known or was asked for already. Raises `EnvironmentNotFoundError`.

        Asking goes on when one who waits for it goes away: the others wait for the same answer.
        """
        if self.version is not None or self._was_asked:
            return
        if self._is_closed:
            raise self._not_sent(_CLOSED)
        if self._asking is None:
            self._asking = asyncio.create_task(self._find(), name="mwaa_async: ask AWS for the Airflow version")
            self._asking.add_done_callback(self._asked)
        asking = self._asking
        await asyncio.wait([asking])
        if asking.cancelled():
            raise self._not_sent(_CLOSED)
        asking.result()

    async def aclose(self) -> None:
        """End the waiting of those who wait for the version."""
        self._is_closed = True
        for scope in self._waits:
            if not scope.expired():
                scope.reschedule(now())
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    @property
    def _is_free(self) -> bool:
        return not self._in_order.locked() and not self._waits

    async def _wait(self, work: Coroutine[Any, Any, object], *allowances: Allowance | None) -> None:
        """Wait for the work, at most as long as is allowed, and until the client is closed."""
        allowed = [one for one in allowances if one is not None]
        seconds = 0.0 if self._is_closed else min((one.left for one in allowed), default=None)
        scope, began_at = asyncio.timeout(seconds), now()
        self._waits.add(scope)
        try:
            async with scope:
                await work
        except TimeoutError:
            if not scope.expired():
                raise
            raise self._not_sent(self._cause(allowed)) from None
        finally:
            self._waits.remove(scope)
            for one in allowed:
                one.left = max(0.0, one.left - (now() - began_at))

    def _cause(self, allowed: Sequence[Allowance]) -> str:
        if self._is_closed:
            return _CLOSED
        seconds = min(allowed, key=lambda one: one.left).seconds
        return f"its turn did not come within {seconds:g} s, since the Airflow version is not known yet"

    def _not_sent(self, cause: str) -> QueueTimeoutError:
        return QueueTimeoutError(f"{self._environment}: {cause}; nothing was sent", environment=self._environment)

    def _asked(self, asking: asyncio.Task[None]) -> None:
        self._asking = None
        if not asking.cancelled():
            asking.exception()  # which whoever waits for it raises; if all have gone away, nobody has to

    async def _find(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                self.set_version(await self._ask_aws())
        except EnvironmentNotFoundError:
            raise
        except (MwaaError, TimeoutError, ValueError) as error:
            logger.info("%s: AWS does not report the Airflow version (%s)", self._environment, error or "no answer")
        self._was_asked = True

    def _unsupported(self, line: str) -> UnsupportedCommandError:
        where = f" on Airflow {self.text}" if self.text else ""
        said = pasted(line) or f"MWAA does not offer {called(line)!r}{where}: {instead(line, self.version)}"
        unlisted = "" if pasted(line) else f"; {_UNLISTED}"
        return UnsupportedCommandError(
            f"{self._environment}: {said}. It was not sent{unlisted}",
            environment=self._environment,
            command=redacted(line),
        )
