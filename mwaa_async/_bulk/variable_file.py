"""Variables as `airflow variables import` reads them and `airflow variables export` writes them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mwaa_async._bulk.settings_files import line_for, parse_json, plain_value, twins, written_json
from mwaa_async._protocol.versions import Version

_LONGEST_KEY = 250  # characters: the column of Airflow's database

# Airflow's import took these objects for values before (airflow/cli/commands/variable_command.py).
_DESCRIBES_SINCE = (3, 0, 0)


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable that is to be set, with the command line that does it on the version for which it was read."""

    key: str
    line: str = field(repr=False)


def read_variables(text: str, version: Version) -> tuple[list[Setting], list[str]]:
    """Return the variables of a JSON object, and everything that is wrong with them.

    Text is stored as it is, and everything else as JSON.
    """
    try:
        pairs = parse_json(text)
    except ValueError as error:
        return [], [str(error)]
    settings, problems = [], [f"key {key!r} is there twice" for key in twins(pairs)]
    for key, value in pairs:
        try:
            settings.append(Setting(key, _line(key, plain_value(value), version)))
        except ValueError as error:
            problems.append(f"key {key!r}: {error}")
    return settings, problems


def written_variables(values: Mapping[str, str]) -> str:
    """Return the variables as a file that sets each to exactly this text."""
    return json.dumps(dict(values), sort_keys=True, indent=4, ensure_ascii=False) + "\n"


def _line(key: str, value: Any, version: Version) -> str:
    if not key:
        raise ValueError("it is empty")
    if len(key) > _LONGEST_KEY:
        raise ValueError(f"Airflow takes keys of at most {_LONGEST_KEY} characters")
    description = None
    if version >= _DESCRIBES_SINCE and isinstance(value, dict) and value.get("value"):
        value, description = value["value"], value.get("description")
    if not isinstance(description, str | None):
        raise ValueError("its description must be text")
    text = value if isinstance(value, str) else written_json(value, indent=2)  # as Airflow stores what it imports
    return line_for("variables set", key, text, options={"description": description}, version=version)
