"""The programs `mwaa-async run` and `mwaa-async emulator` with a real Airflow."""

import os
import subprocess
import sys
from collections.abc import Mapping

import anyio
import pytest

from mwaa_async.emulator import Emulator

from .conftest import DagRun, RealAirflow, with_logs

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240), with_logs("mwaa")]

MWAA_ASYNC = [sys.executable, "-m", "mwaa_async"]
AIRFLOW_FAILED = 1


async def run(command: list[str], environ: Mapping[str, str]) -> tuple[int, str, str]:
    done = await anyio.run_process(command, stdin=subprocess.DEVNULL, check=False, env={**os.environ, **environ})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


async def test_run_prints_what_airflow_printed(airflow: RealAirflow, emulator: Emulator) -> None:
    conf = """{"text": "it's $HOME"}"""
    trigger = ["run", "demo", "dags", "trigger", "etl", "--run-id", "by-program", "--conf", conf]
    status, stdout, stderr = await run([*MWAA_ASYNC, *trigger], emulator.environ())
    assert status == 0, stderr
    assert "by-program" in stdout
    assert airflow.dag_runs("by-program") == [DagRun("etl", "by-program", {"text": "it's $HOME"})]


async def test_run_ends_with_1_and_airflows_stderr_where_airflow_fails(emulator: Emulator) -> None:
    command = [*MWAA_ASYNC, "--endpoint-url", emulator.endpoint_url, "run", "demo", "dags trigger nosuch"]
    status, _, stderr = await run(command, emulator.environ())
    assert status == AIRFLOW_FAILED
    assert "DagNotFound: Dag id nosuch not found" in stderr


async def test_the_emulator_program_serves_a_real_airflow_to_the_command_after_it(airflow: RealAirflow) -> None:
    emulator = [*MWAA_ASYNC, "emulator", "--environment", "prod", "--airflow-binary", str(airflow.program), "--"]
    trigger = [*MWAA_ASYNC, "run", "prod", "dags", "trigger", "demo", "--run-id", "by-emulator"]
    status, stdout, stderr = await run([*emulator, *trigger], airflow.environ)
    assert status == 0, stderr
    assert "by-emulator" in stdout
    assert [run.dag_id for run in airflow.dag_runs("by-emulator")] == ["demo"]
