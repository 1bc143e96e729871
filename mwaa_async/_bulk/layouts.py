"""What a journal keeps of a row, by the kind of batch that it is of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a journal by which a row is known again, with their types.

    `shown` are the first of them, which say what the row is. `digests` only tell whether something has changed: with
    the name of that. No two rows may have the same `unique` ones. `verb` says what is done with a row, and by another
    batch once more.
    """

    name: str
    format: int
    columns: Mapping[str, str]
    shown: Sequence[str]
    digests: Mapping[str, str]
    verb: str
    unique: Sequence[str] = field(default=())

    @property
    def schema(self) -> str:
        """Return the statements that make an empty journal's tables."""
        columns = "".join(f"    {name} {kind},\n" for name, kind in self.columns.items())
        index = f"CREATE UNIQUE INDEX one_run ON rows ({', '.join(self.unique)});\n" if self.unique else ""
        return (
            f"PRAGMA user_version = {self.format};\n"
            "CREATE TABLE batch (id TEXT NOT NULL, total INTEGER);\n"
            f"CREATE TABLE rows (\n    number INTEGER PRIMARY KEY,\n{columns}"
            "    status TEXT NOT NULL DEFAULT 'planned',\n    ran INTEGER,\n"
            "    attempts INTEGER NOT NULL DEFAULT 0,\n    error TEXT\n);\n"
            f"{index}"
        )


_TEXT = "TEXT NOT NULL"

RUNS = Layout(
    name="DAG runs",
    format=1,
    columns={"environment": _TEXT, "dag_id": _TEXT, "run_id": _TEXT, "logical_date": "TEXT", "conf_digest": _TEXT},
    shown=("environment", "dag_id", "run_id"),
    digests={"conf_digest": "conf"},
    verb="trigger",
    unique=("environment", "dag_id", "run_id"),
)
# An older version, which knows of no commands, takes it for a newer format, and says so.
COMMANDS = Layout(
    name="commands",
    format=2,
    columns={"environment": _TEXT, "command": _TEXT, "digest": _TEXT},
    shown=("environment", "command"),
    digests={"digest": "a value, of which only a digest is kept,"},
    verb="send",
)
LAYOUTS = {layout.format: layout for layout in (RUNS, COMMANDS)}
