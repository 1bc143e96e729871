"""What the typed methods make of what Airflow 1.10.12 printed."""

from mwaa_async import CommandFailedError, Dag, DagNotFoundError, DagRun, DagRunAlreadyExistsError, FailedDep

from . import CONF, CONF_TEXT, PRINTED, Error, Expected, utc

# Airflow chose the run ids of the form "manual__…" where none was given. The methods always give one.
BY_DATE = "manual__2024-05-01T00:00:00+00:00"
BY_TIME = "manual__2026-11-22T10:33:17+00:00"
MAY = utc(2024, 5, 1)

GRAPH = """\
digraph etl {
	graph [label=etl labelloc=t rankdir=LR]
	extract [color="#000000" fillcolor="#e8f7e4" shape=rectangle style="filled,rounded"]
	extract -> load
	load [color="#000000" fillcolor="#e8f7e4" shape=rectangle style="filled,rounded"]
}
"""

FAILED_DEPS = [
    FailedDep(
        dependency="Task Instance State",
        reason="Task is in the 'None' state which is not a valid state for execution. The task must be cleared in "
        "order to be run.",
    ),
    FailedDep(dependency="Dag Not Paused", reason="Task's DAG 'demo' is paused."),
    FailedDep(
        dependency="Trigger Rule",
        reason="Task's trigger rule 'all_success' requires all upstream tasks to have succeeded, but found 1 "
        "non-success(es). upstream_tasks_state={'total': 1, 'successes': 0, 'skipped': 0, 'failed': 0, "
        "'upstream_failed': 0, 'done': 0}, upstream_task_ids={'extract'}",
    ),
]

# The heading of the last column says "state_date", but what stands in it is the start date.
RUNS = [
    DagRun(
        dag_id="demo",
        run_id=BY_TIME,
        state="running",
        logical_date=utc(2026, 11, 22, 10, 33, 17),
        start_date=utc(2026, 11, 22, 10, 33, 17, 85715),
        extra={"id": "3"},
    ),
    DagRun(
        dag_id="demo",
        run_id="run1",
        state="running",
        logical_date=utc(2026, 11, 22, 10, 33, 13),
        start_date=utc(2026, 11, 22, 10, 33, 13, 653190),
        extra={"id": "1"},
    ),
    DagRun(
        dag_id="demo",
        run_id=BY_DATE,
        state="running",
        logical_date=MAY,
        start_date=utc(2026, 11, 22, 10, 33, 15, 371720),
        extra={"id": "2"},
    ),
]

EXPECTED = (
    Expected("version", lambda demo: demo.version(), "1.10.12"),
    Expected("list_dags", lambda demo: demo.dags.list(), [Dag(dag_id=name) for name in ("demo", "etl", "report")]),
    Expected("unpause demo", lambda demo: demo.dags.unpause("demo"), None),
    Expected("pause demo", lambda demo: demo.dags.pause("demo"), None),
    Expected(
        "unpause nosuch",
        lambda demo: demo.dags.unpause("nosuch"),
        Error(DagNotFoundError, "AttributeError: 'NoneType' object has no attribute 'set_is_paused'"),
    ),
    Expected(
        f"trigger_dag demo -r run1 -c {CONF_TEXT}",
        lambda demo: demo.dags.trigger("demo", run_id="run1", conf=CONF),
        DagRun(dag_id="demo", run_id="run1", conf=CONF, logical_date=utc(2026, 11, 22, 10, 33, 13)),
    ),
    Expected(
        "trigger_dag demo -r run1",
        lambda demo: demo.dags.trigger("demo", run_id="run1"),
        Error(DagRunAlreadyExistsError, "Run id run1 already exists for dag id demo"),
    ),
    Expected(
        "trigger_dag demo -e 2024-05-01T00:00:00+00:00",
        lambda demo: demo.dags.trigger("demo", run_id=BY_DATE, logical_date=MAY),
        DagRun(dag_id="demo", run_id=BY_DATE, logical_date=MAY),
    ),
    Expected(
        "trigger_dag demo -e 2024-05-01T00:00:00+00:00",
        lambda demo: demo.dags.trigger("demo", run_id=BY_DATE, logical_date=MAY),
        Error(DagRunAlreadyExistsError, f"Run id {BY_DATE} already exists for dag id demo"),
        nth=1,
    ),
    Expected(
        "trigger_dag demo",
        lambda demo: demo.dags.trigger("demo", run_id=BY_TIME),
        DagRun(dag_id="demo", run_id=BY_TIME, logical_date=utc(2026, 11, 22, 10, 33, 17)),
    ),
    Expected(
        "trigger_dag nosuch",
        lambda demo: demo.dags.trigger("nosuch"),
        Error(DagNotFoundError, "Dag id nosuch not found in DagModel"),
    ),
    Expected("list_dag_runs demo", lambda demo: demo.dags.list_runs("demo"), RUNS),
    Expected("list_dag_runs demo --state success", lambda demo: demo.dags.list_runs("demo", state="success"), []),
    Expected(
        "list_dag_runs nosuch",
        lambda demo: demo.dags.list_runs("nosuch"),
        Error(DagNotFoundError, "Dag id nosuch not found"),
    ),
    Expected("list_dag_runs report", lambda demo: demo.dags.list_runs("report"), []),
    Expected("list_tasks etl", lambda demo: demo.tasks.list("etl"), ["extract", "load"]),
    Expected(
        "list_tasks nosuch",
        lambda demo: demo.tasks.list("nosuch"),
        Error(DagNotFoundError, "dag_id could not be found: nosuch."),
    ),
    Expected("dag_state demo 2024-05-01", lambda demo: demo.dags.state("demo", MAY), "running"),
    Expected("dag_state demo 2020-01-01", lambda demo: demo.dags.state("demo", utc(2020, 1, 1)), None),
    Expected("next_execution etl", lambda demo: demo.dags.next_execution("etl"), None),
    Expected("next_execution demo", lambda demo: demo.dags.next_execution("demo"), None),
    Expected("show_dag etl", lambda demo: demo.dags.show("etl"), GRAPH),
    Expected("task_state demo extract 2024-05-01", lambda demo: demo.tasks.state("demo", "extract", MAY), None),
    Expected(
        "task_failed_deps demo load 2024-05-01",
        lambda demo: demo.tasks.failed_deps("demo", "load", MAY),
        FAILED_DEPS,
    ),
    Expected("render demo extract 2024-05-01", lambda demo: demo.tasks.render("demo", "extract", MAY), {}),
    Expected("test demo extract 2024-05-01", lambda demo: demo.tasks.test("demo", "extract", MAY), PRINTED),
    Expected("clear -c demo", lambda demo: demo.tasks.clear("demo"), None),
    Expected(
        "backfill -s 2024-01-01 -e 2024-01-02 etl",
        lambda demo: demo.dags.backfill("etl", start_date=utc(2024, 1, 1), end_date=utc(2024, 1, 2)),
        Error(CommandFailedError, "FileNotFoundError: [Errno 2] No such file or directory: 'airflow'"),
    ),
    Expected("variables --set k v 'w' \"x\"", lambda demo: demo.variables.set("k", "v 'w' \"x\""), None),
    Expected("variables --get k", lambda demo: demo.variables.get("k"), "v 'w' \"x\""),
    Expected('variables --set j {"a": [1, true]}', lambda demo: demo.variables.set("j", {"a": [1, True]}), None),
    Expected("variables", lambda demo: demo.variables.list(), ["k", "j"]),
    Expected("variables --delete k", lambda demo: demo.variables.delete("k"), None),
    Expected("variables --delete nosuch", lambda demo: demo.variables.delete("nosuch"), None),
    Expected("delete_dag -y report", lambda demo: demo.dags.delete("report"), 2),
    Expected(
        "delete_dag -y nosuch",
        lambda demo: demo.dags.delete("nosuch"),
        Error(DagNotFoundError, "Dag id nosuch not found"),
    ),
)
