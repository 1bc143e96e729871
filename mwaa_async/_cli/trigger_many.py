"""`mwaa-async trigger-many`."""

import asyncio
import hashlib
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, aclosing, contextmanager
from itertools import islice
from pathlib import Path

import anyio
import click

from mwaa_async import MwaaClient, TriggerOutcome
from mwaa_async._bulk.batch import Batch, OnError
from mwaa_async._bulk.files import Input, Problem
from mwaa_async._bulk.journal import Journal, open_journal
from mwaa_async._bulk.rows import row_of
from mwaa_async._cli.exits import StoppedError
from mwaa_async._cli.options import Options, allowed_run_id_pattern, environment_name
from mwaa_async._cli.output import say
from mwaa_async._cli.progress import shown_progress
from mwaa_async._cli.report import reported
from mwaa_async._cli.signals import caught_signals
from mwaa_async._cli.summary import Summary
from mwaa_async._cli.waiting import count_ends
from mwaa_async._protocol.run_ids import run_id_pattern

_AT_ONCE = 1000  # rows that the journal gets in one transaction
_MOST_PROBLEMS = 1000  # that are told; a file that is something else has one in every line


@click.command("trigger-many", short_help="Trigger a DAG run for every row of a file.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--environment", metavar="ENV", type=environment_name, help="Environment of rows that name none.")
@click.option("--journal", type=click.Path(dir_okay=False, path_type=Path), help="Where to remember what was sent.")
@click.option("--conf-columns", is_flag=True, help="Columns that are not known are keys of conf, with text for values.")
@allowed_run_id_pattern
@click.option("--on-error", type=click.Choice(["continue", "stop"]), default="continue", show_default=True)
@click.option("--wait", is_flag=True, help="Wait until all runs have ended, and count how.")
@click.option("--dry-run", is_flag=True, help="Check the rows, say what is to be done, and send nothing.")
@click.option("--report", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="CSV or JSON Lines.")
@click.pass_obj
def trigger_many(
    options: Options,
    *,
    file: Path,
    environment: str | None,
    journal: Path | None,
    conf_columns: bool,
    allowed_run_id_pattern: str,
    on_error: OnError,
    wait: bool,
    dry_run: bool,
    report: Path | None,
) -> None:
    """Trigger a DAG run for every row of a CSV or JSON Lines file ("-": standard input), exactly once.

    Columns, or keys: dag_id, and optionally environment, conf (a JSON object), run_id, logical_date. All rows are
    checked before the first is sent.

    The journal remembers every row. Whatever ends the program, Ctrl-C, SIGKILL or the machine, the same command goes on
    where it was. Without --journal it is kept beside the file.

    \b
    mwaa-async trigger-many nightly.csv --environment prod --wait

    Exit status: 0 all triggered, 1 some failed, 4 of some it is unknown.
    """
    with _spooled(file) as path:
        rows = Input(path, environment, conf_columns, run_id_pattern(allowed_run_id_pattern))
        count = _checked(rows, "standard input" if str(file) == "-" else str(file))
        kept = journal or _beside(file, path)
        client = options.client(allowed_run_id_pattern=allowed_run_id_pattern)
        with ExitStack() as resources:
            opened = None if dry_run and not kept.exists() else open_journal(kept)
            if opened is not None:
                resources.callback(opened.close)
                _plan(opened, rows)
            if dry_run:
                _tell_plan(count, kept, opened)
                return
            assert opened is not None
            say(f"the journal is {kept}")
            if _finished(opened) == count:
                say("all rows are finished; to trigger them once more, name another journal with --journal")
            run = _Run(client, opened, rows, on_error, wait, resources.enter_context(reported(report)))
            asyncio.run(run.run())
            run.end()


@contextmanager
def _spooled(file: Path) -> Iterator[Path]:
    """Yield the file's path, with standard input in a file of its own: rows are read twice."""
    if str(file) != "-":
        yield file
        return
    with tempfile.NamedTemporaryFile(prefix="mwaa-async-") as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
        copy.flush()
        yield Path(copy.name)


def _checked(rows: Input, name: str) -> int:
    """Return how many rows there are. Ends the program where one of them is bad."""
    problems: list[Problem] = list(islice(rows.problems(), _MOST_PROBLEMS))
    for problem in problems:
        say(f"{name}, {problem}")
    if problems:
        many = "more than one problem" if len(problems) > 1 else "a problem"
        raise click.UsageError(f"{many} in {name}, see above; nothing was sent")
    count = sum(1 for _ in rows.requests())
    if not count:
        raise click.UsageError(f"there are no rows in {name}")
    return count


def _beside(file: Path, path: Path) -> Path:
    """Return where the journal is kept: beside the file; what comes from standard input is known by what it says."""
    if str(file) != "-":
        return file.with_name(f"{file.name}.journal")
    with path.open("rb") as content:
        return Path(f"trigger-many-{hashlib.file_digest(content, 'sha256').hexdigest()[:12]}.journal")


def _plan(journal: Journal, rows: Input) -> None:
    """Enter all rows into the journal, before the first is sent. Raises `JournalError` where they have changed."""
    numbered = (row_of(journal.batch, number, request) for number, request in enumerate(rows.requests(), 1))
    total = 0
    while some := list(islice(numbered, _AT_ONCE)):
        journal.plan(some)
        total += len(some)
    journal.end(total)


def _finished(journal: Journal) -> int:
    return sum(entry.is_finished for entry in journal.entries("triggered", "already_triggered", "failed"))


def _tell_plan(count: int, path: Path, journal: Journal | None) -> None:
    finished = 0 if journal is None else _finished(journal)
    say(f"{count} rows, all good; {count - finished} to be sent ({finished} are finished), with the journal {path}")


class _Run:
    """The batch on its way, until it is done or interrupted."""

    def __init__(
        self,
        client: MwaaClient,
        journal: Journal,
        rows: Input,
        on_error: OnError,
        wait: bool,
        report: Callable[[TriggerOutcome], None],
    ) -> None:
        self._client = client
        self._journal = journal
        self._rows = rows
        self._report = report
        self._batch = Batch(client, journal, on_error)
        self._wait = wait
        self._summary = Summary(keeps_runs=wait)
        self._say = say
        self._signals = 0

    async def run(self) -> None:
        """Trigger all rows, unless Ctrl-C is pressed: then finish what is on the wire, and the second time nothing."""
        with caught_signals() as signals:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._watch, signals, tasks.cancel_scope)
                async with self._client:
                    await self._trigger()
                    if self._wait and not self._signals:
                        self._summary.ends = await count_ends(self._client, self._summary.runs)
                tasks.cancel_scope.cancel()

    def end(self) -> None:
        """Tell the summary, and end with its exit status."""
        self._summary.tell()
        if self._signals:
            again = shlex.join(["mwaa-async", *sys.argv[1:]])
            raise StoppedError(f"interrupted; nothing is running, and the journal is kept. To go on: {again}")
        raise click.exceptions.Exit(self._summary.exit_status)

    async def _trigger(self) -> None:
        with shown_progress(self._journal.counts(), self._batch.running) as progress:
            self._say = progress.say
            async with aclosing(self._batch.outcomes(self._rows.requests())) as outcomes:
                async for outcome in outcomes:
                    self._summary.count(outcome)
                    self._report(outcome)
                    progress.count(outcome)
        self._say = say

    async def _watch(self, signals: AsyncIterator[signal.Signals], scope: anyio.CancelScope) -> None:
        async for _ in signals:
            self._signals += 1
            if self._signals > 1:
                scope.cancel()
            else:
                self._batch.stop()
                self._say("interrupted; waiting for what is on the wire (Ctrl-C again does not wait)")
