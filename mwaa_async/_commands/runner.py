"""What typed methods need of an environment."""

import re
from typing import Protocol, Unpack

from mwaa_async._model.result import CommandResult
from mwaa_async._model.timeouts import Timeouts
from mwaa_async._protocol.versions import Version


class EnvironmentRunner(Protocol):
    """Gives each method of one environment what runs its commands."""

    @property
    def name(self) -> str:
        """Return the environment's name."""

    def within(self, **timeouts: Unpack[Timeouts]) -> "CommandRunner":
        """Return what runs the commands of one method, all of them together in these time-outs; see `Timeouts`.

        Raises `TypeError` in the name of the method that calls it where one is misspelt.
        """


class CommandRunner(Protocol):
    """Runs the commands of one method on one environment.

    `lasting` is what other methods run with when this one is over. `allow_unlisted` says that commands are sent that
    MWAA does not list as offered, and `run_id_pattern` which run ids the environment's Airflow takes.
    """

    @property
    def name(self) -> str:
        """Return the environment's name."""

    @property
    def lasting(self) -> EnvironmentRunner: ...

    @property
    def web_server(self) -> str | None:
        """Return the name of the environment's web server, `None` as long as AWS has not told this client."""

    @property
    def allow_unlisted(self) -> bool: ...

    @property
    def run_id_pattern(self) -> re.Pattern[str]: ...

    async def version(self) -> Version:
        """Return the version of the environment's Airflow. Raises `MwaaError`."""

    async def execute(self, line: str, *, check: bool = True, idempotent: bool = False) -> CommandResult:
        """Run a command line in its turn and return what it printed; see `Environment.run`.

        An `idempotent` one changes nothing when it runs twice: it may be sent again.
        """
