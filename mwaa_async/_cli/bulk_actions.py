"""Commands that do many idempotent things on one environment: what is common to them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from mwaa_async import Environment, MwaaClient
from mwaa_async._bulk.actions import ACTIONS, Action
from mwaa_async._bulk.batch import Batch, OnError
from mwaa_async._bulk.journal import Entry, Journal
from mwaa_async._bulk.layouts import COMMANDS as LAYOUT
from mwaa_async._bulk.rows import CommandOutcome
from mwaa_async._bulk.sources import Source
from mwaa_async._cli.beginning import Beginning, described
from mwaa_async._cli.bulk_run import BulkRun
from mwaa_async._cli.exits import WrongInputError
from mwaa_async._cli.interruptible import run_interruptible
from mwaa_async._cli.journal import STATUSES
from mwaa_async._cli.kinds import COMMANDS
from mwaa_async._cli.options import Options, environment_name
from mwaa_async._cli.output import counted, say, write
from mwaa_async._cli.progress import Standing
from mwaa_async._cli.report import check_report, reported
from mwaa_async._cli.summary import Summary
from mwaa_async._protocol.versions import Version

_MOST_PROBLEMS = 1000  # that are told

environment_option = click.option(
    "--environment", metavar="ENV", type=environment_name, required=True, help="The environment."
)


@dataclass(frozen=True, slots=True)
class How:
    """How the actions are done, as the options say."""

    journal: Path | None
    resume: bool
    new_batch: bool
    on_error: OnError
    dry_run: bool
    report: Path | None

    def __post_init__(self) -> None:
        if self.journal is None and (self.resume or self.new_batch):
            raise click.UsageError("--resume and --new-batch say what to do with a journal: give --journal, too")


_OPTIONS = (
    click.option("--journal", type=click.Path(dir_okay=False, path_type=Path), help="Where to remember what was done."),
    click.option("--resume", is_flag=True, help="Go on with a journal that is there, also where all is done."),
    click.option("--new-batch", is_flag=True, help="Begin a new batch; the journal of the finished one is kept."),
    click.option(
        "--on-error",
        type=click.Choice(["continue", "stop"]),
        default="continue",
        show_default=True,
        help="After the first that fails: go on with the others, or begin no more.",
    ),
    click.option("--dry-run", is_flag=True, help="Check, print what is to be done, and change nothing."),
    click.option(
        "--report",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write what became of each: CSV, or JSON Lines.",
    ),
)


def bulk_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of which `How` is made."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


async def version_of(environment: Environment) -> Version:
    """Return the version of the environment's Airflow, which decides what its command line can carry."""
    return await environment.runner.within().version()


def found_version(options: Options, environment: str) -> Version:
    """Find out the version of the environment's Airflow."""
    return run_interruptible(options.client(), environment, version_of)


def check_input(name: str, problems: Sequence[str], items: Sequence[object]) -> None:
    """End the program where something is wrong with a file, or nothing is in it."""
    for problem in problems[:_MOST_PROBLEMS]:
        say(f"{name}, {problem}")
    if problems:
        raise WrongInputError(f"{counted(len(problems), 'problem')} in {name}, see above; nothing was sent")
    if not items:
        raise WrongInputError(f"there is nothing in {name}")


def run_actions(
    options: Options, environment: str, version: Version, actions: Sequence[Action], how: How, *inputs: Path
) -> None:
    """Do all of them, show the progress and the summary, and end the program with the exit status."""
    check_report(how.report, *inputs, journal=how.journal)
    with _begun(actions, how) as (journal, standing):
        if how.dry_run:
            _show_plan(actions, journal, standing)
            return
        client = options.client()
        client.environment(environment, airflow_version=".".join(map(str, version)))
        batch = Batch(client.environment, ACTIONS, journal, how.on_error)
        with reported(how.report, COMMANDS) as write_outcome:
            run_batch(client, batch, actions, standing, write_outcome, has_journal=journal is not None)


def run_batch(
    client: MwaaClient,
    batch: Batch[Action, CommandOutcome],
    actions: Sequence[Action],
    standing: Standing,
    report: Callable[[CommandOutcome], None],
    *,
    has_journal: bool,
) -> None:
    """Run the batch of these actions."""
    summary = Summary(standing.total, COMMANDS)
    source = Source(enumerate(actions, 1))
    BulkRun(client, batch, [source], standing, summary, report, has_journal=has_journal).run()


def planned(actions: Sequence[Action]) -> Standing:
    """Return the standing of a batch without a journal, before it begins."""
    return Standing(
        Entry(number, "planned", environment=action.environment) for number, action in enumerate(actions, 1)
    )


@contextmanager
def _begun(actions: Sequence[Action], how: How) -> Iterator[tuple[Journal | None, Standing]]:
    """Enter the actions into the journal, if there is one. Raises `JournalError` where they have changed."""
    if how.journal is None:
        yield None, planned(actions)
        return
    beginning = Beginning(None, how.resume, how.new_batch, False, how.dry_run, has_own_journal=True, layout=LAYOUT)
    with beginning.journal(how.journal, "") as journal:
        journal.plan([ACTIONS.row(journal.batch, number, action) for number, action in enumerate(actions, 1)])
        journal.end(len(actions))
        standing = Standing(journal.entries(*STATUSES))
        beginning.check_is_needed(journal, how.journal, standing)
        if not how.dry_run:
            say(f"the journal is {how.journal}")
            if (state := described(journal, standing)) is not None:
                say(state)
        yield journal, standing


def _show_plan(actions: Sequence[Action], journal: Journal | None, standing: Standing) -> None:
    """Print what is to be done, without any value."""
    done = {entry.number for entry in journal.entries(*STATUSES) if entry.is_finished} if journal is not None else ()
    left = [action for number, action in enumerate(actions, 1) if number not in done and action.is_needed]
    for action in left:
        write(f"{action.request.shown}\n")
    others = f", {standing.total - len(left)} done already" if len(left) < standing.total else ""
    say(f"{counted(standing.total, 'row')}{others}, {len(left)} to be sent; nothing was changed")
