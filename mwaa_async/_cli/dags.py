"""`mwaa-async dags`: pausing and unpausing many DAGs."""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any

import click

from mwaa_async import CommandRequest, Dag, Environment
from mwaa_async._bulk.actions import Action, Did
from mwaa_async._bulk.row_runner import RowRunner
from mwaa_async._cli.bulk_actions import How, bulk_options, environment_option, run_actions, version_of
from mwaa_async._cli.exits import WrongInputError
from mwaa_async._cli.interruptible import run_interruptible
from mwaa_async._cli.options import Options, known_dag_id
from mwaa_async._commands.dags import Dags
from mwaa_async._protocol.versions import Version


@click.group(short_help="Pause or unpause many DAGs.")
def dags() -> None:
    """Pause or unpause many DAGs."""


def _selection(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--except", "others", metavar="PATTERN", type=known_dag_id, multiple=True, help="But none of these."
        ),
        click.option("--all", "every", is_flag=True, help="All DAGs of the environment."),
        environment_option,
        click.argument("patterns", metavar="[PATTERN]...", nargs=-1, type=known_dag_id),
    ):
        command = option(command)
    return command


@dags.command("pause", short_help="Pause all DAGs that match.")
@_selection
@bulk_options
@click.pass_obj
def pause(options: Options, /, **given: Any) -> None:
    """Pause all DAGs whose ids match a PATTERN (* ? [abc], in quotes), so that no new runs of them start.

    DAGs that are paused already count as done already. A pattern that matches nothing is an error, and then nothing is
    changed.

    \b
    mwaa-async dags pause 'sales_*' report --environment prod
    mwaa-async dags pause --all --except 'monitoring_*' --environment prod

    Exit status: 0 all are paused, 1 some are not, 2 a pattern matches nothing, 3 nothing was sent, 4 of some it is
    unknown, 5 the batch of the journal is finished already, 130 interrupted (143 by SIGTERM, 129 by SIGHUP).
    """
    _set_paused(options, is_paused=True, **given)


@dags.command("unpause", short_help="Unpause all DAGs that match.")
@_selection
@bulk_options
@click.pass_obj
def unpause(options: Options, /, **given: Any) -> None:
    """Unpause all DAGs whose ids match a PATTERN (* ? [abc], in quotes), so that runs of them start.

    DAGs that are not paused count as done already. A pattern that matches nothing is an error, and then nothing is
    changed.

    \b
    mwaa-async dags unpause 'sales_*' report --environment prod
    mwaa-async dags unpause --all --except 'monitoring_*' --environment prod

    Exit status: 0 all are unpaused, 1 some are not, 2 a pattern matches nothing, 3 nothing was sent, 4 of some it is
    unknown, 5 the batch of the journal is finished already, 130 interrupted (143 by SIGTERM, 129 by SIGHUP).
    """
    _set_paused(options, is_paused=False, **given)


def _set_paused(
    options: Options,
    *,
    environment: str,
    patterns: Sequence[str],
    every: bool,
    others: Sequence[str],
    is_paused: bool,
    **given: Any,
) -> None:
    how = How(**given)
    if every == bool(patterns):
        raise click.UsageError("give patterns of DAG ids, or --all, but not both")
    version, listed = run_interruptible(options.client(), environment, _listed)
    chosen = _chosen(listed, patterns or ("*",), others)
    actions = [_setting(environment, dag, is_paused) for dag in chosen]
    run_actions(options, environment, version, actions, how)


async def _listed(environment: Environment) -> tuple[Version, list[Dag]]:
    return await version_of(environment), await environment.dags.list()


def _chosen(listed: Sequence[Dag], patterns: Sequence[str], others: Sequence[str]) -> list[Dag]:
    """Return the DAGs that match. Raises `WrongInputError` for a pattern without a match, and where none is left."""
    for pattern in (*patterns, *others):
        if not any(fnmatchcase(dag.dag_id, pattern) for dag in listed):
            raise WrongInputError(f"none of the {len(listed)} DAGs matches {pattern!r}; nothing was changed")
    chosen = [dag for dag in listed if _matches(dag, patterns) and not _matches(dag, others)]
    if not chosen:
        raise WrongInputError("--except leaves no DAG; nothing was changed")
    return sorted({dag.dag_id: dag for dag in chosen}.values(), key=lambda dag: dag.dag_id)


def _matches(dag: Dag, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(dag.dag_id, pattern) for pattern in patterns)


def _setting(environment: str, dag: Dag, is_paused: bool) -> Action:
    """Return what brings a DAG into the state; where it is in that already, that is nothing."""

    is_needed = dag.is_paused is not is_paused  # 1.10 does not tell, and so it is done there

    async def do(runner: RowRunner, may_be_there: bool) -> Did:
        if not is_needed:
            return "already_done", None
        dags = Dags(runner)
        await (dags.pause(dag.dag_id) if is_paused else dags.unpause(dag.dag_id))
        return "done", None

    command = ["dags", "pause" if is_paused else "unpause", dag.dag_id]
    return Action(CommandRequest(environment, command), do, is_needed)
