"""The commands about tasks of Airflow 1.10, each a word of its own, and those that ask what is in a DAG."""

import re
from datetime import UTC, datetime
from typing import NoReturn

from mwaa_async.emulator.airflow import metadata, schedule
from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.commands import dependencies, lookups, task_runs
from mwaa_async.emulator.airflow.commands.instances import described_by_date
from mwaa_async.emulator.airflow.metadata import TASKS, Dag, DagRun, TaskInstance


def list_tasks(call: Call) -> None:
    lookups.dag_of_file(call, "list_tasks_unknown_dag")
    if call.arguments.tree:
        call.log("task_tree")
    else:
        call.print("\n".join(TASKS))


def show_dag(call: Call) -> None:
    dag = lookups.dag_of_file(call)
    if call.arguments.save:
        name, _, kind = call.arguments.save.rpartition(".")
        _crash_without_graphviz(call, f"-T{kind}", "-O", name.rpartition("/")[2])
    if call.arguments.imgcat:
        _crash_without_graphviz(call, "-Tpng")
    call.log("graph", name=dag.dag_id if re.fullmatch(r"[a-zA-Z_]\w*", dag.dag_id) else f'"{dag.dag_id}"')


def _crash_without_graphviz(call: Call, *options: str) -> NoReturn:
    """Fails as Airflow does where the package of this name is there, but not what draws for it."""
    command = ["dot", "-Kdot", *options]
    what = f"failed to execute {command}, make sure the Graphviz executables are on your systems' PATH"
    call.crash("", f"graphviz.backend.ExecutableNotFound: {what}")


def next_execution(call: Call) -> None:
    dag = lookups.dag_of_file(call)
    if dag.is_paused:
        call.print("[INFO] Please be reminded this DAG is PAUSED now.")
    latest = max((run.logical_date for run in dag.runs.values() if run.logical_date), default=None)
    if latest is None:
        call.print("[WARN] Only applicable when there is execution record found for the DAG.\nNone")
    elif schedule.is_scheduled(dag.dag_id):
        call.print(_next_date(call, latest))
    else:
        what = "This DAG may have schedule interval '@once' or `None`."
        call.print(f"[WARN] No following schedule can be found. {what}\nNone")


def _next_date(call: Call, latest: datetime) -> datetime:
    try:
        return schedule.day_after(schedule.midnight(latest))
    except OverflowError as error:
        call.crash("", f"OverflowError: {error}")


def task_state(call: Call) -> None:
    _, task_id, run = _asked(call)
    call.print(_instance(call, run, task_id).state)


def _asked(call: Call) -> tuple[Dag, str, DagRun | None]:
    """Finds what a task instance is named by; that there is no run on its date is no error."""
    dag = lookups.dag_of_file(call)
    return dag, lookups.task(call), dag.run_at(call.arguments.execution_date.astimezone(UTC))


def _instance(call: Call, run: DagRun | None, task_id: str) -> TaskInstance:
    return metadata.task_instance(run, task_id, call.now) if run else TaskInstance(task_id)


def task_failed_deps(call: Call) -> None:
    dag, task_id, run = _asked(call)
    if run is None:
        call.crash("", "AttributeError: 'NoneType' object has no attribute 'run_id'")
    # Airflow does not look up the state of the task instance before it judges it.
    dependencies.print_unmet(call, dag, run, TaskInstance(task_id))


def render(call: Call) -> None:
    """Prints the templated fields of a task, of which a ``DummyOperator`` has none."""
    _asked(call)


def test(call: Call) -> None:
    dag, task_id, run = _asked(call)
    task_runs.check_params(call)
    instance = _instance(call, run, task_id)
    # The date is shown with the zone that it was asked for in.
    date = call.arguments.execution_date
    tested = DagRun(0, dag.dag_id, "", date, date, {}, created=call.now, started=None)
    task_runs.log_test(call, tested, instance, described_by_date(dag, instance, date))


def run(call: Call) -> None:
    if call.arguments.cfg_path:
        task_runs.refuse_file(call, call.arguments.cfg_path)
    if call.arguments.pickle:
        # As Airflow prints it.
        call.print(f"Loading pickle id %s {call.arguments.pickle}")
        lookups.crash_with_airflow_exception(call, "", task_runs.NO_PICKLE)
    dag, task_id, run = _asked(call)
    instance = _instance(call, run, task_id)
    call.log("run_task", instance=described_by_date(dag, instance, call.arguments.execution_date))
    if run is not None:
        task_runs.run_one(call, dag, run, instance)
