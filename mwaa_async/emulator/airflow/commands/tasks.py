"""The questions of ``airflow tasks …`` of Airflow 2 and 3: what tasks there are, and how far they are."""

from mwaa_async.emulator.airflow import metadata
from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.commands import dependencies, lookups
from mwaa_async.emulator.airflow.metadata import TASKS, DagRun, TaskInstance


def list_tasks(call: Call) -> None:
    lookups.dag_of_file(call, "tasks_list_unknown_dag", logs_are_suppressed=True)
    if getattr(call.arguments, "tree", False):
        call.log("task_tree")
    else:
        call.print("\n".join(TASKS))


def state(call: Call) -> None:
    dag_id = call.arguments.dag_id
    if call.version >= (3, 1, 0) and dag_id not in call.metadata.dags:
        call.fail(f"Can not find dag {dag_id!r}")
    by_rows = "tasks_state_unknown_dag"
    if by_rows in call.dialect.tracebacks:
        dag = lookups.dag_of_rows(call, by_rows)
    else:
        dag = lookups.dag_of_file(call, logs_are_suppressed=True)
    task_id = lookups.task(call)
    if call.version < (2, 2, 0) and lookups.find_run(call, dag) is None:
        call.print(None)
        return
    call.print(metadata.task_instance(lookups.run(call, dag), task_id, call.now).state)


def states_for_dag_run(call: Call) -> None:
    dag = call.metadata.dags.get(call.arguments.dag_id)
    run = lookups.find_run(call, dag) if dag else None
    if run is None and call.version < (2, 2, 0):
        lookups.crash_with_airflow_exception(call, "states_unknown_run", "DagRun does not exist.")
    if run is None and call.version < (3, 0, 0) and lookups.asked_date(call) is None:
        text = lookups.asked_run(call)
        message = f"Error parsing the supplied execution_date. Error: Invalid date string: {text}"
        call.crash("states_bad_date", f"airflow.exceptions.AirflowException: {message}", text=text)
    if run is None:
        lookups.crash_without_run(call, "states_unknown_run")
    call.show([_row(call, run, metadata.task_instance(run, task_id, call.now)) for task_id in TASKS])


def _row(call: Call, run: DagRun, instance: TaskInstance) -> dict[str, object]:
    date = "logical_date" if call.version >= (3, 0, 0) else "execution_date"
    return {
        "dag_id": run.dag_id,
        date: run.logical_date.isoformat() if run.logical_date else "",
        "task_id": instance.task_id,
        # Since 3.2 an empty text stands for no state.
        "state": instance.state or ("" if call.version >= (3, 2, 0) else None),
        "start_date": instance.started.isoformat() if instance.started else "",
        "end_date": instance.ended.isoformat() if instance.ended else "",
    }


def failed_deps(call: Call) -> None:
    dag = lookups.dag_of_database(call)
    task_id = lookups.task(call)
    run = lookups.run(call, dag)
    call.crash_if_recorded("failed_deps")
    dependencies.print_unmet(call, dag, run, metadata.task_instance(run, task_id, call.now))


def render(call: Call) -> None:
    """Prints the templated fields of a task, of which an ``EmptyOperator`` has none."""
    dag = lookups.dag_of_file(call, logs_are_suppressed=True)
    lookups.task(call)
    lookups.refuse_map_index(call)
    if call.version < (2, 3, 0) and lookups.find_run(call, dag) is None and lookups.asked_date(call) is None:
        call.crash("", "AttributeError: 'NoneType' object has no attribute 'strftime'")
    run = lookups.find_run(call, dag)
    if run is not None and run.started is None:
        call.crash_if_recorded("render_not_started")
