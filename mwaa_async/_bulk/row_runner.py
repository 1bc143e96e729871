"""The runner of one row's commands, which a batch can cancel."""

import re
from typing import Unpack

from mwaa_async._model.result import CommandResult
from mwaa_async._model.timeouts import Timeouts
from mwaa_async._protocol.versions import Version
from mwaa_async._queue import Submitted
from mwaa_async._runner import Runner


class RowRunner:
    """Submits the commands of one row to the environment's queue, and keeps the handle of the one that waits there.

    Once one of them has left the queue for the web server, the row `has_begun`. The time that it waits behind other
    rows of the batch, until it `is_first`, is none of `queue_timeout`. Where the row `is_idempotent`, each command may
    be sent again, and one that follows another is not cancelled: what they do together is not left half done.
    """

    def __init__(self, runner: Runner, *, is_first: bool, is_idempotent: bool) -> None:
        self._runner = runner
        self._is_first = is_first
        self._is_idempotent = is_idempotent
        self._submitted: Submitted | None = None
        self.has_begun = False
        self.sent = 0  # requests, as far as their ends were seen

    @property
    def name(self) -> str:
        """Return the environment's name."""
        return self._runner.name

    @property
    def lasting(self) -> Runner:
        """Return what runs other commands of the environment, when this row is done."""
        return self._runner

    @property
    def web_server(self) -> str | None:
        """Return the name of the environment's web server, where it is known."""
        return self._runner.web_server

    @property
    def allow_unlisted(self) -> bool:
        """Tell whether commands are sent that MWAA does not list as offered."""
        return self._runner.airflow.allow_unlisted

    @property
    def run_id_pattern(self) -> re.Pattern[str]:
        """Return the pattern of the run ids that the environment's Airflow takes."""
        return self._runner.run_id_pattern

    def within(self, **timeouts: Unpack[Timeouts]) -> "RowRunner":
        """Return itself: a row's commands have no time-outs of their own."""
        return self

    async def version(self) -> Version:
        """Return the version of the environment's Airflow."""
        # Without a time-out of its own: it may be another row that finds it out.
        return await self._runner.airflow.known_version(self._runner.within().printed_version)

    async def execute(self, line: str, *, check: bool = True, idempotent: bool = False) -> CommandResult:
        """Submit a command line and wait for its result."""
        queue_timeout = self._runner.queue_timeout if self._is_first else None
        idempotent = idempotent or self._is_idempotent
        command = self._submitted = self._runner.submit(line, queue_timeout=queue_timeout, idempotent=idempotent)
        try:
            result = await command.result(check_failure=check)
            self.sent += result.attempts
            return result
        finally:
            self.has_begun = self.has_begun or command.request.began_at is not None
            self._submitted = None

    def become_first(self) -> None:
        """Take notice that no row of the batch is before this one any more."""
        if not self._is_first and self._submitted is not None and self._runner.queue_timeout is not None:
            self._submitted.wait_at_most(self._runner.queue_timeout)
        self._is_first = True

    def cancel(self, cause: str) -> None:
        """Cancel the command that waits in the queue, if there is one; one that is running goes on."""
        if self._submitted is not None and not (self._is_idempotent and self.has_begun):
            self._submitted.leave(cause)
