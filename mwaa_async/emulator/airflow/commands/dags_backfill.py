"""``airflow dags backfill`` of Airflow 2, which runs DAGs for all dates within the command."""

import json
import random
import re
import string
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from mwaa_async.emulator.airflow import dates, metadata, schedule
from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.commands.clear import Chosen, asked_tasks, confirm_and_clear
from mwaa_async.emulator.airflow.commands.instances import described
from mwaa_async.emulator.airflow.commands.lookups import crash_with_airflow_exception, dag_of_file
from mwaa_async.emulator.airflow.metadata import RUN_TAKES, TASKS, Dag, DagRun, Job, TaskInstance


def backfill(call: Call) -> None:
    asked = call.arguments
    if asked.start_date is None and asked.end_date is None:
        crash_with_airflow_exception(call, "backfill_without_dates", "Provide a start_date and/or end_date")
    dags = _dags(call)
    # With one date given, it is both.
    asked.start_date, asked.end_date = asked.start_date or asked.end_date, asked.end_date or asked.start_date
    conf, task_ids = _conf(call), _task_ids(call)
    for dag in dags:
        if asked.dry_run:
            _dry_run(call, dag, task_ids)
        else:
            _run(call, dag, task_ids, conf)
    if len(dags) > 1:
        call.log("backfills_end")


def _dags(call: Call) -> list[Dag]:
    asked = call.arguments
    if not (getattr(asked, "treat_dag_as_regex", False) or getattr(asked, "treat_dag_id_as_regex", False)):
        return [dag_of_file(call, "backfill_unknown_dag")]
    call.log("fill_dagbag")
    try:
        dags = [dag for dag in call.metadata.dags.values() if re.search(asked.dag_id, dag.dag_id)]
    except (re.error, OverflowError) as error:
        call.crash("", f"re.error: {error}")
    if not dags:
        message = f"dag_id could not be found with regex: {asked.dag_id}. "
        message += "Either the dag did not exist or it failed to parse."
        crash_with_airflow_exception(call, "", message)
    return dags


def _conf(call: Call) -> dict[str, Any]:
    if not call.arguments.conf:
        return {}
    try:
        conf = json.loads(call.arguments.conf)
    except json.JSONDecodeError as error:
        call.crash("backfill_bad_json", f"json.decoder.JSONDecodeError: {error}")
    except ValueError as error:
        call.crash("backfill_bad_json", f"ValueError: {error}")
    return conf if isinstance(conf, dict) else {}


def _task_ids(call: Call) -> Sequence[str]:
    """Gives the tasks to run: those that match, and what they wait for, unless that is to be ignored."""
    task_ids = asked_tasks(call, upstream=not call.arguments.ignore_dependencies, downstream=False)
    if not task_ids:
        message = f"There are no tasks that match '{call.arguments.task_regex}' regex. Nothing to run, exiting..."
        crash_with_airflow_exception(call, "backfill_without_tasks", message)
    return task_ids


def _dry_run(call: Call, dag: Dag, task_ids: Sequence[str]) -> None:
    start = call.arguments.start_date
    call.print(f"Dry run of DAG {dag.dag_id} on {dates.asked_date(call.version, start)}")
    # Only since 2.6 it looks which dates there are.
    for _ in _dates(call, dag) if call.version >= (2, 6, 0) else [start]:
        for task_id in task_ids:
            if call.version < (2, 4, 0):
                call.print(f"Task {task_id}")
            else:
                call.print(f"Task {task_id} located in DAG {dag.dag_id}")
                call.log("dry_run")


def _dates(call: Call, dag: Dag) -> list[datetime]:
    if not schedule.is_scheduled(dag.dag_id):
        return []
    found = schedule.dates_between(call, call.arguments.start_date, call.arguments.end_date)
    return list(reversed(found)) if call.arguments.run_backwards else found


def _run(call: Call, dag: Dag, task_ids: Sequence[str], conf: dict[str, Any]) -> None:
    found = _dates(call, dag)
    if call.arguments.reset_dagruns:
        _reset(call, dag, found)
    # In 2.4 and 2.5 this is said first of all.
    if found or call.version < (2, 6, 0):
        call.log("backfill_start")
    if found:
        _run_all(call, dag, found, task_ids, conf)
    else:
        call.log("backfill_without_runs")
    dag_id = "None" if call.version >= (2, 6, 0) else dag.dag_id
    call.metadata.jobs.append(Job(dag_id, "BackfillJob", call.now - RUN_TAKES, call.now))


def _reset(call: Call, dag: Dag, found: Sequence[datetime]) -> None:
    runs = [run for date in found if (run := dag.run_at(date)) is not None]
    chosen = [Chosen(dag, run, metadata.task_instance(run, task_id, call.now)) for run in runs for task_id in TASKS]
    confirm_and_clear(call, chosen, is_confirmed=call.arguments.yes)


def _run_all(call: Call, dag: Dag, found: Sequence[datetime], task_ids: Sequence[str], conf: dict[str, Any]) -> None:
    runs = [_run_of(call, dag, date, conf) for date in found]
    waiting = [run for run in runs if metadata.ended(run, call.now) is None]
    for number, task_id in enumerate(task_ids, start=1):
        _run_task(call, waiting, task_id, first=found[0])
        if waiting and number < len(task_ids):
            _log_progress(call, 0, len(runs), number * len(waiting), (len(task_ids) - number) * len(waiting))
    for run in runs:
        _finish(call, dag, run)
    _log_progress(call, len(runs), len(runs), len(task_ids) * len(runs), 0)
    call.log("backfill_end", dag_id=dag.dag_id)


def _run_of(call: Call, dag: Dag, date: datetime, conf: dict[str, Any]) -> DagRun:
    """Gives the run of that date as it was before, or a new one that nobody has started."""
    before = dag.run_at(date)
    if before is not None:
        return replace(before, run_type="backfill", conf=conf)
    run_id, number = f"backfill__{date.isoformat()}", call.metadata.next_run_number()
    return DagRun(number, dag.dag_id, run_id, date, date, conf, created=call.now, started=None, run_type="backfill")


def _run_task(call: Call, runs: Sequence[DagRun], task_id: str, first: datetime) -> None:
    commands = [str(_command(call, run, task_id, is_first=run.logical_date == first)) for run in runs]
    for command in commands:
        call.log("backfill_queue", command=command)
    for run, command in zip(runs, commands, strict=True):
        instance = described(call, run, TaskInstance(task_id, "queued"))
        call.log("backfill_execute", command=command, instance=instance)
        call.metadata.jobs.append(Job(run.dag_id, "LocalTaskJob", call.now, call.now))


def _command(call: Call, run: DagRun, task_id: str, *, is_first: bool) -> list[str]:
    ignoring = ["--depends-on-past", "ignore"] if call.version >= (2, 6, 0) else ["--ignore-depends-on-past"]
    return [
        *("airflow", "tasks", "run", run.dag_id, task_id, run.run_id),
        *(["--mark-success"] if call.arguments.mark_success else []),
        *(["--ignore-dependencies"] if call.arguments.ignore_dependencies else []),
        *(ignoring if is_first else []),
        *("--local", "--pool", call.arguments.pool or "default_pool"),
        *("--subdir", "DAGS_FOLDER/lab.py", "--cfg-path", f"/tmp/tmp{_random_letters()}"),  # noqa: S108
    ]


def _random_letters() -> str:
    return "".join(random.choices(string.ascii_lowercase + string.digits, k=8))  # noqa: S311


def _finish(call: Call, dag: Dag, run: DagRun) -> None:
    known = dag.run_at(run.logical_date or run.run_after) is not None
    dag.put(replace(run, started=call.now - RUN_TAKES, start_date=None, kept={}))
    start, end = schedule.interval(call.version, dag.dag_id, run.run_after, "backfill")
    # A date out of the database prints itself in another way than one that was worked out just now.
    shown = [str(date) if known else dates.asked_date(call.version, date) for date in (run.run_after, start, end)]
    call.log(
        "backfill_finish",
        dag_id=dag.dag_id,
        run_id=run.run_id,
        date=shown[0],
        interval_start=shown[1],
        interval_end=shown[2],
        started=str(call.now - RUN_TAKES),
        ended=str(call.now),
        duration=str(RUN_TAKES.total_seconds()),
    )


def _log_progress(call: Call, finished: int, runs: int, succeeded: int, waiting: int) -> None:
    fields = {"finished": finished, "runs": runs, "succeeded": succeeded, "waiting": waiting}
    call.log("backfill_progress", **{name: str(count) for name, count in fields.items()})
