"""Runs the commands of one environment: what its handle, its typed methods and batches are built on."""

import re
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from mwaa_async._airflow_version import Airflow
from mwaa_async._clock import check_seconds
from mwaa_async._model.result import CommandResult, unexpected
from mwaa_async._model.statistics import EnvironmentStatistics
from mwaa_async._protocol.catalogue import only_reads
from mwaa_async._protocol.versions import Version, parse_version

if TYPE_CHECKING:
    from mwaa_async._queue import CommandQueue, Submitted


class Runner:
    """Runs the commands of one environment in the order in which they are asked for.

    `open_queue` returns the environment's queue, or raises where the client cannot be used. `queue_timeout` holds for
    commands that have none of their own, and `retry_reads` makes commands that only read idempotent.
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
    ) -> None:
        self.name = name
        self.run_id_pattern = run_id_pattern
        self.airflow = airflow
        self._open_queue = open_queue
        self._queue: CommandQueue | None = None
        self.queue_timeout = queue_timeout
        self._retry_reads = retry_reads

    @property
    def allow_unlisted(self) -> bool:
        """Tell whether commands are sent that MWAA does not list as offered."""
        return self.airflow.allow_unlisted

    async def in_order(self) -> None:
        """Wait until a command may be submitted without overtaking one that waits for the version."""
        await self.airflow.in_order()

    async def version(self) -> Version:
        """Return the version of the environment's Airflow, which Airflow itself is asked for where AWS does not say."""
        return await self.airflow.known_version(self.printed_version)

    async def version_text(self) -> str:
        """Return the version as it was given or found."""
        await self.version()
        assert self.airflow.text is not None
        return self.airflow.text

    async def printed_version(self) -> str:
        """Run the command `version` and return what it prints. Raises `OutputError` for what is none."""
        from mwaa_async._protocol.log_lines import last_line

        result = await self.execute("version")
        try:
            parse_version(line := last_line(result.stdout))
        except ValueError:
            raise unexpected(result, "version") from None
        return line

    def execute(
        self,
        line: str,
        *,
        timeout: float | None = None,
        queue_timeout: float | None = None,
        check: bool = True,
        idempotent: bool = False,
    ) -> Coroutine[Any, Any, CommandResult]:
        """Submit a command line, and return what waits for its result; see `Environment.run`."""
        waits = self.queue_timeout if queue_timeout is None else queue_timeout
        command = self.submit(line, timeout=timeout, queue_timeout=waits, idempotent=idempotent)
        return command.result(check_failure=check)

    def submit(
        self,
        line: str,
        *,
        timeout: float | None = None,
        queue_timeout: float | None = None,
        idempotent: bool = False,
    ) -> "Submitted":
        """Put a command line into the environment's queue, and return the handle with which it can be cancelled.

        Raises `UnsupportedCommandError` for what MWAA does not offer, as far as that is known, and `MwaaError` or
        `RuntimeError` where the client cannot be used.
        """
        check_seconds("timeout", timeout)
        check_seconds("queue_timeout", queue_timeout)
        self.airflow.check(line)
        self._queue = self._open_queue()
        return self._queue.submit(
            line,
            timeout=timeout,
            queue_timeout=queue_timeout,
            idempotent=idempotent or (self._retry_reads and only_reads(line)),
        )

    def statistics(self) -> EnvironmentStatistics:
        """Return what the queue does and has done."""
        return EnvironmentStatistics(0, 0, 0, 0, 0, False) if self._queue is None else self._queue.statistics()

    def __repr__(self) -> str:
        return f"<Runner of {self.name}>"
