"""The handle of one environment."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Unpack

from mwaa_async._model.result import CommandResult
from mwaa_async._model.statistics import EnvironmentStatistics
from mwaa_async._model.timeouts import Timeouts
from mwaa_async._protocol.command_line import command_line
from mwaa_async._runner import Runner

if TYPE_CHECKING:
    from mwaa_async._commands.assets import Assets
    from mwaa_async._commands.connections import Connections
    from mwaa_async._commands.dags import Dags
    from mwaa_async._commands.db import Db
    from mwaa_async._commands.providers import Providers
    from mwaa_async._commands.roles import Roles
    from mwaa_async._commands.tasks import Tasks
    from mwaa_async._commands.variables import Variables


class Environment:
    """One MWAA environment; made by `MwaaClient.environment`.

    `run` sends any command. The others are methods, grouped and named as in Airflow 2 and 3, and right on every
    version: `environment.dags.trigger("etl", conf={…})`, `environment.variables.get("key")` … All of them are written
    against the `runner`.
    """

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.name = runner.name

    @cached_property
    def dags(self) -> "Dags":
        """DAGs and their runs."""
        from mwaa_async._commands.dags import Dags

        return Dags(self.runner)

    @cached_property
    def tasks(self) -> "Tasks":
        """Tasks and task instances."""
        from mwaa_async._commands.tasks import Tasks

        return Tasks(self.runner)

    @cached_property
    def variables(self) -> "Variables":
        """Variables."""
        from mwaa_async._commands.variables import Variables

        return Variables(self.runner)

    @cached_property
    def connections(self) -> "Connections":
        """Connections."""
        from mwaa_async._commands.connections import Connections

        return Connections(self.runner)

    @cached_property
    def roles(self) -> "Roles":
        """Roles."""
        from mwaa_async._commands.roles import Roles

        return Roles(self.runner)

    @cached_property
    def providers(self) -> "Providers":
        """Providers, and what they bring."""
        from mwaa_async._commands.providers import Providers

        return Providers(self.runner)

    @cached_property
    def assets(self) -> "Assets":
        """Assets (Airflow 3)."""
        from mwaa_async._commands.assets import Assets

        return Assets(self.runner)

    @cached_property
    def db(self) -> "Db":
        """The metadata database."""
        from mwaa_async._commands.db import Db

        return Db(self.runner)

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
        Airflow gets exactly these. A leading `airflow` is dropped, and so are line breaks at a line's end.

        `timeout` is how long to wait for the answer from the moment the command's turn has come, `queue_timeout` how
        long to wait for the turn (default: the client's), both in seconds. After a time-out or a cancellation the
        command goes on where it was sent already, and the next one starts only after its end.

        With `check=False` a command that Airflow reports as failed is returned like any other.

        Raises `ValueError` for a command that cannot be sent, `UnsupportedCommandError` for one that MWAA does not
        offer, `CommandFailedError` where Airflow reports failure, and the other kinds of `MwaaError`, each of which
        says in `ran` whether the command ran.
        """
        line = command_line(command)
        runner = self.runner.within(timeout=timeout, queue_timeout=queue_timeout)
        await runner.in_order()
        return await runner.execute(line, check=check)

    async def airflow_version(self, **timeouts: Unpack[Timeouts]) -> str:
        """Return the environment's Airflow version, such as "2.10.3".

        It is the one that was given to `MwaaClient.environment`, or what `GetEnvironment` says, or without that
        permission what the command `version` prints; nobody is asked twice.
        """
        return await self.runner.within(**timeouts).version_text()

    async def version(self, **timeouts: Unpack[Timeouts]) -> str:
        """Run `airflow version` and return what it prints."""
        runner = self.runner.within(**timeouts)
        await runner.in_order()
        return await runner.printed_version()

    def statistics(self) -> EnvironmentStatistics:
        """Return how many commands of this client are queued and running, and what became of the others."""
        return self.runner.statistics()

    def __repr__(self) -> str:
        state = self.statistics()
        return f"<Environment {self.name} [{state.running} running, {state.queued} queued]>"
