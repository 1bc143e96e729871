"""Runs the commands of one environment: what its handle, its typed methods and batches are built on."""

import re
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Unpack, cast

from mwaa_async._airflow_version import Airflow
from mwaa_async._clock import Allowance, allowed, check_seconds
from mwaa_async._errors import QueueTimeoutError
from mwaa_async._model.result import CommandResult, unexpected
from mwaa_async._model.statistics import EnvironmentStatistics
from mwaa_async._model.timeouts import Timeouts
from mwaa_async._protocol.catalogue import only_reads
from mwaa_async._protocol.secrets import redacted
from mwaa_async._protocol.versions import Version, parse_version

if TYPE_CHECKING:
    from mwaa_async._queue import CommandQueue, Submitted


class Runner:
    """Runs the commands of one environment in the order in which they are asked for.

    `open_queue` returns the environment's queue, or raises where the client cannot be used. `queue_timeout` holds for
    commands that have none of their own, `retry_reads` makes commands that only read idempotent, and `web_server`
    returns the web server's name.
    """

    def __init__(
        self,
        name: str,
        airflow: Airflow,
        open_queue: "Callable[[], CommandQueue]",
        *,
        queue_timeout: float | None,
        retry_reads: bool,
        run_id_pattern: re.Pattern[str],
        web_server: Callable[[], str | None],
    ) -> None:
        self.name = name
        self.run_id_pattern = run_id_pattern
        self.airflow = airflow
        self._open_queue = open_queue
        self._queue: CommandQueue | None = None
        self.queue_timeout = queue_timeout
        self._retry_reads = retry_reads
        self._web_server = web_server

    @property
    def web_server(self) -> str | None:
        """Return the name of the environment's web server, `None` as long as AWS has not told this client."""
        return self._web_server()

    def within(self, **timeouts: Unpack[Timeouts]) -> "MethodRunner":
        """Return what runs the commands of one method, all of them together in these time-outs; see `Timeouts`.

        Raises `TypeError` in the name of the method that calls it where one is misspelt.
        """
        for name, seconds in timeouts.items():
            if name not in Timeouts.__annotations__:
                # Python would name this function, of which no caller knows.
                method = sys._getframe(1).f_code.co_qualname  # noqa: SLF001
                names = " and ".join(Timeouts.__annotations__)
                raise TypeError(f"{method}() got an unexpected keyword argument {name!r}; its time-outs are {names}")
            check_seconds(name, cast("float | None", seconds))
        in_queue = timeouts.get("queue_timeout")
        return MethodRunner(
            self, allowed(timeouts.get("timeout")), allowed(self.queue_timeout if in_queue is None else in_queue)
        )

    def submit(
        self,
        line: str,
        *,
        timeout: float | Allowance | None = None,
        queue_timeout: float | Allowance | None = None,
        idempotent: bool = False,
    ) -> "Submitted":
        """Put a command line into the environment's queue, and return the handle with which it can be cancelled.

        Raises `UnsupportedCommandError` for what MWAA does not offer, as far as that is known, and `MwaaError` or
        `RuntimeError` where the client cannot be used.
        """
        self.airflow.check(line)
        return self.open().submit(
            line,
            timeout=timeout,
            queue_timeout=queue_timeout,
            idempotent=idempotent or (self._retry_reads and only_reads(line)),
        )

    def open(self) -> "CommandQueue":
        """Return the environment's queue. Raises `MwaaError` or `RuntimeError` where the client cannot be used."""
        self._queue = self._open_queue()
        return self._queue

    def statistics(self) -> EnvironmentStatistics:
        """Return what the queue does and has done."""
        return EnvironmentStatistics(0, 0, 0, 0, 0, False) if self._queue is None else self._queue.statistics()

    def __repr__(self) -> str:
        return f"<Runner of {self.name}>"


class MethodRunner:
    """Runs the commands of one method, all of them together in its time-outs.

    `in_queue` passes while a command waits for its turn, and for others who find out the version; `in_turn` while AWS
    is asked and the command is executed.
    """

    __slots__ = ("_in_queue", "_in_turn", "lasting")

    def __init__(self, runner: Runner, in_turn: Allowance | None, in_queue: Allowance | None) -> None:
        self.lasting = runner
        self._in_turn = in_turn
        self._in_queue = in_queue

    @property
    def name(self) -> str:
        """Return the environment's name."""
        return self.lasting.name

    @property
    def web_server(self) -> str | None:
        """Return the name of the environment's web server, where it is known."""
        return self.lasting.web_server

    @property
    def allow_unlisted(self) -> bool:
        """Tell whether commands are sent that MWAA does not list as offered."""
        return self.lasting.airflow.allow_unlisted

    @property
    def run_id_pattern(self) -> re.Pattern[str]:
        """Return the pattern of the run ids that the environment's Airflow takes."""
        return self.lasting.run_id_pattern

    async def in_order(self) -> None:
        """Wait until a command may be submitted without overtaking one that waits for the version."""
        await self.lasting.airflow.in_order(self._in_queue)

    async def version(self) -> Version:
        """Return the version of the environment's Airflow, which Airflow itself is asked for where AWS does not say."""
        airflow = self.lasting.airflow
        if airflow.version is None:
            self.lasting.open()  # a client that cannot be used says so, and asks nobody
        return await airflow.known_version(self.printed_version, in_queue=self._in_queue, in_turn=self._in_turn)

    async def version_text(self) -> str:
        """Return the version as it was given or found."""
        await self.version()
        assert self.lasting.airflow.text is not None
        return self.lasting.airflow.text

    async def printed_version(self) -> str:
        """Run the command `version` and return what it prints. Raises `OutputError` for what is none."""
        from mwaa_async._protocol.log_lines import last_line

        result = await self.execute("version")
        try:
            parse_version(line := last_line(result.stdout))
        except ValueError:
            raise unexpected(result, "version") from None
        return line

    def execute(self, line: str, *, check: bool = True, idempotent: bool = False) -> Coroutine[Any, Any, CommandResult]:
        """Submit a command line, and return what waits for its result; see `Environment.run`."""
        if self._in_turn is not None and self._in_turn.is_over:
            raise self._too_late(line, self._in_turn.seconds)
        command = self.lasting.submit(line, timeout=self._in_turn, queue_timeout=self._in_queue, idempotent=idempotent)
        return command.result(check_failure=check)

    def _too_late(self, line: str, seconds: float) -> QueueTimeoutError:
        return QueueTimeoutError(
            f"{self.name}: the {seconds:g} s were over before the turn of {redacted(line)!r}, which has not run",
            environment=self.name,
            command=redacted(line),
        )

    def __repr__(self) -> str:
        return f"<MethodRunner of {self.name}>"
