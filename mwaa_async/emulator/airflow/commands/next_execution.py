"""``airflow dags next-execution`` of Airflow 2 and 3."""

from collections.abc import Iterator
from datetime import UTC, datetime

from mwaa_async.emulator.airflow import schedule
from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.commands.lookups import dag_of_file, dag_of_rows
from mwaa_async.emulator.airflow.metadata import Dag, DagRun

_PAUSED = "[INFO] Please be reminded this DAG is PAUSED now.\n"
_NO_RUN = "[WARN] Only applicable when there is execution record found for the DAG.\n"
_NO_SCHEDULE = "[WARN] No following schedule can be found. This DAG may have schedule interval '@once' or `None`.\n"


def next_execution(call: Call) -> None:
    dag = _dag(call)
    if dag.is_paused:
        call.stderr.append(_PAUSED)
    if call.version >= (3, 1, 0):
        _print_of_airflow_3(call, dag)
    elif call.version >= (2, 4, 0):
        _print_of_airflow_2(call, dag)
    else:
        _print_after_last_run(call, dag)


def _dag(call: Call) -> Dag:
    if call.version < (3, 0, 0):
        return dag_of_file(call, "next_execution_unknown_dag")
    if getattr(call.arguments, "table", False) and getattr(call.arguments, "field", None):
        call.fail("Cannot use --table and --field together")
    if call.version < (3, 1, 0):
        return dag_of_rows(call, "next_execution_unknown_dag")
    dag = call.metadata.dags.get(call.arguments.dag_id)
    if dag is None:
        call.fail(f"DAG: {call.arguments.dag_id} does not exist in the database")
    return dag


def _dates(call: Call, first: datetime) -> Iterator[datetime]:
    date = first
    for _ in range(call.arguments.num_executions):
        yield date
        date = schedule.day_after(date)


def _print_of_airflow_2(call: Call, dag: Dag) -> None:
    if schedule.is_scheduled(dag.dag_id):
        for date in _dates(call, schedule.next_date(call.version, call.now)):
            call.print(date.isoformat())
        return
    for _ in range(call.arguments.num_executions):
        _print_none(call)


def _print_none(call: Call) -> None:
    call.stderr.append(_NO_SCHEDULE)
    call.print(None)


def _print_of_airflow_3(call: Call, dag: Dag) -> None:
    scheduled = schedule.is_scheduled(dag.dag_id)
    dates = list(_dates(call, schedule.next_date(call.version, call.now))) if scheduled else []
    if call.arguments.table:
        call.stderr.append("" if scheduled else _NO_SCHEDULE)
        call.show([_row(date) for date in dates], output="table")
    elif not scheduled:
        _print_none(call)
    elif (call.arguments.field or "").startswith("partition"):
        call.stdout.append("None\n" * len(dates))
    else:
        # For a schedule by the clock, all the other fields are the logical date, too.
        call.stdout += [f"{date.isoformat()}\n" for date in dates]


def _row(date: datetime) -> dict[str, object]:
    return dict.fromkeys(("logical_date", "data_interval.start", "data_interval.end", "run_after"), date)


def _print_after_last_run(call: Call, dag: Dag) -> None:
    """Goes on from the latest run, as it was done before 2.4, whether a schedule made it or not."""
    dated = {run.logical_date: run for run in dag.runs.values() if run.logical_date is not None}
    if not dated:
        call.stderr.append(_NO_RUN)
        call.print(None)
    elif not schedule.is_scheduled(dag.dag_id):
        _print_none(call)
    else:
        for date in _dates(call, _end(call, dated[max(dated)])):
            call.print(date.isoformat())


def _end(call: Call, run: DagRun) -> datetime:
    date = run.logical_date or run.run_after
    return schedule.interval(call.version, run.dag_id, date, run.run_type)[1].astimezone(UTC)
