"""What Airflow 2 and 3 read from the files of the DAGs, of which there is one: ``airflow dags report`` and the like."""

from datetime import timedelta

from mwaa_async.emulator.airflow import dates, schedule
from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.metadata import TASKS

# How long it took when it was recorded.
_PARSING_TAKES = timedelta(microseconds=3347)

_BUNDLE = "dags-folder"


def list_import_errors(call: Call) -> None:
    _check_bundles(call)
    call.show([])


def report(call: Call) -> None:
    _check_bundles(call)
    dag_ids = list(call.metadata.dags)
    row = {
        "file": "lab.py" if call.version >= (3, 1, 0) else "/lab.py",
        "duration": _PARSING_TAKES,
        "dag_num": len(dag_ids),
        "task_num": len(TASKS) * len(dag_ids),
        "dags": dag_ids,
    }
    call.show([row])


def reserialize(call: Call) -> None:
    call.log("load_bundles")
    if getattr(call.arguments, "bundle_name", None):
        call.log("load_bundles")
    _check_bundles(call)
    if not getattr(call.arguments, "clear_only", False):
        call.log("fill_dagbag")
        log_sync(call)


def log_sync(call: Call) -> None:
    """Prints what Airflow logs when it writes all DAGs into its database."""
    call.log("sync_dags", count=str(len(call.metadata.dags)))
    for dag_id in call.metadata.dags:
        date = schedule.next_date(call.version, call.now)
        if schedule.is_scheduled(dag_id):
            start = dates.asked_date(call.version, date)
            end = dates.asked_date(call.version, schedule.day_after(date))
            call.log("next_run", dag_id=dag_id, date=start, run_after=end, pendulum=dates.pendulum_repr(date))
        else:
            call.log("no_next_run", dag_id=dag_id)


def _check_bundles(call: Call) -> None:
    asked = getattr(call.arguments, "bundle_name", None) or []
    if unknown := sorted(set(asked) - {_BUNDLE}):
        call.fail(f"Bundles not found: {', '.join(unknown)}")
