"""``airflow dags …`` of Airflow 2 and 3, but for ``trigger``."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NoReturn

from mwaa_async.emulator.airflow import dates, metadata
from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.metadata import Dag, DagRun

# The file of the recorded DAGs, and where it lies on MWAA.
_FILE = "lab.py"
_FOLDER = "/usr/local/airflow/dags"

_NOT_PARSED = "could not be found; either it does not exist or it failed to parse."


def list_dags(call: Call) -> None:
    dags = call.metadata.dags.values()
    if call.version < (2, 9, 0):
        call.show([_short_row(dag) for dag in dags])
        return
    rows = [_details(dag) for dag in dags]
    known = set().union(*rows) if rows else set[str]()
    if unknown := [column for column in call.arguments.columns if column not in known]:
        message = f"Error: Ignoring the following invalid columns: {unknown}.  List of valid columns: {sorted(known)}\n"
        call.stderr.append(message)
    columns = [column for column in call.arguments.columns if column in known]
    call.show([{column: row[column] for column in columns} for row in rows])


def _short_row(dag: Dag) -> dict[str, object]:
    return {"dag_id": dag.dag_id, "filepath": _FILE, "owner": "airflow", "paused": dag.is_paused}


def _details(dag: Dag) -> dict[str, object]:
    return {
        "dag_id": dag.dag_id,
        "fileloc": f"{_FOLDER}/{_FILE}",
        "owners": ["airflow"],
        "is_paused": dag.is_paused,
        "bundle_name": "dags-folder",
        "bundle_version": None,
        "description": None,
        "tags": [],
        "max_active_runs": 16,
    }


def list_runs(call: Call) -> None:
    dag = call.metadata.dags.get(call.arguments.dag_id)
    if dag is None:
        if call.version < (2, 4, 0):
            message = f"airflow.exceptions.AirflowException: Dag id {call.arguments.dag_id} not found"
            call.crash("list_runs_unknown_dag", message)
        _fail_without_dag(call)
    runs = [run for run in dag.runs.values() if _is_asked_for(call, run)]
    runs.sort(key=_date(call), reverse=True)
    call.show([_run_row(call, run) for run in runs])


def _fail_without_dag(call: Call) -> NoReturn:
    call.fail(f"DAG: {call.arguments.dag_id} does not exist in 'dag' table")


def _date(call: Call) -> Callable[[DagRun], datetime]:
    """Tells by which date the runs of that version are listed."""
    if call.version >= (3, 0, 0):
        return lambda run: run.run_after
    return lambda run: run.logical_date or run.run_after


def _is_asked_for(call: Call, run: DagRun) -> bool:
    asked = call.arguments
    if asked.state and metadata.state(run, call.now) != asked.state.lower():
        return False
    if asked.no_backfill and run.run_type == "backfill":
        return False
    date = run.logical_date
    # As in SQL, a run without a logical date (3.x) lies on neither side of one.
    after = asked.start_date is None or (date is not None and date >= asked.start_date)
    before = asked.end_date is None or (date is not None and date <= asked.end_date)
    return after and before


def _run_row(call: Call, run: DagRun) -> dict[str, object]:
    row: dict[str, object] = {
        "dag_id": run.dag_id,
        "run_id": run.run_id,
        "state": metadata.state(run, call.now),
    }
    if call.version >= (3, 0, 0):
        row["run_after"] = run.run_after.isoformat()
    row["logical_date" if call.version >= (3, 0, 0) else "execution_date"] = _iso(run.logical_date)
    row["start_date"] = _iso(run.start_date or run.started)
    row["end_date"] = _iso(metadata.ended(run, call.now))
    return row


def _iso(value: datetime | None) -> str:
    return "" if value is None else value.isoformat()


def state(call: Call) -> None:
    dag = call.metadata.dags.get(call.arguments.dag_id)
    if dag is None:
        if call.version < (2, 4, 0):
            message = f"Dag '{call.arguments.dag_id}' {_NOT_PARSED}"
            call.crash("state_unknown_dag", f"airflow.exceptions.AirflowException: {message}")
        _fail_without_dag(call)
    run = _run_of_state(call, dag)
    conf = f", {json.dumps(run.conf)}" if run and run.conf else ""
    call.print(f"{metadata.state(run, call.now)}{conf}" if run else None)


def _run_of_state(call: Call, dag: Dag) -> DagRun | None:
    if call.version < (3, 0, 0):
        return dag.run_at(call.arguments.execution_date.astimezone(UTC))
    asked = call.arguments.logical_date_or_run_id
    if asked in dag.runs:
        return dag.runs[asked]
    try:
        return dag.run_at(dates.parse(asked).astimezone(UTC))
    except ValueError:
        return None


def pause(call: Call) -> None:
    _set_is_paused(call, is_paused=True)


def unpause(call: Call) -> None:
    _set_is_paused(call, is_paused=False)


def _set_is_paused(call: Call, *, is_paused: bool) -> None:
    if call.version < (2, 9, 0):
        _set_one_paused(call, is_paused)
        return
    dags = _matching(call, is_paused)
    if not dags:
        call.print(f"No {'un' if is_paused else ''}paused DAGs were found")
        return
    if call.arguments.treat_dag_id_as_regex and not call.arguments.yes:
        _ask_and_hear_nothing(call, dags, is_paused)
    for dag in dags:
        _apply(call, dag, is_paused)
    # Since 3.2 the value before the change is printed.
    shown = not is_paused if call.version >= (3, 2, 0) else is_paused
    call.show([{"dag_id": dag.dag_id, "is_paused": shown} for dag in dags])


def _set_one_paused(call: Call, is_paused: bool) -> None:
    dag = call.metadata.dags.get(call.arguments.dag_id)
    if dag is None:
        _fail_without_dag(call)
    _apply(call, dag, is_paused)
    call.print(f"Dag: {dag.dag_id}, paused: {is_paused}")


def _apply(call: Call, dag: Dag, is_paused: bool) -> None:
    if is_paused:
        dag.pause()
    else:
        dag.unpause(call.now)


def _matching(call: Call, is_paused: bool) -> list[Dag]:
    asked = call.arguments.dag_id
    dags = [dag for dag in call.metadata.dags.values() if dag.is_paused != is_paused]
    if not call.arguments.treat_dag_id_as_regex:
        return [dag for dag in dags if dag.dag_id == asked]
    try:
        pattern = re.compile(asked)
    except (re.error, OverflowError) as error:
        call.crash("", f"re.error: {error}")
    return [dag for dag in dags if pattern.search(dag.dag_id)]


def _ask_and_hear_nothing(call: Call, dags: list[Dag], is_paused: bool) -> NoReturn:
    """Fails as Airflow does where it asks for a confirmation and nobody is there."""
    names = ",".join(dag.dag_id for dag in dags)
    action = "pause" if is_paused else "unpause"
    call.print(f"You are about to {action} {len(dags)} DAGs:\n{names}\n\nAre you sure? [y/n]")
    call.crash("pause_without_yes")


def delete(call: Call) -> None:
    """Forgets a DAG and its runs.

    A real Airflow would find the DAG's file again at its next parsing. The embedded one has no files: a deleted DAG
    stays away, so that a program that deletes one sees what it has done.
    """
    dag_id = call.arguments.dag_id
    if not call.arguments.yes:
        call.stdout.append("This will drop all existing records related to the specified DAG. Proceed? (y/n)")
        call.crash("delete_without_yes")
    # The event of a structlog line is padded to 30 characters.
    call.log("delete_dag_records", dag_id=dag_id, event=f"Deleting Dag: {dag_id}".ljust(30))
    dag = call.metadata.dags.pop(dag_id, None)
    if dag is None:
        call.crash("delete_unknown_dag", f"airflow.exceptions.DagNotFound: Dag id {dag_id} not found")
    call.print(f"Removed {metadata.record_count(dag)} record(s)")
