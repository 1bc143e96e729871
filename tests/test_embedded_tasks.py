"""What a user may expect of the embedded Airflow's commands about tasks and pools, beyond the recorded ones."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mwaa_async.emulator.airflow import EmbeddedAirflow, Execution
from tests.samples import NEW_DAGS

OF_AIRFLOW_2_AND_3 = ("2.2.5", "2.5.3", "2.8.1", "2.10.5", "3.0.6", "3.1.5", "3.3.2")


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 10, 33, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_by(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Airflow:
    """An embedded Airflow, its commands written as in a shell."""

    def __init__(self, version: str) -> None:
        self.clock = Clock()
        self.embedded = EmbeddedAirflow(version, dags=NEW_DAGS, now=self.clock)
        self.date = "-l" if version.startswith("3") else "-e"

    def fails(self, line: str) -> str:
        """Runs a command that fails, and gives the last line that it prints."""
        execution = self.run(line)
        assert execution.exit_code == 1, execution.stdout
        return execution.stderr.splitlines()[-1]

    def prints(self, line: str) -> str:
        execution = self.run(line)
        assert execution.exit_code == 0, execution.stderr
        return execution.stdout

    def run(self, line: str) -> Execution:
        return self.embedded.execute(line.split())

    def trigger(self, run_id: str, date: str = "2024-05-01", dag: str = "etl") -> None:
        if self.embedded.version.startswith("1"):
            self.prints(f"trigger_dag {dag} -r {run_id} -e {date}")
        else:
            self.prints(f"dags trigger {dag} -r {run_id} {self.date} {date}")

    def finish_runs(self, dag: str = "etl") -> None:
        """Lets the scheduler do all runs, and pauses the DAG afterwards."""
        group = "" if self.embedded.version.startswith("1") else "dags "
        self.prints(f"{group}unpause {dag}")
        self.clock.pass_by(1)
        self.prints(f"{group}pause {dag}")

    def rows(self, run_id: str, dag: str = "etl") -> list[dict[str, Any]]:
        printed = self.prints(f"tasks states-for-dag-run {dag} {run_id} -o json")
        rows: list[dict[str, Any]] = json.loads(printed.splitlines()[-1])
        return rows

    def states(self, run_id: str) -> list[str | None]:
        return [row["state"] or None for row in self.rows(run_id)]

    def run_state(self, run_id: str, dag: str = "etl") -> str:
        asked = dag if self.embedded.version.startswith("3") else f"-d {dag}"
        runs = json.loads(self.prints(f"dags list-runs {asked} -o json").splitlines()[-1])
        return str(next(run["state"] for run in runs if run["run_id"] == run_id))


@pytest.mark.parametrize("version", OF_AIRFLOW_2_AND_3)
def test_the_tasks_of_a_run_are_done_one_after_the_other_while_it_runs(version: str) -> None:
    airflow = Airflow(version)
    airflow.trigger("run1")
    seen = [airflow.states("run1")]
    airflow.prints("dags unpause etl")
    for _ in range(3):
        seen.append(airflow.states("run1"))
        airflow.clock.pass_by(0.5)
    assert seen == [[None, None], ["running", None], ["success", "running"], ["success", "success"]]


@pytest.mark.parametrize("version", OF_AIRFLOW_2_AND_3)
def test_a_cleared_run_is_queued_and_done_again_when_its_dag_is_not_paused(version: str) -> None:
    airflow = Airflow(version)
    airflow.trigger("run1")
    airflow.finish_runs()
    airflow.prints("tasks clear -y etl")
    assert (airflow.run_state("run1"), airflow.states("run1")) == ("queued", [None, None])
    airflow.finish_runs()
    assert (airflow.run_state("run1"), airflow.states("run1")) == ("success", ["success", "success"])


@pytest.mark.parametrize("version", OF_AIRFLOW_2_AND_3)
def test_clearing_one_task_leaves_the_other_done(version: str) -> None:
    airflow = Airflow(version)
    airflow.trigger("run1")
    airflow.finish_runs()
    before = airflow.rows("run1")
    airflow.prints("tasks clear -y etl -t load")
    assert airflow.states("run1") == ["success", None]
    # The dates of the last time stay, as in Airflow.
    assert [row["end_date"] for row in airflow.rows("run1")] == [row["end_date"] for row in before]


@pytest.mark.parametrize(
    ("options", "states"),
    [
        ("-t load -u", [None, None]),
        ("-t extract -d", [None, None]),
        ("-t extract", [None, "success"]),
        ("-s 2024-05-02", ["success", "success"]),
        ("-e 2024-05-01T00:00:00+00:00", [None, None]),
        ("-f", ["success", "success"]),
        ("-r", ["success", "success"]),
    ],
)
def test_only_what_was_asked_for_is_cleared(options: str, states: list[str | None]) -> None:
    airflow = Airflow("2.10.5")
    airflow.trigger("run1")
    airflow.finish_runs()
    airflow.prints(f"tasks clear -y etl {options}")
    assert airflow.states("run1") == states


@pytest.mark.parametrize(
    ("version", "cleared"), [("2.2.5", ["load"]), ("2.10.5", ["load"]), ("3.1.5", []), ("3.3.2", [])]
)
def test_tasks_are_chosen_by_a_pattern_before_3_and_by_a_part_of_their_name_since(
    version: str, cleared: list[str]
) -> None:
    airflow = Airflow(version)
    airflow.trigger("run1")
    airflow.finish_runs()
    airflow.prints("tasks clear -y etl -t ^l.*d$")
    assert [row["task_id"] for row in airflow.rows("run1") if not row["state"]] == cleared
    airflow.prints("tasks clear -y etl -t oad")
    assert [row["task_id"] for row in airflow.rows("run1") if not row["state"]] == ["load"]


@pytest.mark.parametrize(
    ("version", "listed", "answers"),
    [("2.2.5", "{}\n{}", "(yes/no): "), ("2.10.5", "{}\n{}", "[y/n]"), ("3.1.5", "[{}, {}]", "[y/n]")],
)
def test_clearing_without_yes_asks_and_does_nothing(version: str, listed: str, answers: str) -> None:
    airflow = Airflow(version)
    airflow.trigger("run1")
    airflow.finish_runs()
    execution = airflow.run("tasks clear etl")
    assert (execution.exit_code, execution.stderr.splitlines()[-1]) == (1, "EOFError: EOF when reading a line")
    names = listed.format("<TaskInstance: etl.extract run1 [success]>", "<TaskInstance: etl.load run1 [success]>")
    assert execution.stdout.endswith(f"delete these 2 tasks:\n{names}\n\nAre you sure? {answers}\n")
    assert airflow.states("run1") == ["success", "success"]


@pytest.mark.parametrize(("version", "says"), [("2.2.5", True), ("2.10.5", True), ("3.0.6", True), ("3.3.2", False)])
def test_nothing_to_clear_is_said_until_3_1(version: str, says: bool) -> None:
    assert Airflow(version).prints("tasks clear etl").endswith("Nothing to clear.\n") == says


def test_dags_are_cleared_by_a_pattern_as_long_as_that_works_in_airflow() -> None:
    airflow = Airflow("2.10.5")
    airflow.trigger("run1")
    airflow.finish_runs()
    airflow.prints("tasks clear -y -R ^(etl|demo)$")
    assert airflow.states("run1") == [None, None]
    end = "could not be found with regex: zzz. Either the dag did not exist or it failed to parse."
    assert airflow.fails("tasks clear -y -R zzz") == f"airflow.exceptions.AirflowException: dag_id {end}"
    assert airflow.fails("tasks clear -y -R (").startswith("re.error: ")
    assert Airflow("3.3.2").fails("tasks clear -R etl") == "AttributeError: 'DAG' object has no attribute 'clear'"


@pytest.mark.parametrize("version", OF_AIRFLOW_2_AND_3)
@pytest.mark.parametrize("command", ["state", "failed-deps", "render", "test"])
def test_an_unknown_task_is_refused_in_the_words_of_the_version(version: str, command: str) -> None:
    module = "airflow.sdk.exceptions" if version == "3.3.2" else "airflow.exceptions"
    airflow = Airflow(version)
    airflow.trigger("run1")
    assert airflow.fails(f"tasks {command} etl nosuch run1") == f"{module}.TaskNotFound: Task nosuch not found"


@pytest.mark.parametrize(
    ("version", "command", "error"),
    [
        (
            "2.2.5",
            "state nosuch load r",
            "airflow.exceptions.AirflowException: Dag 'nosuch' could not be found; either",
        ),
        ("2.10.5", "run nosuch load r", "airflow.exceptions.AirflowException: Dag 'nosuch' could not be found; either"),
        ("2.10.5", "states-for-dag-run nosuch 2024-01-01", "airflow.exceptions.DagRunNotFound: DagRun for nosuch with"),
        ("3.1.5", "test nosuch load r", "airflow.exceptions.AirflowException: Dag 'nosuch' could not be found; either"),
        ("3.3.2", "render nosuch load r", "airflow.sdk.exceptions.AirflowException: Dag 'nosuch' could not be found; "),
        ("3.3.2", "failed-deps nosuch load r", "airflow.sdk.exceptions.AirflowException: Dag 'nosuch' could not be f"),
        ("3.3.2", "state nosuch load r", "Can not find dag 'nosuch'"),
    ],
)
def test_an_unknown_dag_is_refused_in_the_words_of_the_version(version: str, command: str, error: str) -> None:
    assert Airflow(version).fails(f"tasks {command}").startswith(error)


@pytest.mark.parametrize(("version", "date"), [("2.2.5", "execution"), ("2.10.5", "execution"), ("3.3.2", "logical")])
@pytest.mark.parametrize("asked", ["nosuch", "2020-01-01"])
def test_an_unknown_run_is_refused_wherever_it_is_not_made_for_the_moment(version: str, date: str, asked: str) -> None:
    airflow = Airflow(version)
    error = f"airflow.exceptions.DagRunNotFound: DagRun for etl with run_id or {date}_date of '{asked}' not found"
    assert airflow.fails(f"tasks state etl load {asked}") == error
    assert airflow.fails(f"tasks failed-deps etl load {asked}") == error


@pytest.mark.parametrize("version", ["2.5.3", "2.10.5", "3.3.2"])
def test_no_task_is_mapped(version: str) -> None:
    error = "RuntimeError: map_index passed to non-mapped task"
    assert Airflow(version).fails("tasks state etl load run1 --map-index 0") == error


@pytest.mark.parametrize("version", OF_AIRFLOW_2_AND_3)
def test_a_run_is_found_by_its_id_and_by_its_date(version: str) -> None:
    airflow = Airflow(version)
    airflow.trigger("run1", "2024-05-01T02:00:00+02:00")
    airflow.finish_runs()
    for asked in ("run1", "2024-05-01", "2024-05-01T00:00:00+00:00"):
        assert airflow.prints(f"tasks state etl load {asked}") == "success\n"


@pytest.mark.parametrize(("version", "name"), [("2.2.5", "Execution"), ("2.10.5", "Execution"), ("3.3.2", "Logical")])
def test_failed_deps_names_all_that_keeps_a_task_from_running(version: str, name: str) -> None:
    airflow = Airflow(version)
    airflow.trigger("early", "2023-12-31")
    airflow.trigger("late", "2030-01-01")
    early, late = (airflow.prints(f"tasks failed-deps etl load {run}") for run in ("early", "late"))
    assert "\nTask Instance State: Task is in the 'None' state.\n" in early
    assert "\nDag Not Paused: Task's DAG 'etl' is paused.\n" in early
    assert "not in the 'running' state but in the state 'queued'.\n" in early
    assert f"\n{name} Date: The {name.lower()} date is 2023-12-31T00:00:00+00:00 but this is before the task's" in early
    assert "but found 1 non-success(es)." in early
    assert f"{name} date 2030-01-01T00:00:00+00:00 is in the future (the current date is 2026-11-22T10:33:09" in late


@pytest.mark.parametrize("version", [version for version in OF_AIRFLOW_2_AND_3 if version != "3.0.6"])
def test_failed_deps_of_a_running_task_are_only_that_it_runs(version: str) -> None:
    airflow = Airflow(version)
    airflow.trigger("run1")
    airflow.prints("dags unpause etl")
    airflow.clock.pass_by(0.7)
    printed = airflow.prints("tasks failed-deps etl load run1").partition("dependencies not met:\n")[2]
    assert sorted(printed.splitlines()) == [
        "Task Instance Not Running: Task is in the running state",
        "Task Instance State: Task is in the 'running' state.",
    ]


def test_failed_deps_of_3_0_always_crash() -> None:
    airflow = Airflow("3.0.6")
    airflow.trigger("run1")
    error = "AttributeError: 'DAG' object has no attribute 'get_concurrency_reached'"
    assert airflow.fails("tasks failed-deps etl load run1") == error


def test_render_of_3_0_needs_a_run_that_has_started() -> None:
    airflow = Airflow("3.0.6")
    airflow.trigger("run1")
    assert "1 validation error for DagRun\nstart_date\n" in airflow.run("tasks render etl load run1").stderr
    airflow.finish_runs()
    assert airflow.run("tasks render etl load run1").exit_code == 0


@pytest.mark.parametrize(
    ("version", "stored"), [("2.2.5", None), ("2.5.3", None), ("2.10.5", None), ("3.3.2", "success")]
)
def test_what_a_test_does_is_stored_since_3_only(version: str, stored: str | None) -> None:
    airflow = Airflow(version)
    airflow.trigger("run1")
    airflow.prints("tasks test etl load run1")
    assert airflow.states("run1") == [None, stored]


def test_a_test_without_a_run_makes_one_for_the_moment() -> None:
    airflow = Airflow("2.10.5")
    assert "__airflow_temporary_run_2026-11-22T10:33:09+00:00__" in airflow.prints("tasks test etl load")
    assert airflow.prints("dags list-runs -d etl").endswith("No data found\n")


def test_a_test_without_a_run_deletes_an_undated_one_in_3_as_airflow_does() -> None:
    airflow = Airflow("3.3.2")
    airflow.prints("dags trigger etl -r undated")
    airflow.trigger("dated")
    airflow.prints("tasks test etl load")
    assert airflow.run_state("dated") == "queued"
    assert airflow.fails("tasks state etl load undated").endswith("of 'undated' not found")


@pytest.mark.parametrize(
    ("version", "params", "error"),
    [
        ("2.10.5", "{bad", "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1"),
        ("2.2.5", "[1]", "AttributeError: 'list' object has no attribute 'items'"),
        ("3.3.2", "[1]", "TypeError: cannot unpack non-iterable int object"),
        ("1.10.12", "[1]", "TypeError: cannot convert dictionary update sequence element #0 to a sequence"),
    ],
)
def test_bad_parameters_of_a_test_are_refused_as_that_version_stumbles_on_them(
    version: str, params: str, error: str
) -> None:
    command = "test -tp" if version.startswith("1") else "tasks test -t"
    assert Airflow(version).fails(f"{command} {params} etl load 2024-05-01").startswith(error)


def test_a_task_that_is_run_by_itself_is_done_once_those_before_it_are() -> None:
    airflow = Airflow("2.10.5")
    airflow.trigger("run1")
    airflow.prints("tasks run etl load run1")
    assert airflow.states("run1") == [None, None]
    airflow.prints("tasks run etl extract run1")
    airflow.prints("tasks run etl load run1")
    assert (airflow.states("run1"), airflow.run_state("run1")) == (["success", "success"], "queued")


def test_a_task_that_is_only_marked_was_never_started() -> None:
    airflow = Airflow("2.10.5")
    airflow.trigger("run1")
    airflow.prints("tasks run -A -m etl load run1")
    row = airflow.rows("run1")[1]
    assert (row["state"], row["start_date"], row["end_date"]) == ("success", "", "2026-11-22T10:33:09+00:00")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ("-l -r", "Option --raw and --local are mutually exclusive. Please remove one option to execute the command."),
        ("-r -f", "You provided the option --force. Delete it to execute the command."),
        ("-p 4", "pickle_id could not be found in DagPickle.id list: 4"),
        ("--cfg-path /x", "FileNotFoundError: [Errno 2] No such file or directory: '/x'"),
    ],
)
def test_modes_of_run_that_cannot_be_are_refused(options: str, error: str) -> None:
    assert Airflow("2.10.5").fails(f"tasks run etl load run1 {options}").endswith(error)


def test_the_states_of_1_10_follow_their_run_and_are_cleared() -> None:
    airflow = Airflow("1.10.12")
    airflow.trigger("run1")
    airflow.finish_runs()
    assert airflow.prints("task_state etl load 2024-05-01").endswith("\nsuccess\n")
    airflow.prints("clear -c etl -t load")
    assert airflow.prints("task_state etl extract 2024-05-01").endswith("\nsuccess\n")
    assert airflow.prints("task_state etl load 2024-05-01").endswith("\nNone\n")
    assert airflow.prints("dag_state etl 2024-05-01").endswith("\nrunning\n")
    assert airflow.prints("task_state etl load 2020-05-01").endswith("\nNone\n")


def test_clear_of_1_10_asks_about_the_instances_in_the_order_of_their_tasks() -> None:
    airflow = Airflow("1.10.12")
    airflow.trigger("b", "2024-05-02")
    airflow.trigger("a", "2024-05-01")
    execution = airflow.run("clear etl")
    days = [f"etl.{task} 2024-05-0{day} 00:00:00+00:00 [None]" for task in ("extract", "load") for day in (1, 2)]
    listed = "\n".join(f"<TaskInstance: {name}>" for name in days)
    assert execution.stdout.endswith(f"these 4 tasks:\n{listed}\n\nAre you sure? (yes/no): \n")


@pytest.mark.parametrize("command", ["task_state", "task_failed_deps", "render", "test", "run"])
def test_1_10_refuses_dags_and_tasks_that_it_does_not_know(command: str) -> None:
    airflow = Airflow("1.10.12")
    unknown = "dag_id could not be found: nosuch. Either the dag did not exist or it failed to parse."
    assert airflow.fails(f"{command} nosuch load 2024-05-01") == f"airflow.exceptions.AirflowException: {unknown}"
    assert airflow.fails(f"{command} etl nosuch 2024-05-01") == "airflow.exceptions.TaskNotFound: Task nosuch not found"


def test_failed_deps_of_1_10_need_a_run() -> None:
    error = "AttributeError: 'NoneType' object has no attribute 'run_id'"
    assert Airflow("1.10.12").fails("task_failed_deps etl load 2024-05-01") == error


def test_the_next_execution_of_1_10_follows_the_latest_run() -> None:
    airflow = Airflow("1.10.12")
    airflow.trigger("run1", "2024-05-01T12:00:00")
    airflow.trigger("run1", "2024-05-01", dag="demo")
    assert airflow.prints("next_execution etl").endswith("PAUSED now.\n2024-05-02 00:00:00+00:00\n")
    assert airflow.prints("next_execution demo").endswith("schedule interval '@once' or `None`.\nNone\n")


def test_a_backfill_of_1_10_runs_every_date_and_ends_when_all_is_done() -> None:
    airflow = Airflow("1.10.12")
    printed = airflow.prints("backfill -s 2024-01-01 -e 2024-01-02 etl")
    assert printed.count("Adding to queue: ['airflow', 'run', 'etl', ") == 4
    assert "finished run 0 of 2 | tasks waiting: 2 | succeeded: 2 |" in printed
    assert printed.endswith("INFO - Backfill done. Exiting.\n")
    assert airflow.prints("task_state etl load 2024-01-02").endswith("\nsuccess\n")
    assert "backfill_2024-01-01T00:00:00+00:00 | success" in airflow.prints("list_dag_runs etl")
    assert "Adding to queue" not in airflow.prints("backfill -s 2024-01-01 -e 2024-01-02 etl")


def test_a_backfill_of_1_10_does_cleared_runs_again_and_takes_over_those_that_are_there() -> None:
    airflow = Airflow("1.10.12")
    airflow.trigger("run1")
    assert airflow.prints("backfill -s 2024-05-01 etl").count("Adding to queue") == 2
    assert "run1" not in airflow.prints("list_dag_runs etl")
    assert airflow.fails("backfill -s 2024-05-01 --reset_dagruns etl") == "EOFError: EOF when reading a line"
    assert airflow.prints("backfill -s 2024-05-01 --reset_dagruns -y etl").count("Adding to queue") == 2


@pytest.mark.parametrize(
    ("arguments", "end"),
    [
        ("etl -s 2024-02-02 -e 2024-02-01", "No run dates were found for the given dates and dag interval.\n"),
        ("etl -s 2024-02-04T05:00:00", "No run dates were found for the given dates and dag interval.\n"),
        ("etl -s 9999-12-31T05:00:00", "No run dates were found for the given dates and dag interval.\n"),
        ("etl -s 2024-02-04 -dr", "Dry run of DAG etl on 2024-02-04T00:00:00+00:00\nTask extract\nTask load\n"),
    ],
)
def test_a_backfill_of_1_10_may_have_nothing_to_do(arguments: str, end: str) -> None:
    assert Airflow("1.10.12").prints(f"backfill {arguments}").endswith(end)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("etl", "airflow.exceptions.AirflowException: Provide a start_date and/or end_date"),
        (
            "etl -s 2024-02-01 -c {bad",
            "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes",
        ),
        ("etl -s 2027-01-01", "etl       load       2027-01-01 00:00:00+00:00             1"),
        ("nosuch -s 2024-02-01", "airflow.exceptions.AirflowException: dag_id could not be found: nosuch."),
    ],
)
def test_a_backfill_of_1_10_that_cannot_be_done_fails(arguments: str, error: str) -> None:
    assert Airflow("1.10.12").fails(f"backfill {arguments}").startswith(error)


def test_pools_of_1_10_are_stored_changed_and_deleted() -> None:
    airflow = Airflow("1.10.12")
    airflow.prints("pool -s p1 3 first")
    airflow.prints("pool -s p2 5 second")
    airflow.prints("pool -s p1 4 changed")
    names = [line.split("│")[1].strip() for line in airflow.prints("pool").splitlines() if line.startswith("│")]
    assert names == ["Pool", "default_pool", "p1", "p2"]
    assert "│ p1     │       4 │ changed       │" in airflow.prints("pool -g p1")
    airflow.prints("pool -x p1")
    assert airflow.prints("pool -x p1") == airflow.prints("pool -g p1") == "Pool 'p1' doesn't exist\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("-s p1 many x", "Bad value for `slots`: many\n"),
        ("-x default_pool", "default_pool cannot be deleted\n"),
        ("-i pools.json", "Missing pools file.\n"),
    ],
)
def test_pools_of_1_10_refuse_without_failing(arguments: str, says: str) -> None:
    assert Airflow("1.10.12").prints(f"pool {arguments}").startswith(says)


def test_1_10_lacks_what_would_draw_a_dag() -> None:
    airflow = Airflow("1.10.12")
    error = "failed to execute ['dot', '-Kdot', '-Tpng', '-O', 'x'], make sure the Graphviz executables are on your"
    assert error in airflow.fails("show_dag etl -s x.png")


@pytest.mark.parametrize("version", ["2.0.2", "2.1.4"])
def test_up_to_2_1_a_date_is_all_that_names_a_run(version: str) -> None:
    airflow = Airflow(version)
    airflow.trigger("run1")
    assert "load" in airflow.prints("tasks states-for-dag-run etl 2024-05-01")
    error = "airflow.exceptions.AirflowException: DagRun does not exist."
    assert airflow.fails("tasks states-for-dag-run etl 2024-05-02") == error
    assert airflow.prints("tasks state etl load 2024-05-02").endswith("None\n")
    refused = airflow.run("tasks state etl load run1")
    assert refused.exit_code == 2
    assert "argument execution_date: invalid parse value: 'run1'" in refused.stderr
