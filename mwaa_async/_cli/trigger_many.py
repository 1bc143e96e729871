"""`mwaa-async trigger-many`."""

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

import click

from mwaa_async import MwaaClient, TriggerOutcome, TriggerRequest
from mwaa_async._bulk.batch import Batch, OnError
from mwaa_async._bulk.copies import Copies
from mwaa_async._bulk.dag_runs import DAG_RUNS, RunRow, row_of
from mwaa_async._bulk.files import DELIMITERS, Input
from mwaa_async._bulk.journal import Journal
from mwaa_async._cli.beginning import Beginning, batch_name, described
from mwaa_async._cli.bulk_run import BulkRun
from mwaa_async._cli.exits import CannotStartError, WrongInputError
from mwaa_async._cli.journal import STATUSES
from mwaa_async._cli.kinds import RUNS
from mwaa_async._cli.options import Options, allowed_run_id_pattern, environment_name
from mwaa_async._cli.output import counted, say
from mwaa_async._cli.progress import Standing
from mwaa_async._cli.report import check_report, reported
from mwaa_async._cli.status import shown_status
from mwaa_async._cli.summary import Summary
from mwaa_async._cli.waiting import DEFAULT_TIMEOUT, Ends, wait_timeout
from mwaa_async._protocol.run_ids import run_id_pattern

_AT_ONCE = 1000  # rows that the journal gets in one transaction
_MOST_PROBLEMS = 1000  # that are reported; a file that is something else has one in every line


def _delimiter(context: click.Context, parameter: click.Parameter, value: str) -> str:
    delimiter = "\t" if value in ("tab", r"\t") else value
    if delimiter not in DELIMITERS:
        raise click.BadParameter(f"{value!r} is none of: , ; | tab")
    return delimiter


@click.command("trigger-many", short_help="Trigger a DAG run for every row of a file.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--environment", metavar="ENV", type=environment_name, help="Environment of rows that name none.")
@click.option("--journal", type=click.Path(dir_okay=False, path_type=Path), help="Where to remember what was sent.")
@click.option("--batch", metavar="NAME", callback=batch_name, help="Name of this batch, such as one for each night.")
@click.option("--resume", is_flag=True, help="Go on with a journal that is there, also where its batch is finished.")
@click.option("--new-batch", is_flag=True, help="Begin a new batch; the journal of the finished one is kept.")
@click.option("--delimiter", default=",", callback=_delimiter, help="What separates the cells of CSV: , ; | or tab.")
@click.option("--conf-columns", is_flag=True, help="Columns that are not known are keys of conf, with text for values.")
@allowed_run_id_pattern
@click.option(
    "--on-error",
    type=click.Choice(["continue", "stop"]),
    default="continue",
    show_default=True,
    help="After the first row that is not triggered: go on with the others, or begin no more.",
)
@click.option("--retry-failed", is_flag=True, help="Send rows again, too, that Airflow has refused in an earlier call.")
@click.option("--wait", is_flag=True, help="Wait until all runs have ended, and count how.")
@wait_timeout
@click.option("--dry-run", is_flag=True, help="Check the rows, say what is to be done, and send nothing.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what became of each row: CSV, or JSON Lines.",
)
@click.pass_obj
def trigger_many(
    options: Options,
    *,
    file: Path,
    environment: str | None,
    journal: Path | None,
    batch: str | None,
    resume: bool,
    new_batch: bool,
    delimiter: str,
    conf_columns: bool,
    allowed_run_id_pattern: str,
    on_error: OnError,
    retry_failed: bool,
    wait: bool,
    timeout: float | None,
    dry_run: bool,
    report: Path | None,
) -> None:
    """Trigger a DAG run for every row of a CSV or JSON Lines file ("-": standard input), exactly once.

    Columns, or keys: dag_id, and optionally environment, conf (a JSON object), run_id, logical_date. All rows are
    checked before the first is sent.

    The journal remembers every row. Whatever ends the program, Ctrl-C, SIGKILL or the machine, the same command goes on
    where it was. Without --journal it is kept beside the file. When the batch is finished, the same command says so and
    does nothing: --resume shows what became of the rows (waits, writes the report), --new-batch triggers them once
    more, and so does every new name of --batch.

    \b
    mwaa-async trigger-many nightly.csv --environment prod --wait

    In a crontab, where % is written \\%:

    \b
    0 2 * * * mwaa-async trigger-many nightly.csv --batch nightly-$(date +\\%F)

    Exit status: 0 all triggered, 1 some failed (with --wait: or their runs did), 3 nothing was sent, 4 of some it is
    unknown, 5 the batch is finished already, 124 some runs have not ended within --timeout, 130 interrupted (143 by
    SIGTERM, 129 by SIGHUP).
    """
    if timeout is not None and not wait:
        raise click.UsageError("--timeout is how long --wait waits: give both")
    beginning = Beginning(batch, resume, new_batch, retry_failed, dry_run, has_own_journal=journal is not None)
    with _input(file) as path:
        rows = Input(path, environment, conf_columns, run_id_pattern(allowed_run_id_pattern), delimiter)
        _check(rows, "standard input" if str(file) == "-" else str(file))
        digest = _digest(path)
        kept = journal or _beside(file, digest, beginning)
        check_report(report, file, journal=kept)
        client = options.client(allowed_run_id_pattern=allowed_run_id_pattern)
        with beginning.journal(kept, digest) as opened, closing(Copies()) as copies:
            _enter(opened, rows, copies)
            if retry_failed and not dry_run:
                opened.forget_refusals()
            standing = Standing(opened.entries(*STATUSES))
            beginning.check_is_needed(opened, kept, standing)
            if dry_run:
                _show_plan(standing, kept, retry_failed=retry_failed)
                return
            say(f"the journal is {kept}")
            if (state := described(opened, standing)) is not None:
                say(state)
            with room_for_copies():
                sources = copies.sources()
            summary = Summary(standing.total, RUNS, keeps_runs=wait)
            then = _waiting(client, summary, timeout or DEFAULT_TIMEOUT) if wait else None
            runs = Batch(client.environment, DAG_RUNS, opened, on_error)
            with reported(report, RUNS) as write:
                BulkRun(client, runs, sources, standing, summary, write, has_journal=True, then=then).run()


@contextmanager
def _input(file: Path) -> Iterator[Path]:
    """Yield the file's path; what can be read only once, such as standard input, in a file of its own."""
    if _is_file(file):
        yield file
        return
    if str(file) == "-" and sys.stdin is None:
        raise WrongInputError("there is no standard input")
    with tempfile.TemporaryDirectory(prefix="mwaa-async-") as directory:
        path = Path(directory, "rows")
        with (
            path.open("wb") as copy,
            sys.stdin.buffer if str(file) == "-" else file.open("rb") as content,
            room_for_copies(),
        ):
            shutil.copyfileobj(content, copy)
            copy.flush()
        yield path


@contextmanager
def room_for_copies() -> Iterator[None]:
    """Say so where there is no room for a copy of the rows."""
    try:
        yield
    except OSError as error:
        where = tempfile.gettempdir()
        raise CannotStartError(
            f"the rows cannot be copied to {where}: {error.strerror}; nothing was sent. TMPDIR names another directory"
        ) from error


def _is_file(file: Path) -> bool:
    return str(file) != "-" and file.is_file()


def _check(rows: Input, name: str) -> None:
    """End the program where something is wrong with the rows, or there are none."""
    problems = list(islice(rows.problems(), _MOST_PROBLEMS))
    for problem in problems:
        say(f"{name}, {problem}")
    if problems:
        more = " and maybe more" if len(problems) == _MOST_PROBLEMS else ""
        raise WrongInputError(f"{counted(len(problems), 'problem')}{more} in {name}, see above; nothing was sent")
    if next(rows.requests(), None) is None:
        raise WrongInputError(f"there are no rows in {name}")


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:12]


def _beside(file: Path, digest: str, beginning: Beginning) -> Path:
    """Return where the journal is kept: beside the file; what comes from standard input is known by what it says."""
    name = file.name if _is_file(file) else f"trigger-many-{digest}"
    return Path(file.parent if _is_file(file) else "", f"{name}{beginning.ending()}")


def _enter(journal: Journal, rows: Input, copies: Copies) -> None:
    """Enter all rows into the journal, before the first is sent. Raises `JournalError` where they have changed."""
    total = 0
    with room_for_copies():
        for some in _some(rows.requests()):
            journal.plan([_row(journal, total + place, request, rows) for place, request in enumerate(some, 1)])
            for request in some:
                total += 1
                copies.add(total, request)
    journal.end(total)


def _some(requests: Iterator[TriggerRequest]) -> Iterator[list[TriggerRequest]]:
    while some := list(islice(requests, _AT_ONCE)):
        yield some


def _row(journal: Journal, number: int, request: TriggerRequest, rows: Input) -> RunRow:
    row = row_of(journal.batch, number, request)
    if request.run_id is None and not rows.run_id_pattern.fullmatch(row.run_id):
        raise WrongInputError(
            f"rows without a run_id get ids such as {row.run_id!r}, which --allowed-run-id-pattern does not allow; "
            "give the rows ids of their own. Nothing was sent"
        )
    return row


def _show_plan(standing: Standing, journal: Path, *, retry_failed: bool) -> None:
    for one in standing.environments:
        done = one.done - (one.failed if retry_failed else 0)
        finished = f", {done} finished" if done else ""
        say(f"{one.environment}: {counted(one.total, 'row')}{finished}, {one.total - done} to be sent")
    say(f"{counted(standing.total, 'row')}, all good; nothing was sent (the journal: {journal})")


def _waiting(client: MwaaClient, summary: Summary[TriggerOutcome], timeout: float) -> Callable[[], Awaitable[None]]:
    """Return what waits for the runs that the summary has kept."""

    async def wait() -> None:
        ends = summary.ends = Ends(summary.runs)
        with shown_status() as status:
            await ends.wait(client, status, timeout=timeout)

    return wait
