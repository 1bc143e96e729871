"""How Airflow names a task instance."""

import uuid
from datetime import datetime

from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.metadata import Dag, DagRun, TaskInstance


def described(call: Call, run: DagRun, instance: TaskInstance) -> str:
    # Up to 2.1 a task instance belonged to a date.
    where = run.run_id if call.version >= (2, 2, 0) else run.logical_date
    end = f" ti_id={row_id(run, instance)}" if call.version >= (3, 3, 0) else ""
    return f"<TaskInstance: {run.dag_id}.{instance.task_id} {where} [{instance.state}]{end}>"


def described_by_date(dag: Dag, instance: TaskInstance, date: datetime) -> str:
    """Names it as 1.10 does where the date comes from the command line."""
    return f"<TaskInstance: {dag.dag_id}.{instance.task_id} {date.isoformat()} [{instance.state}]>"


def row_id(run: DagRun, instance: TaskInstance) -> uuid.UUID:
    """Gives the key of a task instance in Airflow 3, the same every time."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{run.dag_id} {run.run_id} {instance.task_id} {run.created}")
