"""examples/wait_for_runs.py, as its docstring calls it."""

import shlex
from collections.abc import AsyncIterator

import pytest

from mwaa_async.emulator import Emulator
from tests.cli.program import INTERRUPTED
from tests.examples.programs import EXAMPLES, python, started

pytestmark = pytest.mark.anyio

WAIT = str(EXAMPLES / "wait_for_runs.py")


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator(dags=["etl", "report", "new:paused", "broken:fails"]) as emulator:
        yield emulator


async def test_all_runs_are_waited_for_at_the_same_time(emulator: Emulator) -> None:
    done = await python(WAIT, "demo", "etl", "report", "--run-id", "one", environ=emulator.environ())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["etl: queued", "report: queued", "etl: success", "report: success"]
    assert emulator.max_running("demo") == 1


async def test_a_run_that_fails_is_told_with_its_tasks_and_where_to_look(emulator: Emulator) -> None:
    done = await python(WAIT, "demo", "broken", "etl", "nosuch", environ=emulator.environ())
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    [failed] = [line for line in lines if line.startswith("broken: failed")]
    assert failed.startswith("broken: failed in extract; see https://")
    assert "etl: success" in lines
    assert [line for line in lines if line.startswith("nosuch: ")]


async def test_a_run_that_does_not_end_in_time_is_an_exit_status_of_its_own(emulator: Emulator) -> None:
    done = await python(WAIT, "demo", "new", "--timeout", "3", environ=emulator.environ())
    assert done.returncode == 124
    assert done.stdout.splitlines()[-1].startswith("new: not ended, since the DAG is paused; see https://")


async def test_ctrl_c_says_how_to_go_on_and_that_makes_no_second_run(emulator: Emulator) -> None:
    async with started(WAIT, "demo", "etl", "report", environ=emulator.environ()) as running:
        assert {await running.line(), await running.line()} == {"etl: queued", "report: queued"}
        running.press_ctrl_c()
        [said] = await running.error_lines()
        assert await running.ended() == INTERRUPTED
    assert said.startswith("interrupted; what was triggered goes on. To wait for it: python ")
    again = await python(*shlex.split(said.partition(": python ")[2]), environ=emulator.environ())
    assert again.returncode == 0
    assert again.stdout.splitlines()[-1].endswith(": success")
    assert len(emulator.airflow("demo").dag_runs()) == 2  # type: ignore[attr-defined]
