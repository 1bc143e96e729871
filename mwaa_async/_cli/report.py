"""The report of a batch: a line for each row, as CSV or JSON Lines."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from mwaa_async import TriggerOutcome

_COLUMNS = ("row", "environment", "dag_id", "run_id", "status", "attempts", "error")


@contextmanager
def reported(path: Path | None) -> Iterator[Callable[[TriggerOutcome], None]]:
    """Yield what writes an outcome into the report; a file that ends in `.csv` becomes CSV, others JSON Lines."""
    if path is None:
        yield lambda outcome: None
        return
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise click.UsageError(f"the report {path} cannot be written: {error.strerror}") from None
    with file:
        if path.suffix.lower() == ".csv":
            table = csv.DictWriter(file, _COLUMNS)
            table.writeheader()
            yield lambda outcome: table.writerow(_line(outcome))
        else:
            yield lambda outcome: print(json.dumps(_line(outcome), ensure_ascii=False), file=file)


def _line(outcome: TriggerOutcome) -> dict[str, str | int | None]:
    request, error = outcome.request, outcome.error
    told = None if error is None else str(error)
    values = (outcome.row, request.environment, request.dag_id, outcome.run_id, outcome.status, outcome.attempts, told)
    return dict(zip(_COLUMNS, values, strict=True))
