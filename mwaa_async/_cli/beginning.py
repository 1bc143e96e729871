"""How a batch begins: which journal it has, and whether it is a new one, goes on, or is finished already."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from mwaa_async._bulk.journal import Journal, open_journal, put_away, read_journal
from mwaa_async._bulk.layouts import RUNS, Layout
from mwaa_async._cli.exits import CannotStartError, FinishedError
from mwaa_async._cli.output import counted, say
from mwaa_async._cli.progress import Standing

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")


@dataclass(frozen=True)
class Beginning:
    """What is asked for: a batch of a name, to go on whatever its state, a new one, refused rows again, a dry run.

    With `has_own_journal` the journal is not the one beside the file.
    """

    name: str | None
    resume: bool
    new_batch: bool
    retry_failed: bool
    dry_run: bool
    has_own_journal: bool = False
    layout: Layout = RUNS

    def __post_init__(self) -> None:
        if self.new_batch and (self.resume or self.name):
            other = "--resume goes on with one" if self.resume else "--batch takes another name for each"
            raise click.UsageError(f"--new-batch begins a batch, and {other}; give one of them")

    def ending(self) -> str:
        """Return how the name of a journal ends that is beside its file."""
        return f".{self.name}.journal" if self.name else ".journal"

    @contextmanager
    def journal(self, path: Path, digest: str) -> Iterator[Journal]:
        """Open the journal. Where there is none, or is to be another one, a dry run has one that does not stay.

        With the digest of its rows in its name, a batch has the same run ids also where its journal is lost, and no
        other batch has them.
        """
        if self.new_batch:
            self._put_away(path)
        is_there = path.exists() and not self.new_batch
        with tempfile.TemporaryDirectory(prefix="mwaa-async-") as directory:
            place = Path(directory, path.name) if self.dry_run and not is_there and not self.resume else path
            batch = f"{self.name}_{digest}" if self.name else ""
            with closing(open_journal(place, layout=self.layout, batch=batch, must_exist=self.resume)) as opened:
                opened.way_to_another = self._way_to_another()
                self._check_name(opened)
                yield opened

    def check_is_needed(self, journal: Journal, path: Path, standing: Standing) -> None:
        """End the program where the batch is finished, unless that is what is asked for."""
        if standing.is_finished and not self.resume and not (self.retry_failed and standing.refused):
            raise FinishedError(
                f"the batch {journal.batch} is finished: {counted(standing.total, 'row')}, {standing.refused} failed "
                f"(the journal is {path}). Nothing was sent. {self._ways_on(standing.refused)}"
            )

    def _put_away(self, path: Path) -> None:
        if self.dry_run and path.exists():
            with closing(read_journal(path)) as before:
                before.check_is_finished()
        elif not self.dry_run and (kept := put_away(path, layout=self.layout)) is not None:
            # As the path was given, but for a link: the journal stays where that leads.
            shown = kept if path.is_symlink() else path.with_name(kept.name)
            say(f"the journal of the batch before is kept as {shown}")

    def _check_name(self, journal: Journal) -> None:
        if self.name and journal.batch.rpartition("_")[0] != self.name:
            raise CannotStartError(
                f"the journal {str(journal.path)!r} is of another batch, {journal.batch}; nothing was sent. Give its "
                "name, or another journal"
            )

    def _way_to_another(self) -> str:
        """Return which options begin another batch."""
        if self.name is None:
            return "--new-batch"
        return "another --batch, with another --journal" if self.has_own_journal else "another --batch"

    def _ways_on(self, refused: int) -> str:
        """Return which options do something all the same."""
        in_crontab = (
            "" if self.name or self.layout is not RUNS else " (in a crontab --batch, with a name for each time)"
        )
        can_retry = refused and self.layout is RUNS
        again = f", and --retry-failed sends the {refused} again that Airflow refused" if can_retry else ""
        once_more = f"To {self.layout.verb} the rows once more: {self._way_to_another()}{in_crontab}"
        return f"{once_more}. --resume shows what became of them{again}"


def batch_name(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse what cannot be part of run ids and of a file's name."""
    if value is not None and not _NAME.fullmatch(value):
        raise click.BadParameter(
            f"{value!r} is no name for a batch; it has letters, digits, '_', '-' and '.', at most 60, and "
            "begins with one of the first two"
        )
    return value


def described(journal: Journal, standing: Standing) -> str | None:
    """Return what the program says when a batch goes on."""
    if standing.is_finished:
        return f"the batch {journal.batch} is finished, and none of its rows is sent"
    if standing.done:
        return f"the batch {journal.batch} goes on: {standing.done} of {standing.total} rows are finished"
    return None
