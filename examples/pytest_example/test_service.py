"""The tests of the service: `pytest examples/pytest_example`, with the extra `emulator` installed."""

import asyncio

import pytest
from service import trigger_days

from mwaa_async.emulator import EmbeddedAirflow, Emulator, StatusAnswer

DAYS = ["2026-01-01", "2026-01-02"]


def test_each_day_is_triggered_once(mwaa_emulator: Emulator) -> None:
    report = asyncio.run(trigger_days("demo", "etl", DAYS))
    assert report.triggered == DAYS
    airflow = mwaa_emulator.airflow("demo")
    assert isinstance(airflow, EmbeddedAirflow)
    assert [run.conf for run in airflow.dag_runs()] == [{"day": day} for day in DAYS]
    assert mwaa_emulator.max_running("demo") == 1


@pytest.mark.mwaa(airflow="3.0.6", environments=["prod"], dags=["nightly"])
def test_a_dag_that_is_not_there_fails() -> None:
    assert asyncio.run(trigger_days("prod", "etl", DAYS)).failed == DAYS


@pytest.mark.mwaa(faults=["cut-connection:ran=true"])
def test_a_lost_answer_makes_no_second_run(mwaa_emulator: Emulator) -> None:
    report = asyncio.run(trigger_days("demo", "etl", DAYS))
    assert report.triggered == DAYS
    airflow = mwaa_emulator.airflow("demo")
    assert isinstance(airflow, EmbeddedAirflow)
    assert len(airflow.dag_runs()) == len(DAYS)


@pytest.mark.mwaa(faults=[StatusAnswer(504), StatusAnswer(504)])
def test_a_gateway_that_does_not_wait_leaves_a_day_unknown() -> None:
    report = asyncio.run(trigger_days("demo", "etl", DAYS))
    assert (report.unknown, report.triggered) == (DAYS[:1], DAYS[1:])
