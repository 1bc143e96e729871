"""`mwaa-async journal`."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click

from mwaa_async._bulk.journal import Entry, Journal, RowStatus, read_journal
from mwaa_async._bulk.layouts import LAYOUTS, Layout
from mwaa_async._cli.output import print_table, shortened, write, write_json

STATUSES: tuple[RowStatus, ...] = (
    *("planned", "sent", "triggered", "already_triggered", "done", "already_done"),
    *("failed", "unknown"),
)
_OF_INTEREST: tuple[RowStatus, ...] = ("sent", "failed", "unknown")
_MOST = 20  # rows that are shown of a status, unless it is asked for


@click.command(short_help="Show the journal of a batch.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--status", type=click.Choice(STATUSES), help="Show all rows with this status.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the counts and all rows, or those of --status.")
def journal(file: Path, *, status: RowStatus | None, as_json: bool) -> None:
    """Show the progress of a batch, also while it is running.

    Rows that are planned were not sent, those that are sent may have run; the command that began the batch goes on with
    both, and with those that are unknown.

    \b
    mwaa-async journal nightly.csv.journal
    """
    with closing(read_journal(file)) as opened:
        if as_json:
            _print_json(opened, status)
        else:
            _print_batch(opened)
            _print_counts(opened)
            _print_rows(opened, status)


def _counts(journal: Journal) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for (environment, status), count in journal.counts().items():
        counts.setdefault(environment, Counter())[status] += count
    return counts


def _print_batch(journal: Journal) -> None:
    write(f"the batch {journal.batch} is {'finished' if journal.is_finished else 'not finished'}\n\n")


def _print_counts(journal: Journal) -> None:
    """Print a line for each environment, with the statuses that there are."""
    counts = _counts(journal)
    statuses = [status for status in STATUSES if any(of_one[status] for of_one in counts.values())]
    rows = [
        [environment, *(str(of_one[status]) for status in statuses), str(of_one.total())]
        for environment, of_one in counts.items()
    ]
    print_table(["ENVIRONMENT", *(status.replace("_", " ").upper() for status in statuses), "ROWS"], rows)


def _print_rows(journal: Journal, status: RowStatus | None) -> None:
    """Print the rows of a status, or some of those of which one may want to know more."""
    asked: tuple[RowStatus, ...] = (status,) if status else _OF_INTEREST
    for entry in _some(journal.entries(*asked), None if status else _MOST):
        shown = " ".join(getattr(entry, name) for name in journal.layout.shown)
        write(f"\nrow {entry.number}, {entry.status}: {shown}\n")
        if entry.error is not None:
            write(f"    {' '.join(shortened(entry.error).split())}\n")
    found = sum(count for (_, one), count in journal.counts().items() if one in asked)
    if not status and found > _MOST:
        write(f"\n… and {found - _MOST} more; --status {'|'.join(_OF_INTEREST)} shows all of them\n")


def _some(entries: Iterator[Entry], most: int | None) -> Iterator[Entry]:
    for number, entry in enumerate(entries, 1):
        if most is not None and number > most:
            return
        yield entry


def _print_json(journal: Journal, status: RowStatus | None) -> None:
    entries = journal.entries(*((status,) if status else STATUSES))
    document = {
        "batch": journal.batch,
        "finished": journal.is_finished,
        "counts": _counts(journal),
        "rows": [_values(entry, journal.layout) for entry in entries],
    }
    write_json(document)


def _values(entry: Entry, layout: Layout) -> dict[str, object]:
    """Return what is known of a row; what journals of other kinds say is not there."""
    others = {name for one in LAYOUTS.values() for name in one.shown} - set(layout.shown)
    return {name: value for name, value in asdict(entry).items() if name not in others}
