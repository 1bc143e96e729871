"""One emulated environment: its tokens, its Airflow, and what it has seen."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from mwaa_async._protocol.catalogue import command_words, is_offered
from mwaa_async._protocol.versions import Version, parse_version
from mwaa_async._protocol.words import split_words
from mwaa_async.emulator._records import CommandRecord, EnvironmentRecord, TokenRecord
from mwaa_async.emulator.airflow import Execution


class Airflow(Protocol):
    """What answers an environment's commands; `execute` may be a coroutine function, and so may `version`."""

    @property
    def version(self) -> str | Callable[[], Awaitable[str]]: ...

    def execute(self, words: Sequence[str], /) -> Execution | Awaitable[Execution]: ...


@runtime_checkable
class ResettableAirflow(Protocol):
    """An Airflow that can be what it was in the beginning."""

    def reset(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the environments of an emulator behave."""

    token_lifetime: float
    single_use_tokens: bool
    command_time: float
    refused_commands: Collection[str]


class EmulatedEnvironment:
    """One environment of the emulator, from the beginning, or from a reset, to the next reset.

    A request belongs to the one that it found. `issued` are the tokens of this and former ones, by their values.
    """

    def __init__(
        self,
        name: str,
        airflow: Airflow,
        behaviour: Behaviour,
        *,
        commands: list[CommandRecord],
        tokens: list[TokenRecord],
        issued: dict[str, TokenRecord],
        hostname: str = "",
    ) -> None:
        self.name = name
        self.airflow = airflow
        self.hostname = hostname
        self.record = EnvironmentRecord()
        self._behaviour = behaviour
        self._commands = commands
        self._tokens = tokens
        self._issued = issued
        self._over = asyncio.Event()

    def issue_token(self) -> TokenRecord:
        """Issue a CLI token for this environment."""
        token = TokenRecord(self.name, _now(), secrets.token_urlsafe(96))
        self._tokens.append(token)
        self._issued[token.value] = token
        return token

    def accept_token(self, value: str) -> TokenRecord | None:
        """Return the token where it is this environment's and still valid, and count its use."""
        token = self._issued.get(value)
        if token is None or token.environment != self.name or _now() - token.issued > self._behaviour.token_lifetime:
            return None
        if self._behaviour.single_use_tokens and token.uses:
            return None
        token.uses += 1
        return token

    def refuses(self, line: str) -> bool:
        """Tell whether the web server refuses this command, although MWAA offers it, as real ones are seen to do."""
        return command_words(line) in self._behaviour.refused_commands

    async def take(self, seconds: float) -> None:
        """Take that long, or as long as nobody resets the emulator: who waits for an answer gets it then."""
        if seconds:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), seconds)

    def hurry(self) -> None:
        """Let everything that still takes its time be done with it."""
        over, self._over = self._over, asyncio.Event()
        over.set()

    def end(self) -> None:
        """Let nothing take any time from now on."""
        self._over.set()

    @contextmanager
    def open_request(self, line: str, token: TokenRecord, *, peer: object) -> Iterator[CommandRecord]:
        """Keep a record of a command for as long as its request is open or it runs on."""
        record = CommandRecord(self.name, line, _now(), _now() - token.issued, self._connection_number(peer))
        self._commands.append(record)
        self.record.running += 1
        self.record.max_running = max(self.record.max_running, self.record.running)
        try:
            yield record
        finally:
            self.record.running -= 1
            record.end = _now()

    async def run(self, record: CommandRecord) -> Execution:
        """Have Airflow run the command. Raises `ValueError` where its line cannot be split into words."""
        words = split_words(record.command)
        await self.take(self._behaviour.command_time)
        execution = await self._execute(words)
        record.exit_code = execution.exit_code
        return execution

    async def airflow_version(self) -> str:
        """Return the version of the environment's Airflow."""
        version = self.airflow.version
        return version if isinstance(version, str) else await version()

    async def redirects(self) -> bool:
        """Tell whether the endpoint is at the address with a slash at its end only, as on Airflow 3."""
        version = await self._version()
        return version is not None and version >= (3, 0, 0)

    async def offers(self, line: str) -> bool:
        """Tell whether MWAA offers the command. Raises `ValueError` where the line cannot be split into words."""
        return is_offered(line, await self._version())

    async def _version(self) -> Version | None:
        with suppress(ValueError):  # a program that is no Airflow, for a test
            return parse_version(await self.airflow_version())
        return None

    def _connection_number(self, peer: object) -> int:
        """Return the number of the TCP connection from this peer, counted from 1."""
        if peer not in self.record.connections:
            self.record.connections.append(peer)
        return self.record.connections.index(peer) + 1

    async def _execute(self, words: list[str]) -> Execution:
        execution = self.airflow.execute(words)
        return execution if isinstance(execution, Execution) else await execution


def _now() -> float:
    return asyncio.get_running_loop().time()
