"""The tables of Airflow 1.10, which prints no JSON."""

import re

_CELL_ENDS = re.compile(r" +\| *")


def read_table(text: str) -> list[dict[str, str]]:
    """Return the rows of a table whose cells end in "|", by the names in its first line.

    `list_dag_runs` prints such a one (airflow/bin/cli.py of 1.10); a cell that is wider than its column only moves the
    others to the right. A line with more or fewer cells is no row.
    """
    lines = [_CELL_ENDS.split(line.rstrip()) for line in text.splitlines() if line.rstrip().endswith("|")]
    if not lines:
        return []
    names, *cells = [line[:-1] for line in lines]
    return [dict(zip(names, row, strict=True)) for row in cells if len(row) == len(names)]
