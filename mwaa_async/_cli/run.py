"""`mwaa-async run`."""

import asyncio
import logging
from collections.abc import Sequence

import click

from mwaa_async import CommandFailedError, CommandResult, MwaaClient
from mwaa_async._cli.exits import StoppedError
from mwaa_async._cli.options import Options, environment_name
from mwaa_async._cli.output import say, write

logger = logging.getLogger("mwaa_async")

_NOTICED = 0.1  # seconds; a wait that is shorter needs no word


# Parsing ends at the environment: what follows, "--help" and "--" too, is Airflow's.
@click.command(context_settings={"allow_interspersed_args": False}, options_metavar="", short_help="Run one command.")
@click.argument("environment", type=environment_name)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def run(options: Options, environment: str, command: tuple[str, ...]) -> None:
    """Run one Airflow command when its turn has come, and print what it prints.

    Everything after ENVIRONMENT goes to Airflow untouched. One single argument with spaces in it is taken as a
    command line, as ssh does.

    \b
    mwaa-async run prod dags trigger etl --conf '{"day": "2026-01-01"}'
    mwaa-async run prod "dags list --output json"
    """
    errand = Errand(options.client(), environment, _line_or_words(command))
    try:
        _print(asyncio.run(errand.run()))
    except CommandFailedError as error:
        _tell_failure(error)
    except KeyboardInterrupt:
        raise StoppedError(f"interrupted; {errand.left_behind}") from None


class Errand:
    """One command on its way to Airflow; `left_behind` tells what became of it when it was interrupted."""

    def __init__(self, client: MwaaClient, environment: str, command: str | Sequence[str]) -> None:
        self._client = client
        self._environment = client.environment(environment)
        self._command = command
        self.left_behind = "the command has not run"

    async def run(self) -> CommandResult:
        """Open the client, run the command, and close the client, which waits for what is on the wire."""
        try:
            async with self._client:
                return await self._run()
        finally:
            state = self._environment.statistics()
            if state.running or state.settling:
                self.left_behind = "the command may still be running: look in Airflow before you repeat it"

    async def _run(self) -> CommandResult:
        logger.info("%s: queued", self._environment.name)
        try:
            return await self._environment.run(self._command)
        except asyncio.CancelledError:
            if self._environment.statistics().running:
                self.left_behind = "the command is not running any more, if it ever was"
                asyncio.get_running_loop().call_later(_NOTICED, self._say_that_it_waits)
            # A second Ctrl-C leaves connections unclosed, about which aiohttp would complain.
            asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
            raise

    def _say_that_it_waits(self) -> None:
        if self._environment.statistics().running:
            say("interrupted; waiting for the web server to be done with the command (Ctrl-C again does not wait)")


def _line_or_words(command: tuple[str, ...]) -> str | list[str]:
    words = list(command)
    return words[0] if len(words) == 1 and words[0].split() != words else words


def _print(result: CommandResult) -> None:
    write(result.stdout)
    write(result.stderr, err=True)


def _tell_failure(error: CommandFailedError) -> None:
    if error.result is not None:
        _print(error.result)
    if error.result is None or not error.result.stderr.strip():
        raise error
    raise click.exceptions.Exit(1)
