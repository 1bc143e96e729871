"""What the typed methods make of what Airflow 2.2.5 printed."""

from datetime import timedelta

from mwaa_async import (
    CommandFailedError,
    Dag,
    DagFile,
    DagNotFoundError,
    DagRun,
    DagRunAlreadyExistsError,
    DagRunNotFoundError,
    FailedDep,
    Hook,
    Job,
    Provider,
    Role,
    TaskInstance,
    UnsupportedCommandError,
    VariableNotFoundError,
)

from . import CONF, CONF_TEXT, PRINTED, Error, Expected, utc

# Airflow chose the run ids of the form "manual__…" where none was given. The methods always give one.
BY_DATE = "manual__2024-05-01T00:00:00+00:00"
BY_TIME = "manual__2026-11-22T10:40:24+00:00"
MAY = utc(2024, 5, 1)

DAGS = [
    Dag(dag_id="demo", fileloc="lab.py", owners=("airflow",), is_paused=True),
    Dag(dag_id="etl", fileloc="lab.py", owners=("airflow",), is_paused=True),
    Dag(dag_id="report", fileloc="lab.py", owners=("airflow",), is_paused=True),
]

RUNS = [
    DagRun(dag_id="demo", run_id="has space", state="queued", logical_date=utc(2026, 11, 22, 10, 40, 30)),
    DagRun(dag_id="demo", run_id=BY_TIME, state="queued", logical_date=utc(2026, 11, 22, 10, 40, 24)),
    DagRun(dag_id="demo", run_id="run1", state="queued", logical_date=utc(2026, 11, 22, 10, 40, 14)),
    DagRun(dag_id="demo", run_id=BY_DATE, state="queued", logical_date=MAY),
]

GRAPH = """\
digraph etl {
	graph [label=etl labelloc=t rankdir=LR]
	extract [color="#000000" fillcolor="#e8f7e4" label=extract shape=rectangle style="filled,rounded"]
	load [color="#000000" fillcolor="#e8f7e4" label=load shape=rectangle style="filled,rounded"]
	extract -> load
}
"""

FAILED_DEPS = [
    FailedDep(
        dependency="Dagrun Running",
        reason="Task instance's dagrun was not in the 'running' state but in the state 'queued'.",
    ),
    FailedDep(
        dependency="Trigger Rule",
        reason="Task's trigger rule 'all_success' requires all upstream tasks to have succeeded, but found 1 "
        "non-success(es). upstream_tasks_state={'total': 1, 'successes': 0, 'skipped': 0, 'failed': 0, "
        "'upstream_failed': 0, 'done': 0}, upstream_task_ids={'extract'}",
    ),
    FailedDep(dependency="Dag Not Paused", reason="Task's DAG 'demo' is paused."),
    FailedDep(dependency="Task Instance State", reason="Task is in the 'None' state."),
]

PROVIDERS = [
    Provider(
        package_name="apache-airflow-providers-ftp",
        version="2.1.2",
        description="File Transfer Protocol (FTP) https://tools.ietf.org/html/rfc114",
    ),
    Provider(
        package_name="apache-airflow-providers-http",
        version="2.1.2",
        description="Hypertext Transfer Protocol (HTTP) https://www.w3.org/Protocols/",
    ),
    Provider(
        package_name="apache-airflow-providers-imap",
        version="2.2.3",
        description="Internet Message Access Protocol (IMAP) https://tools.ietf.org/html/rfc3501",
    ),
    Provider(
        package_name="apache-airflow-providers-sqlite", version="2.1.3", description="SQLite https://www.sqlite.org/"
    ),
]

HOOKS = [
    Hook(
        connection_type="ftp",
        hook_class="airflow.providers.ftp.hooks.ftp.FTPHook",
        conn_id_attribute_name="ftp_conn_id",
        package_name="apache-airflow-providers-ftp",
        hook_name="FTP",
    ),
    Hook(
        connection_type="http",
        hook_class="airflow.providers.http.hooks.http.HttpHook",
        conn_id_attribute_name="http_conn_id",
        package_name="apache-airflow-providers-http",
        hook_name="HTTP",
    ),
    Hook(
        connection_type="imap",
        hook_class="airflow.providers.imap.hooks.imap.ImapHook",
        conn_id_attribute_name="imap_conn_id",
        package_name="apache-airflow-providers-imap",
        hook_name="IMAP",
    ),
    Hook(
        connection_type="sqlite",
        hook_class="airflow.providers.sqlite.hooks.sqlite.SqliteHook",
        conn_id_attribute_name="sqlite_conn_id",
        package_name="apache-airflow-providers-sqlite",
        hook_name="Sqlite",
    ),
]

JOB = Job(
    dag_id=None,
    state="success",
    job_type="SchedulerJob",
    start_date=utc(2026, 11, 22, 10, 39, 48, 102842),
    end_date=utc(2026, 11, 22, 10, 39, 49, 315456),
)

EXPECTED = (
    Expected("version", lambda demo: demo.version(), "2.2.5"),
    Expected("dags list -o json", lambda demo: demo.dags.list(), DAGS),
    Expected("dags unpause demo", lambda demo: demo.dags.unpause("demo"), None),
    Expected("dags unpause demo", lambda demo: demo.dags.unpause("demo"), None, nth=1),
    Expected("dags pause demo", lambda demo: demo.dags.pause("demo"), None),
    Expected("dags pause demo", lambda demo: demo.dags.pause("demo"), None, nth=1),
    Expected(
        "dags unpause nosuch",
        lambda demo: demo.dags.unpause("nosuch"),
        Error(DagNotFoundError, "DAG: nosuch does not exist in 'dag' table"),
    ),
    Expected(
        f"dags trigger demo -r run1 -c {CONF_TEXT}",
        lambda demo: demo.dags.trigger("demo", run_id="run1", conf=CONF),
        DagRun(dag_id="demo", run_id="run1", conf=CONF, logical_date=utc(2026, 11, 22, 10, 40, 14)),
    ),
    Expected(
        "dags trigger demo -r run1",
        lambda demo: demo.dags.trigger("demo", run_id="run1"),
        Error(DagRunAlreadyExistsError, "A Dag Run already exists for dag id demo at 2026-11-22 10:40:19+00:00"),
        then=("dags list-runs -d demo -o json",),
    ),
    Expected(
        "dags trigger demo -e 2024-05-01T00:00:00+00:00",
        lambda demo: demo.dags.trigger("demo", run_id=BY_DATE, logical_date=MAY),
        DagRun(dag_id="demo", run_id=BY_DATE, logical_date=MAY),
    ),
    Expected(
        "dags trigger demo -e 2024-05-01T00:00:00+00:00",
        lambda demo: demo.dags.trigger("demo", run_id=BY_DATE, logical_date=MAY),
        Error(DagRunAlreadyExistsError, f"at 2024-05-01T00:00:00+00:00 with run id {BY_DATE}"),
        nth=1,
        then=("dags list-runs -d demo -o json",),
    ),
    Expected(
        "dags trigger demo",
        lambda demo: demo.dags.trigger("demo", run_id=BY_TIME),
        DagRun(dag_id="demo", run_id=BY_TIME, logical_date=utc(2026, 11, 22, 10, 40, 24)),
    ),
    Expected(
        "dags trigger nosuch",
        lambda demo: demo.dags.trigger("nosuch"),
        Error(DagNotFoundError, "Dag id nosuch not found in DagModel"),
    ),
    Expected(
        "dags trigger demo -r has space",
        lambda demo: demo.dags.trigger("demo", run_id="has space"),
        DagRun(dag_id="demo", run_id="has space", logical_date=utc(2026, 11, 22, 10, 40, 30)),
    ),
    Expected("dags list-runs -d demo -o json", lambda demo: demo.dags.list_runs("demo"), RUNS),
    Expected(
        "dags list-runs -d demo --state success -o json",
        lambda demo: demo.dags.list_runs("demo", state="success"),
        [],
    ),
    Expected("dags list-runs -d report -o json", lambda demo: demo.dags.list_runs("report"), []),
    Expected(
        "dags list-runs -d nosuch -o json",
        lambda demo: demo.dags.list_runs("nosuch"),
        Error(DagNotFoundError, "AirflowException: Dag id nosuch not found"),
    ),
    Expected("dags list-jobs -o json", lambda demo: demo.dags.list_jobs(), [JOB]),
    Expected(
        "dags list-import-errors -o json",
        lambda demo: demo.dags.list_import_errors(),
        Error(UnsupportedCommandError, "MWAA does not offer it on Airflow 2.2.5, but since 2.6.0 and 3.0.0"),
    ),
    Expected("dags state demo 2024-05-01T00:00:00+00:00", lambda demo: demo.dags.state("demo", MAY), "queued"),
    Expected("dags state demo 2020-01-01", lambda demo: demo.dags.state("demo", utc(2020, 1, 1)), None),
    Expected(
        "dags state nosuch 2020-01-01",
        lambda demo: demo.dags.state("nosuch", utc(2020, 1, 1)),
        Error(DagNotFoundError, "Dag 'nosuch' could not be found"),
    ),
    Expected("dags next-execution etl", lambda demo: demo.dags.next_execution("etl"), None),
    Expected("dags next-execution demo", lambda demo: demo.dags.next_execution("demo"), None),
    Expected(
        "dags next-execution nosuch",
        lambda demo: demo.dags.next_execution("nosuch"),
        Error(DagNotFoundError, "Dag 'nosuch' could not be found"),
    ),
    Expected(
        "dags report -o json",
        lambda demo: demo.dags.report(),
        [
            DagFile(
                file="/lab.py",
                duration=timedelta(microseconds=2373),
                dag_num=4,
                task_num=8,
                dags=("demo", "etl", "report", "report"),
            )
        ],
    ),
    Expected("dags show etl", lambda demo: demo.dags.show("etl"), GRAPH),
    Expected("dags test report 2024-05-01", lambda demo: demo.dags.test("report", MAY), PRINTED),
    Expected(
        "dags reserialize",
        lambda demo: demo.dags.reserialize(),
        Error(UnsupportedCommandError, "MWAA does not offer it on Airflow 2.2.5, but since 2.4.0 and 3.0.0"),
    ),
    Expected("tasks list etl", lambda demo: demo.tasks.list("etl"), ["extract", "load"]),
    Expected(
        "tasks list nosuch",
        lambda demo: demo.tasks.list("nosuch"),
        Error(DagNotFoundError, "Dag 'nosuch' could not be found"),
    ),
    Expected(
        "tasks state demo extract 2024-05-01T00:00:00+00:00",
        lambda demo: demo.tasks.state("demo", "extract", MAY),
        None,
    ),
    Expected(
        "tasks states-for-dag-run demo run1 -o json",
        lambda demo: demo.tasks.states_for_dag_run("demo", "run1"),
        [
            TaskInstance(dag_id="demo", task_id="extract", logical_date=utc(2026, 11, 22, 10, 40, 14)),
            TaskInstance(dag_id="demo", task_id="load", logical_date=utc(2026, 11, 22, 10, 40, 14)),
        ],
    ),
    Expected(
        "tasks states-for-dag-run demo nosuch -o json",
        lambda demo: demo.tasks.states_for_dag_run("demo", "nosuch"),
        Error(DagRunNotFoundError, "Error parsing the supplied execution_date. Error: Invalid date string: nosuch"),
    ),
    Expected(
        "tasks failed-deps demo load run1",
        lambda demo: demo.tasks.failed_deps("demo", "load", "run1"),
        FAILED_DEPS,
    ),
    Expected("tasks render demo extract run1", lambda demo: demo.tasks.render("demo", "extract", "run1"), {}),
    Expected("tasks test demo extract 2024-05-01", lambda demo: demo.tasks.test("demo", "extract", MAY), PRINTED),
    Expected("tasks clear -y demo", lambda demo: demo.tasks.clear("demo"), None),
    Expected(
        "tasks clear -y nosuch",
        lambda demo: demo.tasks.clear("nosuch"),
        Error(DagNotFoundError, "Dag 'nosuch' could not be found"),
    ),
    Expected("variables set k v 'w' \"x\"", lambda demo: demo.variables.set("k", "v 'w' \"x\""), None),
    Expected("variables get k", lambda demo: demo.variables.get("k"), "v 'w' \"x\""),
    Expected(
        "variables get nosuch",
        lambda demo: demo.variables.get("nosuch"),
        Error(VariableNotFoundError, "there is no variable 'nosuch'"),
    ),
    Expected("variables list -o json", lambda demo: demo.variables.list(), ["k", "j"]),
    Expected("variables delete k", lambda demo: demo.variables.delete("k"), None),
    Expected("variables delete nosuch", lambda demo: demo.variables.delete("nosuch"), None),
    Expected(
        "connections add c1 --conn-uri postgres://u:p@h:5432/db",
        lambda demo: demo.connections.add("c1", conn_uri="postgres://u:p@h:5432/db"),
        None,
    ),
    Expected(
        "connections add c1 --conn-uri postgres://u:p@h:5432/db",
        lambda demo: demo.connections.add("c1", conn_uri="postgres://u:p@h:5432/db"),
        Error(CommandFailedError, "A connection with `conn_id`=c1 already exists."),
        nth=1,
    ),
    Expected(
        "connections add c2 --conn-type http --conn-host h --conn-login u --conn-password p",
        lambda demo: demo.connections.add("c2", conn_type="http", conn_host="h", conn_login="u", conn_password="p"),
        None,
    ),
    Expected(
        "connections add c3",
        lambda demo: demo.connections.add("c3"),
        Error(CommandFailedError, "The following args are required to add a connection: ['conn-uri or conn-type']"),
    ),
    Expected("connections delete c1", lambda demo: demo.connections.delete("c1"), None),
    Expected(
        "connections delete nosuch",
        lambda demo: demo.connections.delete("nosuch"),
        Error(CommandFailedError, "Did not find a connection with `conn_id`=nosuch"),
    ),
    Expected(
        "roles list -o json",
        lambda demo: demo.roles.list(),
        [Role(name=name) for name in ("Admin", "Op", "Public", "User", "Viewer")],
    ),
    Expected(
        "roles create r1",
        lambda demo: demo.roles.create("r1"),
        Error(UnsupportedCommandError, "MWAA does not offer it on Airflow 2.2.5, but since 2.6.0 and 3.0.0"),
    ),
    Expected("providers list -o json", lambda demo: demo.providers.list(), PROVIDERS),
    Expected("providers behaviours -o json", lambda demo: demo.providers.behaviours(), []),
    Expected("providers hooks -o json", lambda demo: demo.providers.hooks(), HOOKS),
    Expected("providers links -o json", lambda demo: demo.providers.links(), []),
    Expected("providers widgets -o json", lambda demo: demo.providers.widgets(), []),
    Expected(
        "providers get nosuch",
        lambda demo: demo.providers.get("nosuch"),
        Error(CommandFailedError, "No such provider installed: nosuch"),
    ),
    Expected(
        "providers notifications -o json",
        lambda demo: demo.providers.notifications(),
        Error(UnsupportedCommandError, "MWAA does not offer it on Airflow 2.2.5, but since 2.8.0 and 3.0.0"),
    ),
    Expected(
        "providers secrets -o json",
        lambda demo: demo.providers.secrets(),
        Error(UnsupportedCommandError, "MWAA does not offer it on Airflow 2.2.5, but since 2.6.0 and 3.0.0"),
    ),
    Expected(
        "db clean --clean-before-timestamp 2020-01-01 -y",
        lambda demo: demo.db.clean(utc(2020, 1, 1)),
        Error(UnsupportedCommandError, "MWAA does not offer it on Airflow 2.2.5, but since 2.4.0 and 3.0.0"),
    ),
    Expected("dags delete -y report", lambda demo: demo.dags.delete("report"), 8),
    Expected(
        "dags delete -y nosuch",
        lambda demo: demo.dags.delete("nosuch"),
        Error(DagNotFoundError, "Dag id nosuch not found"),
    ),
    Expected(
        "dags backfill -s 2024-01-01 -e 2024-01-02 etl --dry-run",
        lambda demo: demo.dags.backfill("etl", start_date=utc(2024, 1, 1), end_date=utc(2024, 1, 2), dry_run=True),
        PRINTED,
    ),
)
