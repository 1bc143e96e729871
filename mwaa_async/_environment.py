"""The handle of one environment."""

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from mwaa_async._airflow_version import Airflow
from mwaa_async._model.result import CommandResult
from mwaa_async._model.statistics import EnvironmentStatistics
from mwaa_async._protocol.command_line import command_line
from mwaa_async._protocol.versions import Version, parse_version

if TYPE_CHECKING:
    from mwaa_async._client import MwaaClient
    from mwaa_async._commands.assets import Assets
    from mwaa_async._commands.connections import Connections
    from mwaa_async._commands.dags import Dags
    from mwaa_async._commands.db import Db
    from mwaa_async._commands.providers import Providers
    from mwaa_async._commands.roles import Roles
    from mwaa_async._commands.tasks import Tasks
    from mwaa_async._commands.variables import Variables
    from mwaa_async._queue import Submitted


class Environment:
    """One MWAA environment; made by `MwaaClient.environment`.

    `run` sends any command. The others are methods, grouped and named as in Airflow 2 and 3, and right on every
    version: `environment.dags.trigger("etl", conf={…})`, `environment.variables.get("key")` …
    """

    def __init__(self, client: "MwaaClient", name: str, airflow: Airflow, run_id_pattern: re.Pattern[str]) -> None:
        self._client = client
        self._airflow = airflow
        self._run_id_pattern = run_id_pattern
        self.name = name

    @cached_property
    def dags(self) -> "Dags":
        """DAGs and their runs."""
        from mwaa_async._commands.dags import Dags

        return Dags(self)

    @cached_property
    def tasks(self) -> "Tasks":
        """Tasks and task instances."""
        from mwaa_async._commands.tasks import Tasks

        return Tasks(self)

    @cached_property
    def variables(self) -> "Variables":
        """Variables."""
        from mwaa_async._commands.variables import Variables

        return Variables(self)

    @cached_property
    def connections(self) -> "Connections":
        """Connections."""
        from mwaa_async._commands.connections import Connections

        return Connections(self)

    @cached_property
    def roles(self) -> "Roles":
        """Roles."""
        from mwaa_async._commands.roles import Roles

        return Roles(self)

    @cached_property
    def providers(self) -> "Providers":
        """Providers, and what they bring."""
        from mwaa_async._commands.providers import Providers

        return Providers(self)

    @cached_property
    def assets(self) -> "Assets":
        """Assets (Airflow 3)."""
        from mwaa_async._commands.assets import Assets

        return Assets(self)

    @cached_property
    def db(self) -> "Db":
        """The metadata database."""
        from mwaa_async._commands.db import Db

        return Db(self)

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
        await self._airflow.in_turn()
        return await self._send(line, timeout=timeout, queue_timeout=queue_timeout, check=check)

    async def airflow_version(self) -> str:
        """Return the environment's Airflow version, such as "2.10.3".

        It is the one that was given to `MwaaClient.environment`, or what `GetEnvironment` says, or without that
        permission what the command `version` prints; nobody is asked twice.
        """
        await self._version()
        assert self._airflow.text is not None
        return self._airflow.text

    async def version(self) -> str:
        """Run `airflow version` and return what it prints."""
        await self._airflow.in_turn()
        return await self._printed_version()

    def statistics(self) -> EnvironmentStatistics:
        """Return how many commands of this client are queued and running, and what became of the others."""
        return self._client._statistics(self.name)

    async def _version(self) -> Version:
        return await self._airflow.known_version(self._printed_version)

    async def _printed_version(self) -> str:
        from mwaa_async._commands.rows import unexpected
        from mwaa_async._protocol.log_lines import last_line

        result = await self._send("version")
        try:
            parse_version(line := last_line(result.stdout))
        except ValueError:
            raise unexpected(result, "version") from None
        return line

    async def _send(
        self,
        line: str,
        *,
        timeout: float | None = None,
        queue_timeout: float | None = None,
        check: bool = True,
        may_run_twice: bool = False,
        on_submit: "Callable[[Submitted], None] | None" = None,
    ) -> CommandResult:
        return await self._client._run(
            self.name,
            line,
            timeout=timeout,
            queue_timeout=queue_timeout,
            check_failure=check,
            may_run_twice=may_run_twice,
            on_submit=on_submit,
        )

    def __deepcopy__(self, memo: object) -> "Environment":
        return self  # a handle, which `dataclasses.asdict` meets in a DAG run

    def __repr__(self) -> str:
        state = self.statistics()
        return f"<Environment {self.name} [{state.running} running, {state.queued} queued]>"
