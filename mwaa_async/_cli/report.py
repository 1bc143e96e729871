"""The report of a batch: a line for each row, as CSV or JSON Lines."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Generic, TextIO

import click

from mwaa_async._bulk.work import O
from mwaa_async._cli.kinds import Wording
from mwaa_async._cli.output import say

Line = dict[str, str | int | None]


@contextmanager
def reported(path: Path | None, wording: Wording[O]) -> Iterator[Callable[[O], None]]:
    """Yield what writes an outcome into the report; a file that ends in `.csv` becomes CSV, others JSON Lines."""
    if path is None:
        yield lambda outcome: None
        return
    report = _opened(path, wording)
    with closing(report):
        yield report.add
    if not report.is_complete:
        say(f"the report {path} is not complete; the same command with --resume writes it again, and sends nothing")
        raise click.exceptions.Exit(1)


def check_report(report: Path | None, *others: Path, journal: Path | None) -> None:
    """Refuse a report that would overwrite another file of the batch, or one of those that make up the journal."""
    if report is None:
        return
    if journal is not None:
        kept = journal.resolve()
        others += tuple(kept.with_name(f"{kept.name}{end}") for end in ("", "-wal", "-shm", "-journal", ".lock"))
    if any(report.resolve() == other.resolve() or _are_same(report, other) for other in others):
        raise click.UsageError(f"the report would overwrite {report}; give it another name")


def _are_same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


class _Report(Generic[O]):
    """The report on its way.

    Where it cannot be written any more it ends, and the batch goes on: rows are on the wire.
    """

    def __init__(self, path: Path, wording: Wording[O], file: TextIO, write: Callable[[Line], object]) -> None:
        self._path = path
        self._wording = wording
        self._file = file
        self._write = write
        self.is_complete = True

    def add(self, outcome: O) -> None:
        """Write an outcome, if that can be done."""
        if self.is_complete:
            with self._watched():
                self._write(_line(outcome, self._wording))

    def close(self) -> None:
        """Close the file; some file systems report only then what they could not write."""
        with self._watched():
            self._file.close()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if self.is_complete:
                self.is_complete = False
                what = f"the report {self._path} cannot be written any more: {error.strerror}"
                say(f"{what}; the batch goes on without it")


def _opened(path: Path, wording: Wording[O]) -> _Report[O]:
    try:
        # Each line is there as soon as it is written, for who looks into it in the meantime.
        file = path.open("w", encoding="utf-8", newline="", buffering=1)
        write = _csv(file, _columns(wording)) if path.suffix.lower() == ".csv" else _json_lines(file)
    except OSError as error:
        raise click.UsageError(f"the report {path} cannot be written: {error.strerror}; nothing was sent") from None
    return _Report(path, wording, file, write)


def _csv(file: TextIO, columns: Sequence[str]) -> Callable[[Line], object]:
    table = csv.DictWriter(file, columns)
    table.writeheader()
    return table.writerow


def _json_lines(file: TextIO) -> Callable[[Line], object]:
    return lambda line: file.write(f"{json.dumps(line, ensure_ascii=False)}\n")


def _columns(wording: Wording[O]) -> Sequence[str]:
    return "row", *wording.columns, "status", "attempts", "error"


def _line(outcome: O, wording: Wording[O]) -> Line:
    message = None if outcome.error is None else str(outcome.error)
    values = (outcome.row, *wording.cells(outcome), outcome.status, outcome.attempts, message)
    return dict(zip(_columns(wording), values, strict=True))
