"""What a command of the embedded Airflow changes, and how it refuses what it does not know."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mwaa_async.emulator.airflow import EmbeddedAirflow, Execution
from mwaa_async.emulator.airflow.versions import recorded_dialect
from tests.samples import NEW_DAGS

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
VERSIONS = ("2.0.2", "2.2.5", "2.5.3", "2.6.3", "2.10.5", "3.0.6", "3.3.2")
AIRFLOW_2 = ("2.2.5", "2.5.3", "2.10.5")


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


def airflow_of(version: str) -> EmbeddedAirflow:
    return EmbeddedAirflow(version, now=Clock())


def run(airflow: EmbeddedAirflow, line: str, *arguments: str) -> Execution:
    return airflow.execute([*line.split(), *arguments])


def answer(execution: Execution) -> Any:
    """Gives the JSON that follows the log lines."""
    assert execution.exit_code == 0, execution.stderr
    return json.loads(execution.stdout.splitlines()[-1])


def last_line(text: str) -> str:
    return text.splitlines()[-1]


def runs_of(airflow: EmbeddedAirflow, dag_id: str, *options: str) -> dict[str, str]:
    """Gives the state of every run that is listed, by its id."""
    option = [] if airflow.version.startswith("3") else ["-d"]
    rows = answer(run(airflow, "dags list-runs", *option, dag_id, "-o", "json", *options))
    return {row["run_id"]: row["state"] for row in rows}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_connection_can_be_added_once_until_it_is_deleted(version: str) -> None:
    airflow = airflow_of(version)
    add = "connections add c1 --conn-uri postgres://u:secret@h:5432/db"
    assert "Successfully added `conn_id`=c1" in run(airflow, add).stdout
    second = run(airflow, add)
    assert (second.exit_code, last_line(second.stderr)) == (1, "A connection with `conn_id`=c1 already exists.")
    assert last_line(run(airflow, "connections delete c1").stdout) == (
        "Successfully deleted connection with `conn_id`=c1"
    )
    assert last_line(run(airflow, "connections delete c1").stderr) == "Did not find a connection with `conn_id`=c1"
    assert run(airflow, add).exit_code == 0


@pytest.mark.parametrize(
    ("version", "arguments", "error"),
    [
        ("2.2.5", ["--conn-uri", "http:"], "The URI provided to --conn-uri is invalid: http:"),
        ("2.10.5", ["--conn-uri", "nourl"], "The URI provided to --conn-uri is invalid: nourl"),
        ("3.3.2", ["--conn-uri", "http://h:99999999"], "ValueError: Port out of range 0-65535"),
        (
            "2.10.5",
            ["--conn-uri", "http://h", "--conn-host", "x", "--conn-port", "5"],
            "The following args are not compatible with the --conn-uri flag: ['conn_host', 'conn_port']",
        ),
        (
            "2.5.3",
            ["--conn-json", "{"],
            "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        ("2.5.3", ["--conn-json", "[]"], "TypeError: pop expected at most 1 argument, got 2"),
        ("2.5.3", ["--conn-json", "{}"], "conn-json is invalid; must supply conn-type"),
        ("3.3.2", ["--conn-json", '{"x": 1}'], "TypeError: __init__() got an unexpected keyword argument 'x'"),
        (
            "3.3.2",
            ["--conn-json", '{"conn_type": "http", "port": "x"}'],
            "ValueError: Expected integer value for `port`, but got 'x' instead.",
        ),
        (
            "3.3.2",
            ["--conn-uri", "http://h", "--conn-extra", "notjson"],
            "ValueError: Encountered non-JSON in `extra` field for connection 'c1'.",
        ),
    ],
)
def test_a_connection_that_makes_no_sense_is_refused_as_by_airflow(
    version: str, arguments: list[str], error: str
) -> None:
    airflow = airflow_of(version)
    execution = run(airflow, "connections add c1", *arguments)
    assert (execution.exit_code, last_line(execution.stderr)) == (1, error)
    assert run(airflow, "connections delete c1").exit_code == 1


def test_the_id_of_a_connection_has_to_be_a_key_since_2_6() -> None:
    assert run(airflow_of("2.5.3"), "connections add --conn-type http", "has space").exit_code == 0
    refused = run(airflow_of("2.6.3"), "connections add --conn-type http", "has space")
    assert refused.stderr.startswith("Could not create connection. The key 'has space' has to be made of alphanumeric")


def test_airflow_3_shows_a_new_connection_without_its_secrets() -> None:
    extra = '{"region": "x", "api_key": "y", "inner": {"token": "z"}}'
    shown = run(
        airflow_of("3.3.2"), "connections add c1 --conn-uri ftp://u:verysecret@Host/s --conn-extra", extra
    ).stdout
    assert (
        "c1      | ftp       | host | u     | None | {'region': 'x', 'api_key': '***', 'inner': {'token': '***'}}"
        in shown
    )
    assert "verysecret" not in shown


@given(parts=st.tuples(*[st.text()] * 3))
def test_any_uri_of_a_connection_is_taken_or_refused(parts: tuple[str, ...]) -> None:
    for version in ("2.2.5", "2.10.5", "3.3.2"):
        execution = run(airflow_of(version), "connections add c1 --conn-uri", "{}://{}@{}".format(*parts))
        assert execution.exit_code in (0, 1, 2)


@pytest.mark.parametrize("version", ["2.5.3", "2.10.5", "3.3.2"])
def test_permissions_are_listed_from_when_they_are_added_until_they_are_deleted(version: str) -> None:
    airflow = airflow_of(version)
    assert last_line(run(airflow, "roles create r1 r2").stdout) == "Added 2 role(s)"
    added = run(airflow, "roles add-perms r1 r2 -r DAGs -a can_read can_edit").stdout.splitlines()
    assert added[-5:] == [
        "Added can read on DAGs to role r1",
        "Added can edit on DAGs to role r1",
        "Added can read on DAGs to role r2",
        "Added can edit on DAGs to role r2",
        "Added 4 permission(s)",
    ]
    deleted = run(airflow, "roles del-perms r2 -r DAGs -a can_edit can_create").stdout.splitlines()
    assert deleted[-3:] == [
        "Deleted can edit on DAGs from role r2",
        "Deleted None from role r2",
        "Deleted 2 permission(s)",
    ]
    rows = [row for row in answer(run(airflow, "roles list -p -o json")) if row["name"] in ("r1", "r2")]
    assert rows == [
        {"name": "r1", "resource": "DAGs", "action": "can_edit,can_read"},
        {"name": "r2", "resource": "DAGs", "action": "can_read"},
    ]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("nosuch -r DAGs -a can_read", "Role named 'nosuch' does not exist"),
        ("Op -r nosuch -a can_read", "Resource named 'nosuch' does not exist"),
        ("Op -r DAGs -a nosuch", "Action named 'nosuch' does not exist"),
    ],
)
def test_permissions_of_what_does_not_exist_are_refused_on_stdout(arguments: str, error: str) -> None:
    for command in ("add-perms", "del-perms"):
        execution = run(airflow_of("2.10.5"), f"roles {command} {arguments}")
        assert (execution.exit_code, last_line(execution.stdout), execution.stderr) == (1, error, "")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_role_that_was_created_is_listed_in_its_place(version: str) -> None:
    airflow = airflow_of(version)
    run(airflow, "roles create Boss")
    names = [row["name"] for row in answer(run(airflow, "roles list -o json"))]
    assert names == ["Admin", "Boss", "Op", "Public", "User", "Viewer"]


@pytest.mark.parametrize("version", AIRFLOW_2)
def test_a_backfill_of_airflow_2_leaves_runs_that_succeeded(version: str) -> None:
    airflow = airflow_of(version)
    execution = run(airflow, "dags backfill etl -s 2024-01-01 -e 2024-01-02")
    assert "[backfill progress] | finished run 2 of 2 | tasks waiting: 0 | succeeded: 4" in execution.stdout
    assert runs_of(airflow, "etl") == {
        "backfill__2024-01-02T00:00:00+00:00": "success",
        "backfill__2024-01-01T00:00:00+00:00": "success",
    }
    assert runs_of(airflow, "etl", "--no-backfill") == {}
    job_types = {row["job_type"] for row in answer(run(airflow, "dags list-jobs -d etl -o json"))}
    assert "LocalTaskJob" in job_types


@pytest.mark.parametrize("version", AIRFLOW_2)
def test_a_backfill_runs_tasks_again_only_if_the_runs_are_reset(version: str) -> None:
    airflow = airflow_of(version)
    command = "dags backfill etl -s 2024-01-01"
    ran = [
        run(airflow, command + options).stdout.count("Executing command") for options in ("", "", " --reset-dagruns -y")
    ]
    assert ran == [2, 0, 2]
    assert last_line(run(airflow, f"{command} --reset-dagruns").stderr) == "EOFError: EOF when reading a line"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("etl", "airflow.exceptions.AirflowException: Provide a start_date and/or end_date"),
        (
            "nosuch -s 2024-01-01",
            "airflow.exceptions.AirflowException: "
            "Dag 'nosuch' could not be found; either it does not exist or it failed to parse.",
        ),
        (
            "etl -s 2024-01-01 -t nosuch",
            "airflow.exceptions.AirflowException: "
            "There are no tasks that match 'nosuch' regex. Nothing to run, exiting...",
        ),
        (
            "etl -s 2024-01-01 -c {",
            "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
    ],
)
def test_a_backfill_of_airflow_2_that_cannot_be_is_refused(arguments: str, error: str) -> None:
    for version in AIRFLOW_2:
        execution = run(airflow_of(version), f"dags backfill {arguments}")
        assert (execution.exit_code, last_line(execution.stderr)) == (1, error)


def test_a_backfill_of_more_runs_than_anyone_waits_for_is_not_played() -> None:
    for line in ("dags backfill etl -s 1900-01-01 -e 9999-12-31", "dags backfill etl -n -s 1900-01-01 -e 2024-01-01"):
        execution = run(airflow_of("2.10.5"), line)
        assert execution.exit_code == 1
        assert last_line(execution.stderr).startswith(
            "mwaa-async emulator: the embedded Airflow plays 1000 runs at most"
        )


def test_a_dag_without_a_schedule_has_nothing_to_backfill() -> None:
    airflow = airflow_of("2.10.5")
    execution = run(airflow, "dags backfill demo -s 2024-01-01 -e 2024-01-02")
    assert last_line(execution.stdout).endswith("No run dates were found for the given dates and dag interval.")
    assert runs_of(airflow, "demo") == {}


def test_one_backfill_of_airflow_3_can_go_on_at_a_time() -> None:
    clock = Clock()
    airflow = EmbeddedAirflow("3.3.2", dags=NEW_DAGS, now=clock)
    create = "backfill create --dag-id etl --from-date 2024-01-01 --to-date 2024-01-02"
    assert run(airflow, create).exit_code == 0
    assert set(runs_of(airflow, "etl").values()) == {"queued"}
    second = run(airflow, create)
    assert last_line(second.stderr) == (
        "airflow.models.backfill.AlreadyRunningBackfill: Another backfill is running for Dag etl. "
        "There can be only one running backfill per Dag."
    )
    run(airflow, "dags unpause etl")
    clock.time += timedelta(seconds=1)
    assert set(runs_of(airflow, "etl").values()) == {"success"}
    assert run(airflow, f"{create} --reprocess-behavior completed").exit_code == 0
    assert set(runs_of(airflow, "etl").values()) == {"running"}


def test_a_dry_run_of_a_backfill_lists_the_dates_that_have_no_run() -> None:
    airflow = airflow_of("3.3.2")
    run(airflow, "dags trigger etl -l 2024-01-04")
    dry_run = "backfill create --dry-run --dag-id etl --from-date 2024-01-03T05:00:00+02:00 --to-date 2024-01-05"
    assert run(airflow, f"{dry_run} --run-backwards").stdout.splitlines()[-5:] == [
        "+---------------------------+-----------------+------------------+",
        "| logical_date              | partition_key   | partition_date   |",
        "+===========================+=================+==================+",
        "| 2024-01-05 00:00:00+00:00 |                 |                  |",
        "+---------------------------+-----------------+------------------+",
    ]
    assert len(runs_of(airflow, "etl")) == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            "--dag-id demo --from-date 2024-01-01 --to-date 2024-01-02",
            "DagNonPeriodicScheduleException: demo has a non-periodic schedule that does not support backfills",
        ),
        (
            "--dag-id etl --from-date 2024-01-03 --to-date 2024-01-01",
            "InvalidBackfillDateRange: from_date (2024-01-03T00:00:00+00:00) "
            "must not be after to_date (2024-01-01T00:00:00+00:00).",
        ),
        (
            "--dag-id etl --from-date 2030-01-01 --to-date 2030-01-02",
            "InvalidBackfillDate: Backfill cannot be executed for future dates.",
        ),
        (
            "--dag-id etl --from-date 2024-01-01 --to-date 2024-01-02 --dag-run-conf [1]",
            "AttributeError: 'list' object has no attribute 'items'",
        ),
    ],
)
def test_a_backfill_of_airflow_3_that_cannot_be_is_refused(arguments: str, error: str) -> None:
    for dry in ("", " --dry-run"):
        execution = run(airflow_of("3.3.2"), f"backfill create {arguments}{dry}")
        assert execution.exit_code == 1
        assert last_line(execution.stderr).endswith(error)


def test_a_backfill_without_any_date_warns_on_stdout() -> None:
    line = "backfill create --dag-id etl --from-date 2024-01-03T05:00:00 --to-date 2024-01-03T06:00:00"
    execution = run(airflow_of("3.3.2"), line)
    interval = "[2024-01-03 05:00:00+00:00, 2024-01-03 06:00:00+00:00]"
    assert (execution.exit_code, execution.stderr) == (1, "")
    assert execution.stdout == f"Warning: No runs to create for Dag etl in the range {interval}\n"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_tested_dag_has_a_run_that_succeeded_in_place_of_the_one_of_that_date(version: str) -> None:
    airflow = airflow_of(version)
    date = "-l" if version.startswith("3") else "-e"
    run(airflow, f"dags trigger demo -r mine {date} 2024-05-01")
    assert run(airflow, "dags test demo 2024-05-01").exit_code == 0
    assert run(airflow, "dags test demo 2024-05-01").exit_code == 0
    assert list(runs_of(airflow, "demo").values()) == ["success"]
    assert "mine" not in runs_of(airflow, "demo")


def test_a_dag_is_tested_with_a_conf_and_without_a_date_since_2_5() -> None:
    airflow = airflow_of("2.10.5")
    assert run(airflow, "dags test demo -c", '{"a": 1}').exit_code == 0
    assert last_line(run(airflow, f"dags state demo {NOON.isoformat()}").stdout) == 'success, {"a": 1}'
    refused = run(airflow, "dags test demo -c {bad")
    assert last_line(refused.stderr).startswith(
        "Configuration '{bad' is not valid JSON. Error: Expecting property name"
    )


@pytest.mark.parametrize(
    ("version", "dates"),
    [("2.2.5", ["None"]), ("2.10.5", ["2026-11-21", "2026-11-22"]), ("3.3.2", ["2026-11-22", "2026-11-23"])],
)
def test_the_next_executions_follow_the_schedule(version: str, dates: list[str]) -> None:
    lines = run(airflow_of(version), "dags next-execution etl -n 2").stdout.splitlines()[-len(dates) :]
    assert [line.removesuffix("T00:00:00+00:00") for line in lines] == dates


def test_before_2_4_the_next_execution_follows_from_the_latest_run() -> None:
    airflow = airflow_of("2.2.5")
    run(airflow, "dags trigger etl -e 2024-05-01T03:00:00")
    lines = run(airflow, "dags next-execution etl -n 2").stdout.splitlines()
    assert lines[-2:] == ["2024-05-01T00:00:00+00:00", "2024-05-02T00:00:00+00:00"]


def test_the_next_executions_of_airflow_3_are_shown_as_a_table_or_by_field() -> None:
    airflow = airflow_of("3.3.2")
    both = run(airflow, "dags next-execution etl --table --field run_after")
    assert (both.exit_code, both.stderr) == (1, "Cannot use --table and --field together\n")
    table = run(airflow, "dags next-execution etl --table").stdout
    assert "logical_date              | data_interval.start       | data_interval.end         | run_after" in table
    assert last_line(run(airflow, "dags next-execution etl --field partition_key").stdout) == "None"


@pytest.mark.parametrize("version", VERSIONS)
def test_commands_about_an_unknown_dag_fail(version: str) -> None:
    for command in ("dags show nosuch", "dags test nosuch 2024-05-01", "dags next-execution nosuch"):
        execution = run(airflow_of(version), command)
        assert execution.exit_code == 1
        assert "nosuch" in last_line(execution.stderr)


def test_what_is_reported_of_the_files_follows_the_dags() -> None:
    airflow = EmbeddedAirflow("2.10.5", dags=["b", "a"])
    (row,) = answer(run(airflow, "dags report -o json"))
    assert (row["dag_num"], row["task_num"], row["dags"]) == ("2", "4", ["a", "b"])
    assert "Sync 2 DAGs" in run(airflow, "dags reserialize").stdout
    assert "Sync" not in run(airflow, "dags reserialize --clear-only").stdout


def test_only_the_one_bundle_is_known_in_airflow_3() -> None:
    for command in ("dags report", "dags reserialize", "dags list-import-errors"):
        assert run(airflow_of("3.3.2"), f"{command} -B dags-folder").exit_code == 0
        assert last_line(run(airflow_of("3.3.2"), f"{command} -B nosuch").stderr) == "Bundles not found: nosuch"


@pytest.mark.parametrize("version", VERSIONS)
def test_providers_are_listed_in_every_format_and_shown_by_name(version: str) -> None:
    airflow = airflow_of(version)
    rows = answer(run(airflow, "providers list -o json"))
    assert yaml.safe_load(run(airflow, "providers list -o yaml").stdout.rpartition("\n\n")[0]) == rows
    for output in ("table", "plain"):
        assert all(row["package_name"] in run(airflow, f"providers list -o {output}").stdout for row in rows)
    name, number = rows[0]["package_name"], rows[0]["version"]
    assert number in run(airflow, f"providers get {name}").stdout
    assert answer(run(airflow, f"providers get {name} --full -o json"))[0]["package-name"] == name
    assert last_line(run(airflow, "providers get nosuch").stderr) == "No such provider installed: nosuch"


def test_tables_are_cleaned_with_those_that_depend_on_them_in_airflow_3() -> None:
    clean = "db clean --clean-before-timestamp 2020-01-01 -t"
    lines = run(airflow_of("3.3.2"), f"{clean} dag_run -y").stdout.splitlines()
    checked = {line.removeprefix("Checking table ") for line in lines if line.startswith("Checking")}
    assert checked == {"task_instance_history", "xcom", "task_instance", "task_state_store", "deadline", "dag_run"}
    unknown = run(airflow_of("3.3.2"), f"{clean} nosuch -y")
    assert unknown.stderr == "No tables selected for db cleanup. Please choose valid table names.\n"


@pytest.mark.parametrize("version", ["2.5.3", "2.10.5", "3.3.2"])
def test_cleaning_is_confirmed_or_only_tried(version: str) -> None:
    airflow = airflow_of(version)
    asked = run(airflow, "db clean --clean-before-timestamp 2020-01-01 -t log")
    assert (asked.exit_code, last_line(asked.stderr)) == (1, "EOFError: EOF when reading a line")
    assert last_line(asked.stdout) == "Enter 'delete rows' (without quotes) to proceed."
    tried = run(airflow, "db clean --clean-before-timestamp 2020-01-01 -t log --dry-run")
    assert tried.stdout.endswith(
        "Performing dry run for table log\nChecking table log\nFound 0 rows meeting deletion criteria.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("details", "Either --name or --uri is required"),
        ("details --name x --uri y", "Asset with name x and URI y does not exist."),
        ("details --alias --name x", "Asset alias with name x does not exist."),
        ("details --alias --name x --uri y", "Cannot use --uri with --alias"),
        ("materialize", "Either --name or --uri is required"),
        ("materialize --uri y", "Asset with URI y does not exist."),
    ],
)
def test_there_are_no_assets(arguments: str, error: str) -> None:
    execution = run(airflow_of("3.3.2"), f"assets {arguments}")
    assert (execution.exit_code, execution.stderr) == (1, f"{error}\n")


def test_3_0_alone_speaks_as_its_last_release_and_3_1_as_3_3() -> None:
    assert [recorded_dialect((3, minor, 0)) for minor in range(4)] == ["3.0.6", "3.3.2", "3.3.2", "3.3.2"]


def test_3_0_tells_no_user_and_logs_like_2() -> None:
    airflow = EmbeddedAirflow("3.0.6")
    triggered = airflow.execute(["dags", "trigger", "etl", "-r", "run1", "-o", "json"])
    assert "triggering_user_name" not in json.loads(triggered.stdout)[0]
    logged = airflow.execute(["dags", "reserialize"]).stdout.splitlines()
    assert re.fullmatch(
        r"\[\d{4}-\d\d-\d\dT[\d:.]+\+0000\] \{manager\.py:122\} INFO - DAG bundles loaded: .*", logged[0]
    )


def test_3_0_prints_the_state_after_the_change() -> None:
    airflow = EmbeddedAirflow("3.0.6", dags=NEW_DAGS)
    assert json.loads(airflow.execute(["dags", "unpause", "etl", "-o", "json"]).stdout)[0]["is_paused"] == "False"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--dag-id", "nosuch"], "airflow.exceptions.DagNotFound: Could not find dag nosuch"),
        (["--dag-id", "demo"], "airflow.models.backfill.DagNoScheduleException: demo has no schedule"),
        (
            ["--dag-id", "etl", "--dag-run-conf", '{"a": 1}'],
            "ValueError: not enough values to unpack (expected 2, got 1)",
        ),
    ],
)
def test_a_backfill_of_3_0_fails_in_its_own_words(options: list[str], error: str) -> None:
    dates = ["--from-date", "2024-01-01", "--to-date", "2024-01-02"]
    execution = EmbeddedAirflow("3.0.6").execute(["backfill", "create", *options, *dates])
    assert (execution.exit_code, execution.stderr.splitlines()[-1]) == (1, error)
    assert execution.stderr.count("\n") > 5
