"""Promise: a typed method returns what Airflow knows, and says so where Airflow's command line cannot say it."""

import re
import textwrap
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mwaa_async import DagNotFoundError, Environment, LocalGuard, MwaaClient, UnsupportedCommandError
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
        MwaaClient(**emulator.client_options(), guard=LocalGuard()) as client,
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


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
