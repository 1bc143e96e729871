"""What the typed methods make of what Airflow 2.10.5 printed."""

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
    Provider,
    Role,
    TaskInstance,
    VariableNotFoundError,
    Widget,
)

from . import CONF, CONF_TEXT, PRINTED, Error, Expected, utc

BY_DATE = "manual__2024-05-01T00:00:00+00:00"
MAY = utc(2024, 5, 1)

DAGS = [
    Dag(dag_id="demo", fileloc="/usr/local/airflow/dags/lab.py", owners=("airflow",), is_paused=True),
    Dag(dag_id="etl", fileloc="/usr/local/airflow/dags/lab.py", owners=("airflow",), is_paused=True),
    Dag(dag_id="report", fileloc="/usr/local/airflow/dags/lab.py", owners=("airflow",), is_paused=True),
]

# Airflow prints the numbers and booleans of the conf as text; the run has the conf that was sent.
TRIGGERED = DagRun(
    dag_id="demo",
    run_id="run2",
    state="queued",
    conf=CONF,
    logical_date=utc(2026, 11, 22, 10, 34, 16),
    run_type="manual",
    data_interval_start=utc(2026, 11, 22, 10, 34, 16),
    data_interval_end=utc(2026, 11, 22, 10, 34, 16),
    external_trigger=True,
)

RUNS = [
    DagRun(
        dag_id="demo",
        run_id="manual__2026-11-22T10:34:23+00:00",
        state="queued",
        logical_date=utc(2026, 11, 22, 10, 34, 23),
    ),
    DagRun(dag_id="demo", run_id="run2", state="queued", logical_date=utc(2026, 11, 22, 10, 34, 16)),
    DagRun(dag_id="demo", run_id="run1", state="queued", logical_date=utc(2026, 11, 22, 10, 34, 14)),
    DagRun(dag_id="demo", run_id=BY_DATE, state="queued", logical_date=MAY),
]

FAILED_DEPS = [
    FailedDep(dependency="Task Instance State", reason="Task is in the 'None' state."),
    FailedDep(
        dependency="Dagrun Running",
        reason="Task instance's dagrun was not in the 'running' state but in the state 'queued'.",
    ),
    FailedDep(
        dependency="Trigger Rule",
        reason="Task's trigger rule 'all_success' requires all upstream tasks to have succeeded, but found 1 "
        "non-success(es). upstream_states=_UpstreamTIStates(success=0, skipped=0, failed=0, upstream_failed=0, "
        "removed=0, done=0, success_setup=0, skipped_setup=0), upstream_task_ids={'extract'}",
    ),
]

PROVIDERS = [
    Provider(
        package_name="apache-airflow-providers-common-compat",
        version="1.9.0",
        description="Common Compatibility Provider - providing compatibility code for previous Airflow versions",
    ),
    Provider(package_name="apache-airflow-providers-common-io", version="1.6.5", description="Common IO Provider"),
    Provider(
        package_name="apache-airflow-providers-common-sql",
        version="1.29.0",
        description="Common SQL Provider https://en.wikipedia.org/wiki/SQL",
    ),
    Provider(
        package_name="apache-airflow-providers-fab",
        version="1.5.3",
        description="Flask App Builder https://flask-appbuilder.readthedocs.io/",
    ),
    Provider(
        package_name="apache-airflow-providers-ftp",
        version="3.13.3",
        description="File Transfer Protocol (FTP) https://tools.ietf.org/html/rfc114",
    ),
    Provider(
        package_name="apache-airflow-providers-http",
        version="5.5.0",
        description="Hypertext Transfer Protocol (HTTP) https://www.w3.org/Protocols/",
    ),
    Provider(
        package_name="apache-airflow-providers-imap",
        version="3.9.4",
        description="Internet Message Access Protocol (IMAP) https://tools.ietf.org/html/rfc3501",
    ),
    Provider(
        package_name="apache-airflow-providers-smtp",
        version="2.3.2",
        description="Simple Mail Transfer Protocol (SMTP) https://tools.ietf.org/html/rfc5321",
    ),
    Provider(
        package_name="apache-airflow-providers-sqlite", version="4.1.3", description="SQLite https://www.sqlite.org/"
    ),
]

HOOKS = [
    Hook(connection_type="generic", hook_name="Generic"),
    Hook(connection_type="email", hook_name="Email"),
    Hook(
        connection_type="fs",
        hook_class="airflow.hooks.filesystem.FSHook",
        conn_id_attribute_name="fs_conn_id",
        package_name="airflow.hooks.filesystem",
        hook_name="File (path)",
    ),
    Hook(
        connection_type="package_index",
        hook_class="airflow.hooks.package_index.PackageIndexHook",
        conn_id_attribute_name="pi_conn_id",
        package_name="airflow.hooks.package_index",
        hook_name="Package Index (Python)",
    ),
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
        connection_type="smtp",
        hook_class="airflow.providers.smtp.hooks.smtp.SmtpHook",
        conn_id_attribute_name="smtp_conn_id",
        package_name="apache-airflow-providers-smtp",
        hook_name="SMTP",
    ),
    Hook(
        connection_type="sqlite",
        hook_class="airflow.providers.sqlite.hooks.sqlite.SqliteHook",
        conn_id_attribute_name="sqlite_conn_id",
        package_name="apache-airflow-providers-sqlite",
        hook_name="Sqlite",
    ),
]


def of_smtp(parameter: str, field_type: str) -> Widget:
    """Return a field of the form for SMTP connections."""
    return Widget(
        connection_parameter_name=f"extra__smtp__{parameter}",
        hook_class="SmtpHook",
        package_name="apache-airflow-providers-smtp",
        field_type=field_type,
    )


WIDGETS = [
    Widget(
        connection_parameter_name="extra__fs__path",
        hook_class="FSHook",
        package_name="airflow.hooks.filesystem",
        field_type="StringField",
    ),
    of_smtp("access_token", "StringField"),
    of_smtp("auth_type", "StringField"),
    of_smtp("client_id", "StringField"),
    of_smtp("client_secret", "StringField"),
    of_smtp("disable_ssl", "BooleanField"),
    of_smtp("disable_tls", "BooleanField"),
    of_smtp("from_email", "StringField"),
    of_smtp("html_content_template", "StringField"),
    of_smtp("retry_limit", "IntegerField"),
    of_smtp("scope", "StringField"),
    of_smtp("subject_template", "StringField"),
    of_smtp("tenant_id", "StringField"),
    of_smtp("timeout", "IntegerField"),
]

EXPECTED = (
    Expected("version", lambda demo: demo.version(), "2.10.5"),
    Expected("dags list -o json", lambda demo: demo.dags.list(), DAGS),
    # "No paused DAGs were found": which may also be said of a DAG that is not there.
    Expected(
        "dags unpause demo",
        lambda demo: demo.dags.unpause("demo"),
        None,
        nth=1,
        then=("dags state demo 2020-01-01",),
    ),
    Expected(
        "dags pause demo", lambda demo: demo.dags.pause("demo"), None, nth=1, then=("dags state demo 2020-01-01",)
    ),
    Expected(
        "dags unpause nosuch",
        lambda demo: demo.dags.unpause("nosuch"),
        Error(DagNotFoundError, "DAG: nosuch does not exist in 'dag' table"),
        then=("dags state nosuch 2020-01-01",),
    ),
    Expected("dags unpause demo -o json", lambda demo: demo.dags.unpause("demo"), None),
    Expected(
        f"dags trigger demo -r run2 -c {CONF_TEXT} -o json",
        lambda demo: demo.dags.trigger("demo", run_id="run2", conf=CONF),
        TRIGGERED,
    ),
    Expected(
        "dags trigger demo -r run2 -o json",
        lambda demo: demo.dags.trigger("demo", run_id="run2"),
        Error(DagRunAlreadyExistsError, "A DAG Run already exists for DAG demo at 2026-11-22 10:34:17+00:00"),
        then=("dags list-runs -d demo -o json",),
    ),
    Expected(
        "dags trigger demo -r run1",
        lambda demo: demo.dags.trigger("demo", run_id="run1"),
        Error(DagRunAlreadyExistsError, "A DAG Run already exists for DAG demo at 2026-11-22 10:34:18+00:00"),
        then=("dags list-runs -d demo -o json",),
    ),
    Expected(
        "dags trigger demo -e 2024-05-01T00:00:00+00:00",
        lambda demo: demo.dags.trigger("demo", run_id=BY_DATE, logical_date=MAY),
        Error(DagRunAlreadyExistsError, f"at 2024-05-01 00:00:00+00:00 with run id {BY_DATE}"),
        nth=1,
        then=("dags list-runs -d demo -o json",),
    ),
    Expected(
        "dags trigger nosuch",
        lambda demo: demo.dags.trigger("nosuch"),
        Error(DagNotFoundError, "Dag id nosuch not found in DagModel"),
    ),
    Expected(
        "dags trigger demo -r has space",
        lambda demo: demo.dags.trigger("demo", run_id="has space"),
        Error(ValueError, "Airflow takes no run id 'has space': it must match '^[A-Za-z0-9_.~:+-]+$'"),
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
        Error(DagNotFoundError, "DAG: nosuch does not exist in 'dag' table"),
    ),
    Expected("dags list-jobs -o json", lambda demo: demo.dags.list_jobs(), []),
    Expected("dags list-import-errors -o json", lambda demo: demo.dags.list_import_errors(), []),
    Expected("dags state demo 2024-05-01T00:00:00+00:00", lambda demo: demo.dags.state("demo", MAY), "queued"),
    Expected("dags state demo 2020-01-01", lambda demo: demo.dags.state("demo", utc(2020, 1, 1)), None),
    Expected(
        "dags state nosuch 2020-01-01",
        lambda demo: demo.dags.state("nosuch", utc(2020, 1, 1)),
        Error(DagNotFoundError, "DAG: nosuch does not exist in 'dag' table"),
    ),
    Expected("dags next-execution etl", lambda demo: demo.dags.next_execution("etl"), utc(2026, 11, 21)),
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
                duration=timedelta(microseconds=4625),
                dag_num=3,
                task_num=6,
                dags=("demo", "etl", "report"),
            )
        ],
    ),
    Expected(
        "dags show etl",
        lambda demo: demo.dags.show("etl"),
        Error(CommandFailedError, "Could not import graphviz. Install the graphviz python package to fix this error."),
    ),
    Expected("dags test report 2024-05-01", lambda demo: demo.dags.test("report", MAY), PRINTED),
    Expected("dags reserialize", lambda demo: demo.dags.reserialize(), None),
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
            TaskInstance(dag_id="demo", task_id="extract", logical_date=utc(2026, 11, 22, 10, 34, 14)),
            TaskInstance(dag_id="demo", task_id="load", logical_date=utc(2026, 11, 22, 10, 34, 14)),
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
        Error(CommandFailedError, "Must supply either conn-uri or conn-json if not supplying conn-type"),
    ),
    Expected("connections delete c1", lambda demo: demo.connections.delete("c1"), None),
    Expected(
        "connections delete nosuch",
        lambda demo: demo.connections.delete("nosuch"),
        Error(CommandFailedError, "Did not find a connection with `conn_id`=nosuch"),
    ),
    Expected("roles list -o json", lambda demo: demo.roles.list(), [Role(name="Admin")]),
    Expected("roles create r1", lambda demo: demo.roles.create("r1"), None),
    Expected("providers list -o json", lambda demo: demo.providers.list(), PROVIDERS),
    Expected("providers behaviours -o json", lambda demo: demo.providers.behaviours(), ["fs", "package_index", "smtp"]),
    Expected("providers hooks -o json", lambda demo: demo.providers.hooks(), HOOKS),
    Expected("providers links -o json", lambda demo: demo.providers.links(), []),
    Expected("providers widgets -o json", lambda demo: demo.providers.widgets(), WIDGETS),
    Expected(
        "providers get nosuch",
        lambda demo: demo.providers.get("nosuch"),
        Error(CommandFailedError, "No such provider installed: nosuch"),
    ),
    Expected(
        "providers notifications -o json",
        lambda demo: demo.providers.notifications(),
        [
            "airflow.providers.http.notifications.HttpNotifier",
            "airflow.providers.smtp.notifications.smtp.SmtpNotifier",
        ],
    ),
    Expected("providers secrets -o json", lambda demo: demo.providers.secrets(), []),
    Expected("db clean --clean-before-timestamp 2020-01-01 -y", lambda demo: demo.db.clean(utc(2020, 1, 1)), []),
    Expected("dags delete -y report", lambda demo: demo.dags.delete("report"), 7),
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
