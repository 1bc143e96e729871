"""The recorded texts of one Airflow version: its command line, its log lines, its tracebacks."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from typing import Any

from mwaa_async._protocol.versions import Version
from mwaa_async.emulator.airflow.command_line import CommandLine
from mwaa_async.emulator.airflow.versions import recorded_dialect

# Up to 2.8 these took and printed what they did in 2.5 (airflow/cli/commands/dag_command.py of 2.8.1 and 2.9.2).
_UNCHANGED_UNTIL_2_9 = ("dags list", "dags pause", "dags unpause")
# Up to 2.1 this was a date and no run id, and called `execution_date` (airflow/cli/cli_parser.py of 2.0.2).
_DATE_UNTIL_2_2 = "execution_date_or_run_id"


@dataclass(frozen=True)
class LogLines:
    """What one event prints on stdout and stderr; of a command, ``alone`` if it is without what its group prints."""

    stdout: Template
    stderr: Template
    alone: bool = False


@dataclass(frozen=True)
class Dialect:
    """How one version talks."""

    command_line: CommandLine
    logs: Mapping[str, LogLines]
    tracebacks: Mapping[str, Template]
    folder: Traversable

    # The following are read when they are asked for: few commands need them.

    @cached_property
    def cheat_sheet(self) -> str:
        return (self.folder / "cheat-sheet.txt").read_text("utf-8")

    @cached_property
    def providers(self) -> Mapping[str, Any]:
        """The rows of each ``providers …``, and under ``get`` all that is known of each provider."""
        providers: dict[str, Any] = json.loads((self.folder / "providers.json").read_text("utf-8"))
        return providers

    @cached_property
    def tables(self) -> Mapping[str, Any]:
        """What ``db clean`` knows of each table of the database, in the order in which it takes them."""
        tables: dict[str, Any] = json.loads((self.folder / "tables.json").read_text("utf-8"))
        return tables

    @cached_property
    def permissions(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """The actions on each resource that the roles of a new Airflow allow, by role and resource."""
        roles: dict[str, dict[str, list[str]]] = json.loads((self.folder / "roles.json").read_text("utf-8"))
        return roles


@cache
def dialect_of(version: Version, *, on_mwaa: bool = False) -> Dialect:
    """Loads the texts for a version, once; ``on_mwaa`` with what MWAA's own logging set-up makes of its log lines."""
    spoken = _recorded(recorded_dialect(version))
    if on_mwaa:
        spoken = replace(spoken, logs=_on_mwaa(spoken))
    if (2, 6, 0) <= version < (2, 9, 0):
        older = _recorded("2.5.3").command_line.entries
        entries = {**spoken.command_line.entries, **{words: older[words] for words in _UNCHANGED_UNTIL_2_9}}
        return replace(spoken, command_line=CommandLine(entries))
    if (2, 0, 0) <= version < (2, 2, 0):
        return replace(spoken, command_line=CommandLine(_of_2_0(spoken.command_line.entries)))
    return spoken


def _of_2_0(entries: Mapping[str, Any]) -> Mapping[str, Any]:
    date = {"dest": "execution_date", "type": "parse"}
    return {
        words: {**entry, "options": [date if option["dest"] == _DATE_UNTIL_2_2 else option for option in options]}
        if (options := entry.get("options"))
        else entry
        for words, entry in entries.items()
    }


@cache
def _recorded(name: str) -> Dialect:
    folder = files(__package__) / "dialects" / name
    logs: dict[str, dict[str, Any]] = tomllib.loads((folder / "logs.toml").read_text("utf-8"))
    tracebacks: dict[str, str] = tomllib.loads((folder / "tracebacks.toml").read_text("utf-8"))
    commands: dict[str, Any] = json.loads((folder / "commands.json").read_text("utf-8"))
    return Dialect(
        command_line=CommandLine(commands),
        logs={name: _log_lines(event) for name, event in logs.items()},
        tracebacks={name: Template(text) for name, text in tracebacks.items()},
        folder=folder,
    )


def _on_mwaa(dialect: Dialect) -> Mapping[str, LogLines]:
    file = dialect.folder / "mwaa.toml"
    if not file.is_file():
        return dialect.logs
    changes: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    left_out: list[str] = changes.pop("left_out", [])
    kept = {name: replace(event, stdout=_without(event.stdout, left_out)) for name, event in dialect.logs.items()}
    return kept | {name: _log_lines(event) for name, event in changes.items()}


def _without(text: Template, left_out: Sequence[str]) -> Template:
    lines = text.template.splitlines(keepends=True)
    return Template("".join(line for line in lines if not any(part in line for part in left_out)))


def _log_lines(event: Mapping[str, Any]) -> LogLines:
    stdout, stderr = Template(event.get("stdout", "")), Template(event.get("stderr", ""))
    return LogLines(stdout, stderr, alone=event.get("alone", False))
