"""`reset()`: what an emulator is afterwards, and what becomes of requests that are open meanwhile."""

import asyncio
import time

import pytest

from mwaa_async import MwaaClient
from mwaa_async.emulator import (
    EmbeddedAirflow,
    Emulator,
    RecordedAirflow,
    RefusedByAws,
    SlowAnswer,
    SlowToken,
    StatusAnswer,
)

pytestmark = pytest.mark.anyio

AN_HOUR = 3600.0
ANSWER = {"exit": 0, "stdout": "recorded\n", "stderr": ""}


async def until_running(emulator: Emulator) -> None:
    while not emulator.commands:
        await asyncio.sleep(0.01)


async def test_everything_is_as_in_the_beginning(client: MwaaClient, emulator: Emulator) -> None:
    demo = client.environment("demo")
    await demo.variables.set("key", "value")
    await demo.dags.trigger("etl")
    await demo.dags.unpause("demo")
    emulator.faults.commands.append(StatusAnswer(504))
    emulator.faults.tokens.append(RefusedByAws())
    emulator.faults.descriptions.append(SlowToken(AN_HOUR))
    await emulator.reset()
    assert (emulator.commands, emulator.tokens, emulator.max_running("demo")) == ([], [], 0)
    assert (emulator.connections("demo"), emulator.redirects("demo"), emulator.descriptions) == (0, 0, 0)
    assert not (emulator.faults.commands or emulator.faults.tokens or emulator.faults.descriptions)
    assert [dag.dag_id for dag in await demo.dags.list() if dag.is_paused] == ["demo"]
    assert "No data found" in (await demo.run("variables list")).stdout
    assert await demo.dags.list_runs("etl") == []


async def test_a_client_goes_on_with_its_connection_and_its_token(client: MwaaClient, emulator: Emulator) -> None:
    await client.environment("demo").run("version")
    await emulator.reset()
    await client.environment("demo").run("version")
    assert (len(emulator.commands), emulator.connections("demo"), emulator.tokens) == (1, 1, [])


async def test_a_command_that_is_running_is_answered_and_changes_nothing_of_what_is_new() -> None:
    async with Emulator(command_time=AN_HOUR) as emulator, MwaaClient(**emulator.client_options()) as client:
        before = emulator.airflow("demo")
        running = asyncio.create_task(client.environment("demo").dags.trigger("etl"))
        await until_running(emulator)
        records = emulator.commands
        await emulator.reset()
        await running
        after = emulator.airflow("demo")
        assert isinstance(before, EmbeddedAirflow)
        assert isinstance(after, EmbeddedAirflow)
        assert (len(before.dag_runs()), after.dag_runs(), emulator.commands) == (1, [], [])
        assert [record.exit_code for record in records] == [0]
        assert emulator.max_running("demo") == 0


@pytest.mark.parametrize("fault", [SlowAnswer(AN_HOUR), StatusAnswer(504, ran=True, runs_on_for=AN_HOUR)])
async def test_what_a_fault_lets_run_on_is_over(fault: SlowAnswer | StatusAnswer) -> None:
    async with Emulator() as emulator, MwaaClient(**emulator.client_options()) as client:
        emulator.faults.commands.append(fault)
        running = asyncio.create_task(client.environment("demo").run("dags trigger etl"))
        await until_running(emulator)
        [record] = emulator.commands
        await emulator.reset()
        while record.end is None:
            await asyncio.sleep(0.01)
        await asyncio.gather(running, return_exceptions=True)
        assert emulator.commands == []


async def test_a_web_server_that_was_stopped_is_up_again(client: MwaaClient, emulator: Emulator) -> None:
    address = emulator.web_server_url("demo")
    await emulator.stop_web_server("demo")
    await emulator.reset()
    await client.environment("demo").run("version")
    assert emulator.web_server_url("demo") == address


async def test_recorded_answers_are_given_again() -> None:
    async with (
        Emulator(airflow=RecordedAirflow("2.10.3", [ANSWER])) as emulator,
        MwaaClient(**emulator.client_options()) as client,
    ):
        for _ in range(2):
            assert (await client.environment("demo").run("dags list")).stdout == "recorded\n"
            await emulator.reset()


def test_it_takes_milliseconds() -> None:
    with Emulator(environments=["dev", "prod"], airflow="3.0.6") as emulator:
        emulator.reset()
        begin = time.perf_counter()
        for _ in range(50):
            emulator.reset()
        assert (time.perf_counter() - begin) / 50 < 0.1
