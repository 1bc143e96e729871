"""The embedded Airflow with MWAA's own logging set-up against what real ones printed with it."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from mwaa_async.emulator import EmbeddedAirflow, Emulator, MwaaLogs, RecordedAirflow
from mwaa_async.emulator.airflow import logs_of
from tests.samples import NEW_DAGS

from .test_embedded_airflow import Clock, as_compared, moment_of, recorded

VERSIONS = ("2.10.3", "3.0.6", "3.3.1")
DISABLED = "CloudWatch logging is disabled for SubprocessLogHandler\n"
WARNED = re.compile(r"\A.*statsd_logger\.py.*\n.*configuration\.py.*\n")

PATHS = "the table was laid out for the path of the machine that it was recorded on"
PROVIDERS = "MWAA's image has more providers than the recorded installation"
MORE_COMMANDS = "MWAA's image has more providers than the recorded installation, and with them more commands"
LOCALE = "it was recorded without a language"
TABLES = "Airflow takes the tables in any order, and MWAA's database has more of them"
RECORDS = "the recorded DAG had rows of other tables"
ANY_ORDER = "Airflow has its checks in a set, so that their order changes; and only the test has paused the DAG again"
UNPAUSED = "only the test has paused the DAG again"
NO_WEB_SERVER = "no web server had been started before it was recorded, which is what creates the other roles"
TAKES_TIME = "the recorded run took some seconds, and every task and request has an id of its own"
HTTPX = "a library of the image is not as new, and warns of nothing; tasks and requests have ids of their own"
UNTIMED = "no log line says when a run was made, and a run id ends at random"
SQLALCHEMY = "another SQLAlchemy passes the error on through other functions"

# What is not compared word for word, by version and command line, with the reason.
DEVIATIONS = {
    **{(version, command): PATHS for version in VERSIONS for command in ("dags list", "dags list -o plain")},
    **{
        ("2.10.3", f"providers {what} -o json"): PROVIDERS
        for what in ("list", "behaviours", "hooks", "links", "widgets", "notifications", "secrets")
    },
    ("2.10.3", "dags list -v -o json"): PROVIDERS,
    ("2.10.3", "dags next-execution demo"): UNPAUSED,
    ("2.10.3", "dags test report 2024-05-01"): TAKES_TIME,
    ("2.10.3", "tasks failed-deps demo load run1"): ANY_ORDER,
    ("2.10.3", "roles list -o json"): NO_WEB_SERVER,
    ("2.10.3", "dags delete -y report"): RECORDS,
    **{
        ("3.0.6", command): UNTIMED
        for command in (
            "dags trigger demo",
            "dags trigger demo -l 2024-05-01T00:00:00+00:00",
            "dags list-runs demo",
            "dags list-runs demo -o json",
            "dags list-runs demo -o plain",
        )
    },
    ("3.0.6", "dags next-execution demo"): UNPAUSED,
    ("3.0.6", "dags test report 2024-05-01"): TAKES_TIME,
    **{
        ("3.3.1", f"providers {what} -o json"): PROVIDERS
        for what in ("list", "behaviours", "hooks", "links", "widgets", "notifications", "secrets")
    },
    **{
        ("3.3.1", command): MORE_COMMANDS
        for command in ("cheat-sheet", "tasks list etl --tree", "bogus", "dags list --bogus")
    },
    ("3.3.1", "tasks failed-deps demo load run1"): ANY_ORDER,
    ("3.3.1", "tasks test demo extract 2024-05-01"): HTTPX,
    ("3.3.1", "connections add c2 --conn-type http --conn-host h --conn-login u --conn-password p"): PROVIDERS,
    ("3.3.1", "db clean --clean-before-timestamp 2020-01-01 -y"): TABLES,
    ("3.3.1", "dags list-runs -d demo -o json"): MORE_COMMANDS,
    ("3.3.1", "dags list -v -o json"): LOCALE,
    ("3.3.1", "dags trigger demo -l 2024-05-01T00:00:00+00:00"): SQLALCHEMY,
    ("3.3.1", "dags delete -y report"): RECORDS,
    ("3.3.1", "dags next-execution demo"): UNPAUSED,
    ("3.3.1", "dags test report 2024-05-01"): HTTPX,
}

OF_PROVIDERS = re.compile(
    r"^\[\{.*\}\]$|^\[\]$|^.*(?:providers_manager|DEBUG - Loaded DAG|conn-type).*\n|(?:generic|http)(?=://u:)",
    re.MULTILINE,
)
RUN_OWN = re.compile(
    r"\d\d:\d\d:\d\d|T\d{6}|(?<=run_duration=)[\d.]+|(?<=2026, 11, 25, )[\d, ]+"
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)

WITHOUT_WHAT_DEVIATES: dict[str, Callable[[str], str]] = {
    PATHS: lambda text: re.sub(r"(  +|==+)", lambda run: run[0][0], text),
    PROVIDERS: lambda text: OF_PROVIDERS.sub("", text),
    MORE_COMMANDS: lambda text: re.sub(r"\(choose from .*\)| +", " ", text.rstrip().rpartition("\n")[2]),
    LOCALE: lambda text: re.sub(r"^.*cron_descriptor.GetText.*\n", "", text, flags=re.M),
    SQLALCHEMY: lambda text: re.sub(r"(?s)Traceback.*(?=\n\S+IntegrityError)|(?<=PARAMETERS).*|\[param.*", "", text),
    UNTIMED: lambda text: " ".join(sorted(re.findall(r"[a-z_]{2,}", re.sub(r"(?<=\+00:00)_\w{8}\b", "", text)))),
    TABLES: lambda text: "",
    RECORDS: lambda text: re.sub(r"Removed \d+ record", "Removed N record", text),
    ANY_ORDER: lambda text: "\n".join(sorted(re.sub("Dag Not Paused: .*\n", "", text).splitlines())),
    UNPAUSED: lambda text: text.replace("[INFO] Please be reminded this DAG is PAUSED now.\n", ""),
    NO_WEB_SERVER: lambda text: re.sub(r', \{"name": "(Op|Public|User|Viewer)"\}', "", text),
    TAKES_TIME: lambda text: RUN_OWN.sub("<own>", text),
    HTTPX: lambda text: RUN_OWN.sub("<own>", re.sub(r"^.* Using `httpx` .*\n", "", text, flags=re.M)),
}

# What changes from one installation to the next: lines of its source, its Python, a process and its memory.
PLACES = re.compile(r"(lineno=|, line |loc=\S+?:|\{\w+\.py:|\w\.py:|lib/python3\.|PID | at 0x)[0-9a-f]+")


def as_on_any_machine(text: str) -> str:
    return PLACES.sub(r"\1N", as_compared(text))


def on_mwaa(version: str, logs: MwaaLogs | None = None) -> tuple[EmbeddedAirflow, Clock]:
    clock = Clock(datetime(2026, 11, 25, 3, 20, tzinfo=UTC))
    return EmbeddedAirflow(version, dags=NEW_DAGS, mwaa_logs=logs or MwaaLogs(), now=clock), clock


@pytest.mark.parametrize("version", VERSIONS)
def test_every_played_command_answers_like_the_one_recorded_with_mwaas_logging(version: str) -> None:
    airflow, clock = on_mwaa(version)
    for record in recorded(f"mwaa-{version}"):
        argv = record["argv"]
        clock.time = moment_of(record, clock.time)
        execution = airflow.execute(argv)
        reason = DEVIATIONS.get((version, " ".join(argv)))
        compared = WITHOUT_WHAT_DEVIATES[reason] if reason else str
        for printed, expected in ((execution.stdout, record["stdout"]), (execution.stderr, record["stderr"])):
            assert compared(as_on_any_machine(printed)) == compared(as_on_any_machine(expected)), argv
        assert execution.exit_code == record["exit"], argv
        if argv == ["dags", "unpause", "demo", "-o", "json"]:
            # The records were made without a scheduler, so that the runs of an unpaused DAG stayed queued.
            airflow.execute(["dags", "pause", "demo"])


@pytest.mark.parametrize(("version", "command"), DEVIATIONS)
def test_every_listed_deviation_is_of_a_command_recorded_with_mwaas_logging(version: str, command: str) -> None:
    assert command in {" ".join(record["argv"]) for record in recorded(f"mwaa-{version}")}


# The records that come before and after any answer; what a command has to say on that level itself is not played.
AROUND = re.compile(r"settings\.py|: Skipping|cli_action_loggers\.py|Could not retrieve value")


def debug_records_around(stdout: str) -> list[str]:
    """Gives these DEBUG records, and a mark for all that is between them."""
    lines = as_on_any_machine(stdout).removeprefix(DISABLED * 12).splitlines()
    kept = [line if AROUND.search(line) else "…" for line in lines if line]
    return [line for line, before in zip(kept, ["", *kept], strict=False) if not line == before == "…"]


def test_debug_records_stand_around_every_answer_as_recorded() -> None:
    airflow, clock = on_mwaa("2.10.3", MwaaLogs(debug=True))
    for record in recorded("mwaa-debug-2.10.3"):
        clock.time = moment_of(record, clock.time)
        printed = debug_records_around(airflow.execute(record["argv"]).stdout)
        expected = debug_records_around(record["stdout"])
        assert sorted(printed[:5]) == sorted(expected[:5]), record["argv"]
        assert [line for line in printed[5:] if line != "…"] == [line for line in expected[5:] if line != "…"]
        assert printed[-1] == expected[-1]


@pytest.mark.parametrize("version", ["2.9.2", "2.10.3", "2.11.2", "3.0.6", "3.3.1"])
def test_images_from_2_9_2_on_print_the_lines_of_a_new_environment_with_every_command(version: str) -> None:
    airflow = EmbeddedAirflow(version, mwaa_logs=logs_of(version, None))
    for argv in (["version"], ["variables", "get", "nosuch"], ["nosuch"], ["dags", "trigger"]):
        stdout = airflow.execute(argv).stdout
        assert stdout.startswith(DISABLED * 12)
        assert stdout.count("CloudWatch") == 12


@pytest.mark.parametrize("version", ["1.10.12", "2.0.2", "2.8.1", "2.9.1"])
def test_images_before_2_9_2_print_no_such_lines(version: str) -> None:
    assert logs_of(version, None) is None


def test_the_two_warnings_of_2_10_are_on_stderr_with_every_command() -> None:
    airflow, _ = on_mwaa("2.10.3")
    for argv in (["version"], ["nosuch"], ["dags", "list", "-o", "json"]):
        assert WARNED.match(airflow.execute(argv).stderr)
    assert airflow.execute(["version"]).stderr.count("\n") == 2


def test_what_handlers_that_cannot_send_print_is_told_apart_by_its_stream() -> None:
    logs = MwaaLogs(disabled=("CloudWatchRemoteTaskLogger",), throttled_for=41.876, error="Failed to emit log record.")
    airflow, _ = on_mwaa("2.10.3", logs)
    execution = airflow.execute(["version"])
    assert execution.stdout == (
        "CloudWatch logging is disabled for CloudWatchRemoteTaskLogger\n"
        "Throttling _report_logging_error for 41.88 more seconds.\n"
        "MWAA logging error: Failed to emit log record.\n"
        "2.10.3\n"
    )
    assert execution.stderr.startswith("Traceback (most recent call last):\n  File ")


def test_debug_records_come_after_a_failure_too() -> None:
    airflow, _ = on_mwaa("2.10.3", MwaaLogs(debug=True))
    for argv in (["dags", "trigger", "nosuch"], ["dags", "trigger"], ["nosuch"]):
        assert "Disposing DB connection pool" in airflow.execute(argv).stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("version", "chosen", "lines"),
    [
        ("2.10.3", None, 12),
        ("2.10.3", False, 0),
        ("2.10.3", MwaaLogs(disabled=("TaskLogHandler",)), 1),
        ("2.5.1", None, 0),
        ("2.5.1", True, 12),
    ],
)
def test_the_emulator_prints_the_lines_as_chosen(version: str, chosen: bool | MwaaLogs | None, lines: int) -> None:
    airflow = Emulator(airflow=version, mwaa_logs=chosen).airflow("demo")
    assert isinstance(airflow, EmbeddedAirflow)
    assert airflow.execute(["version"]).stdout.count("CloudWatch") == lines


def test_the_lines_are_for_an_airflow_in_memory_only() -> None:
    recording = RecordedAirflow("2.10.3")
    with pytest.raises(ValueError, match="mwaa_logs is for an Airflow in memory"):
        Emulator(airflow=recording, mwaa_logs=True)
    assert Emulator(airflow=recording, mwaa_logs=False).airflow("demo") is recording


def test_json_logs_put_every_record_on_a_line_of_json_before_the_answer() -> None:
    airflow, _ = on_mwaa("3.3.1", MwaaLogs(disabled=(), json=True))
    *logged, answer = airflow.execute(["dags", "trigger", "demo", "-r", "run1", "-o", "json"]).stdout.splitlines()
    warning, info = (json.loads(line) for line in logged)
    assert (warning["level"], warning["logger"], warning["category"]) == ("warning", "py.warnings", "UserWarning")
    assert warning["event"].count("\n") == 2
    assert list(info)[:3] == ["timestamp", "level", "event"]
    assert info == info | {"event": "creating dag run", "run_id": "run1", "logical_date": None, "filename": "dag.py"}
    assert json.loads(answer)[0]["dag_run_id"] == "run1"


def test_json_logs_have_what_was_not_caught_on_stdout_and_nothing_on_stderr() -> None:
    airflow, _ = on_mwaa("3.3.1", MwaaLogs(disabled=(), json=True))
    execution = airflow.execute(["dags", "trigger", "nosuch"])
    record = json.loads(execution.stdout.splitlines()[-1])
    (exception,) = record["exception"]
    assert (record["level"], record["event"]) == ("critical", "Unhandled exception")
    assert (exception["exc_type"], exception["exc_value"]) == ("DagNotFound", "Dag id nosuch not found in DagModel")
    assert exception["frames"][0]["name"] == "<module>"
    assert (execution.exit_code, execution.stderr) == (1, "")


@pytest.mark.parametrize("version", ["2.10.3", "3.0.6"])
def test_versions_before_3_2_have_no_json_logs(version: str) -> None:
    airflow, _ = on_mwaa(version, MwaaLogs(disabled=(), json=True))
    assert '{"timestamp"' not in airflow.execute(["dags", "trigger", "demo"]).stdout
