"""The report of a batch: a line for each row, as CSV or JSON Lines."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TextIO

import click

from mwaa_async import TriggerOutcome
from mwaa_async._cli.output import say

_COLUMNS = ("row", "environment", "dag_id", "run_id", "status", "attempts", "error")

Line = dict[str, str | int | None]


@contextmanager
def reported(path: Path | None) -> Iterator[Callable[[TriggerOutcome], None]]:
    """Yield what writes an outcome into the report; a file that ends in `.csv` becomes CSV, others JSON Lines."""
    if path is None:
        yield lambda outcome: None
        return
    report = _opened(path)
    try:
        with closing(report):
            yield report.add
    except click.exceptions.Exit as end:
        if report.is_complete or end.exit_code:
            raise
        say(f"the report {path} is not complete; the same command with --resume writes it again, and sends nothing")
        raise click.exceptions.Exit(1) from None


class _Report:
    """The report on its way.

    Where it cannot be written any more it ends, and the batch goes on: rows are on the wire.
    """

    def __init__(self, path: Path, file: TextIO, write: Callable[[Line], object]) -> None:
        self._path = path
        self._file = file
        self._write = write
        self.is_complete = True

    def add(self, outcome: TriggerOutcome) -> None:
        """Write an outcome, if that can be done."""
        if self.is_complete:
            with self._watched():
                self._write(_line(outcome))

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


def _opened(path: Path) -> _Report:
    try:
        # Each line is there as soon as it is written, for who looks into it in the meantime.
        file = path.open("w", encoding="utf-8", newline="", buffering=1)
        write = _csv(file) if path.suffix.lower() == ".csv" else _json_lines(file)
    except OSError as error:
        raise click.UsageError(f"the report {path} cannot be written: {error.strerror}; nothing was sent") from None
    return _Report(path, file, write)


def _csv(file: TextIO) -> Callable[[Line], object]:
    table = csv.DictWriter(file, _COLUMNS)
    table.writeheader()
    return table.writerow


def _json_lines(file: TextIO) -> Callable[[Line], object]:
    return lambda line: file.write(f"{json.dumps(line, ensure_ascii=False)}\n")


def _line(outcome: TriggerOutcome) -> Line:
    request, error = outcome.request, outcome.error
    message = None if error is None else str(error)
    values = (
        outcome.row,
        request.environment,
        request.dag_id,
        outcome.run_id,
        outcome.status,
        outcome.attempts,
        message,
    )
    return dict(zip(_COLUMNS, values, strict=True))
