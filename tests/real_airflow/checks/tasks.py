"""`environment.tasks`."""

import pytest

from mwaa_async import CommandFailedError, Environment

from ..conftest import RealAirflow, Row
from . import DATE, RUN_ID, assert_told


async def tasks_list(airflow: RealAirflow, demo: Environment) -> None:
    assert await demo.tasks.list("etl") == ["extract", "load"]


async def tasks_state(airflow: RealAirflow, demo: Environment) -> None:
    stored = instances(airflow)
    assert await demo.tasks.state("etl", "extract", DATE) == stored["extract"]["state"] == "failed"
    assert await demo.tasks.state("etl", "load", DATE) is stored["load"]["state"] is None


async def tasks_states_for_dag_run(airflow: RealAirflow, demo: Environment) -> None:
    told = {instance.task_id: instance for instance in await demo.tasks.states_for_dag_run("etl", RUN_ID)}
    stored = instances(airflow)
    assert told.keys() == stored.keys() == {"extract", "load"}
    for task_id, instance in told.items():
        assert instance.logical_date == DATE
        assert_told(instance, stored[task_id], "dag_id", "task_id", "state", "start_date", "end_date")


async def tasks_failed_deps(airflow: RealAirflow, demo: Environment) -> None:
    if airflow.parsed_version[:2] == (3, 0):
        with pytest.raises(CommandFailedError, match="AttributeError: 'DAG' object has no attribute 'get_"):
            await demo.tasks.failed_deps("etl", "load", DATE)
        return
    reasons = {failed.dependency: failed.reason for failed in await demo.tasks.failed_deps("etl", "load", DATE)}
    assert reasons["Task Instance State"].startswith("Task is in the 'None' state")
    assert reasons["Trigger Rule"].startswith("Task's trigger rule 'all_success' requires all upstream tasks to have")


async def tasks_render(airflow: RealAirflow, demo: Environment) -> None:
    fields = await demo.tasks.render("etl", "extract", DATE)
    assert fields["bash_command"] == "\n    set -e\n      echo 2024-05-01 hello\n\n    exit 0\n"
    assert fields["env"] == "None"
    if airflow.parsed_version[:2] == (3, 0):
        await runs_that_wait_cannot_be_rendered(airflow, demo)


async def runs_that_wait_cannot_be_rendered(airflow: RealAirflow, demo: Environment) -> None:
    (run,) = airflow.rows("dag_run", run_id=RUN_ID)
    airflow.query("UPDATE dag_run SET start_date = NULL WHERE run_id = :run_id", run_id=RUN_ID)
    with pytest.raises(CommandFailedError, match="ValidationError: 1 validation error for DagRun"):
        await demo.tasks.render("etl", "extract", DATE)
    started = run["start_date"].strftime("%Y-%m-%d %H:%M:%S.%f")
    airflow.query("UPDATE dag_run SET start_date = :started WHERE run_id = :run_id", started=started, run_id=RUN_ID)


async def tasks_test(airflow: RealAirflow, demo: Environment) -> None:
    result = await demo.tasks.test("etl", "extract", DATE, task_params={"greeting": "good morning"})
    assert "echo 2024-05-01 good morning" in result.stdout


async def tasks_clear(airflow: RealAirflow, demo: Environment) -> None:
    fail_extract(airflow)
    await demo.tasks.clear("etl", task_regex="extract", start_date=DATE, end_date=DATE, only_failed=True)
    assert instances(airflow)["extract"]["state"] is None


def fail_extract(airflow: RealAirflow) -> None:
    """Let the run's first task have failed."""
    ended = "state = 'failed', start_date = '2024-05-02 03:04:05.678901', end_date = '2024-05-02 03:05:00.000000'"
    run = "execution_date = '2024-05-01 00:00:00.000000'" if airflow.parsed_version < (2, 2, 0) else "run_id = 'typed'"
    airflow.query(f"UPDATE task_instance SET {ended} WHERE dag_id = 'etl' AND task_id = 'extract' AND {run}")


def instances(airflow: RealAirflow) -> dict[str, Row]:
    """Return the tasks of the run; in 1.10 they know its date only."""
    rows = airflow.rows("task_instance", dag_id="etl")
    return {
        row["task_id"]: row
        for row in rows
        if row.get("run_id", RUN_ID) == RUN_ID and row.get("logical_date", DATE) == DATE
    }
