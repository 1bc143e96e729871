"""Walks through the tables in docs/explanation/what-happens-when.md: each fault, and when the next command goes out."""

import asyncio
import contextlib
import itertools
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from mwaa_async import Environment, HostGuard, MwaaClient, MwaaError, RequestRejectedError
from mwaa_async.emulator import (
    CommandRecord,
    CutConnection,
    Emulator,
    RefusedByAws,
    SlowAnswer,
    SlowToken,
    StatusAnswer,
    WrongAnswer,
)
from tests.client.endings import COMMAND, Ending, killed, left, signalled
from tests.client.endings import SETTLE_TIME as ENDING

pytestmark = pytest.mark.anyio

SETTLE_TIME = 2.0  # "at once" is less than half of it, also on a busy machine
SLASH = "/aws_mwaa/cli/"
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "what-happens-when.md"


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    error: str
    ran: str
    next_command: str


def cells(section: int) -> list[list[str]]:
    """Read the rows of the table of a section."""
    table = PAGE.read_text().split("\n## ")[section]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:2] == "| "]


def rows() -> dict[str, Row]:
    """Read the first table."""
    return {what: Row(error.strip("`"), ran.strip("`"), after) for what, error, ran, _, after in cells(section=0)[1:]}


def endings() -> dict[str, dict[str, str]]:
    """Read the table about the end of a process: for what ends, and each moment, when the next command goes out."""
    (_, *moments), *lines = cells(section=1)
    return {what: dict(zip(moments, after, strict=True)) for what, *after in lines}


@dataclass
class Scene:
    """What a scenario acts on."""

    emulator: Emulator
    demo: Environment
    client: MwaaClient
    directory: Path

    async def write(self) -> None:
        """Run a command that must not run twice."""
        await self.demo.run("variables set key value")


Scenario = Callable[[Scene], Awaitable[None]]


def command_fault(*faults: CutConnection | StatusAnswer | WrongAnswer) -> Scenario:
    async def play(scene: Scene) -> None:
        scene.emulator.faults.commands.extend(faults)
        await scene.write()

    return play


def token_fault(fault: RefusedByAws) -> Scenario:
    async def play(scene: Scene) -> None:
        scene.emulator.faults.tokens.extend(itertools.repeat(fault, 5))
        try:
            await scene.write()
        finally:
            scene.emulator.faults.tokens.clear()

    return play


async def unknown_environment(scene: Scene) -> None:
    await scene.client.environment("nosuch").run("version")


async def unreachable(scene: Scene) -> None:
    await scene.emulator.stop_web_server("demo")
    try:
        await scene.write()
    finally:
        await scene.emulator.start_web_server("demo")


async def coming_back(scene: Scene) -> None:
    await scene.demo.run("version")
    await scene.emulator.stop_web_server("demo")
    writing = asyncio.create_task(scene.write())
    await asyncio.sleep(0.3)
    await scene.emulator.start_web_server("demo")
    await writing


async def closed_between(scene: Scene) -> None:
    await scene.demo.run("version")
    await scene.emulator.stop_web_server("demo")
    await scene.emulator.start_web_server("demo")
    await scene.write()


async def broken_read(scene: Scene) -> None:
    scene.emulator.faults.commands.append(CutConnection())
    await scene.demo.run("variables list")


def command(line: str) -> Scenario:
    async def play(scene: Scene) -> None:
        await scene.demo.run(line)

    return play


async def refused_command(scene: Scene) -> None:
    await scene.demo.run("version")
    scene.emulator.faults.commands.extend([StatusAnswer(403), StatusAnswer(403)])
    try:
        await scene.demo.run("dags report")
    finally:
        assert len(scene.emulator.tokens) == 2


async def refused_again(scene: Scene) -> None:
    with contextlib.suppress(RequestRejectedError):
        await refused_command(scene)
    scene.emulator.faults.commands.append(StatusAnswer(403))
    try:
        await scene.demo.run("dags report")
    finally:
        assert len(scene.emulator.tokens) == 2


async def silence(scene: Scene) -> None:
    scene.emulator.faults.commands.append(WrongAnswer(b'{"stdout": "", "stderr": ""}'))
    await scene.write()


async def not_offered(scene: Scene) -> None:
    await scene.demo.run("version")
    await scene.demo.run("scheduler")


async def run_id_taken(scene: Scene) -> None:
    await scene.demo.dags.trigger("demo", run_id="taken")
    await scene.demo.dags.trigger("demo", run_id="taken")


def trigger_fault(fault: CutConnection | WrongAnswer) -> Scenario:
    async def play(scene: Scene) -> None:
        scene.emulator.faults.commands.append(fault)
        await scene.demo.dags.trigger("demo")
        assert len(await scene.demo.dags.list_runs("demo")) == 1

    return play


async def command_timeout(scene: Scene) -> None:
    scene.emulator.faults.commands.append(SlowAnswer(2.0))
    await scene.write()


async def timeout(scene: Scene) -> None:
    await scene.demo.run("version")  # a token and a connection take their time, too
    scene.emulator.faults.commands.append(SlowAnswer(0.4))
    await scene.demo.run("variables set key value", timeout=0.1)


async def cancelled_running(scene: Scene) -> None:
    scene.emulator.faults.commands.append(SlowAnswer(0.4))
    running = asyncio.create_task(scene.write())
    await until(lambda: bool(scene.emulator.commands))
    running.cancel()
    await running


async def cancelled_queued(scene: Scene) -> None:
    scene.emulator.faults.commands.append(SlowAnswer(0.2))
    ahead = asyncio.create_task(scene.demo.run("version"))
    await until(lambda: bool(scene.emulator.commands))
    queued = asyncio.create_task(scene.write())
    await until(lambda: scene.demo.statistics().queued == 1)
    queued.cancel()
    await asyncio.gather(ahead, return_exceptions=True)
    await queued


async def queue_timeout(scene: Scene) -> None:
    scene.emulator.faults.commands.append(SlowAnswer(0.4))
    ahead = asyncio.create_task(scene.demo.run("version"))
    await until(lambda: bool(scene.emulator.commands))
    try:
        await scene.demo.run("variables set key value", queue_timeout=0.1)
    finally:
        ahead.add_done_callback(lambda task: task.result())


async def unusable_directory(scene: Scene) -> None:
    file = scene.directory / "file"
    file.touch()
    await scene.demo.run("version")  # so that what comes next has a connection, and takes no time of its own
    async with MwaaClient(**scene.emulator.client_options(), guard=HostGuard(file)) as client:
        await client.environment("demo").run("version")


SCENARIOS: dict[str, Scenario] = {
    "AWS throttles the token": token_fault(RefusedByAws("ThrottlingException", 429)),
    "AWS denies the token": token_fault(RefusedByAws("AccessDeniedException", 403)),
    "The environment does not exist": unknown_environment,
    "The web server refuses the token": command_fault(StatusAnswer(403)),
    "The web server refuses two tokens": command_fault(StatusAnswer(403), StatusAnswer(401)),
    "The web server refuses the command, with a token that was good": refused_command,
    "The same command is refused again": refused_again,
    "The web server answers 307 to the same address with a slash": command_fault(StatusAnswer(307, location=SLASH)),
    "The web server answers 307 to another host": command_fault(StatusAnswer(307, location=f"http://other{SLASH}")),
    "The web server answers 307 in a circle": command_fault(*[StatusAnswer(307, location=SLASH)] * 2),
    "The web server answers 302": command_fault(StatusAnswer(302, location="/login")),
    "The web server cannot be reached": unreachable,
    "The web server comes back within a second": coming_back,
    "The keep-alive connection was closed before": closed_between,
    "The web server answers 404": command_fault(StatusAnswer(404)),
    "The web server answers 413": command_fault(StatusAnswer(413)),
    "The web server answers 429": command_fault(StatusAnswer(429)),
    "The web server answers 429, retry after 1 s": command_fault(StatusAnswer(429, retry_after="1")),
    "The web server answers 503, retry after 60 s": command_fault(StatusAnswer(503, retry_after="60")),
    "The connection breaks before the command runs": command_fault(CutConnection(ran=False)),
    "The connection breaks after the command ran": command_fault(CutConnection(ran=True)),
    "The connection breaks while the command runs": command_fault(CutConnection(runs_on_for=0.3)),
    "A gateway answers 502 before the command runs": command_fault(StatusAnswer(502)),
    "A gateway answers 504 while the command runs": command_fault(StatusAnswer(504, ran=True, runs_on_for=0.3)),
    "The web server answers 500": command_fault(StatusAnswer(500)),
    "The connection breaks under a command that only reads": broken_read,
    "The answer is a login page": command_fault(WrongAnswer()),
    "The answer is garbled": command_fault(WrongAnswer(b'{"stdout": "%%%"}')),
    "Airflow prints nothing": silence,
    "The answer breaks off": command_fault(WrongAnswer(truncated=True)),
    "The connection breaks before a trigger ran": trigger_fault(CutConnection(ran=False)),
    "The connection breaks after a trigger ran": trigger_fault(CutConnection(ran=True)),
    "The answer to a trigger is garbled": trigger_fault(WrongAnswer()),
    "Airflow reports failure": command("dags list --bogus"),
    "The DAG does not exist": command("dags trigger nosuch"),
    "The DAG has a run with this run id already": run_id_taken,
    "MWAA does not offer the command": not_offered,
    "`command_timeout` is reached": command_timeout,
    "`timeout=` is reached while the command runs": timeout,
    "The task is cancelled while the command runs": cancelled_running,
    "The task is cancelled in the queue": cancelled_queued,
    "`queue_timeout` is reached": queue_timeout,
    "The lock directory cannot be used": unusable_directory,
}


def test_the_table_and_the_scenarios_are_about_the_same() -> None:
    assert rows().keys() == SCENARIOS.keys()


@pytest.mark.parametrize("what", SCENARIOS)
async def test_what_the_table_says_happens(what: str, tmp_path: Path) -> None:
    row = rows()[what]
    async with (
        Emulator() as emulator,
        MwaaClient(
            **emulator.client_options(),
            guard=HostGuard(tmp_path / "locks"),
            settle_time=SETTLE_TIME,
            command_timeout=1.5,
        ) as client,
    ):
        scene = Scene(emulator, client.environment("demo"), client, tmp_path)
        assert await outcome_of(SCENARIOS[what](scene)) == (row.error, row.ran)
        ended = now()
        still_open = [record for record in emulator.commands if record.end is None]
        await scene.demo.run("version")
        waited = emulator.commands[-1].start - ended
        assert when(waited, still_open) == row.next_command
        assert sum("variables set" in record.command for record in emulator.commands) <= 1
        await until(lambda: all(record.end for record in emulator.commands))
        assert emulator.max_running("demo") == 1


ENDINGS: dict[str, Ending] = {
    "A process, by SIGKILL or the OOM killer": partial(killed, number=signal.SIGKILL),
    "A program of yours, by SIGTERM": partial(killed, number=signal.SIGTERM),
    "A program of yours, by SIGHUP": partial(killed, number=signal.SIGHUP),
    "`mwaa-async`, by Ctrl-C, SIGTERM or SIGHUP": partial(signalled, times=1),
    "An event loop that is closed": partial(left, is_closed=True),
    "An event loop that does not run any more": partial(left, is_closed=False),
}
TWICE = "`mwaa-async`, by a second signal"


async def with_a_request_open(scene: Scene, ending: Ending) -> float:
    """Let it end then, and return when that was."""
    scene.emulator.faults.commands.append(SlowAnswer(1.0))
    async with ending(scene.emulator, scene.directory / "locks") as end:
        await until(lambda: COMMAND in [record.command for record in scene.emulator.commands])
        await end()
        return await next_one(scene, now())


async def in_the_queue(scene: Scene, ending: Ending) -> float:
    scene.emulator.faults.tokens.append(SlowToken(1.0))
    async with ending(scene.emulator, scene.directory / "locks") as end:
        await until(lambda: not scene.emulator.faults.tokens)  # it is there, and asks AWS, however long its start took
        scene.emulator.faults.commands.append(SlowAnswer(3.0))
        ahead = asyncio.create_task(scene.demo.run("version"))
        await until(lambda: len(scene.emulator.tokens) > 1)  # it has what it needs, and lines up
        await asyncio.sleep(0.5)
        await end()
        assert not ahead.done()
        await ahead
        return await next_one(scene, now())


async def while_aws_is_asked(scene: Scene, ending: Ending) -> float:
    scene.emulator.faults.tokens.append(SlowToken(60))
    async with ending(scene.emulator, scene.directory / "locks") as end:
        await until(lambda: not scene.emulator.faults.tokens)
        await end()
        return await next_one(scene, now())


async def next_one(scene: Scene, ended: float) -> float:
    """Run the next command, and return how long after the end it went out."""
    await scene.demo.run("dags list")
    return scene.emulator.commands[-1].start - ended


MOMENTS = {
    "With a request open": with_a_request_open,
    "In the queue": in_the_queue,
    "While AWS is asked": while_aws_is_asked,
}


def test_the_table_of_endings_and_the_scenarios_are_about_the_same() -> None:
    assert {*endings()} == {*ENDINGS, TWICE}
    assert all(list(after) == list(MOMENTS) for after in endings().values())


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("what", ENDINGS)
async def test_what_ends_lets_the_next_command_go_out_when_the_table_says(
    what: str, moment: str, tmp_path: Path
) -> None:
    await check_ending(ENDINGS[what], moment, endings()[what][moment], tmp_path)


async def test_a_second_signal_leaves_the_slot_closed(tmp_path: Path) -> None:
    """In the queue, and while AWS is asked, the first one ends the program."""
    moment = "With a request open"
    await check_ending(partial(signalled, times=2), moment, endings()[TWICE][moment], tmp_path)


async def check_ending(ending: Ending, moment: str, expected: str, directory: Path) -> None:
    async with (
        Emulator() as emulator,
        MwaaClient(**emulator.client_options(), guard=HostGuard(directory / "locks"), settle_time=0.0) as client,
    ):
        scene = Scene(emulator, client.environment("demo"), client, directory)
        await scene.demo.run("version")
        waited = await MOMENTS[moment](scene, ending)
        still_open = [one for one in emulator.commands if one.command == COMMAND]
        assert when(waited, still_open if expected.startswith("when") else [], ENDING) == expected
        assert len(still_open) == (moment == "With a request open")
        await until(lambda: all(record.end for record in emulator.commands))
        assert emulator.max_running("demo") == 1


async def outcome_of(scenario: Awaitable[None]) -> tuple[str, str]:
    """Return what the table's columns "Error" and "ran" should say."""
    try:
        await scenario
    except MwaaError as error:
        return type(error).__name__, str(error.ran)
    except asyncio.CancelledError:
        return "CancelledError", ""
    return "none", ""


def when(waited: float, still_open: list[CommandRecord], settle_time: float = SETTLE_TIME) -> str:
    """Return what the table's last column should say."""
    if waited > 0.9 * settle_time:
        return "after `settle_time`"
    if still_open and all(record.end for record in still_open):
        return "when the web server has answered"
    return "at once" if waited < 0.5 * settle_time else f"after {waited} s"


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; the test's time limit is what ends this otherwise."""
    while not condition():
        await asyncio.sleep(0.001)


def now() -> float:
    """Return the event loop's time."""
    return asyncio.get_running_loop().time()
