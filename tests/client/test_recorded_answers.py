"""Every answer that was recorded of a real Airflow goes through the typed method that it belongs to."""

import itertools
import json
import shlex
from argparse import Namespace
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from mwaa_async import CommandResult, DagRun, Environment, LocalGuard, MwaaClient, VariableNotFoundError
from mwaa_async._protocol.catalogue import only_reads
from mwaa_async._protocol.versions import parse_version
from mwaa_async.emulator import Emulator, Execution, RecordedAirflow
from mwaa_async.emulator.airflow.dialect import dialect_of

from ..protocol import RECORDED, RECORDED_ON_MWAA, Record, record, records
from ..samples.expected import (
    PRINTED,
    Error,
    Expected,
    airflow_1_10_12,
    airflow_2_2_5,
    airflow_2_5_3,
    airflow_2_10_5,
    airflow_3_3_2,
    on_mwaa,
)
from ..samples.expected.no_method import no_method

pytestmark = pytest.mark.anyio

EXPECTED = {
    "1.10.12": airflow_1_10_12.EXPECTED,
    "2.2.5": airflow_2_2_5.EXPECTED,
    "2.5.3": airflow_2_5_3.EXPECTED,
    "2.10.5": airflow_2_10_5.EXPECTED,
    "3.3.2": airflow_3_3_2.EXPECTED,
    **on_mwaa.EXPECTED,
}
RECORDINGS = (*RECORDED, *RECORDED_ON_MWAA)
SCENES = list(itertools.product(RECORDINGS, (200, 400)))
# The commands of a recording on MWAA are those, or some of those, of a plain one.
LIKE = {recording: "2.10.5" if "-2." in recording else "3.3.2" for recording in RECORDED_ON_MWAA}
# What a method may add to a recorded command: it asks for JSON, gives every run an id, and 1.10 a default.
ADDED = {"output", "run_id", "default"}


class Scene(NamedTuple):
    """An environment whose Airflow gives recorded answers, those of failed commands with this HTTP status."""

    emulator: Emulator
    airflow: RecordedAirflow
    demo: Environment


def recorded(version: str) -> list[Expected]:
    """Return what is expected of the commands that were recorded."""
    commands = [" ".join(record.argv) for record in records(version)]
    return [expected for expected in EXPECTED[version] if expected.command in commands]


def number(version: str) -> str:
    """Return the version's number, which a recording on MWAA has at its end."""
    return version.rpartition("-")[2]


def answers(version: str, expected: Expected) -> list[Record]:
    """Return the recorded answers that the method gets."""
    return [record(version, expected.command, expected.nth), *(record(version, command) for command in expected.then)]


def cases() -> list[object]:
    """Return what is expected with HTTP 200 and, where an answer tells a failure, with 400."""
    return [
        pytest.param(version, status, expected, id=f"{version} {status}: {expected.command}"[:70])
        for version, status in SCENES
        for expected in recorded(version)
        if status == 200 or any(answer.exit for answer in answers(version, expected))
    ]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def scenes() -> AsyncIterator[dict[tuple[str, int], Scene]]:
    async with AsyncExitStack() as stack:
        yield {which: await stack.enter_async_context(opened(*which)) for which in SCENES}


@asynccontextmanager
async def opened(version: str, failed_status: int) -> AsyncIterator[Scene]:
    airflow = RecordedAirflow(number(version))
    async with (
        Emulator(airflow=airflow, failed_status=failed_status) as emulator,
        MwaaClient(**emulator.client_options(), guard=LocalGuard(), settle_time=0.1) as client,
    ):
        yield Scene(emulator, airflow, client.environment("demo", airflow_version=airflow.version))


@pytest.mark.parametrize(("version", "failed_status", "expected"), cases())
async def test_a_method_makes_of_a_recorded_answer_what_a_person_reads_in_it(
    scenes: dict[tuple[str, int], Scene], version: str, failed_status: int, expected: Expected
) -> None:
    scene, asked = scenes[version, failed_status], answers(version, expected)
    scene.airflow.answers = deque(answer._asdict() for answer in asked)
    scene.emulator.commands.clear()
    if isinstance(expected.value, Error):
        await fails(expected, expected.value, scene.demo)
    else:
        await returns(expected, asked[0], scene.demo)
    sent = [record.command for record in scene.emulator.commands]
    assert_same_commands(version, sent, asked if expected.is_sent else [])


async def fails(expected: Expected, error: Error, demo: Environment) -> None:
    with pytest.raises(error.kind) as raised:
        await expected.call(demo)
    assert type(raised.value) is error.kind
    assert error.piece in str(raised.value)


async def returns(expected: Expected, answer: Record, demo: Environment) -> None:
    value = await expected.call(demo)
    if expected.value is PRINTED:
        assert isinstance(value, CommandResult)
        assert (value.stdout, value.stderr) == (answer.stdout, answer.stderr)
        return
    assert value == expected.value
    assert repr(value) == repr(expected.value)  # which tells a 1 from a True, and shows every field
    for run in value if isinstance(value, list) else [value]:
        if isinstance(run, DagRun):
            assert run.environment == demo.name


def assert_same_commands(version: str, sent: Sequence[str], asked: Sequence[Record]) -> None:
    """Check that Airflow understands what was sent as it did what was recorded.

    What is asked afterwards is the same command, with other arguments, or one that looks for what is there.
    """
    parse = dialect_of(parse_version(number(version))).command_line.parse
    assert all(map(only_reads, sent[len(asked) :]))
    ours = [parse(shlex.split(line)) for line in sent[: len(asked)]]
    theirs = [parse(answer.argv) for answer in asked]
    assert [command.words for command in ours] == [command.words for command in theirs]
    for our_first, their_first in zip(ours[:1], theirs[:1], strict=True):
        assert meaning(our_first.arguments) == meaning(their_first.arguments)


def meaning(arguments: Namespace | None) -> dict[str, object]:
    """Return the arguments, apart from those that a method may add."""
    assert arguments is not None
    return {name: plain(value) for name, value in vars(arguments).items() if name not in ADDED}


def plain(value: object) -> object:
    """Return what a word means that can be spelled in several ways: a date, JSON."""
    if isinstance(value, str):
        with suppress(ValueError):
            return json.loads(value)
        with suppress(ValueError):
            value = datetime.fromisoformat(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


@pytest.mark.parametrize("version", RECORDINGS)
def test_every_recorded_command_is_expected_or_listed_with_the_reason_why_not(version: str) -> None:
    commands = [" ".join(record.argv) for record in records(version)]
    told = [(command, commands[:at].count(command)) for at, command in enumerate(commands)]
    expected = [(expected.command, expected.nth) for expected in recorded(version)]
    without = [command for command in no_method(LIKE.get(version, version)) if command in commands]
    assert sorted(told) == sorted(expected + [(command, 0) for command in without])


class WithoutVariables:
    """An Airflow 1.10 that has no variables, and prints the default that it is given, as the recorded one did."""

    version = "1.10.12"

    def execute(self, words: Sequence[str]) -> Execution:
        [default] = [word.removeprefix("--default=") for word in words if word.startswith("--default=")]
        answer = record(self.version, "variables --get nosuch --default d")
        return Execution(answer.exit, answer.stdout.replace("d", default), answer.stderr)


async def test_a_variable_that_1_10_does_not_know_is_an_error_although_airflow_prints_something() -> None:
    async with (
        Emulator(airflow=WithoutVariables()) as emulator,
        MwaaClient(**emulator.client_options(), guard=LocalGuard()) as client,
    ):
        variables = client.environment("demo").variables
        with pytest.raises(VariableNotFoundError, match="there is no variable 'nosuch'"):
            await variables.get("nosuch")
        assert await variables.get("nosuch", default="d") == "d"


@pytest.mark.parametrize("failed_status", [200, 400])
async def test_a_command_for_which_no_answer_is_left_fails_and_says_so(failed_status: int) -> None:
    async with (
        Emulator(airflow=RecordedAirflow("2.10.5"), failed_status=failed_status) as emulator,
        MwaaClient(**emulator.client_options(), guard=LocalGuard()) as client,
    ):
        result = await client.environment("demo").run("dags list", check=False)
        assert result.stderr == "mwaa-async emulator: no recorded answer is left for 'dags list'\n"
        assert emulator.commands[0].exit_code == 2
