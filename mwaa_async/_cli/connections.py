"""`mwaa-async connections`: import of connections from a file."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from mwaa_async import CommandFailedError, CommandRequest, MwaaError
from mwaa_async._bulk.actions import Action, Did
from mwaa_async._bulk.connection_file import Connection, read_connections
from mwaa_async._bulk.refusals import reason_of
from mwaa_async._bulk.row_runner import RowRunner
from mwaa_async._cli.bulk_actions import (
    How,
    bulk_options,
    check_input,
    environment_option,
    found_version,
    run_actions,
)
from mwaa_async._cli.exits import CannotStartError, MissingExtraError
from mwaa_async._cli.options import Options
from mwaa_async._cli.output import say
from mwaa_async._cli.text_files import STDIO, read_text
from mwaa_async._protocol.catalogue import catalogue
from mwaa_async._protocol.repeats import says_existing, says_missing


@click.group(short_help="Import connections from a file.")
def connections() -> None:
    """Import connections from a file, as 'airflow connections import' does."""


@connections.command("import", short_help="Add every connection of a file.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@environment_option
@click.option("--overwrite", is_flag=True, help="Replace connections that exist, which are left alone otherwise.")
@bulk_options
@click.pass_obj
def import_connections(options: Options, /, *, file: Path, environment: str, overwrite: bool, **given: Any) -> None:
    """Add every connection of a file: JSON (also from standard input, "-"), YAML, or .env with a line ID=URI for each.

    In JSON and YAML a connection is a URI, or an object with conn_type, host, login, password, schema, port, extra and
    description. The whole file is checked before the first connection is added. One that exists is left alone, unless
    --overwrite is given: that deletes it and adds the new one. The same command may be given again.

    \b
    mwaa-async connections import connections.yaml --environment prod --overwrite

    Exit status: 0 all are there, 1 some are not, 2 something is wrong with the file, 3 nothing was sent, 4 of some it
    is unknown, 5 the batch of the journal is finished already, 130 interrupted (143 by SIGTERM, 129 by SIGHUP).
    """
    how = How(**given)
    text, name = read_text(file)
    version = found_version(options, environment)
    if not catalogue()["connections add"].is_offered(version):
        raise CannotStartError(
            f"{environment}: MWAA offers no commands for connections on Airflow {version[0]}.{version[1]}; nothing was "
            "sent. They are kept in Airflow's web interface there (Admin, Connections)"
        )
    found, problems = _read(text, ".json" if str(file) == STDIO else file.suffix, version)
    check_input(name, problems, found)
    do = _replace if overwrite else _add
    actions = [
        Action(CommandRequest(environment, connection.add), partial(do, environment, connection))
        for connection in found
    ]
    run_actions(options, environment, version, actions, how, file)


def _read(text: str, suffix: str, version: tuple[int, int, int]) -> tuple[list[Connection], list[str]]:
    try:
        return read_connections(text, suffix, version)
    except ImportError:
        raise MissingExtraError(
            "YAML needs PyYAML, which is in the extra 'emulator': pip install 'mwaa-async[emulator]'; or use JSON"
        ) from None


async def _add(environment: str, connection: Connection, runner: RowRunner, may_be_there: bool) -> Did:
    """Add a connection, unless there is one. What Airflow prints of it, which may be the password, is dropped."""
    try:
        await runner.execute(connection.add)
    except CommandFailedError as error:
        if not says_existing(reason_of(error)):
            raise
        if not (may_be_there or error.attempts > 1):  # otherwise it is the one that was to be added
            say(f"{environment}: the connection {connection.conn_id!r} exists, and is left alone")
            return "already_done", None
    return "done", None


async def _replace(environment: str, connection: Connection, runner: RowRunner, may_be_there: bool) -> Did:
    """Delete the connection, if there is one, and add the new one, whatever an attempt before has left behind."""
    try:
        await runner.execute(connection.delete)
    except CommandFailedError as error:
        if not says_missing(reason_of(error)):
            raise
    try:
        await runner.execute(connection.add)
    except MwaaError as error:
        if not (says_existing(_reason(error)) and error.attempts > 1):
            deleted = "the connection of this id that was there, if there was one, is deleted"
            error.args = (f"{error}; {deleted}", *error.args[1:])
            raise
    return "done", None


def _reason(error: MwaaError) -> str:
    return reason_of(error) if isinstance(error, CommandFailedError) else ""
