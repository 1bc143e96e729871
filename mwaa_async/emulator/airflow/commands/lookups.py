"""Finding the DAG, the task and the run that a command about tasks names, or failing as Airflow does."""

from datetime import UTC, datetime
from typing import NoReturn

from mwaa_async.emulator.airflow import dates
from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.metadata import TASKS, Dag, DagRun

_NOT_PARSED = "; either it does not exist or it failed to parse."


def dag_of_file(call: Call, traceback: str = "", *, logs_are_suppressed: bool = False) -> Dag:
    """Finds a DAG as Airflow does by reading the files of the DAGs folder."""
    dag_id = call.arguments.dag_id
    if not logs_are_suppressed:
        call.log("fill_dagbag")
    if dag_id not in call.metadata.dags:
        if not logs_are_suppressed:
            call.log("not_in_files", dag_id=dag_id)
        what = f"Dag {dag_id!r} could not be found{_NOT_PARSED}"
        if call.version < (2, 0, 0):
            what = f"dag_id could not be found: {dag_id}. Either the dag did not exist or it failed to parse."
        crash_with_airflow_exception(call, traceback, what)
    return call.metadata.dags[dag_id]


def dag_of_database(call: Call, traceback: str = "") -> Dag:
    """Finds a DAG where Airflow 3 asks the database for it, 3.0 only for its file; those before read all files."""
    if call.version < (3, 0, 0):
        return dag_of_file(call, traceback)
    dag_id = call.arguments.dag_id
    if dag_id not in call.metadata.dags:
        where = " in the database." if call.version >= (3, 1, 0) else _NOT_PARSED
        crash_with_airflow_exception(call, traceback, f"Dag {dag_id!r} could not be found{where}")
    return call.metadata.dags[dag_id]


def dag_of_rows(call: Call, traceback: str = "") -> Dag:
    """Finds a DAG where Airflow 3.0 reads the database alone, and says so."""
    dag_id = call.arguments.dag_id
    if dag_id not in call.metadata.dags:
        message = f"Dag {dag_id!r} could not be found in DagBag read from database."
        crash_with_airflow_exception(call, traceback, message)
    return call.metadata.dags[dag_id]


def crash_with_airflow_exception(call: Call, traceback: str, message: str) -> NoReturn:
    call.crash(traceback, f"{_module(call)}.AirflowException: {message}")


def _module(call: Call) -> str:
    """Names where the exceptions live that 3.2 moved to the Task SDK."""
    return "airflow.sdk.exceptions" if call.version >= (3, 2, 0) else "airflow.exceptions"


def task(call: Call) -> str:
    task_id: str = call.arguments.task_id
    if task_id not in TASKS:
        call.crash("", f"{_module(call)}.TaskNotFound: Task {task_id} not found")
    return task_id


def asked_run(call: Call) -> str:
    """Gives the text that names a run, by its id or its date; up to 2.1 it is a date."""
    if call.version < (2, 2, 0):
        date: datetime = call.arguments.execution_date
        return date.isoformat()
    word = "logical_date" if call.version >= (3, 0, 0) else "execution_date"
    return getattr(call.arguments, f"{word}_or_run_id") or ""


def asked_date(call: Call) -> datetime | None:
    try:
        return dates.parse(asked_run(call))
    except ValueError:
        return None


def find_run(call: Call, dag: Dag) -> DagRun | None:
    date = asked_date(call)
    return dag.runs.get(asked_run(call)) or (dag.run_at(date.astimezone(UTC)) if date else None)


def run(call: Call, dag: Dag) -> DagRun:
    refuse_map_index(call)
    return find_run(call, dag) or crash_without_run(call)


def refuse_map_index(call: Call) -> None:
    if getattr(call.arguments, "map_index", -1) >= 0:
        call.crash("", "RuntimeError: map_index passed to non-mapped task")


def crash_without_run(call: Call, traceback: str = "") -> NoReturn:
    date = "logical_date" if call.version >= (3, 0, 0) else "execution_date"
    what = f"DagRun for {call.arguments.dag_id} with run_id or {date} of {asked_run(call)!r} not found"
    call.crash(traceback, f"airflow.exceptions.DagRunNotFound: {what}")
