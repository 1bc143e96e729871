"""Why a task instance cannot be run now, as ``tasks failed-deps`` tells."""

from collections.abc import Iterator
from datetime import datetime

from mwaa_async.emulator.airflow import metadata
from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.metadata import START_DATE, TASKS, Dag, DagRun, TaskInstance


def print_unmet(call: Call, dag: Dag, run: DagRun, instance: TaskInstance) -> None:
    """Prints what is not met; Airflow keeps its checks in a set and does that in another order every time."""
    unmet = list(_unmet(call, dag, run, instance))
    if not unmet:
        call.print("Task instance dependencies are all met.")
        return
    call.print("Task instance dependencies not met:")
    for dependency in unmet:
        call.print(dependency)
    if not upstream_is_done(run, instance.task_id, call.now):
        call.log("upstream_not_done")


def _unmet(call: Call, dag: Dag, run: DagRun, instance: TaskInstance) -> Iterator[str]:
    end = "" if call.version >= (2, 0, 0) else _NOT_VALID
    yield f"Task Instance State: Task is in the '{instance.state}' state{end}."
    if instance.state == "running" and call.version >= (2, 0, 0):
        yield "Task Instance Not Running: Task is in the running state"
    waiting = "running" if call.version < (2, 0, 0) else "queued"
    if (state := metadata.state(run, call.now, waiting)) != "running":
        yield f"Dagrun Running: Task instance's dagrun was not in the 'running' state but in the state '{state}'."
    if dag.is_paused:
        yield f"Dag Not Paused: Task's DAG '{dag.dag_id}' is paused."
    if run.logical_date is not None:
        yield from _unmet_by_date(call, run.logical_date)


_NOT_VALID = " which is not a valid state for execution. The task must be cleared in order to be run"


def _unmet_by_date(call: Call, date: datetime) -> Iterator[str]:
    name = date_name(call)
    if date > call.now:
        yield f"{name} Date: {in_the_future(call, date)}"
    if date < START_DATE:
        start = f"{name} Date: The {name.lower()} date is {date.isoformat()} but this is before the task's"
        yield f"{start} start date {START_DATE.isoformat()}."
        yield f"{start} DAG's start date {START_DATE.isoformat()}."


def date_name(call: Call) -> str:
    return "Logical" if call.version >= (3, 0, 0) else "Execution"


def in_the_future(call: Call, date: datetime) -> str:
    current = f"the current date is {call.now.isoformat()}"
    return f"{date_name(call)} date {date.isoformat()} is in the future ({current})."


def upstream_is_done(run: DagRun, task_id: str, now: datetime) -> bool:
    upstream = TASKS[: TASKS.index(task_id)]
    return all(metadata.task_instance(run, task, now).state == "success" for task in upstream)
