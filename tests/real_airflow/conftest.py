"""A real Airflow with a database of its own, in the emulator's place of one; tox says which."""

import json
import os
import pickle
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mwaa_async import Environment, MwaaClient
from mwaa_async.emulator import AirflowBinary, Emulator

# EmptyOperator moved to a provider with Airflow 3.
DAGS = """
from datetime import datetime

from airflow import DAG

try:
    from airflow.providers.standard.operators.empty import EmptyOperator
except ImportError:
    from airflow.operators.empty import EmptyOperator

for name in ("demo", "etl", "report"):
    with DAG(name, start_date=datetime(2024, 1, 1), schedule=None):
        EmptyOperator(task_id="extract")
"""


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

    @property
    def environ(self) -> dict[str, str]:
        return {"AIRFLOW_HOME": str(self.home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}

    def binary(self) -> AirflowBinary:
        return AirflowBinary(self.program, environ=self.environ)

    def prepare(self) -> None:
        """Make the database and fill its table of DAGs."""
        dags = self.home / "dags"
        dags.mkdir()
        (dags / "three_dags.py").write_text(DAGS)
        for command in (["db", "migrate"], ["dags", "reserialize"]):
            subprocess.run(
                [self.program, *command], check=True, stdin=subprocess.DEVNULL, env={**os.environ, **self.environ}
            )

    def dag_runs(self, run_id: str) -> list[DagRun]:
        """Return the DAG runs with this id as they stand in the database."""
        rows = self._rows("SELECT dag_id, run_id, conf FROM dag_run WHERE run_id = ?", run_id)
        return [DagRun(dag_id, run_id, _conf(conf)) for dag_id, run_id, conf in rows]

    def is_paused(self, dag_id: str) -> bool:
        ((is_paused,),) = self._rows("SELECT is_paused FROM dag WHERE dag_id = ?", dag_id)
        return bool(is_paused)

    def has_variable(self, key: str) -> bool:
        return bool(self._rows("SELECT key FROM variable WHERE key = ?", key))

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.home / "airflow.db")) as connection:
            return connection.execute(query, values).fetchall()


def _conf(stored: bytes | str | None) -> Any:
    # Airflow 2 stores it pickled, Airflow 3 as JSON.
    if stored is None:
        return None
    return pickle.loads(stored) if isinstance(stored, bytes) else json.loads(stored)


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> RealAirflow:
    program = os.environ.get("MWAA_ASYNC_AIRFLOW")
    if not program or not Path(program).is_file():
        pytest.fail(f"MWAA_ASYNC_AIRFLOW must be the path of an 'airflow' program, not {program!r}; tox sets it")
    airflow = RealAirflow(Path(program), tmp_path_factory.mktemp("airflow"))
    airflow.prepare()
    return airflow


@pytest.fixture
async def emulator(airflow: RealAirflow) -> AsyncIterator[Emulator]:
    async with Emulator(["demo"], airflow.binary()) as emulator:
        yield emulator


@pytest.fixture
def demo(client: MwaaClient) -> Environment:
    return client.environment("demo")
