"""Rows of an answer as JSON, YAML, a table or plain text, as Airflow's ``AirflowConsole`` writes them."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

Row = Mapping[str, object]

# A heavy import is made where its format is asked for: most answers are JSON, and they have to be quick.


class MisreadAsMarkup(Exception):
    """A value looks like broken markup to rich, to which Airflow hands its data as it is: an error there, too."""


def render(rows: Sequence[Row], output: str) -> str:
    """Writes the rows in one of Airflow's output formats: table, json, yaml, plain."""
    return _RENDERERS[output]([{key: _normalize(value, output) for key, value in row.items()} for row in rows])


def _normalize(value: object, output: str) -> object:
    """Turns every number and boolean into a string, as ``AirflowConsole._normalize_data`` does."""
    if isinstance(value, list | tuple):
        parts = [_normalize(part, output) for part in value]
        return ",".join(str(part) for part in parts) if output == "table" else parts
    if isinstance(value, dict) and output != "table":
        return {key: _normalize(part, output) for key, part in value.items()}
    return None if value is None else str(value)


def _as_json(rows: Sequence[Row]) -> str:
    return json.dumps(rows) + "\n"


def _as_yaml(rows: Sequence[Row]) -> str:
    import yaml

    return yaml.safe_dump(rows) + "\n"


def _as_plain(rows: Sequence[Row]) -> str:
    from tabulate import tabulate

    if not rows:
        return "No data found\n"
    return tabulate([row.values() for row in rows], tablefmt="plain", headers=list(rows[0])) + "\n"


def _as_table(rows: Sequence[Row]) -> str:
    return printed(_simple_table(rows)) if rows else "No data found\n"


def printed(what: "Table | str") -> str:
    """Writes something as rich prints it for Airflow."""
    from rich.console import Console
    from rich.errors import MarkupError

    # Airflow's width where it writes to no terminal; nothing may depend on the terminal of the emulator.
    console = Console(file=io.StringIO(), width=200, force_terminal=False, color_system=None, _environ={})
    try:
        with console.capture() as captured:
            console.print(what)
    except MarkupError as error:
        raise MisreadAsMarkup(str(error)) from None
    return captured.get()


def grid(rows: Sequence[Row]) -> str:
    """Writes rows with a frame around every cell."""
    from tabulate import tabulate

    return tabulate(rows, tablefmt="grid", headers="keys")


def _simple_table(rows: Sequence[Row]) -> "Table":
    from rich.box import ASCII_DOUBLE_HEAD
    from rich.table import Table

    # The blank caption is what leaves a line of spaces below every table (airflow/cli/simple_table.py).
    table = Table(show_edge=False, pad_edge=False, box=ASCII_DOUBLE_HEAD, caption=" ")
    for column in rows[0]:
        # Airflow asks rich for no overflow rule at all, so that nothing is cut off.
        table.add_column(column, overflow=None)  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    return table


_RENDERERS: Mapping[str, Callable[[Sequence[Row]], str]] = {
    "json": _as_json,
    "yaml": _as_yaml,
    "plain": _as_plain,
    "table": _as_table,
}
