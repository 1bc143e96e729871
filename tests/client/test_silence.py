"""A command that always prints something when it succeeds, and prints nothing, has not succeeded."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mwaa_async import Environment, MwaaClient, OutcomeUnknownError
from mwaa_async.emulator import EmbeddedAirflow, Emulator, Execution

pytestmark = pytest.mark.anyio

MWAA_LINE = "CloudWatch logging is disabled for SubprocessLogHandler\n"
RECORD = "[2026-11-22T09:48:16.274+0000] {plugins.py:37} INFO - setup plugin\n"


class Silent:
    """An Airflow that says nothing but log lines to its first commands, as if it were killed."""

    version = "2.10.3"

    def __init__(self, times: int, log: str) -> None:
        self._airflow = EmbeddedAirflow(self.version)
        self._silences = [log] * times
        self.asked: list[Sequence[str]] = []

    def execute(self, words: Sequence[str]) -> Execution:
        self.asked.append(words)
        done = self._airflow.execute(words)
        return Execution(0, self._silences.pop(), "") if self._silences else done

    def run_ids(self) -> list[str]:
        return [run.run_id for run in self._airflow.dag_runs()]


@asynccontextmanager
async def led_to(airflow: Silent | EmbeddedAirflow, **options: Any) -> AsyncIterator[Environment]:
    async with Emulator(airflow=airflow) as emulator, MwaaClient(**emulator.client_options(), **options) as client:
        yield client.environment("demo")


COMMANDS: list[Callable[[Environment], Awaitable[object]]] = [
    lambda demo: demo.run("dags trigger demo"),
    lambda demo: demo.run("dags trigger demo", check=False),
    lambda demo: demo.variables.set("key", "value"),
    lambda demo: demo.connections.add("c", conn_type="http"),
    lambda demo: demo.dags.pause("etl"),
    lambda demo: demo.roles.create("r"),
    lambda demo: demo.variables.delete("key"),
]


@pytest.mark.parametrize("log", ["", "\n", MWAA_LINE * 12, MWAA_LINE * 12 + RECORD], ids=repr)
@pytest.mark.parametrize("command", COMMANDS)
async def test_silence_is_no_success(command: Callable[[Environment], Awaitable[object]], log: str) -> None:
    airflow = Silent(1, log)
    async with led_to(airflow) as demo:
        with pytest.raises(OutcomeUnknownError, match="printed nothing, which this command does not do") as caught:
            await command(demo)
    assert caught.value.ran is None
    assert caught.value.result is not None
    assert caught.value.result.stdout == log
    assert len(airflow.asked) == 1


async def test_a_silent_command_is_over_and_the_next_one_follows_at_once() -> None:
    async with led_to(Silent(1, ""), settle_time=30.0) as demo:
        with pytest.raises(OutcomeUnknownError):
            await demo.variables.set("key", "value")
        assert not demo.statistics().settling
        await demo.variables.set("key", "value")


async def test_a_silent_trigger_is_repeated_with_its_run_id() -> None:
    airflow = Silent(1, MWAA_LINE)
    async with led_to(airflow, settle_time=0.1) as demo:
        run = await demo.dags.trigger("demo")
    assert airflow.run_ids() == [run.run_id]


async def test_a_command_that_reads_is_repeated() -> None:
    async with led_to(Silent(1, MWAA_LINE), settle_time=0.1) as demo:
        assert len(await demo.dags.list()) == 3


async def test_an_empty_value_is_an_answer() -> None:
    async with led_to(EmbeddedAirflow("2.10.3")) as demo:
        await demo.variables.set("key", "")
        assert await demo.variables.get("key") == ""
