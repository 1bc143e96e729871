"""Promise: a typed method returns what Airflow knows, and says so where Airflow's command line cannot say it."""

import re
import textwrap
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mwaa_async import (
    CommandFailedError,
    DagNotFoundError,
    DagRun,
    Environment,
    FailedDep,
    LocalGuard,
    MwaaClient,
    MwaaError,
    OutcomeUnknownError,
    OutputError,
    UnsupportedCommandError,
    VariableNotFoundError,
)
from mwaa_async.emulator import Emulator, Execution

pytestmark = pytest.mark.anyio

DATE = datetime(2024, 5, 1, tzinfo=UTC)
RECORD = "[2024-05-01 10:00:00,000] {dagbag.py:417} INFO - Filling up the DagBag\n"
# What DAG files print when they are loaded, which a command about a DAG does.
NOISE = 'loading config\n{"loaded": [1, 2]}\n'
RULE = "# " + "-" * 58
BEFORE_3_1 = f"        {RULE}\n        # property: {{name}}\n        {RULE}\n        {{text}}\n        "
DEDENTED = ("1.10.12", "2.0.2", "2.2.5", "2.10.5", "3.0.6")
VERSIONS = (*DEDENTED, "3.1.0", "3.3.2")


class Printing:
    """An Airflow that prints what it is told to, one after the other."""

    def __init__(self, version: str, *answers: str | Execution) -> None:
        self.version = version
        self.answers = deque(answers)
        self.asked: list[list[str]] = []

    def execute(self, words: Sequence[str]) -> Execution:
        self.asked.append(list(words))
        answer = self.answers.popleft()
        return answer if isinstance(answer, Execution) else Execution(0, answer, "")


@asynccontextmanager
async def led_to(airflow: Printing) -> AsyncIterator[Environment]:
    async with (
        Emulator(["demo"], airflow) as emulator,
        MwaaClient(**emulator.client_options(), guard=LocalGuard(), settle_time=0.05) as client,
    ):
        yield client.environment("demo", airflow_version=airflow.version)


def rendered(version: str, fields: dict[str, str]) -> str:
    """Return the fields as Airflow prints them (airflow/cli/commands/task_command.py, `task_render`)."""
    if version in DEDENTED:
        return "".join(textwrap.dedent(BEFORE_3_1.format(name=name, text=fields[name])) + "\n" for name in fields)
    return "".join(f"{RULE}\n# property: {name}\n{RULE}\n{fields[name]}\n" for name in fields)


@pytest.fixture(params=VERSIONS)
def airflow(request: pytest.FixtureRequest) -> Printing:
    return Printing(request.param)


@pytest.fixture
async def demo(airflow: Printing) -> AsyncIterator[Environment]:
    async with led_to(airflow) as demo:
        yield demo


texts = st.text("ab \t\n#-", max_size=40)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts, other=texts)
@example(text="    set -e\n      echo 2024-05-01\n\n    exit 0\n", other="\nSELECT a,\n       b\n  FROM t\n")
@example(text="first\n            twelve\n          ten", other="first\n\tone\n   \tthree\n\n\n")
@example(text="", other="\n")
async def test_a_rendered_field_comes_as_it_was_but_for_blank_lines_before_3_1(
    airflow: Printing, demo: Environment, text: str, other: str
) -> None:
    fields = {"bash_command": text, "env": "{'A': 'b\\nc'}", "sql": other}
    airflow.answers.append(rendered(airflow.version, fields))
    read = await demo.tasks.render("etl", "extract", DATE)
    if airflow.version in DEDENTED:
        fields = {name: re.sub("^[ \t]+$", "", text, flags=re.MULTILINE) for name, text in fields.items()}
    assert read == fields


async def test_what_looks_like_a_log_record_belongs_to_the_rendered_field_in_which_it_stands(
    airflow: Printing, demo: Environment
) -> None:
    fields = {"bash_command": f"cat <<END\n{RECORD}END", "env": "None"}
    airflow.answers.append(RECORD + NOISE + rendered(airflow.version, fields))
    assert await demo.tasks.render("etl", "extract", DATE) == fields


LISTED: list[tuple[str, list[str]]] = [
    ("extract\nload\n", ["extract", "load"]),
    (f"{NOISE}group.extract\nload-2\n", ["group.extract", "load-2"]),
    (f"{RECORD}{NOISE}a\n", ["a"]),
    (f"word\n\n{NOISE}a\nb\n", ["a", "b"]),
    (f"a\n{RECORD}", ["a"]),
    ("a\nb\nClosed the connection.\n", ["a", "b"]),
    (f"{NOISE}{'x' * 251}\n{'x' * 250}\n", ["x" * 250]),
    (f"{NOISE}word\n\n", []),  # of a DAG without tasks
    ("\n", []),
]


async def test_what_dag_files_print_is_no_task(airflow: Printing, demo: Environment) -> None:
    airflow.answers.extend(printed for printed, _ in LISTED)
    assert [await demo.tasks.list("etl") for _ in LISTED] == [ids for _, ids in LISTED]


async def test_what_dag_files_print_is_no_state_and_no_date(airflow: Printing, demo: Environment) -> None:
    airflow.answers.extend([f"{NOISE}failed\n", f"{NOISE}None\n", f"{NOISE}{DATE.isoformat()}\n"])
    assert await demo.tasks.state("etl", "extract", DATE) == "failed"
    assert await demo.tasks.state("etl", "extract", DATE) is None
    if airflow.version != "2.0.2":  # where MWAA does not offer it
        assert await demo.dags.next_execution("etl") == DATE


UNKNOWN = Execution(1, "", "DAG: etl does not exist in 'dag' table\n")


@pytest.mark.parametrize("change", ["pause", "unpause"])
async def test_a_dag_that_is_in_a_file_only_is_not_paused_by_2_9_and_so_not_found(change: str) -> None:
    airflow = Printing("2.9.2", f"{NOISE}[]\n", UNKNOWN)
    async with led_to(airflow) as demo:
        with pytest.raises(DagNotFoundError):
            await getattr(demo.dags, change)("etl")
    assert [words[:2] for words in airflow.asked] == [["dags", change], ["dags", "state"]]


@pytest.mark.parametrize("change", ["pause", "unpause"])
async def test_nothing_more_is_asked_of_a_dag_that_2_9_has_paused(change: str) -> None:
    airflow = Printing("2.9.2", '[{"dag_id": "etl", "is_paused": "True"}]\n')
    async with led_to(airflow) as demo:
        await getattr(demo.dags, change)("etl")
    assert len(airflow.asked) == 1


Say = Callable[[Environment], Awaitable[object]]
DASHES: list[tuple[str, Say]] = [
    ("variables set", lambda demo: demo.variables.set("key", "--")),
    ("variables set", lambda demo: demo.variables.set("--", "value")),
    ("variables get", lambda demo: demo.variables.get("--", default=None)),
    ("variables delete", lambda demo: demo.variables.delete("--")),
    ("connections add", lambda demo: demo.connections.add("id", conn_type="http", conn_password="--")),
    ("roles create", lambda demo: demo.roles.create("Admin", "--")),
    ("dags trigger", lambda demo: demo.dags.trigger("etl", run_id="--")),
    ("tasks list", lambda demo: demo.tasks.list("--")),
]


@pytest.mark.parametrize("version", ["1.10.12", "2.10.5", "3.3.2"])
async def test_two_dashes_which_airflows_command_line_loses_are_not_sent(version: str) -> None:
    airflow = Printing(version)
    async with led_to(airflow) as demo:
        for words, say in DASHES:
            with pytest.raises(UnsupportedCommandError, match=f"'{words}' was not sent") as caught:
                await say(demo)
            if version > "2" or words not in ("connections add", "roles create"):  # which 1.10 does not have
                assert "exactly '--': take another one, or enter it in Airflow's web interface" in str(caught.value)
    assert airflow.asked == []


async def test_other_dashes_are_sent() -> None:
    others = ["-- ", "---", "--x", "-x", "a -- b"]
    airflow = Printing("2.10.5", *["Variable created\n"] * 10)
    async with led_to(airflow) as demo:
        for text in others:
            await demo.variables.set("key", text)
            await demo.variables.set(text, "value")
    assert [words[-2:] for words in airflow.asked] == [
        pair for text in others for pair in (["key", text], [text, "value"])
    ]


async def test_a_leading_dash_that_1_10_takes_for_an_option_is_not_sent() -> None:
    airflow = Printing("1.10.12")
    async with led_to(airflow) as demo:
        for say in (
            lambda: demo.variables.set("key", "-x"),
            lambda: demo.variables.set("-x", "value"),
            lambda: demo.variables.get("-x"),
            lambda: demo.variables.delete("-x"),
        ):
            with pytest.raises(UnsupportedCommandError, match="no value here that begins with a dash"):
                await say()
    assert airflow.asked == []


async def test_a_leading_dash_that_would_end_a_list_of_permissions_is_not_sent() -> None:
    airflow = Printing("2.10.5")
    async with led_to(airflow) as demo:
        for names, resource in ((("-v",), ["DAGs"]), (("Viewer",), ["DAGs", "-v"])):
            with pytest.raises(UnsupportedCommandError, match="begins with a dash"):
                await demo.roles.add_perms(*names, resource=resource, action=["can_read"])
    assert airflow.asked == []


@pytest.mark.parametrize("version", ["1.10.12", "2.10.5", "3.3.2"])
async def test_a_conf_that_is_no_json_object_is_a_type_error_that_says_so(version: str) -> None:
    airflow = Printing(version)
    wrong: list[Any] = [[], "{}", [("a", 1)], 1, True]
    async with led_to(airflow) as demo:
        for document in wrong:
            told = f"is a JSON object, .* not of the type {type(document).__name__}$"
            with pytest.raises(TypeError, match=f"^conf {told}"):
                await demo.dags.trigger("etl", conf=document)
            with pytest.raises(TypeError, match=f"^conf {told}"):
                await demo.dags.backfill("etl", start_date=DATE, end_date=DATE, conf=document)
            with pytest.raises(TypeError, match=f"^conf {told}"):
                await demo.dags.test("etl", DATE, conf=document)
            with pytest.raises(TypeError, match=f"^task_params {told}"):
                await demo.tasks.test("etl", "extract", DATE, task_params=document)
    assert airflow.asked == []


BLOCK = "CloudWatch logging is disabled for SubprocessLogHandler\n" * 12
THROTTLING = "Throttling _report_logging_error for 59.99 more seconds.\n"


def logged_now() -> list[str]:
    """Return what may stand before and after every answer, of a log that is written just now."""
    moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
    return [
        "",
        THROTTLING,
        "MWAA logging error: Failed to emit log record.\n",
        f"[{moment}.594+0000] {{settings.py:612}} DEBUG - Disposing DB connection pool (PID 1)\n" * 2,
        f"[{moment}.594+0000] {{secrets_manager.py:1}} INFO - Looking\n",
        f"{moment}.071702Z [debug    ] Disposing DB connection pool [airflow.settings] loc=settings.py:622\n",
        f"{moment}.593293Z [warning  ] Not found. \nYou might install it. [py.warnings] category=UserWarning\n",
        f'{{"timestamp":"{moment}.956035Z","level":"debug","event":"Disposing","logger":"airflow.settings"}}\n',
    ]


Read = Callable[[Environment], Awaitable[object]]
# With 2.10.5, but for the first, which every version prints.
PRINTED: list[tuple[str, Read, object]] = [
    ("v\n  w\n\n", lambda demo: demo.variables.get("k"), "v\n  w\n"),
    ("\n", lambda demo: demo.variables.get("k"), ""),
    ('{"a": [1]}\n', lambda demo: demo.variables.get("k", deserialize_json=True), {"a": [1]}),
    ("Variable k does not exist\n", lambda demo: demo.variables.get("k"), "Variable k does not exist"),
    ('[{"key": "k"}]\n', lambda demo: demo.variables.list(), ["k"]),
    ("extract\nload\n", lambda demo: demo.tasks.list("etl"), ["extract", "load"]),
    ("\n", lambda demo: demo.tasks.list("etl"), []),
    ("failed\n", lambda demo: demo.tasks.state("etl", "extract", DATE), "failed"),
    ("queued, {'a': 1}\n", lambda demo: demo.dags.state("etl", DATE), "queued"),
    (f"{DATE.isoformat()}\n", lambda demo: demo.dags.next_execution("etl"), DATE),
    ("None\n", lambda demo: demo.dags.next_execution("etl"), None),
    ("Removed 7 record(s)\n", lambda demo: demo.dags.delete("etl"), 7),
    ("[]\n", lambda demo: demo.dags.list_import_errors(), []),
    (
        "digraph etl {\n\tgraph [label=etl]\n}\n",
        lambda demo: demo.dags.show("etl"),
        "digraph etl {\n\tgraph [label=etl]\n}\n",
    ),
    (
        "Added a\nAdded 1 permission(s)\n",
        lambda demo: demo.roles.add_perms("r", resource=["DAGs"], action=["can_read"]),
        1,
    ),
    (
        "Task instance dependencies not met:\nTrigger Rule: no\n",
        lambda demo: demo.tasks.failed_deps("etl", "load", DATE),
        [FailedDep(dependency="Trigger Rule", reason="no")],
    ),
    (
        '[{"dag_id": "etl", "run_id": "r", "state": "queued"}]\n',
        lambda demo: demo.dags.list_runs("etl"),
        [DagRun(dag_id="etl", run_id="r", state="queued")],
    ),
    (
        rendered("2.10.5", {"bash_command": "exit 0\n", "cwd": "None"}),
        lambda demo: demo.tasks.render("etl", "extract", DATE),
        {"bash_command": "exit 0\n", "cwd": "None"},
    ),
    ("", lambda demo: demo.tasks.render("etl", "extract", DATE), {}),
    ("", lambda demo: demo.tasks.clear("etl"), None),
]


@pytest.mark.parametrize("start", ["", BLOCK])
async def test_every_method_gives_the_right_value_whatever_is_logged_before_and_after_the_answer(start: str) -> None:
    airflow = Printing("2.10.5")
    async with led_to(airflow) as demo:
        for log in logged_now():
            for printed, read, value in PRINTED:
                for stdout in (f"{start}{log}{printed}", f"{start}{printed}{log}", f"{start}{log}{printed}{log}"):
                    airflow.answers.append(stdout)
                    assert await read(demo) == value, stdout
                    airflow.answers.append(stdout)
                    assert (await demo.run("tasks clear -y etl")).text == printed


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_value_that_may_have_log_records_of_its_own_at_an_end_is_told_to_be_in_doubt(version: str) -> None:
    airflow = Printing(version)
    async with led_to(airflow) as demo:
        for log in ("", *logged_now()):
            for value in (f"{RECORD}v\n", f"v\n{RECORD}"):
                airflow.answers.append(BLOCK + log + value + log)
                with pytest.raises(OutputError, match=r"may belong to it; all of it .* run\(\)") as caught:
                    await demo.variables.get("secret-key")
                assert caught.value.ran is True
                assert caught.value.result is not None
                assert caught.value.result.stdout == BLOCK + log + value + log
                assert "v\n" not in str(caught.value)
            airflow.answers.append(f"{BLOCK}{log}v\n{RECORD}w\n{log}")
            assert await demo.variables.get("k") == f"v\n{RECORD}w"


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_rendered_field_that_may_end_in_log_records_is_told_to_be_in_doubt(version: str) -> None:
    airflow = Printing(version)
    value = f"cat <<END\n{RECORD}".removesuffix("\n")
    async with led_to(airflow) as demo:
        airflow.answers.append(BLOCK + rendered(version, {"bash_command": value}))
        if version in DEDENTED:  # where a blank line ends the field
            assert await demo.tasks.render("etl", "extract", DATE) == {"bash_command": value}
            airflow.answers.append(BLOCK + rendered(version, {"cwd": "None"}) + RECORD)
        with pytest.raises(OutputError, match="may belong to it"):
            await demo.tasks.render("etl", "extract", DATE)


async def test_a_value_with_records_of_this_moment_in_its_midst_is_told_to_be_in_doubt() -> None:
    airflow = Printing("2.10.5")
    moment = f"{datetime.now(UTC) - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}"
    async with led_to(airflow) as demo:
        airflow.answers.append(f"{BLOCK}v\n[{moment},594] {{parsers.py:1}} DEBUG - Response body:\nb'secret'\n")
        with pytest.raises(OutputError, match="in the midst of it"):
            await demo.variables.get("k")


@pytest.mark.parametrize("stdout", ["", BLOCK, RECORD, BLOCK + RECORD])
async def test_what_always_prints_something_and_printed_nothing_but_a_log_has_given_no_value(stdout: str) -> None:
    silent: list[tuple[Read, type[MwaaError]]] = [
        (lambda demo: demo.tasks.list("etl"), OutputError),
        (lambda demo: demo.db.clean(DATE), OutputError),
        (lambda demo: demo.dags.list(), OutcomeUnknownError),
        (lambda demo: demo.roles.create("r"), OutcomeUnknownError),
        (lambda demo: demo.variables.get("k", default="d"), OutputError if RECORD in stdout else OutcomeUnknownError),
    ]
    airflow = Printing("2.10.5")
    async with led_to(airflow) as demo:
        for read, kind in silent:
            airflow.answers.extend([stdout, stdout])  # what only reads may be asked again
            with pytest.raises(kind):
                await read(demo)
            airflow.answers.clear()


async def test_a_failure_that_airflow_logs_in_json_is_told_of_a_variable_too() -> None:
    log = (
        '{"timestamp":"2026-11-25T10:17:36.236476Z","level":"critical","event":"Unhandled exception",'
        '"logger":"unhandled_exception","exception":[{"exc_type":"OperationalError","exc_value":"gone"}]}\n'
    )
    airflow = Printing("3.3.2", BLOCK + log, f"{BLOCK}v\n{log}w\n", Execution(1, BLOCK, "Variable k does not exist.\n"))
    async with led_to(airflow) as demo:
        with pytest.raises(CommandFailedError, match="OperationalError: gone"):
            await demo.variables.get("k")
        assert await demo.variables.get("k") == f"v\n{log}w"
        with pytest.raises(VariableNotFoundError):
            await demo.variables.get("k")


OLD_RECORD = "[2020-01-01T00:00:00.000+0000] {x.py:1} INFO - my own value"
SETTINGS = "[2024-06-08T10:00:00.000+0000] {settings.py:1} DEBUG - x"


@pytest.mark.parametrize("value", [f"real\n{SETTINGS}", f"{SETTINGS}\nreal", SETTINGS, f"first\n{OLD_RECORD}"])
async def test_a_value_that_ends_in_what_looks_like_a_log_is_never_silently_cut(value: str) -> None:
    async with led_to(Printing("2.10.3", value + "\n", value + "\n")) as demo:
        with pytest.raises(OutputError, match="cannot be told from the log around it"):
            await demo.variables.get("key")
        result = await demo.run("variables get key")
        with pytest.raises(OutputError, match="mwaa-async run --raw"):
            _ = result.text
        assert result.stdout == value + "\n"


@pytest.mark.parametrize("value", ["\n", " ", "\t", " \n "])
async def test_a_value_of_blanks_is_a_value(value: str) -> None:
    async with led_to(Printing("2.5.3", value + "\n")) as demo:
        assert await demo.variables.get("key") == value
