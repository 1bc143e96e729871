"""All measurements as one table, or those that are named: `python -m benchmarks [program] [waiting] …`."""

import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import chain

from benchmarks.table import Row, show

SUBJECTS = (
    "imports",
    "program",
    "first_command",
    "per_command",
    "fleet",
    "waiting",
    "batch",
    "large_answer",
    "many_hosts",
)


def main(subjects: Sequence[str]) -> None:
    """Measure one subject after the other."""
    show(chain.from_iterable(map(_rows, subjects or SUBJECTS)))


def _rows(subject: str) -> Iterator[Row]:
    rows: Iterator[Row] = import_module(f"benchmarks.{subject}").rows()
    return rows


if __name__ == "__main__":
    main(sys.argv[1:])
