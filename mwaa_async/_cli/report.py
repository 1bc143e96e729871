"""The report of a batch: a line for each row, as CSV or JSON Lines."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import click

from mwaa_async import TriggerOutcome

_COLUMNS = ("row", "environment", "dag_id", "run_id", "status", "attempts", "error")

Line = dict[str, str | int | None]


@contextmanager
def reported(path: Path | None) -> Iterator[Callable[[TriggerOutcome], None]]:
    """Yield what writes an outcome into the report; a file that ends in `.csv` becomes CSV, others JSON Lines."""
    if path is None:
        yield lambda outcome: None
        return
    try:
        # Each line is there as soon as it is written, for who looks into it in the meantime.
        file = path.open("w", encoding="utf-8", newline="", buffering=1)
        write = _csv(file) if path.suffix.lower() == ".csv" else _json_lines(file)
    except OSError as error:
        raise click.UsageError(f"the report {path} cannot be written: {error.strerror}; nothing was sent") from None
    try:
        yield lambda outcome: _write(path, write, outcome)
    finally:
        with suppress(OSError):  # what could not be written was told already
            file.close()


def _csv(file: TextIO) -> Callable[[Line], object]:
    table = csv.DictWriter(file, _COLUMNS)
    table.writeheader()
    return table.writerow


def _json_lines(file: TextIO) -> Callable[[Line], object]:
    return lambda line: file.write(f"{json.dumps(line, ensure_ascii=False)}\n")


def _write(path: Path, write: Callable[[Line], object], outcome: TriggerOutcome) -> None:
    request, error = outcome.request, outcome.error
    told = None if error is None else str(error)
    values = (outcome.row, request.environment, request.dag_id, outcome.run_id, outcome.status, outcome.attempts, told)
    try:
        write(dict(zip(_COLUMNS, values, strict=True)))
    except OSError as failure:
        raise click.ClickException(f"the report {path} cannot be written: {failure.strerror}") from None
