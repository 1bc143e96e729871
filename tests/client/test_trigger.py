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
    DagRunNotEndedError,
    DagRunNotFoundError,
    Environment,
    MwaaClient,
    OutcomeUnknownError,
    UnsupportedCommandError,
)
from mwaa_async.emulator import CutConnection, EmbeddedAirflow, Emulator, RecordedAirflow, StatusAnswer, WrongAnswer
from tests.crashes import CrashingAirflow

pytestmark = pytest.mark.anyio

VERSIONS = ("1.10.12", "2.0.2", "2.2.5", "2.5.3", "2.10.5", "3.0.6", "3.3.1")
SETTLE_TIME = 0.05
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
    run = await demo.dags.trigger("etl", conf=CONF)
    ended = await run.wait(poll_interval=0.1, timeout=30)
    assert (ended.state, ended.run_id, ended.conf) == ("success", run.run_id, CONF)
    assert emulator.max_running("demo") == 1
    assert await ended.wait() == ended


# What MWAA offers on 2.0 and 2.1 tells nobody whether a DAG is paused.
KNOWS_PAUSED = [version for version in VERSIONS if version != "2.0.2"]


async def test_waiting_ends_at_its_timeout_with_an_error_that_says_that_the_run_goes_on(
    demo: Environment, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    run = await demo.dags.trigger("demo", run_id="run_1")  # of a paused DAG
    with pytest.raises(
        DagRunNotEndedError, match=r"'run_1' of DAG 'demo' has not ended within 1.5 s: .* goes on"
    ) as caught:
        await run.wait(poll_interval=0.05, timeout=1.5)
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.ran is True
    assert caught.value.dag_run is not None
    assert caught.value.dag_run.run_id == "run_1"
    knows = await demo.airflow_version() in KNOWS_PAUSED
    assert caught.value.dag_is_paused is (True if knows else None)
    assert ("the DAG 'demo' is paused" in str(caught.value)) == knows
    assert [record.levelname for record in caplog.records if "is paused" in record.message] == ["WARNING"] * knows
    assert sum("next" in record.command for record in emulator.commands) == knows  # one look


async def test_waiting_without_a_timeout_for_a_run_of_a_paused_dag_ends_at_once(demo: Environment) -> None:
    run = await demo.dags.trigger("demo", run_id="run_1")
    if await demo.airflow_version() not in KNOWS_PAUSED:
        return  # it would go on for ever, as said in the docs
    with pytest.raises(
        DagRunNotEndedError, match=r"has not ended: .*; the DAG 'demo' is paused, .* until it is unpaused"
    ):
        await run.wait(poll_interval=0.05)
    await demo.dags.unpause("demo")
    assert (await run.wait(poll_interval=0.05)).state == "success"


async def test_nobody_looks_whether_the_dag_of_a_run_that_runs_is_paused(demo: Environment, emulator: Emulator) -> None:
    run = await demo.dags.trigger("etl")
    await run.wait(poll_interval=0.1, timeout=30)
    looks = [record.command for record in emulator.commands if "next" in record.command]
    assert len(looks) == (await demo.airflow_version() == "1.10.12")  # where runs of paused DAGs are "running", too


async def test_a_timeout_around_it_stays_what_it_is(demo: Environment) -> None:
    run = await demo.dags.trigger("etl")
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0.05):
            await run.wait(poll_interval=5, timeout=30)
    assert not isinstance(caught.value, DagRunNotEndedError)


async def test_whether_the_dag_is_paused_may_be_unknown() -> None:
    async with Emulator(refused_commands=["dags next-execution"]) as emulator, led_to(emulator) as demo:
        run = await demo.dags.trigger("demo")
        with pytest.raises(DagRunNotEndedError) as caught:
            await run.wait(poll_interval=0.05, timeout=0.5)
        assert caught.value.dag_is_paused is None
        assert "paused" not in str(caught.value)


async def test_waiting_bears_a_web_server_that_is_not_there_for_a_while(emulator: Emulator) -> None:
    async with MwaaClient(**emulator.client_options(), settle_time=0.05, retry_reads=False) as client:
        run = await client.environment("demo").dags.trigger("etl")
        emulator.faults.commands.extend([StatusAnswer(502)] * 4)
        assert (await run.wait(poll_interval=0.05)).state == "success"


async def test_waiting_ends_where_the_web_server_stays_away(emulator: Emulator) -> None:
    async with MwaaClient(**emulator.client_options(), settle_time=0.05, retry_reads=False) as client:
        run = await client.environment("demo").dags.trigger("etl")
        emulator.faults.commands.extend([StatusAnswer(502)] * 5)
        with pytest.raises(OutcomeUnknownError, match="502"):
            await run.wait(poll_interval=0.05)


async def test_waiting_for_a_run_that_is_deleted_is_an_error(demo: Environment) -> None:
    run = await demo.dags.trigger("etl", logical_date=datetime(2024, 5, 1, tzinfo=UTC))
    await demo.dags.delete("etl")
    with pytest.raises((DagRunNotFoundError, DagNotFoundError)):
        await run.wait(poll_interval=0.05)


RUN_ID = "mine__2026-01-01T00:00:00+00:00"
PAGES = {
    "1.10.12": r"/graph\?dag_id=etl&execution_date=20\d\d-\d\d-\d\dT\d\d%3A\d\d%3A\d\d%2B00%3A00",
    "2.0.2": r"/graph\?dag_id=etl&execution_date=20\d\d-\d\d-\d\dT\d\d%3A\d\d%3A\d\d%2B00%3A00",
    "2.2.5": r"/graph\?dag_id=etl&execution_date=20\d\d-\d\d-\d\dT\d\d%3A\d\d%3A\d\d%2B00%3A00",
    "2.5.3": r"/dags/etl/grid\?dag_run_id=mine__2026-01-01T00%3A00%3A00%2B00%3A00",
    "2.10.5": r"/dags/etl/grid\?dag_run_id=mine__2026-01-01T00%3A00%3A00%2B00%3A00",
    "3.0.6": r"/dags/etl/runs/mine__2026-01-01T00%3A00%3A00%2B00%3A00",
    "3.3.1": r"/dags/etl/runs/mine__2026-01-01T00%3A00%3A00%2B00%3A00",
}


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_failed_run_is_an_error_with_its_failed_tasks_and_where_to_look(version: str) -> None:
    async with Emulator(airflow=version, dags=["etl:fails"]) as emulator, led_to(emulator) as demo:
        run = await demo.dags.trigger("etl", run_id=RUN_ID)
        with pytest.raises(DagRunFailedError, match="of DAG 'etl' has failed") as caught:
            await run.wait(poll_interval=0.2, timeout=30)
        error = caught.value
        assert error.ran is True
        assert error.dag_run is not None
        assert (error.dag_run.run_id, error.dag_run.state) == (RUN_ID, "failed")
        assert error.failed_tasks == (None if version == "1.10.12" else ("extract",))
        assert ("failed tasks: extract; see " in str(error)) == (version != "1.10.12")
        assert error.url is not None
        assert re.fullmatch(re.escape(emulator.web_server_url("demo")) + PAGES[version], error.url)
        assert str(error).endswith(f"; see {error.url}")
        assert (await run.wait(poll_interval=0.0, check=False)).state == "failed"


@pytest.mark.parametrize(
    "fault", [StatusAnswer(403), StatusAnswer(404), StatusAnswer(504, ran=True), WrongAnswer()], ids=repr
)
async def test_a_failed_run_stays_one_where_its_tasks_cannot_be_had(fault: StatusAnswer | WrongAnswer) -> None:
    async with Emulator(dags=["etl:fails"]) as emulator, led_to(emulator, retry_reads=False) as demo:
        run = await demo.dags.trigger("etl", run_id="mine")
        failed = await run.wait(poll_interval=0.2, check=False)
        emulator.faults.commands.extend([fault] * 2)  # a refused token is replaced once
        with pytest.raises(
            DagRunFailedError, match=r"has failed; see https://[\d.:]+/dags/etl/grid\?dag_run_id=mine$"
        ) as caught:
            await failed.wait()
        assert caught.value.failed_tasks is None


def rows_of(*tasks: tuple[str, str, str]) -> str:
    """Return what Airflow 2.10.3 prints of a run whose mapped tasks have these indexes and states."""
    dates = {"start_date": "", "end_date": "2026-11-25T18:07:35.084235+00:00"}
    row = {"dag_id": "etl", "execution_date": "2024-05-01T00:00:00+00:00"}
    return json.dumps(
        [{**row, "task_id": name, "state": state, **dates, "map_index": index} for name, index, state in tasks]
    )


@pytest.mark.parametrize(
    ("tasks", "failed", "said"),
    [
        (
            [("extract", "", "failed"), ("load", "", "upstream_failed"), ("m", "0", "success"), ("m", "1", "failed")],
            ("extract", "m[1]"),
            "has failed; failed tasks: extract, m[1]; see",
        ),
        ([("extract", "", "skipped")], (), "has failed, without a task that failed; see"),
        (
            [("m", str(number), "failed") for number in range(12)],
            tuple(f"m[{number}]" for number in range(12)),
            "m[8], m[9] and 2 more; see",
        ),
    ],
    ids=["mapped", "none", "many"],
)
async def test_of_the_tasks_those_count_that_failed_themselves(
    tasks: list[tuple[str, str, str]], failed: tuple[str, ...], said: str
) -> None:
    row = {"dag_id": "etl", "run_id": "mine", "state": "failed", "execution_date": "2024-05-01T00:00:00+00:00"}
    printed = [json.dumps([row]), rows_of(*tasks)]
    airflow = RecordedAirflow("2.10.3", [{"exit": 0, "stdout": f"{text}\n", "stderr": ""} for text in printed])
    async with Emulator(airflow=airflow) as emulator, led_to(emulator) as demo:
        [run] = await demo.dags.list_runs("etl")
        with pytest.raises(DagRunFailedError, match=re.escape(said)) as caught:
            await run.wait()
        assert caught.value.failed_tasks == failed


async def test_an_existing_run_is_taken_where_that_is_ok(demo: Environment, emulator: Emulator) -> None:
    first = await demo.dags.trigger("etl", run_id="run_1", conf=CONF)
    again = await demo.dags.trigger("etl", run_id="run_1", conf={"other": 1}, exists_ok=True)
    assert (again.run_id, again.conf) == (first.run_id, None)
    if await demo.airflow_version() != "2.0.2":  # MWAA offers nothing there that would find it
        assert again.state in {"running", "success"}
        assert (await again.wait(poll_interval=0.1, timeout=30)).state == "success"
    assert len(sent(emulator)) == 2


async def test_what_is_new_is_triggered_where_an_existing_run_is_ok(demo: Environment) -> None:
    run = await demo.dags.trigger("etl", run_id="run_1", conf=CONF, exists_ok=True)
    assert (run.run_id, run.conf) == ("run_1", CONF)


async def test_a_logical_date_of_another_run_is_an_error_all_the_same(demo: Environment) -> None:
    date = datetime(2024, 5, 1, tzinfo=UTC)
    await demo.dags.trigger("etl", run_id="one", logical_date=date)
    with pytest.raises(DagRunAlreadyExistsError):
        await demo.dags.trigger("etl", run_id="other", logical_date=date, exists_ok=True)


async def test_without_a_run_id_nothing_can_exist(demo: Environment, emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="exists_ok needs a run_id"):
        await demo.dags.trigger("etl", exists_ok=True)
    assert not emulator.commands


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
        assert (run.state, run.conf) == ("running", CONF)
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


async def test_nobody_is_told_that_nothing_ran_where_only_the_trigger_in_another_second_did_not() -> None:
    async with Emulator() as emulator, led_to(emulator) as demo:
        await demo.airflow_version()
        emulator.faults.commands.extend([CutConnection(ran=True), None, *[FORBIDDEN] * 4, StatusAnswer(404)])
        with pytest.raises(OutcomeUnknownError, match=r"unknown whether there is a run .*HTTP 404") as caught:
            await demo.dags.trigger("etl")
        assert (caught.value.ran, caught.value.attempts) == (None, 2)
        assert len(await runs_of(demo, "etl")) == 1


@pytest.mark.parametrize("version", ["2.2.5", "2.10.5"])
async def test_a_run_that_exists_is_found_without_reading_all_runs_of_the_dag(version: str) -> None:
    async with Emulator(airflow=version) as emulator, led_to(emulator) as demo:
        run = await demo.dags.trigger("etl", run_id="run_1")
        with pytest.raises(DagRunAlreadyExistsError) as caught:
            await demo.dags.trigger("etl", run_id="run_1")
        assert caught.value.dag_run is not None
        assert caught.value.dag_run.logical_date == run.logical_date
        assert caught.value.dag_run.state == "running"
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
