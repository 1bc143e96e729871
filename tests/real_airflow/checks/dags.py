"""`environment.dags`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mwaa_async import CommandFailedError, Environment, UnsupportedCommandError

from ..conftest import RealAirflow, Row
from . import DATE, OTHER_DATE, RUN_ID, assert_told

LONG_AGO = datetime(2001, 2, 3, 4, 5, 6, 789012, UTC)


async def dags_list(airflow: RealAirflow, demo: Environment) -> None:
    told = {dag.dag_id: dag for dag in await demo.dags.list()}
    stored = {row["dag_id"]: row for row in airflow.rows("dag")}
    assert told.keys() == stored.keys()
    if airflow.parsed_version >= (2, 0, 0):
        for dag_id, dag in told.items():
            assert dag.owners == (stored[dag_id]["owners"],)
            assert dag.is_paused == bool(stored[dag_id]["is_paused"])
            assert dag.fileloc and Path(dag.fileloc).name == Path(stored[dag_id]["fileloc"]).name


async def dags_trigger(airflow: RealAirflow, demo: Environment) -> None:
    conf = {"text": "it's", "nested": {"list": [1, -2.5, None, True]}}
    run = await demo.dags.trigger("demo", run_id="good", conf=conf, logical_date=OTHER_DATE)
    (stored,) = airflow.rows("dag_run", run_id="good")
    assert stored["logical_date"] == OTHER_DATE
    assert_told(run, stored, "dag_id", "run_id", "conf", "logical_date")
    if airflow.parsed_version >= (2, 4, 0):
        assert_told(run, stored, "state")
    if airflow.parsed_version >= (2, 6, 0):
        intervals = ("data_interval_start", "data_interval_end")
        assert_told(run, stored, *intervals, "run_type", "start_date", "end_date", "last_scheduling_decision")


async def dags_list_runs(airflow: RealAirflow, demo: Environment) -> None:
    dates = ("start_date", "end_date") if airflow.parsed_version >= (2, 0, 0) else ()
    (run,) = await demo.dags.list_runs("etl", state="running", start_date=DATE, end_date=DATE)
    (stored,) = airflow.rows("dag_run", run_id=RUN_ID)
    assert stored["start_date"] is not None
    assert_told(run, stored, "dag_id", "run_id", "state", "logical_date", *dates)


async def dags_state(airflow: RealAirflow, demo: Environment) -> None:
    (stored,) = airflow.rows("dag_run", run_id=RUN_ID)
    assert await demo.dags.state("etl", DATE) == stored["state"] == "running"


async def dags_unpause(airflow: RealAirflow, demo: Environment) -> None:
    airflow.query("UPDATE dag SET is_paused = true WHERE dag_id = 'report'")
    await demo.dags.unpause("report")
    assert not airflow.is_paused("report")


async def dags_pause(airflow: RealAirflow, demo: Environment) -> None:
    airflow.query("UPDATE dag SET is_paused = false WHERE dag_id = 'report'")
    await demo.dags.pause("report")
    assert airflow.is_paused("report")
    await demo.dags.pause("report")
    assert airflow.is_paused("report")


async def dags_delete(airflow: RealAirflow, demo: Environment) -> None:
    assert await demo.dags.delete("report") > 0
    assert not airflow.rows("dag", dag_id="report")


async def dags_next_execution(airflow: RealAirflow, demo: Environment) -> None:
    told = await demo.dags.next_execution("etl")
    if airflow.parsed_version >= (2, 4, 0):
        (stored,) = airflow.rows("dag", dag_id="etl")
        assert told == stored["next_dagrun"]
    else:  # reckoned from the last run; no column has it
        words = ["next_execution"] if airflow.parsed_version < (2, 0, 0) else ["dags", "next-execution"]
        assert told == datetime.fromisoformat(airflow.run(*words, "etl").splitlines()[-1])


async def dags_list_import_errors(airflow: RealAirflow, demo: Environment) -> None:
    (error,) = await demo.dags.list_import_errors()
    assert Path(error.filepath).name == "broken.py"
    assert error.error.endswith("No module named 'nosuch_module'\n")
    for stored in airflow.rows("import_error"):
        assert (error.error, error.bundle_name) == (stored["stacktrace"], stored["bundle_name"])


async def dags_list_jobs(airflow: RealAirflow, demo: Environment) -> None:
    airflow.query(
        "INSERT INTO job (dag_id, state, job_type, start_date) VALUES ('etl', 'running', 'LocalTaskJob', :start)",
        start=LONG_AGO.isoformat(" "),
    )
    (job,) = await demo.dags.list_jobs(dag_id="etl", state="running", limit=5)
    (stored,) = airflow.rows("job", dag_id="etl")
    assert_told(job, stored, "dag_id", "state", "job_type", "start_date", "end_date")


async def dags_report(airflow: RealAirflow, demo: Environment) -> None:
    (file,) = [file for file in await demo.dags.report() if file.dag_num]
    assert Path(file.file).name == "three_dags.py"
    assert timedelta() < file.duration < timedelta(minutes=1)
    assert (file.dag_num, file.task_num, sorted(file.dags)) == (3, 4, ["demo", "etl", "report"])


async def dags_show(airflow: RealAirflow, demo: Environment) -> None:
    graph = await demo.dags.show("etl")
    assert graph.startswith("digraph etl {\n")
    assert graph.endswith("}\n")
    assert "\textract -> load\n" in graph


async def dags_reserialize(airflow: RealAirflow, demo: Environment) -> None:
    airflow.query("UPDATE dag SET owners = 'nobody'")
    await demo.dags.reserialize()
    assert {row["owners"] for row in airflow.rows("dag")} == {"airflow"}


async def dags_test(airflow: RealAirflow, demo: Environment) -> None:
    date = OTHER_DATE + timedelta(days=1)
    await demo.dags.test("demo", date)
    (stored,) = runs_of(airflow, "demo", date)
    assert stored["state"] == "success"


async def dags_backfill(airflow: RealAirflow, demo: Environment) -> None:
    conf = {"by": "backfill"}
    if airflow.parsed_version[:2] == (3, 0):
        await backfills_with_a_conf_break(airflow, demo)
        conf = {}
    await demo.dags.backfill("etl", start_date=OTHER_DATE, end_date=OTHER_DATE, conf=conf or None)
    (stored,) = runs_of(airflow, "etl", OTHER_DATE)
    assert stored["run_id"].startswith("backfill_")
    assert (stored["conf"] or {}) == conf
    # Airflow 3 leaves the run to the scheduler.
    assert stored["state"] == ("queued" if airflow.parsed_version >= (3, 0, 0) else "success")


async def backfills_with_a_conf_break(airflow: RealAirflow, demo: Environment) -> None:
    """Show why the method does not send them."""
    dates = ["--from-date", OTHER_DATE.isoformat(), "--to-date", OTHER_DATE.isoformat()]
    with pytest.raises(CommandFailedError, match="not enough values to unpack"):
        await demo.run(["backfill", "create", "--dag-id", "etl", *dates, "--dag-run-conf", '{"by": "backfill"}'])
    (begun,) = airflow.rows("backfill", dag_id="etl")
    assert begun["completed_at"] is None
    airflow.query("DELETE FROM backfill")
    with pytest.raises(UnsupportedCommandError, match=r"Airflow 3\.0\.\d+ fails at a conf"):
        await demo.dags.backfill("etl", start_date=OTHER_DATE, end_date=OTHER_DATE, conf={"by": "backfill"})


def runs_of(airflow: RealAirflow, dag_id: str, date: datetime) -> list[Row]:
    return [row for row in airflow.rows("dag_run", dag_id=dag_id) if row["logical_date"] == date]
