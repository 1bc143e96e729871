"""``airflow dags trigger`` of Airflow 2 and 3."""

import json
import random
import re
import string
from datetime import UTC, datetime
from typing import Any

from mwaa_async.emulator.airflow import dates, schedule
from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.metadata import Dag, DagRun

_RUN_ID = re.compile(r"[A-Za-z0-9_.~:+-]+")


def trigger(call: Call) -> None:
    dag = call.metadata.dags.get(call.arguments.dag_id)
    if dag is None:
        message = f"airflow.exceptions.DagNotFound: Dag id {call.arguments.dag_id} not found in DagModel"
        call.crash("trigger_unknown_dag", message)
    asked = _asked_date(call)
    run = _run_of_airflow_3(call, dag, asked) if call.version >= (3, 0, 0) else _run_of_airflow_2(call, dag, asked)
    dag.add(run, dated_by_user=asked is not None)
    if call.version >= (2, 6, 0):
        call.show([_row(call, run, asked)])
    else:
        call.print(f"Created {_dag_run_repr(call, run, asked)}")


def _asked_date(call: Call) -> datetime | None:
    asked: datetime | None = call.arguments.logical_date if call.version >= (3, 0, 0) else call.arguments.exec_date
    if asked is not None and getattr(call.arguments, "replace_microseconds", True):
        return asked.replace(microsecond=0)
    return asked


def _run_of_airflow_2(call: Call, dag: Dag, asked: datetime | None) -> DagRun:
    date = asked or dag.free_second(call.now)
    run_id = call.arguments.run_id or f"manual__{date.isoformat()}"
    date_is_taken = dag.run_at(date.astimezone(UTC)) is not None
    if run_id in dag.runs or (date_is_taken and call.version >= (2, 2, 0)):
        shown = dates.asked_date(call.version, asked) if asked else str(date)
        call.crash("trigger_same_run", _already_exists(call, dag.dag_id, run_id, shown))
    conf = _conf(call)
    if date_is_taken:
        # Nothing looked for it before 2.2 (airflow/api/common/experimental/trigger_dag.py of 2.0).
        taken = "UNIQUE constraint failed: dag_run.dag_id, dag_run.execution_date"
        call.crash("", f"sqlalchemy.exc.IntegrityError: (sqlite3.IntegrityError) {taken}")
    _check_run_id(call, run_id)
    call.log("create_run")
    return _new_run(call, dag, run_id, date.astimezone(UTC), call.now, conf)


def _already_exists(call: Call, dag_id: str, run_id: str, date: str) -> str:
    error = "airflow.exceptions.DagRunAlreadyExists: "
    if call.version < (2, 2, 0):
        return f"{error}Run id {run_id} already exists for dag id {dag_id}"
    if call.version < (2, 5, 0):
        return f"{error}A Dag Run already exists for dag id {dag_id} at {date} with run id {run_id}"
    if call.version < (3, 0, 0):
        return f"{error}A DAG Run already exists for DAG {dag_id} at {date} with run id {run_id}"
    return f"{error}A DAG Run already exists for DAG {dag_id} with run id {run_id}"


def _run_of_airflow_3(call: Call, dag: Dag, asked: datetime | None) -> DagRun:
    run_id = call.arguments.run_id or f"manual__{call.now.isoformat()}{_random_end(call, asked)}"
    if run_id in dag.runs:
        call.crash("trigger_same_run", _already_exists(call, dag.dag_id, run_id, ""))
    conf = _conf(call)
    call.log(
        "create_run",
        logical_date=dates.pendulum_repr(asked),
        run_after=dates.python_repr(call.now),
        run_id=_structlog_value(run_id),
    )
    _check_run_id(call, run_id)
    date = asked.astimezone(UTC) if asked else None
    if date is not None and dag.run_at(date) is not None:
        _crash_at_database(call, dag.dag_id, run_id, date, conf)
    return _new_run(call, dag, run_id, date, call.now, conf)


def _random_end(call: Call, asked: datetime | None) -> str:
    """Ends the run id of 3.0 to 3.2 with eight letters, where no date makes it unique (``DagRun.generate_run_id``)."""
    if asked is not None or call.version >= (3, 3, 0):
        return ""
    return "_" + "".join(random.choices(string.ascii_letters + string.digits, k=8))  # noqa: S311


def _structlog_value(text: str) -> str:
    return repr(text) if set(text) & set(" \t=\r\n\"'") else text


def _crash_at_database(call: Call, dag_id: str, run_id: str, date: datetime, conf: dict[str, Any]) -> None:
    """Fails as 3.x does on a logical date that another run has: nothing looks for one before the database does."""
    call.crash(
        "trigger_same_date",
        dag_id=dag_id,
        run_id=run_id,
        logical_date=dates.database_text(date),
        run_after=dates.database_text(call.now),
        created=dates.database_text(call.now),
        conf=repr(json.dumps(conf)),
    )


def _conf(call: Call) -> dict[str, Any]:
    text: str | None = call.arguments.conf
    # Airflow 2 takes an empty text for none, Airflow 3 for broken JSON.
    if text is None or (text == "" and call.version < (3, 0, 0)):
        return {}
    conf = json_of_conf(call, text)
    if isinstance(conf, dict):
        return conf
    if conf is not None and (conf or call.version >= (3, 0, 0)):
        call.crash("trigger_conf_is_no_object")
    return {}


def json_of_conf(call: Call, text: str) -> Any:
    """Reads what was given with ``--conf``, or crashes as Airflow does on what is no JSON."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        call.crash("trigger_bad_json", f"json.decoder.JSONDecodeError: {error}")
    except ValueError as error:
        # A number of thousands of digits, which Python does not read.
        call.crash("trigger_bad_json", f"ValueError: {error}")


def _check_run_id(call: Call, run_id: str) -> None:
    # With 2.6.3 came the setting `allowed_run_id_pattern`; before, anything went. Airflow's own ids match it, too.
    if call.version < (2, 6, 3) or _RUN_ID.fullmatch(run_id):
        return
    own = r"__(?:\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+00:00)$'"
    pattern = r"'^[A-Za-z0-9_.~:+-]+$'"
    if call.version >= (3, 0, 0):
        message = f"The run_id provided '{run_id}' does not match regex pattern {pattern} "
        message += f"or '^(?:manual|scheduled|asset_triggered){own}"
        call.crash("trigger_bad_run_id", f"ValueError: {message}")
    message = f"The provided run ID '{run_id}' is invalid. It does not match either the configured pattern: {pattern} "
    message += f"or the built-in pattern: '^(?:manual|scheduled|dataset_triggered){own}"
    call.crash("trigger_bad_run_id", f"airflow.exceptions.AirflowException: {message}")


def _new_run(
    call: Call, dag: Dag, run_id: str, logical_date: datetime | None, run_after: datetime, conf: dict[str, Any]
) -> DagRun:
    return DagRun(
        number=call.metadata.next_run_number(),
        dag_id=dag.dag_id,
        run_id=run_id,
        logical_date=logical_date,
        run_after=run_after,
        conf=conf,
        created=call.now,
        started=None if dag.is_paused else call.now,
        fails=dag.fails,
    )


def _row(call: Call, run: DagRun, asked: datetime | None) -> dict[str, object]:
    shown = dates.asked_date(call.version, asked) if asked else run.logical_date
    if call.version >= (3, 0, 0):
        # Airflow 3 infers the interval of a manual run from the moment of the command, and only if a date was given.
        interval = call.now if asked else None
        by_whom = {"triggering_user_name": "root"} if call.version >= (3, 1, 0) else {}
        return {**_row_start(run, (interval, interval)), **_row_end(shown), **by_whom}
    return {**_row_start(run, _interval(call, run, asked)), "external_trigger": True, **_row_end(shown)}


def _interval(call: Call, run: DagRun, asked: datetime | None) -> tuple[object, object]:
    start, end = schedule.interval(call.version, run.dag_id, asked or run.logical_date or call.now, run.run_type)
    return (dates.asked_date(call.version, start), dates.asked_date(call.version, end)) if asked else (start, end)


def _row_start(run: DagRun, interval: tuple[object, object]) -> dict[str, object]:
    return {
        "conf": run.conf,
        "dag_id": run.dag_id,
        "dag_run_id": run.run_id,
        "data_interval_start": interval[0],
        "data_interval_end": interval[1],
        "end_date": None,
    }


def _row_end(date: object) -> dict[str, object]:
    return {
        "last_scheduling_decision": None,
        "logical_date": date,
        "run_type": "manual",
        "start_date": None,
        "state": "queued",
    }


def _dag_run_repr(call: Call, run: DagRun, asked: datetime | None) -> str:
    date = (asked or run.logical_date or run.run_after).isoformat()
    start = f"<DagRun {run.dag_id} @ {date}: {run.run_id}"
    if call.version >= (2, 3, 0):
        return f"{start}, state:queued, queued_at: {run.created}. externally triggered: True>"
    return f"{start}, externally triggered: True>"
