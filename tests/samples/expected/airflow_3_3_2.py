"""What the typed methods make of what Airflow 3.3.2 printed."""

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
    TaskInstance,
    VariableNotFoundError,
    Widget,
)

from . import CONF, CONF_TEXT, PRINTED, Error, Expected, utc

MAY = utc(2024, 5, 1)
OF_MAY = "manual__2026-11-22T10:33:45.801284+00:00"

DAGS = [
    Dag(
        dag_id=name,
        fileloc="/usr/local/airflow/dags/lab.py",
        owners=("airflow",),
        is_paused=True,
        bundle_name="dags-folder",
    )
    for name in ("demo", "etl", "report")
]

# Airflow prints the numbers and booleans of the conf as text; the run has the conf that was sent.
TRIGGERED = DagRun(
    dag_id="demo", run_id="run2", state="queued", conf=CONF, run_type="manual", triggering_user_name="root"
)

RUNS = [
    DagRun(
        dag_id="demo",
        run_id="manual__2026-11-22T10:33:49.815847+00:00",
        state="queued",
        run_after=utc(2026, 11, 22, 10, 33, 49, 815847),
    ),
    DagRun(
        dag_id="demo",
        run_id=OF_MAY,
        state="queued",
        run_after=utc(2026, 11, 22, 10, 33, 45, 801284),
        logical_date=MAY,
    ),
    DagRun(dag_id="demo", run_id="run2", state="queued", run_after=utc(2026, 11, 22, 10, 33, 39, 649188)),
    DagRun(dag_id="demo", run_id="run1", state="queued", run_after=utc(2026, 11, 22, 10, 33, 37, 694931)),
]

FAILED_DEPS = [
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
]

PROVIDERS = [
    Provider(
        package_name="apache-airflow-providers-common-compat",
        version="1.23.0",
        description="Common Compatibility Provider - providing compatibility code for previous Airflow versions",
    ),
    Provider(package_name="apache-airflow-providers-common-io", version="1.11.0", description="Common IO Provider"),
    Provider(
        package_name="apache-airflow-providers-common-sql",
        version="2.4.0",
        description="Common SQL Provider https://en.wikipedia.org/wiki/SQL",
    ),
    Provider(
        package_name="apache-airflow-providers-smtp",
        version="3.2.0",
        description="Simple Mail Transfer Protocol (SMTP) https://tools.ietf.org/html/rfc5321",
    ),
    Provider(
        package_name="apache-airflow-providers-standard", version="1.21.0", description="Airflow Standard Provider"
    ),
]

HOOKS = [
    Hook(connection_type="generic", hook_name="Generic"),
    Hook(connection_type="email", hook_name="Email"),
    Hook(
        connection_type="fs",
        hook_class="airflow.providers.standard.hooks.filesystem.FSHook",
        conn_id_attribute_name="fs_conn_id",
        package_name="apache-airflow-providers-standard",
        hook_name="File (path)",
    ),
    Hook(
        connection_type="package_index",
        hook_class="airflow.providers.standard.hooks.package_index.PackageIndexHook",
        conn_id_attribute_name="pi_conn_id",
        package_name="apache-airflow-providers-standard",
        hook_name="Package Index (Python)",
    ),
    Hook(
        connection_type="smtp",
        hook_class="airflow.providers.smtp.hooks.smtp.SmtpHook",
        conn_id_attribute_name="smtp_conn_id",
        package_name="apache-airflow-providers-smtp",
        hook_name="SMTP",
    ),
]


def of_smtp(parameter: str, json_type: str) -> Widget:
    """Return a field of the form for SMTP connections, described by a JSON schema."""
    return Widget(
        connection_parameter_name=f"extra__smtp__{parameter}",
        hook_class="airflow.providers.smtp.hooks.smtp.SmtpHook",
        package_name="apache-airflow-providers-smtp",
        field_type=[json_type, "null"],
    )


WIDGETS = [
    Widget(
        connection_parameter_name="extra__fs__path",
        hook_class="airflow.providers.standard.hooks.filesystem.FSHook",
        package_name="apache-airflow-providers-standard",
        field_type=["string", "null"],
    ),
    of_smtp("access_token", "string"),
    of_smtp("auth_type", "string"),
    of_smtp("client_id", "string"),
    of_smtp("client_secret", "string"),
    of_smtp("disable_ssl", "boolean"),
    of_smtp("disable_tls", "boolean"),
    of_smtp("from_email", "string"),
    of_smtp("html_content_template", "string"),
    of_smtp("retry_limit", "integer"),
    of_smtp("scope", "string"),
    of_smtp("subject_template", "string"),
    of_smtp("tenant_id", "string"),
    of_smtp("timeout", "integer"),
]

# Airflow's image for this version has no FAB provider, which brings the roles.
NO_ROLES = Error(CommandFailedError, "argument GROUP_OR_COMMAND: invalid choice: 'roles'")

EXPECTED = (
    Expected("version", lambda demo: demo.version(), "3.3.2"),
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
    # Version 3 prints the state from before, which nothing depends on.
    Expected("dags unpause demo -o json", lambda demo: demo.dags.unpause("demo"), None),
    Expected(
        f"dags trigger demo -r run2 -c {CONF_TEXT} -o json",
        lambda demo: demo.dags.trigger("demo", run_id="run2", conf=CONF),
        TRIGGERED,
    ),
    # Version 3 tells the state of a run by its id; the recorded answer to the same question is that of another run.
    Expected(
        "dags trigger demo -r run2 -o json",
        lambda demo: demo.dags.trigger("demo", run_id="run2"),
        Error(DagRunAlreadyExistsError, "A DAG Run already exists for DAG demo with run id run2"),
        then=("dags state demo 2024-05-01T00:00:00+00:00",),
    ),
    Expected(
        "dags trigger demo -r run1",
        lambda demo: demo.dags.trigger("demo", run_id="run1"),
        Error(DagRunAlreadyExistsError, "A DAG Run already exists for DAG demo with run id run1"),
        then=("dags state demo 2024-05-01T00:00:00+00:00",),
    ),
    Expected(
        "dags trigger demo -l 2024-05-01T00:00:00+00:00",
        lambda demo: demo.dags.trigger("demo", logical_date=MAY),
        Error(DagRunAlreadyExistsError, "UNIQUE constraint failed: dag_run.dag_id, dag_run.logical_date"),
        nth=1,
        then=("dags list-runs demo -o json",),
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
    Expected("dags list-runs demo -o json", lambda demo: demo.dags.list_runs("demo"), RUNS),
    Expected(
        "dags list-runs demo --state success -o json", lambda demo: demo.dags.list_runs("demo", state="success"), []
    ),
    Expected("dags list-runs report -o json", lambda demo: demo.dags.list_runs("report"), []),
    Expected(
        "dags list-runs nosuch -o json",
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
    Expected("dags next-execution etl", lambda demo: demo.dags.next_execution("etl"), utc(2026, 11, 22)),
    Expected("dags next-execution demo", lambda demo: demo.dags.next_execution("demo"), None),
    Expected(
        "dags next-execution nosuch",
        lambda demo: demo.dags.next_execution("nosuch"),
        Error(DagNotFoundError, "DAG: nosuch does not exist in the database"),
    ),
    Expected(
        "dags report -o json",
        lambda demo: demo.dags.report(),
        [
            DagFile(
                file="lab.py",
                duration=timedelta(microseconds=3495),
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
        [TaskInstance(dag_id="demo", task_id="extract"), TaskInstance(dag_id="demo", task_id="load")],
    ),
    Expected(
        "tasks states-for-dag-run demo nosuch -o json",
        lambda demo: demo.tasks.states_for_dag_run("demo", "nosuch"),
        Error(DagRunNotFoundError, "DagRun for demo with run_id or logical_date of 'nosuch' not found"),
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
        Error(DagNotFoundError, "Dag 'nosuch' could not be found in the database."),
    ),
    Expected("variables set k v 'w' \"x\"", lambda demo: demo.variables.set("k", "v 'w' \"x\""), None),
    Expected("variables get k", lambda demo: demo.variables.get("k"), "v 'w' \"x\""),
    Expected(
        "variables get nosuch",
        lambda demo: demo.variables.get("nosuch"),
        Error(VariableNotFoundError, "there is no variable 'nosuch'"),
    ),
    Expected("variables list -o json", lambda demo: demo.variables.list(), ["j", "k"]),
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
    Expected("roles list -o json", lambda demo: demo.roles.list(), NO_ROLES),
    Expected("roles create r1", lambda demo: demo.roles.create("r1"), NO_ROLES),
    Expected("providers list -o json", lambda demo: demo.providers.list(), PROVIDERS),
    Expected("providers behaviours -o json", lambda demo: demo.providers.behaviours(), ["fs", "package_index", "smtp"]),
    Expected("providers hooks -o json", lambda demo: demo.providers.hooks(), HOOKS),
    Expected(
        "providers links -o json",
        lambda demo: demo.providers.links(),
        [
            "airflow.providers.standard.operators.trigger_dagrun.TriggerDagRunLink",
            "airflow.providers.standard.sensors.external_task.ExternalDagLink",
        ],
    ),
    Expected("providers widgets -o json", lambda demo: demo.providers.widgets(), WIDGETS),
    Expected(
        "providers get nosuch",
        lambda demo: demo.providers.get("nosuch"),
        Error(CommandFailedError, "No such provider installed: nosuch"),
    ),
    Expected(
        "providers notifications -o json",
        lambda demo: demo.providers.notifications(),
        ["airflow.providers.smtp.notifications.smtp.SmtpNotifier"],
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
        "backfill create --dag-id etl --from-date 2024-01-01 --to-date 2024-01-02 --dry-run",
        lambda demo: demo.dags.backfill("etl", start_date=utc(2024, 1, 1), end_date=utc(2024, 1, 2), dry_run=True),
        PRINTED,
    ),
    Expected(
        "backfill create --dag-id nosuch --from-date 2024-01-01 --to-date 2024-01-02",
        lambda demo: demo.dags.backfill("nosuch", start_date=utc(2024, 1, 1), end_date=utc(2024, 1, 2)),
        Error(DagNotFoundError, "Could not find dag nosuch"),
    ),
    Expected("assets list -o json", lambda demo: demo.assets.list(), []),
    Expected(
        "assets details --name nosuch",
        lambda demo: demo.assets.details(name="nosuch"),
        Error(CommandFailedError, "Asset with name nosuch does not exist."),
    ),
    Expected(
        "assets materialize --name nosuch",
        lambda demo: demo.assets.materialize(name="nosuch"),
        Error(CommandFailedError, "Asset with name nosuch does not exist."),
    ),
)
