"""Waiting for the end of a run, with what a real Airflow says of paused DAGs and failed tasks."""

import pytest

from mwaa_async import DagRunFailedError, DagRunNotEndedError, Environment
from mwaa_async._commands.run_ends import is_paused

from .conftest import RealAirflow

# Nothing takes up runs here: there is no scheduler, and so the tests write into the database what one would.
pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]


async def test_a_run_of_a_paused_dag_is_not_waited_for_for_ever(airflow: RealAirflow, demo: Environment) -> None:
    airflow.query("UPDATE dag SET is_paused = true WHERE dag_id = 'etl'")  # another test may have unpaused it
    run = await demo.dags.trigger("etl", run_id="run_1")
    with pytest.raises(DagRunNotEndedError, match=r"is queued, and goes on; the DAG 'etl' is paused") as caught:
        await run.wait(poll_interval=0.0)
    assert caught.value.dag_is_paused is True
    airflow.query("UPDATE dag SET is_paused = false WHERE dag_id = 'etl'")
    assert await is_paused(demo.runner.within(), "etl") is False


async def test_the_tasks_that_failed_are_named(airflow: RealAirflow, demo: Environment) -> None:
    run = await demo.dags.trigger("etl", run_id="run_2")
    airflow.query("UPDATE dag_run SET state = 'failed' WHERE run_id = 'run_2'")
    tasks = "UPDATE task_instance SET state = :state WHERE run_id = 'run_2' AND task_id = :task_id"
    airflow.query(tasks, state="failed", task_id="extract")
    airflow.query(tasks, state="upstream_failed", task_id="load")
    with pytest.raises(DagRunFailedError, match="failed tasks: extract; see https://") as caught:
        await run.wait(poll_interval=0.0)
    assert caught.value.failed_tasks == ("extract",)


async def test_a_run_that_exists_is_taken_as_it_is(airflow: RealAirflow, demo: Environment) -> None:
    await demo.dags.trigger("etl", run_id="run_3", conf={"a": 1})
    airflow.query("UPDATE dag_run SET state = 'success' WHERE run_id = 'run_3'")
    run = await demo.dags.trigger("etl", run_id="run_3", exists_ok=True)
    assert (run.run_id, run.state, run.conf) == ("run_3", "success", None)
    [stored] = airflow.dag_runs("run_3")
    assert stored.conf == {"a": 1}
