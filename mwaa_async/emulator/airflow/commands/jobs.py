"""``airflow dags list-jobs`` of Airflow 2 and 3: the jobs that commands did, since nothing else runs here."""

from typing import NoReturn

from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.metadata import Job


def list_jobs(call: Call) -> None:
    asked = call.arguments
    if asked.dag_id and asked.dag_id not in call.metadata.dags:
        _refuse_unknown_dag(call)
    jobs = [job for job in call.metadata.jobs if asked.dag_id in (None, "", job.dag_id)]
    # Every job succeeds.
    shown = jobs if asked.state in (None, "success") else []
    shown.sort(key=lambda job: job.started, reverse=True)
    call.show([_row(job) for job in shown[: _limit(call)]])


def _refuse_unknown_dag(call: Call) -> NoReturn:
    if call.version >= (2, 4, 0):
        call.fail(f"DAG: {call.arguments.dag_id} does not exist in 'dag' table")
    message = f"airflow.exceptions.AirflowException: Dag id {call.arguments.dag_id} not found"
    call.crash("list_jobs_unknown_dag", message)


def _limit(call: Call) -> int | None:
    text: str | None = call.arguments.limit
    try:
        limit = int(text) if text is not None else -1
    except ValueError as error:
        call.crash("", f"ValueError: {error}")
    # As in SQL, a negative limit is none.
    return limit if limit >= 0 else None


def _row(job: Job) -> dict[str, object]:
    return {
        "dag_id": job.dag_id,
        "state": "success",
        "job_type": job.job_type,
        "start_date": str(job.started),
        "end_date": str(job.ended),
    }
