"""Promise: the version is found out once, and a command that MWAA does not offer on it is not sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mwaa_async import Environment, EnvironmentNotFoundError, MwaaClient, OutcomeUnknownError, UnsupportedCommandError
from mwaa_async.emulator import Emulator, RefusedByAws, SlowToken

pytestmark = pytest.mark.anyio

DENIED = RefusedByAws("AccessDeniedException", 403)


@asynccontextmanager
async def environment(emulator: Emulator, **options: Any) -> AsyncIterator[Environment]:
    async with MwaaClient(**emulator.client_options(), **options) as client:
        yield client.environment("demo")


@pytest.mark.parametrize("version", ["1.10.12", "2.2.5", "2.10.5", "3.0.6"])
async def test_aws_tells_the_version_and_no_token_is_spent(version: str) -> None:
    async with Emulator(airflow=version) as emulator, environment(emulator) as demo:
        assert await demo.airflow_version() == version
        assert await demo.airflow_version() == version
        assert emulator.descriptions == 1
        assert not emulator.tokens


async def test_a_version_that_the_user_gives_is_asked_of_nobody(emulator: Emulator) -> None:
    async with MwaaClient(**emulator.client_options()) as client:
        demo = client.environment("demo", airflow_version="2.9.2")
        assert client.environment("demo") is demo
        assert await demo.airflow_version() == "2.9.2"
        await demo.run("version")
    assert emulator.descriptions == 0


@pytest.mark.parametrize("version", ["two", "", "4.0.0", "0.9"])
async def test_what_is_no_version_is_refused(client: MwaaClient, version: str) -> None:
    with pytest.raises(ValueError, match="an Airflow version is"):
        client.environment("demo", airflow_version=version)


async def test_without_the_permission_airflow_itself_tells_the_version_once(emulator: Emulator) -> None:
    emulator.faults.descriptions.extend([DENIED] * 9)
    async with environment(emulator) as demo:
        assert await demo.airflow_version() == "2.10.3"
        assert await demo.airflow_version() == "2.10.3"
    assert [record.command for record in emulator.commands] == ["version"]


async def test_run_asks_aws_only_and_lets_pass_what_it_cannot_judge(emulator: Emulator) -> None:
    emulator.faults.descriptions.extend([DENIED] * 9)
    async with environment(emulator, settle_time=0.0) as demo:
        with pytest.raises(OutcomeUnknownError, match="500"):
            await demo.run("trigger_dag etl")  # of Airflow 1.10: it may be one
        with pytest.raises(UnsupportedCommandError):
            await demo.run("scheduler")  # of none
    assert [record.command for record in emulator.commands] == ["trigger_dag etl"]
    assert emulator.descriptions == 1


@pytest.mark.parametrize(
    ("version", "line", "what_to_do"),
    [
        ("2.10.5", "trigger_dag etl", "there it is 'dags trigger'"),
        ("1.10.12", "dags trigger etl", "there it is 'trigger_dag'"),
        ("1.10.12", "dags list", "there it is 'list_dags'"),
        ("2.10.5", "connections export -", "/connections of Airflow's REST API"),
        ("2.10.5", "dag list", "the nearest that it offers is 'dags list'"),
        ("2.0.2", "dags list-runs -d etl", "it comes with Airflow 2.2"),
        ("2.10.5", "assets list", "it comes with Airflow 3.0"),
        ("3.3.1", "dags backfill etl", "there it is 'backfill create --dag-id DAG_ID --from-date DATE --to-date DATE'"),
        ("3.3.1", "scheduler", "MWAA runs Airflow's processes itself"),
        ("3.3.1", "dags bogus", "of 'dags' it offers backfill, delete, list, "),
        ("3.3.1", "bogus", "AWS's page 'Apache Airflow CLI command reference'"),
    ],
)
async def test_a_command_that_is_not_offered_is_not_sent(version: str, line: str, what_to_do: str) -> None:
    async with Emulator(airflow=version) as emulator, environment(emulator) as demo:
        with pytest.raises(
            UnsupportedCommandError, match=rf"does not offer .*( on Airflow {version})?: {what_to_do}"
        ) as caught:
            await demo.run(line)
        assert caught.value.ran is False
        assert "allow_unlisted" in str(caught.value)
        assert not emulator.commands


async def test_a_command_that_is_not_offered_costs_no_token_where_the_version_is_known() -> None:
    async with Emulator(airflow="2.10.3") as emulator, environment(emulator) as demo:
        await demo.airflow_version()
        with pytest.raises(UnsupportedCommandError):
            await demo.run("assets list")
        assert not emulator.tokens


async def test_aws_is_asked_for_version_and_token_at_the_same_time() -> None:
    async with Emulator(token_time=0.3) as emulator, environment(emulator) as demo:
        begun = asyncio.get_running_loop().time()
        task = asyncio.create_task(demo.run("version"))
        while not emulator.descriptions:
            await asyncio.sleep(0.001)
        asked = asyncio.get_running_loop().time() - begun
        await task
        assert emulator.tokens[0].issued - begun - 0.3 < asked + 0.2


async def test_allow_unlisted_sends_everything_and_asks_for_no_version(emulator: Emulator) -> None:
    async with environment(emulator, allow_unlisted=True, settle_time=0.0) as demo:
        with pytest.raises(OutcomeUnknownError, match="MWAA answers so, too, when it does not offer the command"):
            await demo.run("scheduler")
    assert emulator.descriptions == 0
    assert [record.command for record in emulator.commands] == ["scheduler"]


async def test_a_refused_command_shows_no_secret(emulator: Emulator) -> None:
    async with environment(emulator) as demo:
        with pytest.raises(UnsupportedCommandError) as caught:
            await demo.run(["connections", "update", "c", "--conn-uri", "postgres://u:s3cr3t@h/d"])
    assert "s3cr3t" not in f"{caught.value!r} {caught.value.command}"


async def test_asking_for_airflows_help_is_no_command(emulator: Emulator) -> None:
    async with environment(emulator) as demo:
        assert "usage" in (await demo.run("dags --help")).stdout.lower()


async def test_an_environment_that_does_not_exist_is_told_before_a_token_is_asked_for(emulator: Emulator) -> None:
    async with MwaaClient(**emulator.client_options()) as client:
        with pytest.raises(EnvironmentNotFoundError, match="nosuch"):
            await client.environment("nosuch").airflow_version()


@pytest.mark.parametrize("faults", [[], [DENIED] * 9], ids=["AWS tells the version", "Airflow tells it"])
async def test_nobody_overtakes_those_who_asked_first_while_the_version_is_found_out(
    emulator: Emulator, faults: list[RefusedByAws]
) -> None:
    emulator.faults.descriptions.extend(faults)
    async with environment(emulator) as demo:
        await asyncio.gather(
            demo.dags.list(),
            demo.run("dags unpause etl"),
            demo.dags.trigger("report"),
            demo.version(),
            demo.run("dags unpause report"),
        )
    done = [" ".join(record.command.split()[:2]) for record in emulator.commands]
    assert done[-5:] == ["dags list", "dags unpause", "dags trigger", "version", "dags unpause"]


async def test_who_waits_behind_a_look_for_the_version_can_be_cancelled(emulator: Emulator) -> None:
    emulator.faults.descriptions.extend([DENIED] * 9)
    async with environment(emulator) as demo:
        first = asyncio.create_task(demo.dags.list())
        second = asyncio.create_task(demo.run("version"))
        third = asyncio.create_task(demo.run("cheat-sheet"))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(first, third)
        with pytest.raises(asyncio.CancelledError):
            await second
    assert [record.command.split()[0] for record in emulator.commands] == ["version", "dags", "cheat-sheet"]


async def test_the_first_command_waits_for_one_round_trip_to_aws_and_not_for_two(emulator: Emulator) -> None:
    emulator.faults.descriptions.append(SlowToken(1.0))
    emulator.faults.tokens.append(SlowToken(1.0))
    async with environment(emulator) as demo:
        first = await demo.run("dags list")
    assert emulator.descriptions == len(emulator.tokens) == 1
    assert 1.0 <= first.queued_for + first.took < 1.8
