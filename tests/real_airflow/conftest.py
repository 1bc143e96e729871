"""A real Airflow with a database of its own, in the emulator's place of one; tox says which."""

import json
import os
import pickle
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mwaa_async import Environment, MwaaClient
from mwaa_async._protocol.versions import Version, parse_version
from mwaa_async.emulator import AirflowBinary, Emulator

# Airflow 3 has DAGs from `airflow.sdk` (with those of its old place 3.0 can do more), moved the operators to a provider
# and renamed the schedule; version 2 still knows the names of 1.10.
DAGS = """
from datetime import datetime

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG, Asset

    schedule, sales = "schedule", {"outlets": [Asset("sales", uri="s3://bucket/sales")]}
except ImportError:
    from airflow import DAG
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

# How Airflow logs: as it comes; as MWAA has it (`mwaa_logging.py`); and so with the most that a user can choose there:
# up to 3.0 the web server's level DEBUG, with records before and after every answer, since 3.2 all records in JSON.
MWAA_LOGS = {"AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": "mwaa_logging.LOGGING_CONFIG"}
LOGS = {
    "plain": {},
    "mwaa": MWAA_LOGS,
    "mwaa at most": {**MWAA_LOGS, "AIRFLOW_CONSOLE_LOG_LEVEL": "DEBUG", "AIRFLOW__LOGGING__JSON_LOGS": "True"},
}


# Of Airflow's database, with the column names of Airflow 3.
Row = dict[str, Any]


def with_logs(*logs: str) -> pytest.MarkDecorator:
    """Return the mark of tests that run with these kinds of logs, and not with "plain" and "mwaa"."""
    return pytest.mark.parametrize("airflow", logs, indirect=True)


@dataclass(frozen=True, slots=True)
class DagRun:
    """A row of Airflow's table of DAG runs."""

    dag_id: str
    run_id: str
    conf: Any


@dataclass(frozen=True, slots=True)
class RealAirflow:
    """An Airflow's program, its home with the database and the DAG files, and how it logs (`LOGS`)."""

    program: Path
    home: Path
    version: str
    logs: str = field(default="plain", compare=False)

    @property
    def environ(self) -> dict[str, str]:
        return {
            **LOGS[self.logs],
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

    @property
    def database(self) -> Path:
        return self.home / "airflow.db"

    def prepare(self) -> None:
        """Make the database and fill its table of DAGs."""
        dags, config = self.home / "dags", self.home / "config"
        dags.mkdir()
        (dags / "three_dags.py").write_text(DAGS)
        (dags / "broken.py").write_text(BROKEN)
        # From there Airflow imports modules.
        config.mkdir()
        shutil.copy(Path(__file__).with_name("mwaa_logging.py"), config)
        for command in preparation(self.parsed_version):
            self.run(*command)

    def run(self, *command: str) -> str:
        """Run one command, with Airflow's own kind of logs, and return what it prints."""
        return run([self.program, *command], replace(self, logs="plain").environ)

    def python(self, code: str) -> Any:
        """Return the JSON document that Airflow's own Python prints in the end for this code."""
        printed = run([self.program.parent / "python", "-c", code], replace(self, logs="plain").environ)
        return json.loads(printed.splitlines()[-1])

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
        with closing(sqlite3.connect(self.database)) as connection, connection:
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
def prepared(tmp_path_factory: pytest.TempPathFactory) -> RealAirflow:
    program = os.environ.get("MWAA_ASYNC_AIRFLOW")
    if not program or not Path(program).is_file():
        pytest.fail(f"MWAA_ASYNC_AIRFLOW must be the path of an 'airflow' program, not {program!r}; tox sets it")
    home = tmp_path_factory.mktemp("airflow")
    version = run([Path(program), "version"], {"AIRFLOW_HOME": str(home)}).splitlines()[-1]
    airflow = RealAirflow(Path(program), home, version)
    airflow.prepare()
    shutil.copy(airflow.database, home / "airflow.db.prepared")
    return airflow


@pytest.fixture(scope="session", params=["plain", "mwaa"])
def airflow(prepared: RealAirflow, request: pytest.FixtureRequest) -> RealAirflow:
    """The Airflow with one kind of logs, and for each with the database as it was when it was new."""
    shutil.copy(prepared.home / "airflow.db.prepared", prepared.database)
    return replace(prepared, logs=request.param)


@pytest.fixture
async def emulator(airflow: RealAirflow) -> AsyncIterator[Emulator]:
    async with Emulator(["demo"], airflow.binary()) as emulator:
        yield emulator


@pytest.fixture
def demo(client: MwaaClient, airflow: RealAirflow) -> Environment:
    # Told, so that no test starts an Airflow to ask it.
    return client.environment("demo", airflow_version=airflow.version)
