"""What is known of one environment's Airflow: which version it is, and so which commands MWAA offers on it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from mwaa_async._errors import EnvironmentNotFoundError, MwaaError, UnsupportedCommandError
from mwaa_async._protocol.catalogue import is_offered
from mwaa_async._protocol.instead import instead, pasted
from mwaa_async._protocol.secrets import called, redacted
from mwaa_async._protocol.versions import Version, parse_version

logger = logging.getLogger("mwaa_async")

# Seconds for AWS to report the version. A private network may have a way to the token API only (they are two VPC
# endpoints), and then commands must not wait for the SDK's minutes of retries.
_PATIENCE = 5.0
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
        self._asking = asyncio.Lock()
        # Whoever has passed submits the command before anything else can happen: an asyncio.Lock is first come, first
        # served, also between the moment in which it is released and the one in which the next one goes on.
        self._in_order = asyncio.Lock()
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

    async def known_version(self, ask_airflow: Callable[[], Awaitable[str]]) -> Version:
        """Return the version; where AWS does not report it, Airflow is asked, once."""
        async with self._in_order:
            if self.version is None:
                await self.find_version()
            if self.version is None:
                self.set_version(await ask_airflow())
        assert self.version is not None
        return self.version

    async def in_order(self) -> None:
        """Wait for those who asked before and are finding out the version, so that nobody overtakes them."""
        async with self._in_order:
            pass

    async def find_version(self) -> None:
        """Ask AWS for the version, unless it is known or was asked for already. Raises `EnvironmentNotFoundError`."""
        if self.version is None and not self._was_asked:
            async with self._asking:
                if self.version is None and not self._was_asked:
                    await self._find()

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
