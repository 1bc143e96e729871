"""Tests of what is known of the protocol: pure functions, real output, no server."""

import json
from pathlib import Path
from typing import NamedTuple

RECORDED = ("1.10.12", "2.2.5", "2.5.3", "2.10.5", "3.3.2")
# With the logging set-up of MWAA's own images; `pg` with PostgreSQL, `debug` with the web server's log level at DEBUG.
RECORDED_ON_MWAA = (
    "mwaa-2.10.3",
    "mwaa-debug-2.10.3",
    "mwaa-pg-2.10.3",
    "mwaa-3.0.6",
    "mwaa-3.3.1",
    "mwaa-pg-3.3.1",
)
_SAMPLES = Path(__file__).parent.parent / "samples" / "airflow"
RECORDED_IN_JSON = "json-3.3.1"  # with `[logging] json_logs`, some commands at the level DEBUG


class Record(NamedTuple):
    """What a real Airflow printed for one command."""

    version: str
    argv: list[str]
    exit: int
    stdout: str
    stderr: str


def records(version: str) -> list[Record]:
    """Return the recorded commands of an Airflow version."""
    lines = (_SAMPLES / f"{version}.jsonl").read_text(encoding="utf-8").splitlines()
    return [Record(version=version, **json.loads(line)) for line in lines]


def record(version: str, command: str, nth: int = 0) -> Record:
    """Return the recorded command with these words, the first one unless told otherwise."""
    return [record for record in records(version) if " ".join(record.argv) == command][nth]
