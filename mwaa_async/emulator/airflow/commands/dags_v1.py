"""The commands about DAGs of Airflow 1.10, each a word of its own."""

from datetime import UTC, datetime
from typing import Any

from mwaa_async.emulator.airflow import metadata
from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.commands.trigger import json_of_conf
from mwaa_async.emulator.airflow.dates import database_text
from mwaa_async.emulator.airflow.metadata import Dag, DagRun

# It sets a triggered run to running at once, even of a paused DAG.
_WAITING = "running"

_LINE = "-" * 120
_ROW = "{:<3} | {:<20} | {:<10} | {:<20} | {:<20} |"
_NOT_PARSED = "dag_id could not be found: {}. Either the dag did not exist or it failed to parse."


def list_dags(call: Call) -> None:
    line = "-" * 67
    call.print(f"\n\n{line}\nDAGS\n{line}\n" + "\n".join(call.metadata.dags) + "\n")
    if call.arguments.report:
        call.print(_report(list(call.metadata.dags)))


def _report(dag_ids: list[str]) -> str:
    """Writes what `-r` adds: how long it took to read the one file with all DAGs."""
    names, dags, tasks = str(dag_ids), len(dag_ids), 2 * len(dag_ids)
    rule = "--------+----------+---------+----------+-" + "-" * len(names)
    head = "file    | duration | dag_num | task_num | " + "dags".ljust(len(names))
    row = f"/lab.py | 0.003174 | {dags:>7} | {tasks:>8} | {names}"
    line = "-" * 67
    title = f"{line}\nDagBag loading stats for /usr/local/airflow/dags\n{line}"
    numbers = f"Number of DAGs: {dags}\nTotal task number: {tasks}\nDagBag parsing time: 0.003174"
    return f"\n\n{title}\n{numbers}\n{rule}\n{head}\n{rule}\n{row}\n{rule}\n\n"


def list_dag_runs(call: Call) -> None:
    dag = call.metadata.dags.get(call.arguments.dag_id)
    if dag is None:
        message = f"airflow.exceptions.AirflowException: Dag id {call.arguments.dag_id} not found"
        call.crash("list_runs_unknown_dag", message)
    asked = call.arguments.state.lower() if call.arguments.state else None
    runs = [run for run in dag.runs.values() if asked in (None, metadata.state(run, call.now, _WAITING))]
    if not runs:
        call.print(f"No dag runs for {dag.dag_id}")
    head = _ROW.format("id", "run_id", "state", "execution_date", "state_date")
    call.print(f"\n\n{_LINE}\nDAG RUNS\n{_LINE}\n{head}\n")
    for run in sorted(runs, key=_date, reverse=True):
        call.print(_run_line(call, run))


def _date(run: DagRun) -> datetime:
    return run.logical_date or run.run_after


def _run_line(call: Call, run: DagRun) -> str:
    state = metadata.state(run, call.now, _WAITING)
    return _ROW.format(run.number, run.run_id, state, _date(run).isoformat(), run.created.isoformat())


def dag_state(call: Call) -> None:
    dag = call.metadata.dags.get(call.arguments.dag_id)
    if dag is None:
        message = f"airflow.exceptions.AirflowException: {_NOT_PARSED.format(call.arguments.dag_id)}"
        call.crash("state_unknown_dag", message)
    run = dag.run_at(call.arguments.execution_date.astimezone(UTC))
    call.print(metadata.state(run, call.now, _WAITING) if run else None)


def pause(call: Call) -> None:
    _known_dag(call).pause()
    call.print(f"Dag: {call.arguments.dag_id}, paused: True")


def unpause(call: Call) -> None:
    _known_dag(call).unpause(call.now)
    call.print(f"Dag: {call.arguments.dag_id}, paused: False")


def _known_dag(call: Call) -> Dag:
    dag = call.metadata.dags.get(call.arguments.dag_id)
    if dag is None:
        call.crash("pause_unknown_dag", "AttributeError: 'NoneType' object has no attribute 'set_is_paused'")
    call.log("parse_dag_file")
    return dag


def trigger_dag(call: Call) -> None:
    dag = call.metadata.dags.get(call.arguments.dag_id)
    if dag is None:
        message = f"airflow.exceptions.DagNotFound: Dag id {call.arguments.dag_id} not found in DagModel"
        call.crash("trigger_unknown_dag", message)
    call.log("parse_dag_file")
    asked: datetime | None = call.arguments.exec_date
    date = asked.replace(microsecond=0) if asked else dag.free_second(call.now)
    run_id = call.arguments.run_id or f"manual__{date.isoformat()}"
    if run_id in dag.runs:
        message = f"airflow.exceptions.DagRunAlreadyExists: Run id {run_id} already exists for dag id {dag.dag_id}"
        call.crash("trigger_same_run", message)
    run = _new_run(call, dag, run_id, date.astimezone(UTC))
    dag.add(run, dated_by_user=asked is not None)
    # A date from the command line is a pendulum object, and prints itself with a T.
    shown = date.isoformat() if asked else str(date)
    call.print(f"Created <DagRun {dag.dag_id} @ {shown}: {run_id}, externally triggered: True>")


def _new_run(call: Call, dag: Dag, run_id: str, date: datetime) -> DagRun:
    conf = _conf(call)
    if dag.run_at(date) is not None:
        fields = {"dag_id": dag.dag_id, "run_id": run_id}
        call.crash("trigger_same_date", **fields, logical_date=database_text(date), created=database_text(call.now))
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
    )


def _conf(call: Call) -> dict[str, Any]:
    if not call.arguments.conf:
        return {}
    conf = json_of_conf(call, call.arguments.conf)
    # 1.10 takes any JSON; nothing of it is ever printed.
    return conf if isinstance(conf, dict) else {}
