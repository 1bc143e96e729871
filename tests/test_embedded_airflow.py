"""The embedded Airflow against recorded output of real ones, and what a user may expect of it."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mwaa_async.emulator.airflow import EmbeddedAirflow, Execution
from mwaa_async.emulator.airflow.commands import commands_of
from mwaa_async.emulator.airflow.metadata import DagRun, state
from mwaa_async.emulator.airflow.versions import parse_version
from tests.samples import NEW_DAGS

SAMPLES = Path(__file__).parent / "samples" / "airflow"
RECORDED = ("1.10.12", "2.2.5", "2.5.3", "2.10.5", "3.3.2")
EVERY_KIND = ("1.10.12", "2.0.2", "2.4.3", "2.6.3", "2.8.1", "2.9.2", "2.11.0", "3.0.6", "3.2.1", "3.3.2")

SHORTER_PATH = "the table was laid out for a path of 28 characters, and the path replaced in the record afterwards"
OTHER_RECORDS = "the recorded DAG had rows of other tables, or the tasks of `dags test` were counted in another way"
FOUR_DAGS = "the recorded file defines `report` twice, and the report counts that"
ANY_ORDER = "Airflow has its checks in a set, so that their order changes; and only the test has paused the DAG again"
REPORT_TWICE = "the recorded file defines `report` twice"
SCHEDULER_JOB = "a scheduler had been started by hand before it was recorded"
TAKES_TIME = "the recorded run took some seconds"
UNPAUSED = "only the test has paused the DAG again"
NO_WEB_SERVER = "no web server had been started before it was recorded, which is what creates the other roles"
RANDOM_IDS = "a task instance and each request has an id of its own"

# What is not compared word for word, by version and command line, with the reason.
DEVIATIONS = {
    ("2.10.5", "dags list"): SHORTER_PATH,
    ("2.10.5", "dags list -o plain"): SHORTER_PATH,
    ("3.3.2", "dags list"): SHORTER_PATH,
    ("3.3.2", "dags list -o plain"): SHORTER_PATH,
    ("1.10.12", "list_dags -r"): FOUR_DAGS,
    ("1.10.12", "task_failed_deps demo load 2024-05-01"): ANY_ORDER,
    ("2.2.5", "tasks failed-deps demo load run1"): ANY_ORDER,
    ("2.5.3", "tasks failed-deps demo load run1"): ANY_ORDER,
    ("2.10.5", "tasks failed-deps demo load run1"): ANY_ORDER,
    ("3.3.2", "tasks failed-deps demo load run1"): ANY_ORDER,
    ("3.3.2", "tasks test demo extract 2024-05-01"): RANDOM_IDS,
    ("2.2.5", "dags list-jobs -o json"): SCHEDULER_JOB,
    ("2.2.5", "dags report"): REPORT_TWICE,
    ("2.2.5", "dags report -o json"): REPORT_TWICE,
    ("2.2.5", "dags test report 2024-05-01"): TAKES_TIME,
    ("2.5.3", "dags test report 2024-05-01"): TAKES_TIME,
    ("2.10.5", "dags test report 2024-05-01"): TAKES_TIME,
    ("3.3.2", "dags test report 2024-05-01"): TAKES_TIME,
    ("2.10.5", "dags next-execution demo"): UNPAUSED,
    ("3.3.2", "dags next-execution demo"): UNPAUSED,
    ("2.10.5", "roles list -o json"): NO_WEB_SERVER,
    ("1.10.12", "delete_dag -y report"): OTHER_RECORDS,
    ("2.2.5", "dags delete -y report"): OTHER_RECORDS,
    ("2.5.3", "dags delete -y report"): OTHER_RECORDS,
    ("2.10.5", "dags delete -y report"): OTHER_RECORDS,
    ("3.3.2", "dags delete -y report"): OTHER_RECORDS,
}

WITHOUT_WHAT_DEVIATES: dict[str, Callable[[str], str]] = {
    SHORTER_PATH: lambda text: re.sub(r"(  +|==+)", lambda run: run[0][0], text),
    OTHER_RECORDS: lambda text: re.sub(r"Removed \d+ record", "Removed N record", text),
    FOUR_DAGS: lambda text: text.partition("Number of DAGs")[0],
    ANY_ORDER: lambda text: "\n".join(sorted(re.sub("Dag Not Paused: .*\n", "", text).splitlines())),
    REPORT_TWICE: lambda text: re.sub(r",report\b|, \"report\"|[\d =]", "", text),
    SCHEDULER_JOB: lambda text: re.sub(r"\{.*SchedulerJob.*\}", "", text),
    TAKES_TIME: lambda text: re.sub(r"\d\d:\d\d:\d\d|T\d{6}|(?<=run_duration=)[\d.]+|(?<=22, )[\d, ]+", "<time>", text),
    UNPAUSED: lambda text: text.replace("[INFO] Please be reminded this DAG is PAUSED now.\n", ""),
    NO_WEB_SERVER: lambda text: re.sub(r', \{"name": "(Op|Public|User|Viewer)"\}', "", text),
    RANDOM_IDS: lambda text: re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>", text),
}

# Records that tell nothing, since something was missing when they were made: `airflow` on the search path, and in
# Airflow 3 the FAB provider, which MWAA has.
SPOILT = {
    ("1.10.12", "backfill -s 2024-01-01 -e 2024-01-02 etl"),
    ("3.3.2", "roles list -o json"),
    ("3.3.2", "roles create r1"),
}

LOG_TIME = re.compile(r"^(\[(?:\x1b\[34m)?)?2026-11-2[25][T ]\d\d:\d\d:\d\d[.,]\d{3,6}", re.MULTILINE)
# Of moments, when a row was written: it is some milliseconds after the command has taken the time.
MICROSECONDS = re.compile(r"(?<=:\d\d)\.\d{6}")


class Clock:
    """A clock that is set by hand."""

    def __init__(self, time: datetime = datetime(2026, 11, 22, 10, 33, 9, 298123, tzinfo=UTC)) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time

    def pass_by(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def recorded(version: str) -> Iterator[dict[str, Any]]:
    with (SAMPLES / f"{version}.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def moment_of(record: dict[str, Any], before: datetime) -> datetime:
    """Finds when the recorded command took the time: of the run that it made, or else of its last log line."""
    text = record["stdout"] + record["stderr"]
    if exactly := re.search(r"run_after=datetime\.datetime\(([\d, ]+), tzinfo", text):
        return datetime(*(int(number) for number in exactly[1].split(", ")), tzinfo=UTC)  # type: ignore[misc, arg-type]
    of_run = re.findall(r"(?<=[ T])(?!00:00:00)\d\d:\d\d:\d\d(?=\+00:00)", text)
    of_log = re.findall(r"2026-11-2[25][T ](\d\d:\d\d:\d\d)[.,]", text)
    if found := of_run or of_log:
        return datetime.combine(before.date(), time.fromisoformat(found[-1]), UTC)
    return before


def as_compared(text: str) -> str:
    """Leaves out what differs from one run of the real Airflow to the next."""
    return MICROSECONDS.sub("", LOG_TIME.sub(r"\1<time>", text))


@pytest.mark.parametrize("version", RECORDED)
def test_every_played_command_answers_like_the_recorded_one(version: str) -> None:
    clock = Clock()
    airflow = EmbeddedAirflow(version, dags=NEW_DAGS, now=clock)
    for record in recorded(version):
        argv = record["argv"]
        clock.time = moment_of(record, clock.time)
        execution = airflow.execute(argv)
        if (version, " ".join(argv)) not in SPOILT:
            reason = DEVIATIONS.get((version, " ".join(argv)))
            compared = WITHOUT_WHAT_DEVIATES[reason] if reason else str
            assert compared(as_compared(execution.stdout)) == compared(as_compared(record["stdout"])), argv
            assert compared(as_compared(execution.stderr)) == compared(as_compared(record["stderr"])), argv
            assert execution.exit_code == record["exit"], argv
        if argv == ["dags", "unpause", "demo", "-o", "json"] and execution.exit_code == 0:
            # The records were made without a scheduler, so that the runs of an unpaused DAG stayed queued.
            airflow.execute(["dags", "pause", "demo"])


@pytest.mark.parametrize(("version", "command"), DEVIATIONS)
def test_every_listed_deviation_is_of_a_recorded_command(version: str, command: str) -> None:
    assert command in {" ".join(record["argv"]) for record in recorded(version)}


def answer(execution: Execution) -> Any:
    """Gives the JSON that follows the log lines."""
    assert execution.exit_code == 0, execution.stderr
    return json.loads(execution.stdout.splitlines()[-1])


def trigger_of(version: str) -> list[str]:
    return ["trigger_dag"] if version.startswith("1") else ["dags", "trigger"]


def runs_of(airflow: EmbeddedAirflow, dag_id: str) -> list[dict[str, str]]:
    option = [] if airflow.version.startswith("3") else ["-d"]
    rows: list[dict[str, str]] = answer(airflow.execute(["dags", "list-runs", *option, dag_id, "-o", "json"]))
    return rows


@pytest.mark.parametrize("version", ["1.9.0", "4.0.0", "2.10", "2", "", "latest", "2.10.5rc1", "1.11.0"])
def test_a_version_that_cannot_be_played_is_a_value_error_that_says_what_can(version: str) -> None:
    with pytest.raises(ValueError, match=r"1\.10\.x, 2\.y\.z or 3\.y\.z"):
        EmbeddedAirflow(version)


@pytest.mark.parametrize("version", EVERY_KIND)
def test_version_prints_the_version_that_was_asked_for(version: str) -> None:
    execution = EmbeddedAirflow(version).execute(["version"])
    assert (execution.exit_code, execution.stdout) == (0, f"{version}\n")


def paused_by_dag(airflow: EmbeddedAirflow) -> dict[str, str]:
    return {row["dag_id"]: row["is_paused"] for row in answer(airflow.execute(["dags", "list", "-o", "json"]))}


def test_of_the_dags_that_there_are_one_is_paused_as_a_new_one_is() -> None:
    assert paused_by_dag(EmbeddedAirflow("2.10.5")) == {"demo": "True", "etl": "False", "report": "False"}


def test_the_dags_are_those_that_were_asked_for_and_paused_where_that_was() -> None:
    airflow = EmbeddedAirflow("2.10.5", dags=["b:paused", "a", "c:fails:paused"])
    assert paused_by_dag(airflow) == {"a": "False", "b": "True", "c": "True"}


@pytest.mark.parametrize("text", ["", "etl:", ":paused", "etl:stopped", "etl:paused:", "etl:Paused"])
def test_a_dag_that_cannot_be_understood_is_an_error_that_says_what_there_is(text: str) -> None:
    with pytest.raises(ValueError, match=f"a DAG is NAME, NAME:paused or NAME:fails .* not '{text}'"):
        EmbeddedAirflow(dags=["demo", text])


FAILED_TASKS = {
    # As Airflow 2.10.3, 3.0.6 and 3.3.1 print them: what was not begun has the moment when that was clear, twice.
    "extract": ("failed", "2026-11-22T10:33:09", "2026-11-22T10:33:09.500000"),
    "load": ("upstream_failed", "2026-11-22T10:33:09.500000", "2026-11-22T10:33:09.500000"),
}


@pytest.mark.parametrize("version", ["2.2.5", "2.10.5", "3.0.6", "3.3.2"])
def test_the_runs_of_a_dag_that_fails_fail_with_their_first_task_every_time(version: str) -> None:
    clock = Clock(datetime(2026, 11, 22, 10, 33, 9, tzinfo=UTC))
    airflow = EmbeddedAirflow(version, dags=["etl:fails"], now=clock)
    airflow.execute(["dags", "trigger", "etl", "-r", "run1"])
    clock.pass_by(0.5)
    assert [run["state"] for run in runs_of(airflow, "etl")] == ["running"]
    clock.pass_by(0.5)
    assert [run["state"] for run in runs_of(airflow, "etl")] == ["failed"]
    tasks = answer(airflow.execute(["tasks", "states-for-dag-run", "etl", "run1", "-o", "json"]))
    seen = {task["task_id"]: (task["state"], task["start_date"], task["end_date"]) for task in tasks}
    assert seen == {
        name: (state, *(f"{time}+00:00" for time in times)) for name, (state, *times) in FAILED_TASKS.items()
    }
    airflow.execute(["tasks", "clear", "etl", "--only-failed", "--yes"])
    assert [run["state"] for run in runs_of(airflow, "etl")] == ["running"]
    clock.pass_by(1)
    assert [run["state"] for run in runs_of(airflow, "etl")] == ["failed"]


@given(conf=st.dictionaries(st.text(), st.none() | st.booleans() | st.text() | st.lists(st.integers())))
def test_what_is_sent_as_conf_is_what_the_run_gets(conf: dict[str, Any]) -> None:
    airflow = EmbeddedAirflow("3.3.2")
    assert airflow.execute(["dags", "trigger", "demo", "-r", "run1", "-o", "json", "--conf", json.dumps(conf)])
    printed = airflow.execute(["dags", "state", "demo", "run1"]).stdout.splitlines()[-1]
    assert json.loads(printed.partition(", ")[2] or "{}") == conf


def test_json_output_has_numbers_and_booleans_as_strings() -> None:
    row = answer(EmbeddedAirflow().execute(["dags", "trigger", "demo", "-c", '{"n": [1, true, null]}', "-o", "json"]))[
        0
    ]
    assert row["conf"] == {"n": ["1", "True", None]}


@pytest.mark.parametrize("version", EVERY_KIND)
def test_a_run_id_can_be_used_once(version: str) -> None:
    airflow = EmbeddedAirflow(version)
    command = [*trigger_of(version), "demo", "-r", "run1"]
    assert airflow.execute(command).exit_code == 0
    second = airflow.execute(command)
    assert second.exit_code == 1
    assert "run1" in second.stderr.splitlines()[-1]
    assert second.stderr.splitlines()[-1].startswith("airflow.exceptions.DagRunAlreadyExists: ")


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("1.10.15", "Run id run1 already exists for dag id demo"),
        ("2.0.2", "Run id run1 already exists for dag id demo"),
        ("2.4.3", "A Dag Run already exists for dag id demo at 2024-05-01T00:00:00+00:00 with run id run1"),
        ("2.6.3", "A DAG Run already exists for DAG demo at 2024-05-01T00:00:00+00:00 with run id run1"),
        ("2.11.0", "A DAG Run already exists for DAG demo at 2024-05-01 00:00:00+00:00 with run id run1"),
        ("3.0.6", "A DAG Run already exists for DAG demo with run id run1"),
    ],
)
def test_each_version_has_its_own_words_for_a_run_that_exists(version: str, text: str) -> None:
    airflow = EmbeddedAirflow(version)
    date = "-l" if version.startswith("3") else "-e"
    command = [*trigger_of(version), "demo", "-r", "run1", date, "2024-05-01"]
    airflow.execute(command)
    assert airflow.execute(command).stderr.endswith(f"airflow.exceptions.DagRunAlreadyExists: {text}\n")


@pytest.mark.parametrize("version", EVERY_KIND)
def test_triggering_an_unknown_dag_fails_with_dag_not_found(version: str) -> None:
    execution = EmbeddedAirflow(version).execute([*trigger_of(version), "nosuch"])
    assert execution.exit_code == 1
    assert execution.stderr.endswith("\nairflow.exceptions.DagNotFound: Dag id nosuch not found in DagModel\n")


@pytest.mark.parametrize("version", EVERY_KIND)
def test_runs_triggered_within_one_second_all_succeed(version: str) -> None:
    airflow = EmbeddedAirflow(version, now=Clock())
    executions = [airflow.execute([*trigger_of(version), "demo", "-r", f"run{n}"]) for n in range(20)]
    assert {execution.exit_code for execution in executions} == {0}


@pytest.mark.parametrize("version", ["2.2.5", "2.10.5", "3.3.2"])
def test_the_runs_of_a_paused_dag_stay_queued(version: str) -> None:
    clock = Clock()
    airflow = EmbeddedAirflow(version, now=clock)
    airflow.execute(["dags", "trigger", "demo"])
    clock.pass_by(3600)
    assert [run["state"] for run in runs_of(airflow, "demo")] == ["queued"]


@pytest.mark.parametrize("version", ["2.2.5", "2.10.5", "3.3.2"])
def test_the_runs_of_an_unpaused_dag_run_for_a_second_and_then_succeed(version: str) -> None:
    clock = Clock()
    airflow = EmbeddedAirflow(version, now=clock)
    airflow.execute(["dags", "trigger", "demo", "-r", "waiting"])
    clock.pass_by(60)
    airflow.execute(["dags", "unpause", "demo"])
    clock.pass_by(0.5)
    assert runs_of(airflow, "demo")[0]["state"] == "running"
    clock.pass_by(0.5)
    airflow.execute(["dags", "pause", "demo"])
    run = runs_of(airflow, "demo")[0]
    assert run["state"] == "success"
    assert datetime.fromisoformat(run["end_date"]) - datetime.fromisoformat(run["start_date"]) == timedelta(seconds=1)


def test_only_runs_of_the_asked_state_and_dates_are_listed() -> None:
    airflow = EmbeddedAirflow("2.10.5", now=Clock())
    for day in ("2024-05-01", "2024-05-02", "2024-05-03"):
        airflow.execute(["dags", "trigger", "demo", "-e", day, "-r", day])
    listed = ["dags", "list-runs", "-d", "demo", "-o", "json"]
    dates = ["--start-date", "2024-05-02", "--end-date", "2024-05-02T12:00:00+02:00"]
    assert [run["run_id"] for run in answer(airflow.execute([*listed, *dates]))] == ["2024-05-02"]
    assert answer(airflow.execute([*listed, "--state", "success"])) == []


def test_the_state_of_a_run_follows_from_when_it_was_started_and_the_time() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    run = DagRun(1, "demo", "run1", None, noon, {}, created=noon, started=noon)
    assert state(run, noon) == "running"
    assert state(run, noon + timedelta(seconds=1)) == "success"
    assert state(DagRun(2, "demo", "run2", None, noon, {}, created=noon, started=None), noon) == "queued"


@pytest.mark.parametrize(
    ("version", "before", "after"), [("2.8.1", None, None), ("2.9.2", "True", "False"), ("3.3.2", "False", "True")]
)
def test_pause_prints_a_table_since_2_9_and_the_old_state_since_3_2(
    version: str, before: str | None, after: str | None
) -> None:
    airflow = EmbeddedAirflow(version)
    airflow.execute(["dags", "unpause", "demo"])
    if before is None:
        assert airflow.execute(["dags", "pause", "demo"]).stdout.endswith("Dag: demo, paused: True\n")
        assert airflow.execute(["dags", "pause", "demo", "-o", "json"]).exit_code == 2
        return
    assert answer(airflow.execute(["dags", "pause", "demo", "-o", "json"])) == [{"dag_id": "demo", "is_paused": before}]
    assert answer(airflow.execute(["dags", "unpause", "demo", "-o", "json"]))[0]["is_paused"] == after


def test_all_dags_are_unpaused_by_a_pattern_when_it_is_confirmed() -> None:
    airflow = EmbeddedAirflow("2.10.5", dags=NEW_DAGS)
    asked = airflow.execute(["dags", "unpause", "--treat-dag-id-as-regex", "^(demo|etl)$"])
    assert (asked.exit_code, asked.stderr.splitlines()[-1]) == (1, "EOFError: EOF when reading a line")
    rows = answer(airflow.execute(["dags", "unpause", "-y", "--treat-dag-id-as-regex", "^(demo|etl)$", "-o", "json"]))
    assert [row["dag_id"] for row in rows] == ["demo", "etl"]


@pytest.mark.parametrize(("version", "exit_code"), [("2.6.2", 0), ("2.6.3", 1), ("3.0.0", 1)])
def test_run_ids_follow_the_allowed_pattern_since_2_6_3(version: str, exit_code: int) -> None:
    assert EmbeddedAirflow(version).execute(["dags", "trigger", "demo", "-r", "has space"]).exit_code == exit_code


@pytest.mark.parametrize("version", EVERY_KIND)
def test_a_deleted_dag_is_gone_with_its_runs(version: str) -> None:
    airflow = EmbeddedAirflow(version)
    delete = ["delete_dag"] if version.startswith("1") else ["dags", "delete"]
    airflow.execute([*trigger_of(version), "demo"])
    assert airflow.execute([*delete, "demo"]).exit_code == 1
    assert airflow.execute([*delete, "-y", "demo"]).stdout.endswith("\nRemoved 4 record(s)\n")
    assert airflow.execute([*trigger_of(version), "demo"]).exit_code == 1


@pytest.mark.parametrize("version", ["2.0.2", "2.10.5", "3.3.2"])
def test_a_variable_comes_back_as_it_was_set(version: str) -> None:
    airflow = EmbeddedAirflow(version)
    airflow.execute(["variables", "set", "k", 'it\'s "x" 名'])
    airflow.execute(["variables", "set", "--json", "j", '{"a": 1}'])
    assert airflow.execute(["variables", "get", "k"]).stdout == 'it\'s "x" 名\n'
    assert airflow.execute(["variables", "get", "-j", "j"]).stdout == '{"a": 1}\n'
    assert airflow.execute(["variables", "get", "-j", "k"]).exit_code == 1
    airflow.execute(["variables", "delete", "k"])
    assert answer(airflow.execute(["variables", "list", "-o", "json"])) == [{"key": "j"}]


def test_the_variables_command_of_1_10_does_several_things_at_once() -> None:
    airflow = EmbeddedAirflow("1.10.12")
    airflow.execute(["variables", "--set", "k", "v"])
    assert airflow.execute(["variables", "-g", "k", "-x", "k"]).stdout == "v\n"
    assert airflow.execute(["variables", "-g", "k", "-d", "other"]).stdout == "other\n"


@pytest.mark.parametrize(
    ("version", "argv", "error"),
    [
        ("2.10.5", "trigger_dag demo", "argument GROUP_OR_COMMAND: invalid choice: 'trigger_dag'"),
        ("1.10.12", "dags trigger demo", "argument subcommand: invalid choice: 'dags'"),
        ("2.5.3", "dags trigger demo -o json", "unrecognized arguments: -o json"),
        ("2.10.5", "dags list-runs demo", "the following arguments are required: -d/--dag-id"),
        ("3.0.6", "dags list-runs -d demo", "unrecognized arguments: -d"),
        ("3.0.6", "dags trigger demo -e 2024-05-01", "unrecognized arguments: -e 2024-05-01"),
        ("2.10.5", "dags trigger demo -l 2024-05-01", "unrecognized arguments: -l 2024-05-01"),
        ("2.10.5", "dags trigger demo -e never", "argument -e/--exec-date: invalid parse value: 'never'"),
        ("2.10.5", "dags list -o xml", "argument -o/--output: invalid choice: 'xml' (choose from 'table', 'json'"),
        ("2.10.5", "", "the following arguments are required: GROUP_OR_COMMAND"),
    ],
)
def test_what_a_version_does_not_know_is_refused_in_its_words(version: str, argv: str, error: str) -> None:
    execution = EmbeddedAirflow(version).execute(argv.split())
    assert execution.exit_code == 2
    assert re.match("usage: airflow", execution.stdout, re.IGNORECASE)
    assert f"command error: {error}" in execution.stderr.splitlines()[-1]
    assert execution.stderr.endswith(", see help above.\n")


@pytest.mark.parametrize("version", EVERY_KIND)
def test_help_is_printed_at_every_level(version: str) -> None:
    airflow = EmbeddedAirflow(version)
    for argv in ([], ["variables"], trigger_of(version)):
        execution = airflow.execute([*argv, "--help"])
        assert execution.exit_code == 0
        assert " ".join(["usage: airflow", *argv]) in execution.stdout.replace("Usage", "usage").splitlines()[0]


@pytest.mark.parametrize(
    ("version", "words", "arguments"),
    [
        ("1.10.12", "scheduler", []),
        ("2.10.5", "pools list", ["-o", "json"]),
        ("2.10.5", "scheduler", ["--whatever"]),
        ("3.3.2", "pools list", ["-o", "json"]),
        ("3.3.2", "roles export", ["roles.json"]),
    ],
)
def test_a_known_command_that_is_not_played_says_so(version: str, words: str, arguments: list[str]) -> None:
    execution = EmbeddedAirflow(version).execute([*words.split(), *arguments])
    line = f"mwaa-async emulator: the embedded Airflow does not play '{words}' (yet)"
    assert (execution.exit_code, execution.stdout) == (1, "")
    assert execution.stderr.splitlines()[-1] == line


def test_two_airflows_share_nothing() -> None:
    first, second = EmbeddedAirflow(), EmbeddedAirflow()
    first.execute(["variables", "set", "k", "v"])
    assert second.execute(["variables", "get", "k"]).exit_code == 1


def test_its_repr_tells_what_is_in_it() -> None:
    airflow = EmbeddedAirflow("2.10.5")
    airflow.execute(["dags", "trigger", "demo"])
    assert repr(airflow) == "<EmbeddedAirflow 2.10.5 [3 DAGs, 1 runs]>"


COMMANDS = [words.split() for version in EVERY_KIND for words in commands_of(parse_version(version))]
ARGUMENTS = [
    *(
        "demo",
        "nosuch",
        "run1",
        "json",
        "yaml",
        "table",
        "plain",
        "success",
        "{}",
        "[1]",
        "(",
        "--",
        "dag_id,x",
        "k",
        "v",
    ),
    *("2024-05-01", "2024-05-01T05:00:00.5+02:00", "0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-01:00"),
    *(
        "-o",
        "-c",
        "-r",
        "-e",
        "-l",
        "-d",
        "-y",
        "-j",
        "-v",
        "-h",
        "-s",
        "-g",
        "-x",
        "--state",
        "--start-date",
        "--columns",
    ),
    *("--set", "--get", "--show-values", "--hide-sensitive", "--treat-dag-id-as-regex"),
]
ARGV = st.builds(
    lambda command, arguments: [*command, *arguments],
    st.sampled_from(COMMANDS) | st.lists(st.text(), max_size=2),
    st.lists(st.sampled_from(ARGUMENTS) | st.text(), max_size=6),
)


@given(version=st.sampled_from(EVERY_KIND), argv=ARGV)
@example(version="2.10.5", argv=["dags", "trigger", "demo", "-c", '{"a": ' * 9000])
@example(version="2.10.5", argv=["dags", "trigger", "demo", "-c", '{"a": ' * 400 + "1" + "}" * 400])
@example(version="2.10.5", argv=["dags", "trigger", "demo", "-c", "9" * 5000])
@example(version="2.10.5", argv=["dags", "trigger", "demo", "-c", '{"a": "[/b]"}'])
@example(version="2.10.5", argv=["dags", "unpause", "--treat-dag-id-as-regex", "("])
@example(version="3.3.2", argv=["dags", "state", "demo", "0001-01-01T00:00:00+02:00"])
def test_execute_never_raises(version: str, argv: list[str]) -> None:
    execution = EmbeddedAirflow(version).execute(argv)
    assert execution.exit_code in (0, 1, 2)
    assert execution.exit_code == 0 or execution.stderr
