"""The recorded texts of one Airflow version: its command line, its log lines, its tracebacks."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from mwaa_async.emulator.airflow.command_line import CommandLine
from mwaa_async.emulator.airflow.versions import Version, recorded_dialect

# Up to 2.8 these took and printed what they did in 2.5 (airflow/cli/commands/dag_command.py of 2.8.1 and 2.9.2).
_UNCHANGED_UNTIL_2_9 = ("dags list", "dags pause", "dags unpause")


@dataclass(frozen=True)
class LogLines:
    """What one event prints on stdout and stderr."""

    stdout: Template
    stderr: Template


@dataclass(frozen=True)
class Dialect:
    """How one version talks."""

    command_line: CommandLine
    logs: Mapping[str, LogLines]
    tracebacks: Mapping[str, Template]


@cache
def dialect_of(version: Version) -> Dialect:
    """Loads the texts for a version, once."""
    spoken = _recorded(recorded_dialect(version))
    if (2, 6, 0) <= version < (2, 9, 0):
        older = _recorded("2.5.3").command_line.entries
        entries = {**spoken.command_line.entries, **{words: older[words] for words in _UNCHANGED_UNTIL_2_9}}
        return replace(spoken, command_line=CommandLine(entries))
    return spoken


@cache
def _recorded(name: str) -> Dialect:
    folder = files(__package__) / "dialects" / name
    logs: dict[str, dict[str, str]] = tomllib.loads((folder / "logs.toml").read_text("utf-8"))
    tracebacks: dict[str, str] = tomllib.loads((folder / "tracebacks.toml").read_text("utf-8"))
    commands: dict[str, Any] = json.loads((folder / "commands.json").read_text("utf-8"))
    return Dialect(
        command_line=CommandLine(commands),
        logs={event: _log_lines(streams) for event, streams in logs.items()},
        tracebacks={name: Template(text) for name, text in tracebacks.items()},
    )


def _log_lines(streams: Mapping[str, str]) -> LogLines:
    return LogLines(stdout=Template(streams.get("stdout", "")), stderr=Template(streams.get("stderr", "")))
