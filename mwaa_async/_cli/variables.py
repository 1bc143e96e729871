"""`mwaa-async variables`: import and export of all variables in one file."""

from pathlib import Path
from typing import Any

import click

from mwaa_async import CommandRequest, VariableNotFoundError
from mwaa_async._bulk.actions import ACTIONS, Action, Did, action_of
from mwaa_async._bulk.batch import Batch
from mwaa_async._bulk.row_runner import RowRunner
from mwaa_async._bulk.variable_file import read_variables, written_variables
from mwaa_async._cli.bulk_actions import (
    How,
    bulk_options,
    check_input,
    environment_option,
    found_version,
    planned,
    run_actions,
    run_batch,
)
from mwaa_async._cli.interruptible import run_interruptible
from mwaa_async._cli.options import Options
from mwaa_async._cli.output import say
from mwaa_async._cli.text_files import check_can_be_written, read_text, write_text
from mwaa_async._commands.variables import Variables

_MASK = "***"  # in whose place Airflow may print what it takes for a secret


@click.group(short_help="Import variables from a file, or export them.")
def variables() -> None:
    """Import variables from a file, or export them, as 'airflow variables import' and 'export' do."""


@variables.command("import", short_help="Set every variable of a JSON file.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@environment_option
@bulk_options
@click.pass_obj
def import_variables(options: Options, /, *, file: Path, environment: str, **given: Any) -> None:
    """Set every variable of a JSON object ("-": standard input): {"key": "text", "other": {"any": "JSON"}}.

    Text is stored as it is, everything else as JSON. On Airflow 3, {"value": …, "description": …} sets both. The whole
    file is checked before the first variable is set. The same command may be given again: it sets all of them again,
    or with --journal only those that are not set yet.

    \b
    mwaa-async variables import variables.json --environment prod

    Exit status: 0 all are set, 1 some are not, 2 something is wrong with the file, 3 nothing was sent, 4 of some it is
    unknown, 5 the batch of the journal is finished already, 130 interrupted (143 by SIGTERM, 129 by SIGHUP).
    """
    how = How(**given)
    text, name = read_text(file)
    version = found_version(options, environment)
    settings, problems = read_variables(text, version)
    check_input(name, problems, settings)
    actions = [action_of(CommandRequest(environment, setting.line)) for setting in settings]
    run_actions(options, environment, version, actions, how, file)


@variables.command("export", short_help="Write all variables to a JSON file.")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), default="-", required=False)
@environment_option
@click.pass_obj
def export_variables(options: Options, *, file: Path, environment: str) -> None:
    """Write all variables as one JSON object to a file that only you can read, or to standard output ("-").

    Each value is text, exactly as it is stored, so that importing the file sets the same again. Nothing is written
    where one of them cannot be read. Descriptions are not in it: no command of Airflow tells them.

    \b
    mwaa-async variables export variables.json --environment prod

    Exit status: 0 all are written, 1 some cannot be read, 3 nothing ran, 130 interrupted (143 by SIGTERM, 129 by
    SIGHUP).
    """
    check_can_be_written(file)
    keys = run_interruptible(options.client(), environment, lambda chosen: chosen.variables.list())
    values: dict[str, str] = {}
    actions = [_getting(environment, key, values) for key in keys]
    if actions:
        client = options.client()
        batch = Batch(client.environment, ACTIONS, None, "stop")
        run_batch(client, batch, actions, planned(actions), lambda outcome: None, has_journal=False)
    if masked := [key for key, value in values.items() if value == _MASK]:
        say(f"{environment}: what was printed of {', '.join(masked)} is {_MASK!r}: it may be hidden by Airflow")
    write_text(file, written_variables(values))


def _getting(environment: str, key: str, values: dict[str, str]) -> Action:
    """Return what reads a variable into `values`."""

    async def get(runner: RowRunner, may_be_there: bool) -> Did:
        try:
            values[key] = await Variables(runner).get(key)
        except VariableNotFoundError:
            say(f"{environment}: the variable {key!r} is gone, and so is not in the export")
        return "done", None

    return Action(CommandRequest(environment, ["variables", "get", key]), get)
