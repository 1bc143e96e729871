"""The handle of one environment."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mwaa_async._lane import EnvironmentStatistics
from mwaa_async._protocol.command_line import command_line
from mwaa_async._result import CommandResult

if TYPE_CHECKING:
    from mwaa_async._client import MwaaClient


class Environment:
    """One MWAA environment; made by `MwaaClient.environment`."""

    def __init__(self, client: "MwaaClient", name: str) -> None:
        self._client = client
        self.name = name

    async def run(
        self,
        command: str | Sequence[str],
        *,
        timeout: float | None = None,
        queue_timeout: float | None = None,
        check: bool = True,
    ) -> CommandResult:
        """Run one Airflow command, when its turn has come, and return what it printed.

        `command` is a command line (`"dags list -o json"`), sent as it is, or a sequence of arguments, quoted so that
        Airflow gets exactly these. A leading `airflow` is dropped.

        `timeout` is how long to wait for the answer from the moment the command's turn has come, `queue_timeout` how
        long to wait for the turn (default: the client's), both in seconds. After a time-out or a cancellation the
        command goes on where it was sent already, and the next one starts only after its end.

        With `check=False` a command that Airflow reports as failed is returned like any other.

        Raises `ValueError` for a command that cannot be sent, `CommandFailedError` where Airflow reports failure, and
        the other kinds of `MwaaError`, each of which says in `ran` whether the command ran.
        """
        return await self._client._run(self.name, command_line(command), timeout, queue_timeout, check)

    def statistics(self) -> EnvironmentStatistics:
        """Return how many commands of this client are queued and running, and what became of the others."""
        return self._client._statistics(self.name)

    def __repr__(self) -> str:
        state = self.statistics()
        return f"<Environment {self.name} [{state.running} running, {state.queued} queued]>"
