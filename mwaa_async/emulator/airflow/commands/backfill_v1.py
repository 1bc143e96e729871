"""``airflow backfill`` of Airflow 1.10, which runs a DAG for past dates and ends when all is done."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NoReturn

from mwaa_async.emulator.airflow import metadata, schedule
from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.commands import clear, lookups
from mwaa_async.emulator.airflow.metadata import RUN_TAKES, Dag, DagRun

Tasks = Sequence[str]
Key = tuple[str, str, datetime, int]


def backfill(call: Call) -> None:
    dag = lookups.dag_of_file(call)
    start, end = _interval(call)
    task_ids = clear.asked_tasks(call, upstream=not call.arguments.ignore_dependencies, downstream=False)
    _check_conf(call)
    if call.arguments.dry_run:
        call.print("\n".join([f"Dry run of DAG {dag.dag_id} on {start.isoformat()}", *(f"Task {t}" for t in task_ids)]))
        return
    if call.arguments.reset_dagruns:
        _reset(call, dag, task_ids, start, end)
    dates = _dates(call, dag, start, end)
    if dates:
        _do(call, dag, [_run_at(call, dag, date) for date in dates], task_ids)
    else:
        call.log("no_run_dates")


def _interval(call: Call) -> tuple[datetime, datetime]:
    start, end = call.arguments.start_date, call.arguments.end_date
    if start is None and end is None:
        lookups.crash_with_airflow_exception(call, "", "Provide a start_date and/or end_date")
    return start or end, end or start


def _check_conf(call: Call) -> None:
    try:
        json.loads(call.arguments.conf or "{}")
    except json.JSONDecodeError as error:
        call.crash("", f"json.decoder.JSONDecodeError: {error}")
    except ValueError as error:
        call.crash("", f"ValueError: {error}")


def _reset(call: Call, dag: Dag, task_ids: Tasks, start: datetime, end: datetime) -> None:
    runs = [run for run in dag.runs.values() if run.logical_date and start <= run.logical_date <= end]
    instances = [(run, metadata.task_instance(run, task_id, call.now)) for run in runs for task_id in task_ids]
    clear.confirm_and_clear(call, [clear.Chosen(dag, *one) for one in instances], is_confirmed=call.arguments.yes)


def _dates(call: Call, dag: Dag, start: datetime, end: datetime) -> list[datetime]:
    if not schedule.is_scheduled(dag.dag_id):
        return [start] if start <= end else []
    try:
        dates = schedule.dates_between(call, start, end)
    except OverflowError:
        # After the last day that there is, no other begins.
        return []
    return dates[::-1] if call.arguments.run_backwards else dates


def _run_at(call: Call, dag: Dag, date: datetime) -> DagRun:
    """Gives the run of a date, which becomes one of the backfill even if it was there before."""
    run_id = f"backfill_{date.isoformat()}"
    run = dag.run_at(date)
    if run is None:
        number = call.metadata.next_run_number()
        run = DagRun(number, dag.dag_id, run_id, date, date, {}, created=call.now, started=None, run_type="backfill")
    run = replace(run, run_id=run_id)
    dag.put(run)
    return run


def _do(call: Call, dag: Dag, runs: list[DagRun], task_ids: Tasks) -> None:
    due = [run for run in runs if run.run_after <= call.now]
    if any(_waits(call, run, task_id) for run in due for task_id in task_ids):
        _queue(call, due, task_ids, of=len(runs))
    for run in due:
        dag.runs[run.run_id] = _done(call, run)
        call.log("mark_run", dag_id=dag.dag_id, date=str(run.logical_date), run_id=run.run_id)
    if late := [run for run in runs if run not in due]:
        _end_in_deadlock(call, due, late, task_ids)
    _log_progress(call, finished=len(due), of=len(runs), succeeded=len(due) * len(task_ids))
    call.log("backfill_done")


def _waits(call: Call, run: DagRun, task_id: str) -> bool:
    return metadata.task_instance(run, task_id, call.now).state != "success"


def _queue(call: Call, runs: list[DagRun], task_ids: Tasks, of: int) -> None:
    for stage, task_id in enumerate(task_ids, start=1):
        for run in runs:
            if _waits(call, run, task_id):
                _log_queued(call, run, task_id)
        if waiting := len(runs) * (len(task_ids) - stage):
            _log_progress(call, of=of, waiting=waiting, succeeded=len(runs) * stage, not_ready=waiting)


def _log_queued(call: Call, run: DagRun, task_id: str) -> None:
    asked = call.arguments
    words = ["airflow", "run", run.dag_id, task_id, run.run_after.isoformat()]
    words += ["--mark_success"] * asked.mark_success + ["-i"] * asked.ignore_dependencies
    call.log("queue_task", words=", ".join(map(repr, words)), pool=asked.pool or "default_pool")


def _log_progress(
    call: Call,
    *,
    of: int,
    finished: int = 0,
    waiting: int = 0,
    succeeded: int = 0,
    deadlocked: int = 0,
    not_ready: int = 0,
) -> None:
    counts = {"finished": finished, "of": of, "waiting": waiting, "succeeded": succeeded}
    counts |= {"deadlocked": deadlocked, "not_ready": not_ready}
    call.log("backfill_progress", **{name: str(count) for name, count in counts.items()})


def _done(call: Call, run: DagRun) -> DagRun:
    if metadata.ended(run, call.now):
        return run
    return replace(run, started=call.now - RUN_TAKES)


def _end_in_deadlock(call: Call, done: list[DagRun], late: list[DagRun], task_ids: Tasks) -> NoReturn:
    """Fails as Airflow does on dates that are still to come, whose tasks never get ready."""
    names = [f"<TaskInstance: {r.dag_id}.{t} {r.logical_date} [scheduled]>" for r in late for t in task_ids]
    call.log("deadlock", instances=", ".join(names))
    counts = {"succeeded": len(done) * len(task_ids), "deadlocked": len(names), "not_ready": len(names)}
    _log_progress(call, finished=len(done), of=len(done) + len(late), **counts)
    tables = {"have succeeded": _keys(done, task_ids), "are running": [], "have failed": [], "are skipped": []}
    tables["are deadlocked"] = _keys(late, task_ids)
    text = "\n\n".join(f"These tasks {what}:\n{_table(keys)}" for what, keys in tables.items())
    lookups.crash_with_airflow_exception(call, "", f"BackfillJob is deadlocked.\n{text}")


def _keys(runs: Iterable[DagRun], task_ids: Tasks) -> list[Key]:
    return [(run.dag_id, task_id, run.run_after, 1) for run in runs for task_id in task_ids]


def _table(keys: list[Key]) -> str:
    # A heavy import, made where it is needed.
    from tabulate import tabulate

    return tabulate(keys, headers=["DAG ID", "Task ID", "Execution date", "Try number"])
