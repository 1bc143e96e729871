"""A real Airflow with a database of its own, in the emulator's place of one; tox says which."""

import json
import os
import pickle
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mwaa_async import Environment, MwaaClient
from mwaa_async._protocol.versions import Version, parse_version
from mwaa_async.emulator import AirflowBinary, Emulator

# Airflow 3 moved the operators to a provider and renamed the schedule; version 2 still knows the names of 1.10.
DAGS = """
from datetime import datetime

from airflow import DAG

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import Asset

    schedule, sales = "schedule", {"outlets": [Asset("sales", uri="s3://bucket/sales")]}
except ImportError:
    from airflow.operators.bash_operator import BashOperator
    from airflow.operators.dummy_operator import DummyOperator as EmptyOperator

    schedule, sales = "schedule_interval", {}

with DAG("demo", start_date=datetime(2024, 1, 1), **{schedule: None}) as demo:
    EmptyOperator(task_id="extract")

with DAG("etl", start_date=datetime(2024, 1, 1), catchup=False, **{schedule: "@daily"}) as etl:
    greet = "\\n    set -e\\n      echo {{ ds }} {{ params.greeting }}\\n\\n    exit 0{{ '\\\\n' }}"
    extract = BashOperator(task_id="extract", bash_command=greet, params={"greeting": "hello"})
    extract >> EmptyOperator(task_id="load")

with DAG("report", start_date=datetime(2024, 1, 1), **{schedule: None}) as report:
    EmptyOperator(task_id="extract", **sales)
"""
BROKEN = "from airflow import DAG\nimport nosuch_module\n"

# Of Airflow's database, with the column names of Airflow 3.
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DagRun:
    """A row of Airflow's table of DAG runs."""

    dag_id: str
    run_id: str
    conf: Any


@dataclass(frozen=True, slots=True)
class RealAirflow:
    """An Airflow's program, and its home with the database and the DAG files."""

    program: Path
    home: Path
    version: str

    @property
    def environ(self) -> dict[str, str]:
        return {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            # Without a key passwords and variables stand in the database as they are.
            "AIRFLOW__CORE__FERNET_KEY": "",
            # 1.10 has no roles without.
            "AIRFLOW__WEBSERVER__RBAC": "True",
            # Backfills of Airflow 1 and 2 start `airflow` for each task.
            "PATH": f"{self.program.parent}{os.pathsep}{os.environ['PATH']}",
        }

    @property
    def parsed_version(self) -> Version:
        return parse_version(self.version)

    def binary(self) -> AirflowBinary:
        return AirflowBinary(self.program, environ=self.environ)

    def prepare(self) -> None:
        """Make the database and fill its table of DAGs."""
        dags = self.home / "dags"
        dags.mkdir()
        (dags / "three_dags.py").write_text(DAGS)
        (dags / "broken.py").write_text(BROKEN)
        for command in preparation(self.parsed_version):
            self.run(*command)

    def run(self, *command: str) -> str:
        """Run one command and return what it prints."""
        return run([self.program, *command], self.environ)

    def python(self, code: str) -> Any:
        """Return the JSON document that Airflow's own Python prints in the end for this code."""
        return json.loads(run([self.program.parent / "python", "-c", code], self.environ).splitlines()[-1])

    def dag_runs(self, run_id: str) -> list[DagRun]:
        """Return the DAG runs with this id as they stand in the database."""
        return [DagRun(row["dag_id"], run_id, row["conf"]) for row in self.rows("dag_run", run_id=run_id)]

    def is_paused(self, dag_id: str) -> bool:
        (row,) = self.rows("dag", dag_id=dag_id)
        return bool(row["is_paused"])

    def has_variable(self, key: str) -> bool:
        return bool(self.rows("variable", key=key))

    def rows(self, table: str, **where: object) -> list[Row]:
        """Return the rows of a table of Airflow's database that have these values."""
        condition = " AND ".join(["true", *(f"{column} = :{column}" for column in where)])
        return self.query(f"SELECT * FROM {table} WHERE {condition}", **where)

    def query(self, statement: str, **values: object) -> list[Row]:
        """Have the database carry out a statement, and return the rows that it answers, with dates as such."""
        with closing(sqlite3.connect(self.home / "airflow.db")) as connection, connection:
            connection.row_factory = sqlite3.Row
            return [_restored(dict(row)) for row in connection.execute(statement, values)]


def preparation(version: Version) -> list[list[str]]:
    """Return the commands that make a database and fill its table of DAGs."""
    make = ["initdb"] if version < (2, 0, 0) else ["db", "init"] if version < (2, 7, 0) else ["db", "migrate"]
    fill = ["scheduler", "-n", "1"] if version < (2, 4, 0) else ["dags", "reserialize"]
    return [make, fill]


def run(command: list[str | Path], environ: dict[str, str]) -> str:
    done = subprocess.run(
        command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env={**os.environ, **environ}, text=True
    )
    return done.stdout


def _restored(row: Row) -> Row:
    return {"logical_date" if name == "execution_date" else name: _value(name, row[name]) for name in row}


def _value(column: str, stored: Any) -> Any:
    if column == "conf" and stored is not None:
        # Airflow 1 and 2 store it pickled, Airflow 3 as JSON.
        return pickle.loads(stored) if isinstance(stored, bytes) else json.loads(stored)
    try:
        return datetime.fromisoformat(stored).replace(tzinfo=UTC)
    except (TypeError, ValueError):
        return stored


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> RealAirflow:
    program = os.environ.get("MWAA_ASYNC_AIRFLOW")
    if not program or not Path(program).is_file():
        pytest.fail(f"MWAA_ASYNC_AIRFLOW must be the path of an 'airflow' program, not {program!r}; tox sets it")
    home = tmp_path_factory.mktemp("airflow")
    version = run([Path(program), "version"], {"AIRFLOW_HOME": str(home)}).splitlines()[-1]
    airflow = RealAirflow(Path(program), home, version)
    airflow.prepare()
    return airflow


@pytest.fixture
async def emulator(airflow: RealAirflow) -> AsyncIterator[Emulator]:
    async with Emulator(["demo"], airflow.binary()) as emulator:
        yield emulator


@pytest.fixture
def demo(client: MwaaClient, airflow: RealAirflow) -> Environment:
    # Told, so that no test starts an Airflow to ask it.
    return client.environment("demo", airflow_version=airflow.version)
