"""What the typed methods make of what Airflow printed with MWAA's logging set-up: the same, but for what is named here.

`debug` was recorded with the web server's log level at DEBUG, `pg` with PostgreSQL.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from mwaa_async import (
    CommandFailedError,
    DagFile,
    DagNotFoundError,
    DagRun,
    DagRunAlreadyExistsError,
    FailedDep,
    Role,
    TaskInstance,
)

from . import CONF_TEXT, Error, Expected, airflow_2_10_5, airflow_3_3_2, but_with, utc
from . import mwaa_providers as installed

MAY = utc(2024, 5, 1)
TRIGGER = f"dags trigger demo -r run2 -c {CONF_TEXT} -o json"


def night(*time: int) -> datetime:
    """Return this time of the night in which all of it was recorded."""
    return utc(2026, 11, 25, *time)


STATE, TRIGGER_RULE, RUNNING = (
    FailedDep(dependency="Task Instance State", reason="Task is in the 'None' state."),
    FailedDep(
        dependency="Trigger Rule",
        reason="Task's trigger rule 'all_success' requires all upstream tasks to have succeeded, but found 1 "
        "non-success(es). upstream_states=_UpstreamTIStates(success=0, skipped=0, failed=0, upstream_failed=0, "
        "removed=0, done=0, success_setup=0, skipped_setup=0), upstream_task_ids={'extract'}",
    ),
    FailedDep(
        dependency="Dagrun Running",
        reason="Task instance's dagrun was not in the 'running' state but in the state 'queued'.",
    ),
)
ROLES = [Role(name=name) for name in ("Admin", "Op", "Public", "User", "Viewer")]


def like_2_10_5(
    run1: datetime, run2: datetime, last: datetime, refused: tuple[datetime, datetime], deps: list[FailedDep], gone: int
) -> tuple[Expected, ...]:
    """Return what is expected of a recording of 2.10.3: the dates of its runs, its order, the records of a DAG."""
    runs = [(f"manual__{last.isoformat()}", last), ("run2", run2), ("run1", run1), (airflow_2_10_5.BY_DATE, MAY)]
    exists = "A DAG Run already exists for DAG demo at"
    return but_with(
        airflow_2_10_5.EXPECTED,
        {
            "version": "2.10.3",
            TRIGGER: replace(
                airflow_2_10_5.TRIGGERED, logical_date=run2, data_interval_start=run2, data_interval_end=run2
            ),
            "dags trigger demo -r run2 -o json": Error(DagRunAlreadyExistsError, f"{exists} {refused[0]} with"),
            "dags trigger demo -r run1": Error(DagRunAlreadyExistsError, f"{exists} {refused[1]} with"),
            "dags list-runs -d demo -o json": [
                DagRun(dag_id="demo", run_id=run_id, state="queued", logical_date=date) for run_id, date in runs
            ],
            "dags next-execution etl": utc(2026, 11, 24),
            "dags report -o json": report("/lab.py", 10210),
            "tasks states-for-dag-run demo run1 -o json": [
                TaskInstance(dag_id="demo", task_id=task_id, logical_date=run1) for task_id in ("extract", "load")
            ],
            "tasks failed-deps demo load run1": deps,
            "dags delete -y report": gone,
            **of_providers("2.10.3"),
        },
    )


def like_3_3_2(
    version: str,
    run1: datetime,
    run2: datetime,
    of_may: datetime,
    last: tuple[datetime, str],
    values: dict[str, object],
) -> tuple[Expected, ...]:
    """Return what is expected of a recording of 3: the dates of its runs, and other values."""
    return but_with(
        airflow_3_3_2.EXPECTED,
        {
            "version": version,
            "dags list-runs demo -o json": [
                DagRun(
                    dag_id="demo",
                    run_id=f"manual__{last[0].isoformat()}{last[1]}",
                    state="queued",
                    run_after=last[0],
                ),
                DagRun(
                    dag_id="demo",
                    run_id=f"manual__{of_may.isoformat()}",
                    state="queued",
                    run_after=of_may,
                    logical_date=MAY,
                ),
                DagRun(dag_id="demo", run_id="run2", state="queued", run_after=run2),
                DagRun(dag_id="demo", run_id="run1", state="queued", run_after=run1),
            ],
            "dags next-execution etl": utc(2026, 11, 25),
            "tasks failed-deps demo load run1": [TRIGGER_RULE, RUNNING, STATE],
            "roles list -o json": ROLES,
            "roles create r1": None,
            **values,
        },
    )


def report(file: str, microseconds: int) -> list[DagFile]:
    """Return the report of the only DAG file."""
    duration = timedelta(microseconds=microseconds)
    return [DagFile(file=file, duration=duration, dag_num=3, task_num=6, dags=("demo", "etl", "report"))]


def of_providers(version: str) -> dict[str, object]:
    """Return what the commands about providers tell."""
    kinds = ("list", "behaviours", "hooks", "links", "widgets", "notifications", "secrets")
    names = ["PROVIDERS", *map(str.upper, kinds[1:])]
    suffix = version.replace(".", "_")
    return {
        f"providers {kind} -o json": getattr(installed, f"{name}_{suffix}")
        for kind, name in zip(kinds, names, strict=True)
    }


EXPECTED = {
    "mwaa-2.10.3": like_2_10_5(
        run1=night(3, 21, 57),
        run2=night(3, 21, 59),
        last=night(3, 22, 12),
        refused=(night(3, 22, 2), night(3, 22, 5)),
        deps=[TRIGGER_RULE, RUNNING, STATE],
        gone=5,
    ),
    "mwaa-debug-2.10.3": like_2_10_5(
        run1=night(4, 1, 2),
        run2=night(4, 1, 4),
        last=night(4, 1, 15),
        refused=(night(4, 1, 7), night(4, 1, 9)),
        deps=[STATE, RUNNING, TRIGGER_RULE],
        gone=3,
    ),
    "mwaa-pg-2.10.3": like_2_10_5(
        run1=night(3, 53, 39),
        run2=night(3, 53, 42),
        last=night(3, 53, 53),
        refused=(night(3, 53, 44), night(3, 53, 46)),
        deps=[TRIGGER_RULE, STATE, RUNNING],
        gone=5,
    ),
    "mwaa-3.0.6": like_3_3_2(
        "3.0.6",
        run1=night(3, 39, 46, 369228),
        run2=night(3, 39, 49, 742822),
        of_may=night(3, 39, 59, 292917),
        last=(night(3, 40, 5, 911054), "_fgT593lM"),
        values={
            TRIGGER: replace(airflow_3_3_2.TRIGGERED, triggering_user_name=None),
            "dags next-execution nosuch": Error(
                DagNotFoundError, "Dag 'nosuch' could not be found in DagBag read from database."
            ),
            "dags report -o json": report("/lab.py", 4291),
            # 3.0 cannot do these two.
            "tasks failed-deps demo load run1": Error(CommandFailedError, "no attribute 'get_concurrency_reached'"),
            "tasks render demo extract run1": Error(
                CommandFailedError, "ValidationError: 1 validation error for DagRun"
            ),
            "tasks clear -y nosuch": Error(DagNotFoundError, "Dag 'nosuch' could not be found; either"),
            "variables list -o json": ["k", "j"],
            "dags delete -y report": 4,
            **of_providers("3.0.6"),
        },
    ),
    "mwaa-3.3.1": like_3_3_2(
        "3.3.1",
        run1=night(3, 34, 16, 859726),
        run2=night(3, 34, 20, 372696),
        of_may=night(3, 34, 30, 973306),
        last=(night(3, 34, 37, 691350), ""),
        values={"dags report -o json": report("lab.py", 4348), **of_providers("3.3.1")},
    ),
    "mwaa-pg-3.3.1": like_3_3_2(
        "3.3.1",
        run1=night(3, 56, 39, 797717),
        run2=night(3, 56, 43, 723752),
        of_may=night(3, 56, 54, 229058),
        last=(night(3, 57, 1, 308768), ""),
        values={
            "dags trigger demo -l 2024-05-01T00:00:00+00:00 #1": Error(
                DagRunAlreadyExistsError, 'violates unique constraint "dag_run_dag_id_logical_date_key"'
            ),
            "variables list -o json": ["k", "j"],
            "dags delete -y report": 6,
        },
    ),
}
