"""``airflow dags test`` of Airflow 2 and 3, which runs a DAG within the command."""

import json
from datetime import UTC, datetime
from typing import Any

from mwaa_async.emulator.airflow import dates, schedule
from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.commands.dag_files import log_sync
from mwaa_async.emulator.airflow.commands.lookups import dag_of_file
from mwaa_async.emulator.airflow.metadata import RUN_TAKES, Dag, DagRun, Job


def test(call: Call) -> None:
    conf = _conf(call)
    dag = _dag(call)
    asked: datetime | None = call.arguments.logical_date if call.version >= (3, 0, 0) else call.arguments.execution_date
    run = _run(call, dag, asked or call.now, conf)
    # Airflow, too, deletes a run that had that date.
    dag.put(run)
    _log_run(call, run, asked)
    if call.version < (2, 4, 0):
        call.metadata.jobs.append(Job(dag.dag_id, "BackfillJob", call.now - RUN_TAKES, call.now))


def _conf(call: Call) -> dict[str, Any]:
    text = getattr(call.arguments, "conf", None)
    if not text:
        return {}
    try:
        conf = json.loads(text)
    except ValueError as error:
        call.fail(f"Configuration {text!r} is not valid JSON. Error: {error}")
    return conf if isinstance(conf, dict) else {}


def _dag(call: Call) -> Dag:
    if call.version < (3, 0, 0):
        return dag_of_file(call, "test_unknown_dag")
    if call.version < (3, 1, 0):
        call.log("load_bundles")
        call.log("fill_dagbag")
        return dag_of_file(call, "test_unknown_dag", logs_are_suppressed=True)
    _read_files(call)
    dag = dag_of_file(call, "test_unknown_dag", logs_are_suppressed=True)
    # Once to find the DAG, and once more for the DAGs that it might trigger (airflow/sdk/definitions/dag.py).
    _read_files(call)
    return dag


def _read_files(call: Call) -> None:
    call.log("load_bundles")
    call.log("fill_dagbag")
    log_sync(call)


def _run(call: Call, dag: Dag, date: datetime, conf: dict[str, Any]) -> DagRun:
    # Before 2.4 it was a backfill.
    run_type = "manual" if call.version >= (2, 4, 0) else "backfill"
    named_after = call.now if call.version >= (3, 0, 0) else date
    return DagRun(
        number=call.metadata.next_run_number(),
        dag_id=dag.dag_id,
        run_id=f"{run_type}__{named_after.isoformat()}",
        logical_date=date.astimezone(UTC),
        run_after=named_after.astimezone(UTC),
        conf=conf,
        created=call.now,
        started=call.now - RUN_TAKES,
        run_type=run_type,
        start_date=date.astimezone(UTC) if run_type == "manual" else None,
    )


def _log_run(call: Call, run: DagRun, asked: datetime | None) -> None:
    date = asked or call.now
    start, end = schedule.interval(call.version, run.dag_id, date, run.run_type)
    started = run.start_date or call.now - RUN_TAKES
    call.log(
        "test_run",
        dag_id=run.dag_id,
        run_id=run.run_id,
        date=_shown(call, date, asked),
        iso_date=date.isoformat(),
        basic_date=date.strftime("%Y%m%dT%H%M%S"),
        pendulum_date=dates.pendulum_repr(date),
        pendulum_now=dates.pendulum_repr(call.now),
        interval_start=_shown(call, start, asked),
        interval_end=_shown(call, end, asked),
        started=_shown(call, started, asked if run.start_date else None),
        ended=str(call.now),
        basic_ended=call.now.strftime("%Y%m%dT%H%M%S"),
        duration=str((call.now - started).total_seconds()),
        plain_now=dates.log_time((2, 5, 0), call.now),
    )


def _shown(call: Call, date: datetime, asked: datetime | None) -> str:
    """Writes a date as what it is in Airflow: a pendulum object, if it comes from the command line."""
    return dates.asked_date(call.version, date) if asked else str(date)
