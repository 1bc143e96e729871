"""Promise: a trigger is repeated where nobody knows whether it ran, and never makes a second run."""

import asyncio
import json
import re
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from mwaa_async import (
    DagNotFoundError,
    DagRun,
    DagRunAlreadyExistsError,
    DagRunFailedError,
    DagRunNotFoundError,
    Environment,
    MwaaClient,
    OutcomeUnknownError,
    UnsupportedCommandError,
)
from mwaa_async._commands.dag_runs import check_success
from mwaa_async.emulator import CutConnection, EmbeddedAirflow, Emulator, StatusAnswer, WrongAnswer
from tests.crashes import CrashingAirflow

pytestmark = pytest.mark.anyio

VERSIONS = ("1.10.12", "2.0.2", "2.2.5", "2.5.3", "2.10.5", "3.0.6", "3.3.1")
SETTLE_TIME = 0.2
CONF = {"text": 'it\'s "quoted" $HOME [red]', "n": [1, 2.5, None, True], "名": "🎉", "deep": {"a": {}}}


@pytest.fixture(params=VERSIONS)
async def emulator(request: pytest.FixtureRequest) -> AsyncIterator[Emulator]:
    async with Emulator(airflow=request.param) as emulator:
        yield emulator


@pytest.fixture
async def demo(emulator: Emulator) -> AsyncIterator[Environment]:
    async with MwaaClient(**emulator.client_options(), settle_time=SETTLE_TIME) as client:
        yield client.environment("demo")


@asynccontextmanager
async def led_to(emulator: Emulator, **options: Any) -> AsyncIterator[Environment]:
    async with MwaaClient(**emulator.client_options(), settle_time=SETTLE_TIME, **options) as client:
        yield client.environment("demo")


def sent(emulator: Emulator) -> list[list[str]]:
    """Return the triggers that the web server has seen, as words."""
    lines = [shlex.split(record.command) for record in emulator.commands]
    return [words for words in lines if "trigger" in " ".join(words[:2])]


async def runs_of(demo: Environment, dag_id: str) -> list[str]:
    if await demo.airflow_version() == "2.0.2":  # MWAA offers no list of runs there
        listed = await demo.run("dags state etl 2024-05-01T00:00:00+00:00")
        return ["one"] if "None" not in listed.stdout else []
    return [run.run_id for run in await demo.dags.list_runs(dag_id)]


async def test_a_triggered_run_has_the_conf_that_was_sent(demo: Environment, emulator: Emulator) -> None:
    run = await demo.dags.trigger("etl", conf=CONF, run_id="run-1")
    assert (run.dag_id, run.run_id, run.conf) == ("etl", "run-1", CONF)
    [words] = sent(emulator)
    [conf] = [word.partition("=")[2] for word in words if word.startswith("--conf")]
    assert json.loads(conf) == CONF


async def test_every_trigger_has_a_run_id_and_later_ones_sort_after_earlier_ones(
    demo: Environment, emulator: Emulator
) -> None:
    runs = [await demo.dags.trigger("etl") for _ in range(3)]
    assert [run.run_id for run in runs] == sorted({run.run_id for run in runs})
    assert all(re.fullmatch(r"mwaa_async__[A-Za-z0-9_.~:+-]+", run.run_id) for run in runs)
    assert [run.run_id for run in runs] == [
        word.partition("=")[2] for words in sent(emulator) for word in words if word.startswith("--run")
    ]


async def test_triggers_run_in_the_order_in_which_they_are_asked_for_from_the_first_on(
    demo: Environment, emulator: Emulator
) -> None:
    run_ids = [f"run-{number}" for number in range(6)]
    await asyncio.gather(*(demo.dags.trigger("etl", run_id=run_id) for run_id in run_ids))
    assert [word.partition("=")[2] for words in sent(emulator) for word in words if word.startswith("--run")] == run_ids
    assert emulator.max_running("demo") == 1


@pytest.mark.parametrize("fault", [CutConnection(ran=True), StatusAnswer(504, ran=True), WrongAnswer()], ids=repr)
@pytest.mark.parametrize("run_id", ["mine", None])
async def test_a_trigger_whose_answer_is_lost_is_found_to_have_run(
    demo: Environment, emulator: Emulator, fault: CutConnection | StatusAnswer | WrongAnswer, run_id: str | None
) -> None:
    await demo.airflow_version()
    emulator.faults.commands.append(fault)
    date = datetime(2024, 5, 1, tzinfo=UTC)
    run = await demo.dags.trigger("etl", conf=CONF, run_id=run_id, logical_date=date)
    first, second = sent(emulator)
    assert first == second
    assert run.conf == CONF
    assert len(await runs_of(demo, "etl")) == 1


@pytest.mark.parametrize("fault", [CutConnection(ran=False), StatusAnswer(502)], ids=repr)
async def test_a_trigger_that_was_lost_on_the_way_is_sent_again_after_the_settle_time(
    demo: Environment, emulator: Emulator, fault: CutConnection | StatusAnswer
) -> None:
    await demo.run("version")
    emulator.faults.commands.append(fault)
    began = asyncio.get_running_loop().time()
    run = await demo.dags.trigger("etl", run_id="mine", logical_date=datetime(2024, 5, 1, tzinfo=UTC))
    assert asyncio.get_running_loop().time() - began >= SETTLE_TIME
    assert run.run_id == "mine"
    assert len(await runs_of(demo, "etl")) == 1


async def test_an_outcome_that_stays_unknown_is_an_error_that_says_so(demo: Environment, emulator: Emulator) -> None:
    await demo.airflow_version()
    emulator.faults.commands.extend([CutConnection(ran=True), CutConnection(ran=True)])
    with pytest.raises(OutcomeUnknownError, match=r"run[-_]id=mine") as caught:
        await demo.dags.trigger("etl", run_id="mine")
    assert caught.value.ran is None


async def test_a_run_id_that_existed_before_is_an_error(demo: Environment, emulator: Emulator) -> None:
    await demo.dags.trigger("etl", run_id="mine")
    with pytest.raises(DagRunAlreadyExistsError) as caught:
        await demo.dags.trigger("etl", run_id="mine")
    assert caught.value.ran is True
    assert len(sent(emulator)) == 2


async def test_a_logical_date_that_another_run_has_is_an_error(demo: Environment, emulator: Emulator) -> None:
    date = datetime(2024, 5, 1, tzinfo=UTC)
    await demo.dags.trigger("etl", run_id="one", logical_date=date)
    with pytest.raises(DagRunAlreadyExistsError):
        await demo.dags.trigger("etl", run_id="other", logical_date=date)
    assert len(sent(emulator)) == 2


async def test_an_unknown_dag_is_an_error(demo: Environment) -> None:
    with pytest.raises(DagNotFoundError):
        await demo.dags.trigger("nosuch")


@pytest.mark.parametrize("conf", [{"n": float("nan")}, {"s": {1, 2}}, [1], "text"], ids=repr)
async def test_a_conf_that_is_no_json_object_is_refused_before_anything_is_sent(
    demo: Environment, emulator: Emulator, conf: object
) -> None:
    with pytest.raises((ValueError, TypeError)):
        await demo.dags.trigger("etl", conf=conf)  # type: ignore[arg-type]
    assert not emulator.commands


async def test_waiting_ends_when_the_run_has_succeeded(demo: Environment, emulator: Emulator) -> None:
    await demo.dags.unpause("etl")
    run = await demo.dags.trigger("etl", conf=CONF)
    ended = await run.wait(poll_interval=0.1, timeout=30)
    assert (ended.state, ended.run_id, ended.conf) == ("success", run.run_id, CONF)
    assert emulator.max_running("demo") == 1
    assert await ended.wait() == ended


async def test_waiting_ends_at_its_timeout(demo: Environment) -> None:
    run = await demo.dags.trigger("etl")  # of a paused DAG
    if run.state != "running":
        with pytest.raises(TimeoutError):
            await run.wait(poll_interval=0.05, timeout=0.2)


async def test_waiting_for_a_run_that_is_deleted_is_an_error(demo: Environment) -> None:
    run = await demo.dags.trigger("etl", logical_date=datetime(2024, 5, 1, tzinfo=UTC))
    await demo.dags.delete("etl")
    with pytest.raises((DagRunNotFoundError, DagNotFoundError)):
        await run.wait(poll_interval=0.05)


def test_a_failed_run_is_an_error_with_the_run_in_it() -> None:
    run = DagRun(dag_id="etl", run_id="mine", state="failed")
    with pytest.raises(DagRunFailedError, match="'mine' of DAG 'etl' has failed") as caught:
        check_success(run)
    assert caught.value.ran is True
    assert caught.value.dag_run is run


async def test_a_run_whose_answer_was_lost_is_found_although_the_next_attempt_crashes() -> None:
    airflow = CrashingAirflow("dags trigger", before=[1])
    async with Emulator(airflow=airflow) as emulator, led_to(emulator) as demo:
        emulator.faults.commands.append(StatusAnswer(504, ran=True))
        run = await demo.dags.trigger("etl", conf=CONF)
        assert [one.run_id for one in await demo.dags.list_runs("etl")] == [run.run_id]


async def test_it_stays_unknown_where_every_attempt_crashes_but_one_that_had_no_answer() -> None:
    airflow = CrashingAirflow("dags trigger", before=range(9))
    async with Emulator(airflow=airflow) as emulator, led_to(emulator) as demo:
        emulator.faults.commands.append(StatusAnswer(504, ran=True))
        with pytest.raises(OutcomeUnknownError, match="an attempt before had no answer") as caught:
            await demo.dags.trigger("etl")
        assert caught.value.attempts == 2


FORBIDDEN = StatusAnswer(403)


@pytest.mark.parametrize("version", ["2.2.5", "2.10.3", "3.0.6", "3.3.1"])
async def test_a_run_whose_short_look_up_is_refused_is_found_in_the_list(version: str) -> None:
    async with Emulator(airflow=version) as emulator, led_to(emulator) as demo:
        await demo.airflow_version()
        emulator.faults.commands.extend([CutConnection(ran=True), None, FORBIDDEN, FORBIDDEN])
        run = await demo.dags.trigger("etl", conf=CONF)
        assert (run.state, run.conf) == ("queued", CONF)
        assert await runs_of(demo, "etl") == [run.run_id]


@pytest.mark.parametrize("version", ["2.2.5", "2.10.3", "3.0.6", "3.3.1"])
@pytest.mark.parametrize("fault", [FORBIDDEN, StatusAnswer(500)], ids=repr)
async def test_what_exists_in_two_seconds_is_the_run_where_it_cannot_be_looked_for(
    version: str, fault: StatusAnswer
) -> None:
    airflow = EmbeddedAirflow(version)
    async with Emulator(airflow=airflow) as emulator, led_to(emulator, retry_reads=False) as demo:
        await demo.airflow_version()
        look_up = [fault] * (4 if fault == FORBIDDEN else 2)
        emulator.faults.commands.extend([CutConnection(ran=True), None, *look_up, None, *[fault] * 2])
        run = await demo.dags.trigger("etl")
        assert [one.run_id for one in airflow.dag_runs()] == [run.run_id]
        first, *_, last = (record for record in emulator.commands if "trigger" in record.command)
        assert last.start - first.start > 1.0


async def test_an_existing_run_that_cannot_be_looked_for_is_told_as_existing() -> None:
    async with Emulator() as emulator, led_to(emulator) as demo:
        await demo.dags.trigger("etl", run_id="mine")
        emulator.faults.commands.extend([None, FORBIDDEN, FORBIDDEN, None, FORBIDDEN])
        with pytest.raises(DagRunAlreadyExistsError) as caught:
            await demo.dags.trigger("etl", run_id="mine")
        assert caught.value.dag_run is not None
        assert caught.value.dag_run.run_id == "mine"


async def test_nobody_is_told_that_nothing_ran_where_only_the_look_for_the_run_did_not() -> None:
    async with Emulator() as emulator, led_to(emulator) as demo:
        date = datetime(2024, 5, 1, tzinfo=UTC)
        emulator.faults.commands.extend([CutConnection(ran=True), None, StatusAnswer(404)])
        with pytest.raises(OutcomeUnknownError, match=r"looking for the run failed: .*HTTP 404") as caught:
            await demo.dags.trigger("etl", run_id="mine", logical_date=date)
        assert (caught.value.ran, caught.value.attempts) == (None, 2)
        assert (await demo.dags.trigger("etl", run_id="other")).run_id == "other"
        with pytest.raises(DagRunAlreadyExistsError):
            await demo.dags.trigger("etl", run_id="mine", logical_date=date)


@pytest.mark.parametrize("version", ["2.2.5", "2.10.5"])
async def test_a_run_that_exists_is_found_without_reading_all_runs_of_the_dag(version: str) -> None:
    async with Emulator(airflow=version) as emulator, led_to(emulator) as demo:
        run = await demo.dags.trigger("etl", run_id="run_1")
        with pytest.raises(DagRunAlreadyExistsError) as caught:
            await demo.dags.trigger("etl", run_id="run_1")
        assert caught.value.dag_run is not None
        assert caught.value.dag_run.logical_date == run.logical_date
        assert caught.value.dag_run.state == "queued"
        lists = [record.command for record in emulator.commands if "list-runs" in record.command]
        assert all("--start-date=" in line and "--end-date=" in line for line in lists)


async def test_a_run_id_of_our_own_is_not_sent_where_the_environment_takes_others_only() -> None:
    async with Emulator() as emulator, led_to(emulator, allowed_run_id_pattern="^etl-.*$") as demo:
        with pytest.raises(ValueError, match=r"give a run_id: .* does not match '\^etl-\.\*\$'"):
            await demo.dags.trigger("etl")
        assert not emulator.commands
        # What Airflow makes itself it takes always.
        for run_id in ("etl-1", "manual__2026-01-01T00:00:00+00:00"):
            assert (await demo.dags.trigger("etl", run_id=run_id)).run_id == run_id


@pytest.mark.parametrize("version", ["2.2.5", "2.10.5"])
@pytest.mark.parametrize("run_id", ["", "x" * 251])
async def test_a_run_id_that_is_none_or_too_long_is_refused_on_every_version(version: str, run_id: str) -> None:
    async with Emulator(airflow=version) as emulator, led_to(emulator) as demo:
        with pytest.raises(ValueError, match="a run id has 1 to 250 characters"):
            await demo.dags.trigger("etl", run_id=run_id)
        assert not emulator.commands


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
async def test_waiting_needs_numbers_of_seconds(seconds: float) -> None:
    run = DagRun(dag_id="etl", run_id="run-1")
    with pytest.raises(ValueError, match="poll_interval must be a number of seconds"):
        await run.wait(poll_interval=seconds)
    with pytest.raises(ValueError, match="timeout must be a number of seconds"):
        await run.wait(timeout=seconds)


async def test_before_2_2_a_run_without_a_known_date_cannot_be_waited_for_and_that_is_said() -> None:
    async with Emulator(airflow="2.0.2") as emulator, led_to(emulator) as demo:
        await demo.airflow_version()
        emulator.faults.commands.append(CutConnection(ran=True))
        run = await demo.dags.trigger("etl")
        with pytest.raises(UnsupportedCommandError, match="asks for the run's date, which is not known"):
            await run.wait(poll_interval=0.0)


async def test_a_run_can_be_hashed_and_made_a_dictionary() -> None:
    async with Emulator() as emulator, led_to(emulator) as demo:
        run = await demo.dags.trigger("etl", conf=CONF)
        as_dict = asdict(run)
        assert (as_dict["conf"], as_dict["run_id"], as_dict["environment"]) == (CONF, run.run_id, run.environment)
        assert {run} == {replace(run, extra={})}
