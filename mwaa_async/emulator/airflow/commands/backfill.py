"""``airflow backfill create`` of Airflow 3: makes a run for each date, and leaves them to the scheduler."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, NoReturn

from mwaa_async.emulator.airflow import dates, metadata, schedule, tables
from mwaa_async.emulator.airflow.call import Call, Failed
from mwaa_async.emulator.airflow.metadata import TASKS, Dag, DagRun

_EXCEPTIONS = "airflow.models.backfill"


def create(call: Call) -> None:
    if call.version < (3, 1, 0):
        _create_of_3_0(call)
        return
    conf = _conf(call)
    if call.arguments.dry_run:
        _dry_run(call, conf)
        return
    dag = _dag(call, "backfill_unknown_dag", f"Could not find dag {call.arguments.dag_id}")
    _check(call, dag, "backfill", conf)
    asked = _dates(call)
    if not asked:
        interval = f"[{call.arguments.from_date}, {call.arguments.to_date}]"
        call.print_rich(f"Warning: No runs to create for Dag {dag.dag_id} in the range {interval}")
        raise Failed
    call.metadata.backfill_count += 1
    for date in asked:
        _create_run(call, dag, date, conf)


def _create_of_3_0(call: Call) -> None:
    if call.arguments.dry_run:
        _dry_run_of_3_0(call)
        return
    dag = _dag(call, "backfill_unknown_dag", f"Could not find dag {call.arguments.dag_id}")
    _check_schedule_of_3_0(call, dag, "backfill")
    if any(_is_going_on(run, call.now) for run in dag.runs.values()):
        message = f"Another backfill is running for dag {dag.dag_id}. There can be only one running backfill per dag."
        call.crash("backfill_is_going_on", f"{_EXCEPTIONS}.AlreadyRunningBackfill: {message}")
    _check_dates_of_3_0(call, "backfill")
    call.metadata.backfill_count += 1
    for date in _dates(call):
        if call.arguments.dag_run_conf and dag.run_at(date) is None:
            # It hands on the text, and not what the JSON says.
            call.crash("backfill_conf", "ValueError: not enough values to unpack (expected 2, got 1)")
        _create_run(call, dag, date, None)


def _dry_run_of_3_0(call: Call) -> None:
    _print_parameters(call, call.arguments.dag_run_conf)
    dag = _dag(call, "backfill_dry_unknown_dag", f"Could not find dag {call.arguments.dag_id}")
    _check_dates_of_3_0(call, "backfill_dry")
    _check_schedule_of_3_0(call, dag, "backfill_dry")
    call.print("Logical dates to be attempted:")
    call.stdout += [f"    - {date}\n" for date in _attempted(call, dag)]


def _check_schedule_of_3_0(call: Call, dag: Dag, tracebacks: str) -> None:
    if not schedule.is_scheduled(dag.dag_id):
        message = f"{_EXCEPTIONS}.DagNoScheduleException: {dag.dag_id} has no schedule"
        call.crash(f"{tracebacks}_not_periodic", message)


def _check_dates_of_3_0(call: Call, tracebacks: str) -> None:
    if min(call.arguments.from_date, call.arguments.to_date) >= call.now:
        _crash_in_the_future(call, tracebacks)


def _crash_in_the_future(call: Call, tracebacks: str) -> NoReturn:
    message = "Backfill cannot be executed for future dates."
    call.crash(f"{tracebacks}_future", f"{_EXCEPTIONS}.InvalidBackfillDate: {message}")


def _conf(call: Call) -> dict[str, Any] | None:
    if not call.arguments.dag_run_conf:
        return None
    try:
        conf: dict[str, Any] = json.loads(call.arguments.dag_run_conf)
    except json.JSONDecodeError as error:
        call.crash("backfill_bad_json", f"ValueError: Invalid JSON in --dag-run-conf: {error}", cause=str(error))
    except ValueError as error:
        call.crash("", f"ValueError: {error}")
    return conf


def _dag(call: Call, traceback: str, message: str) -> Dag:
    dag = call.metadata.dags.get(call.arguments.dag_id)
    if dag is None:
        call.crash(traceback, f"airflow.exceptions.DagNotFound: {message}")
    return dag


def _check(call: Call, dag: Dag, tracebacks: str, conf: dict[str, Any] | None) -> None:
    """Crashes where Airflow would not backfill the DAG."""
    if not schedule.is_scheduled(dag.dag_id):
        message = f"{dag.dag_id} has a non-periodic schedule that does not support backfills"
        call.crash(f"{tracebacks}_not_periodic", f"{_EXCEPTIONS}.DagNonPeriodicScheduleException: {message}")
    if not call.arguments.dry_run and any(_is_going_on(run, call.now) for run in dag.runs.values()):
        message = f"Another backfill is running for Dag {dag.dag_id}. There can be only one running backfill per Dag."
        call.crash("backfill_is_going_on", f"{_EXCEPTIONS}.AlreadyRunningBackfill: {message}")
    _check_dates(call, tracebacks)
    if not isinstance(conf, dict | None):
        message = f"AttributeError: {type(conf).__name__!r} object has no attribute 'items'"
        call.crash("backfill_conf_is_no_object", message)


def _check_dates(call: Call, tracebacks: str) -> None:
    start, end = call.arguments.from_date, call.arguments.to_date
    if start > end:
        message = f"from_date ({start.isoformat()}) must not be after to_date ({end.isoformat()})."
        call.crash(f"{tracebacks}_bad_range", f"{_EXCEPTIONS}.InvalidBackfillDateRange: {message}")
    if start >= call.now:
        _crash_in_the_future(call, tracebacks)


def _is_going_on(run: DagRun, now: datetime) -> bool:
    return run.run_type == "backfill" and metadata.ended(run, now) is None


def _dates(call: Call) -> list[datetime]:
    asked = call.arguments
    found = schedule.dates_between(call, asked.from_date, min(asked.to_date, call.now))
    return list(reversed(found)) if asked.run_backwards else found


def _create_run(call: Call, dag: Dag, date: datetime, conf: dict[str, Any] | None) -> None:
    before = dag.run_at(date)
    shown = dates.pendulum_repr(date)
    if before is None:
        run_id = f"backfill__{date.isoformat()}"
        call.log("create_run", logical_date=shown, run_after=shown, run_id=run_id)
        dag.put(_new_run(call, dag, run_id, date, conf or {}))
    elif _is_done_again(call, before):
        _do_again(call, dag, before, conf)
    call.log("create_backfill_run", dag_id=dag.dag_id, number=str(call.metadata.backfill_count), logical_date=shown)


def _new_run(call: Call, dag: Dag, run_id: str, date: datetime, conf: dict[str, Any]) -> DagRun:
    return DagRun(
        number=call.metadata.next_run_number(),
        dag_id=dag.dag_id,
        run_id=run_id,
        logical_date=date,
        run_after=date,
        conf=conf,
        created=call.now,
        started=None if dag.is_paused else call.now,
        fails=dag.fails,
        run_type="backfill",
    )


def _is_done_again(call: Call, run: DagRun) -> bool:
    # No run ever fails here, so that there is nothing to do again for "failed".
    return call.arguments.reprocess_behavior == "completed" and metadata.ended(run, call.now) is not None


def _do_again(call: Call, dag: Dag, run: DagRun, conf: dict[str, Any] | None) -> None:
    dag.clear(run, TASKS, call.now)
    cleared = dag.runs[run.run_id]
    dag.runs[run.run_id] = replace(cleared, run_type="backfill", conf=run.conf if conf is None else conf)


def _print_parameters(call: Call, conf: object) -> None:
    call.print("Performing dry run of backfill.\nPrinting params:")
    for name, value in _parameters(call, conf).items():
        call.print_rich(f"    - {name} = {value}")


def _dry_run(call: Call, conf: dict[str, Any] | None) -> None:
    _print_parameters(call, conf)
    call.print("Runs to be attempted:")
    dag = _dag(call, "backfill_dry_unknown_dag", f"Could not find Dag {call.arguments.dag_id}")
    _check(call, dag, "backfill_dry", conf)
    rows = [{"logical_date": date, "partition_key": None, "partition_date": None} for date in _attempted(call, dag)]
    call.print(tables.grid(rows))


def _parameters(call: Call, conf: object) -> dict[str, object]:
    asked = call.arguments
    behavior = asked.reprocess_behavior
    return {
        "dag_id": asked.dag_id,
        "from_date": asked.from_date,
        "to_date": asked.to_date,
        "max_active_runs": asked.max_active_runs,
        "reverse": asked.run_backwards,
        "dag_run_conf": conf,
        "reprocess_behavior": behavior and f"ReprocessBehavior.{behavior.upper()}",
    } | _newer_parameters(call)


def _newer_parameters(call: Call) -> dict[str, object]:
    if call.version < (3, 1, 0):
        return {}
    return {"run_on_latest_version": call.arguments.run_on_latest_version in (None, True)}


def _attempted(call: Call, dag: Dag) -> Iterator[datetime]:
    for date in _dates(call):
        before = dag.run_at(date)
        if before is None or _is_done_again(call, before):
            yield date
