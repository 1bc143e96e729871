"""The tables of Airflow 1.10, which prints no JSON."""


def read_table(text: str) -> list[dict[str, str]]:
    """Return the rows of a table whose cells end in "|", by the names in its first line.

    `list_dag_runs` prints such a one (airflow/bin/cli.py of 1.10); a cell that is wider than its column only moves the
    others to the right. A line with more or fewer cells is no row.
    """
    lines = [_cells(line) for line in map(str.rstrip, text.splitlines()) if line.endswith("|")]
    if not lines:
        return []
    names, *rows = lines
    return [dict(zip(names, row, strict=True)) for row in rows if len(row) == len(names)]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.removesuffix("|").split(" |")]
