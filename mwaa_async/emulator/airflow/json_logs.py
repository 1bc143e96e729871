"""Airflow's log lines as JSON, as `[logging] json_logs` of 3.2 and later writes them."""

import json
import re
from typing import Any

from mwaa_async._protocol.versions import Version

# The first version with that setting.
FIRST_VERSION: Version = (3, 2, 0)

_BEFORE_RECORD = re.compile(r"^(?=\d{4}-\d\d-\d\dT\S+Z \[)", re.MULTILINE)
_RECORD = re.compile(r"(\S+Z) \[(\w+) *\] (.*?) *\[([\w.]+)\](.*)\n", re.DOTALL)
_FIELD = re.compile(r" (\w+)=(.*?)(?= (?!tzinfo)\w+=|\Z)", re.DOTALL)
_FRAME = re.compile(r'^  File "(.*)", line (\d+), in (.*)$', re.MULTILINE)
_RAISED = re.compile(r"^(?!Traceback)(\S*?)(?:: (.*))?\Z", re.MULTILINE | re.DOTALL)


def as_json(lines: str) -> str:
    """Writes every log record among these lines as JSON, one a line."""
    return "".join(_record(part) for part in _BEFORE_RECORD.split(lines))


def unhandled(traceback: str, now: str) -> str:
    """Writes an exception that nothing caught: a record on stdout, in place of the traceback on stderr."""
    last = traceback.rpartition("Traceback (most recent call last):\n")[2].rstrip("\n")
    raised = _RAISED.search(last)
    exception = {
        "exc_type": raised[1].rpartition(".")[2] if raised else "",
        "exc_value": (raised and raised[2]) or "",
        "exc_notes": [],
        "syntax_error": None,
        "is_cause": False,
        "frames": [{"filename": file, "lineno": int(line), "name": name} for file, line, name in _FRAME.findall(last)],
        "is_group": False,
        "exceptions": [],
    }
    return _line(
        {
            **{"timestamp": now, "level": "critical", "event": "Unhandled exception", "logger": "unhandled_exception"},
            **{"filename": "structlog.py", "lineno": 772, "exception": [exception]},
        }
    )


def _record(text: str) -> str:
    found = _RECORD.fullmatch(text)
    if found is None:
        return text
    timestamp, level, event, logger, rest = found.groups()
    fields = {name: _value(value) for name, value in _FIELD.findall(rest)}
    filename, _, line = str(fields.pop("loc", "")).partition(":")
    place = {"filename": filename, "lineno": int(line)} if line else {}
    return _line({"timestamp": timestamp, "level": level, "event": event, **fields, "logger": logger, **place})


def _value(text: str) -> Any:
    if text == "None":
        return None
    return int(text) if text.isdecimal() else text.strip("'")


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False) + "\n"
