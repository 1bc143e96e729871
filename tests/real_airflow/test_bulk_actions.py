"""Promise: variables, connections and the pausing of DAGs are in a real Airflow's database as the files say."""

import json
import os
import sys
from pathlib import Path

import anyio
import pytest

from mwaa_async.emulator import CutConnection, Emulator

from .conftest import RealAirflow, with_logs

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(400), with_logs("mwaa")]

MWAA_ASYNC = [sys.executable, "-m", "mwaa_async"]
VALUES = {"bulk-json": '{"a":  1}', "bulk-text": 'two\nlines, 名 it\'s "quoted" $HOME\n', "bulk-empty": ""}


async def run(emulator: Emulator, *words: str) -> None:
    command = [*MWAA_ASYNC, *words, "--environment", "demo", "--settle-time", "0.5"]
    done = await anyio.run_process(command, check=False, env={**os.environ, **emulator.environ()})
    assert done.returncode == 0, done.stderr.decode()


async def test_what_was_exported_is_imported_as_the_same(
    airflow: RealAirflow, emulator: Emulator, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_text(json.dumps({**VALUES, "bulk-object": {"value": [1, 2], "description": "why"}}))
    emulator.faults.commands.extend([None, CutConnection(ran=True)])
    await run(emulator, "variables", "import", str(first))
    await run(emulator, "variables", "export", str(second))
    exported = json.loads(second.read_text())
    assert {key: exported[key] for key in VALUES} == VALUES
    # Version 3 takes a value and its description from there, and so does its own import.
    object_ = [1, 2] if airflow.parsed_version >= (3, 0, 0) else {"value": [1, 2], "description": "why"}
    assert exported["bulk-object"] == json.dumps(object_, indent=2)


async def test_connections_are_added_and_replaced(airflow: RealAirflow, emulator: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "all.json"
    fields = {"conn_type": "http", "host": "h", "login": "me", "port": 80, "extra": {"a": 1}, "description": "why"}
    file.write_text(json.dumps({"bulk-uri": "ftp://old", "bulk-fields": fields}))
    await run(emulator, "connections", "import", str(file))
    file.write_text(json.dumps({"bulk-uri": "http://new:81/s"}))
    emulator.faults.commands.extend([CutConnection(ran=True), CutConnection(ran=True)])
    await run(emulator, "connections", "import", str(file), "--overwrite")
    [by_uri] = airflow.rows("connection", conn_id="bulk-uri")
    [by_fields] = airflow.rows("connection", conn_id="bulk-fields")
    assert (by_uri["conn_type"], by_uri["host"], by_uri["port"]) == ("http", "new", 81)
    assert {name: by_fields[name] for name in ("conn_type", "host", "login", "port", "description")} == {
        name: value for name, value in fields.items() if name != "extra"
    }


async def test_dags_are_paused_and_unpaused_by_patterns(airflow: RealAirflow, emulator: Emulator) -> None:
    await run(emulator, "dags", "unpause", "--all", "--except", "rep*")
    await run(emulator, "dags", "pause", "e?l")
    assert (airflow.is_paused("demo"), airflow.is_paused("etl")) == (False, True)
