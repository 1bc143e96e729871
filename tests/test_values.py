"""Promise: what callers get in their hands travels: by pickle, copy, JSON, pydantic and FastAPI."""

import asyncio
import copy
import json
import pickle
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter

import mwaa_async
from mwaa_async import (
    Asset,
    CleanedTable,
    CommandFailedError,
    CommandOutcome,
    CommandRequest,
    CommandResult,
    Dag,
    DagFile,
    DagImportError,
    DagNotFoundError,
    DagRun,
    DagRunAlreadyExistsError,
    DagRunFailedError,
    DagRunNotEndedError,
    DagRunNotFoundError,
    Environment,
    EnvironmentStatistics,
    FailedDep,
    Hook,
    Job,
    MwaaClient,
    MwaaError,
    Provider,
    RequestRejectedError,
    Role,
    TaskInstance,
    Trigger,
    TriggerOutcome,
    TriggerRequest,
    Widget,
)
from mwaa_async._model.portable import Portable, plain
from mwaa_async.emulator import Emulator

DATE = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
CONF = {"day": "2026-01-01", "deep": {"n": [1, 2.5, None, True]}, "名": "🎉"}
RUN = DagRun(dag_id="etl", run_id="run-1", state="queued", conf=CONF, logical_date=DATE, environment="prod")
REQUEST = TriggerRequest("prod", "etl", CONF, "run-1", DATE)
RESULT = CommandResult("prod", "variables set k s3cr3t", "out\n", "err\n", 200, 0.5, 1.5)
COMMAND = CommandRequest("prod", "dags list -o json")
LISTED = CommandResult("prod", "dags list -o json", "[]\n", "", 200, 0.5, 1.5)
ERROR = DagNotFoundError("prod: no DAG", environment="prod", command="dags trigger", result=RESULT, http_status=400)
VALUES: list[Portable] = [
    Asset(name="a", uri="s3://a", id=1, created_at=DATE, extra={"x": [1]}),
    CleanedTable(name="log", rows=7),
    RESULT,
    COMMAND,
    CommandOutcome(COMMAND, "done", LISTED, None, 1, 1),
    Dag(dag_id="etl", owners=("a", "b"), is_paused=True, extra={"tags": "x"}),
    DagFile(file="/etl.py", duration=timedelta(days=1, seconds=2.25), dag_num=1, task_num=2, dags=("etl",)),
    DagImportError(filepath="/etl.py", error="Traceback …"),
    RUN,
    EnvironmentStatistics(1, 1, 2, 3, 4, True),
    FailedDep(dependency="Trigger Rule", reason="no"),
    Hook(connection_type="http", hook_class="x.Hook"),
    Job(dag_id=None, state="running", job_type="SchedulerJob", start_date=DATE),
    Provider(package_name="p", version="1"),
    Role(name="Admin"),
    TaskInstance(dag_id="etl", task_id="extract", logical_date=DATE, map_index=0),
    Trigger(package_name="p", trigger_class="x.Trigger"),
    TriggerOutcome(REQUEST, "triggered", RUN, None, 1, 1, "run-1"),
    REQUEST,
    Widget(connection_parameter_name="p", field_type={"type": "string"}),
]
every_value = pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)


def public(kind: type) -> set[type]:
    """Return the public classes of a kind."""
    named = (getattr(mwaa_async, name) for name in mwaa_async.__all__)
    return {one for one in named if isinstance(one, type) and issubclass(one, kind)}


def test_every_public_value_is_among_those_that_travel_here() -> None:
    assert {type(value) for value in VALUES} == public(Portable)
    assert {one for one in public(object) if hasattr(one, "__dataclass_fields__")} - public(Portable) == {
        mwaa_async.EnvironmentId,  # these two are for guards
        mwaa_async.SlotStatus,
    }


def pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


@every_value
@pytest.mark.parametrize("travel", [pickled, copy.copy, copy.deepcopy, replace])
def test_a_value_comes_back_as_it_was(value: Portable, travel: Callable[[Any], Any]) -> None:
    back = travel(value)
    assert type(back) is type(value)
    assert back == value
    assert repr(back) == repr(value)
    for field in fields(value):  # type: ignore[arg-type]  # every one is a dataclass
        assert getattr(back, field.name) == getattr(value, field.name), field.name


@every_value
def test_a_value_can_be_in_a_set(value: Portable) -> None:
    assert {value} == {pickled(value)}


@every_value
def test_a_value_is_a_dictionary_and_json(value: Portable) -> None:
    assert asdict(value)  # type: ignore[call-overload]  # every one is a dataclass
    as_json = json.loads(json.dumps(value.to_dict(), allow_nan=False))
    assert as_json == value.to_dict()
    assert list(as_json) == [field.name for field in fields(value)]  # type: ignore[arg-type]
    assert TypeAdapter(type(value)).validate_python(as_json) == value


@every_value
def test_a_value_goes_through_pydantic(value: Portable) -> None:
    adapter = TypeAdapter(type(value))
    assert adapter.validate_python(value) is value
    assert adapter.validate_json(adapter.dump_json(value)) == value
    schema = adapter.json_schema()
    assert set(schema["properties"]) == {field.name for field in fields(value)}  # type: ignore[arg-type]


@asynccontextmanager
async def served(application: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
        yield http


@pytest.mark.anyio
@every_value
async def test_fastapi_returns_a_value_and_describes_it(value: Portable) -> None:
    application, kind = FastAPI(), type(value)

    async def endpoint() -> Any:
        return value

    application.get("/one", response_model=kind)(endpoint)
    application.get("/none", response_model=kind | None)(lambda: None)
    application.get("/all", response_model=list[kind])(lambda: [value, value])  # type: ignore[valid-type]
    async with served(application) as http:
        answer = await http.get("/one")
        assert TypeAdapter(kind).validate_python(answer.json()) == value
        assert (await http.get("/none")).json() is None
        assert (await http.get("/all")).json() == [answer.json()] * 2
        described = (await http.get("/openapi.json")).json()["components"]["schemas"][kind.__name__]
    assert list(described["properties"]) == list(answer.json())


@pytest.mark.anyio
async def test_a_service_triggers_returns_the_run_and_reports_an_error(emulator: Emulator) -> None:
    application = FastAPI()
    async with MwaaClient(**emulator.client_options()) as client:

        @application.post("/runs")
        async def trigger(request: TriggerRequest) -> DagRun:
            return await client.environment(request.environment).dags.trigger(request.dag_id, conf=request.conf)

        @application.post("/many")
        async def trigger_many(requests: list[TriggerRequest]) -> list[TriggerOutcome]:
            return [outcome async for outcome in client.trigger_many(requests)]

        rows = [{"environment": "demo", "dag_id": dag_id, "conf": CONF} for dag_id in ("etl", "nosuch")]
        async with served(application) as http:
            run = (await http.post("/runs", json=rows[0])).json()
            outcomes = {row["request"]["dag_id"]: row for row in (await http.post("/many", json=rows)).json()}
    assert (run["dag_id"], run["conf"], run["environment"]) == ("etl", CONF, "demo")
    assert outcomes["etl"]["dag_run"]["run_id"] == outcomes["etl"]["run_id"]
    assert outcomes["etl"]["error"] is None
    assert (outcomes["nosuch"]["error"]["type"], outcomes["nosuch"]["error"]["ran"]) == ("DagNotFoundError", True)


def test_an_outcome_with_an_error_is_equal_to_the_one_that_was_pickled() -> None:
    outcome = TriggerOutcome(REQUEST, "failed", None, ERROR, 1, 1, "run-1")
    back = pickled(outcome)
    assert back == outcome and hash(back) == hash(outcome)
    assert (type(back.error), str(back.error)) == (DagNotFoundError, "prod: no DAG")
    assert outcome != replace(outcome, status="unknown")


def test_an_outcomes_error_travels_as_json_without_what_airflow_printed() -> None:
    outcome = TriggerOutcome(REQUEST, "failed", None, ERROR)
    adapter = TypeAdapter(TriggerOutcome)
    for as_json in (outcome.to_dict(), json.loads(adapter.dump_json(outcome))):
        assert as_json["error"] == {
            "type": "DagNotFoundError",
            "message": "prod: no DAG",
            "ran": True,
            "environment": "prod",
            "command": "dags trigger",
            "http_status": 400,
            "attempts": 1,
            "advice": None,
        }
        back = adapter.validate_python(as_json).error
        assert isinstance(back, DagNotFoundError)
        assert (str(back), back.environment, back.http_status) == ("prod: no DAG", "prod", 400)
    properties = adapter.json_schema()["properties"]["error"]["anyOf"][0]["properties"]
    assert set(properties) == {name for kind in public(MwaaError) for name in kind("").to_dict()}
    refused = replace(outcome, error=ValueError("a request needs a dag_id"))
    told = {"type": "ValueError", "message": "a request needs a dag_id", "ran": False}
    assert refused.to_dict()["error"] == json.loads(adapter.dump_json(refused))["error"] == told
    with pytest.raises(ValueError, match="an error is an Exception, or an object with its message"):
        adapter.validate_python({**outcome.to_dict(), "error": "broken"})


@pytest.mark.parametrize("kind", sorted(public(MwaaError), key=repr))
@pytest.mark.parametrize("travel", [pickled, copy.copy, copy.deepcopy])
def test_an_error_comes_back_as_it_was(kind: type[MwaaError], travel: Callable[[Any], Any]) -> None:
    error = kind("what happened", environment="prod", command="dags list", result=RESULT, http_status=400)
    error.attempts = 2
    back = travel(error)
    assert type(back) is kind
    assert (str(back), back.ran, vars(back)) == ("what happened", error.ran, vars(error))
    assert json.loads(json.dumps(error.to_dict()))["type"] == kind.__name__


def test_what_an_error_knows_beyond_others_travels_too() -> None:
    failed, rejected, exists = DagRunFailedError("f"), RequestRejectedError("r"), DagRunAlreadyExistsError("e")
    failed.dag_run = exists.dag_run = RUN
    rejected.retry_after, exists.advice = 7.0, "take another run id"
    assert pickled(failed).dag_run == pickled(exists).dag_run == RUN
    assert (pickled(rejected).retry_after, pickled(exists).advice) == (7.0, "take another run id")


DETAILS: dict[type[MwaaError], dict[str, Any]] = {
    RequestRejectedError: {"retry_after": 7.0},
    CommandFailedError: {"advice": "take another run id"},
    DagRunAlreadyExistsError: {"advice": None, "dag_run": RUN},
    DagRunFailedError: {"dag_run": RUN, "failed_tasks": ("extract", "load[3]"), "url": "https://prod/run"},
    DagRunNotEndedError: {"dag_run": RUN, "dag_is_paused": True, "url": None},
}


@pytest.mark.parametrize("kind", DETAILS, ids=lambda kind: kind.__name__)
def test_what_an_error_knows_beyond_others_is_part_of_its_json_and_comes_back(kind: type[MwaaError]) -> None:
    error = kind("prod: what happened", environment="prod", command="dags list", http_status=200)
    vars(error).update(DETAILS[kind], attempts=2)
    adapter = TypeAdapter(TriggerOutcome)
    outcome = TriggerOutcome(REQUEST, "failed", None, error)
    told = json.loads(adapter.dump_json(outcome))["error"]
    assert told == json.loads(json.dumps(error.to_dict()))
    assert {name: told[name] for name in DETAILS[kind]} == json.loads(
        json.dumps({name: plain(value) for name, value in DETAILS[kind].items()})
    )
    back = adapter.validate_python({**outcome.to_dict(), "error": told}).error
    assert type(back) is kind
    assert vars(back) == vars(error)


def test_every_attribute_of_an_error_is_part_of_its_json() -> None:
    for kind in public(MwaaError):
        known = {name for one in kind.__mro__ for name in getattr(one, "__annotations__", {}) if name.islower()}
        assert known <= set(kind("").to_dict()), kind


def fail_in_another_process(endpoint: dict[str, str]) -> None:
    import os

    os.environ.update(endpoint)
    asyncio.run(_trigger_unknown())


async def _trigger_unknown() -> None:
    async with MwaaClient() as client:
        await client.environment("demo").dags.trigger("nosuch")


@pytest.mark.anyio
async def test_an_error_of_a_process_pool_is_the_same_error(emulator: Emulator) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        failing = asyncio.get_running_loop().run_in_executor(processes, fail_in_another_process, emulator.environ())
        with pytest.raises(DagNotFoundError) as caught:
            await failing
    assert caught.value.environment == "demo"
    assert caught.value.result is not None
    assert "nosuch" in caught.value.result.stderr


@pytest.mark.parametrize("version", ["1.10.12", "2.2.5", "2.10.5", "3.0.6", "3.3.2"])
@pytest.mark.anyio
async def test_a_run_that_was_pickled_says_how_to_wait_for_it_and_that_is_right(version: str) -> None:
    async with Emulator(airflow=version) as emulator, MwaaClient(**emulator.client_options()) as client:
        demo = client.environment("demo")
        await demo.dags.unpause("etl")
        run = pickled(await demo.dags.trigger("etl", conf=CONF, run_id="run_1"))
        with pytest.raises(ValueError, match="belongs to no client") as caught:
            await run.wait()
        told = str(caught.value).partition("Get it anew: await ")[2]
        assert told == "client.environment('demo').dags.get_run('etl', 'run_1')"
        anew = await eval(told, {"client": client})
        assert (anew.run_id, anew.dag_id, anew.environment, anew.conf) == ("run_1", "etl", "demo", None)
        assert (await anew.wait(poll_interval=0.05, timeout=30)).state == "success"
        with pytest.raises(DagRunNotFoundError, match="no run 'other_1' of DAG 'etl'") as missing:
            await demo.dags.get_run("etl", "other_1")
        assert missing.value.environment == "demo"
        with pytest.raises(CommandFailedError):
            await demo.dags.get_run("nosuch", "run_1")


async def each_run_of(demo: Environment) -> list[DagRun]:
    """Return a run from each of the methods that give one."""
    triggered = await demo.dags.trigger("etl", run_id="run-1", conf=CONF)
    [listed] = await demo.dags.list_runs("etl")
    with pytest.raises(DagRunAlreadyExistsError) as caught:
        await demo.dags.trigger("etl", run_id="run-1")
    assert caught.value.dag_run is not None
    return [triggered, listed, caught.value.dag_run, await demo.dags.get_run("etl", "run-1")]


@pytest.mark.anyio
async def test_every_run_and_each_copy_of_it_can_be_waited_for(emulator: Emulator) -> None:
    async with MwaaClient(**emulator.client_options(), queue_timeout=5) as client:
        demo = client.environment("demo")
        await demo.dags.unpause("etl")
        runs = await each_run_of(demo)
        async for outcome in client.trigger_many([TriggerRequest("demo", "etl", run_id="run-2")]):
            assert outcome.dag_run is not None
            runs.append(outcome.dag_run)
        for run in runs:
            for one in (run, copy.copy(run), copy.deepcopy(run), TypeAdapter(DagRun).validate_python(run)):
                ended = await one.wait(poll_interval=0.01, timeout=30)
                assert (ended.state, ended.environment) == ("success", "demo")
                assert (await ended.wait()) == ended


def test_runs_are_equal_by_what_airflow_says_of_them() -> None:
    assert RUN == replace(RUN, environment="dev") != replace(RUN, state="running")
    assert hash(RUN) == hash(replace(RUN, environment="dev"))


def test_a_run_made_by_hand_says_so_too() -> None:
    with pytest.raises(ValueError, match=r"client\.environment\('…'\)\.dags\.get_run\('etl', 'x'\)"):
        asyncio.run(DagRun(dag_id="etl", run_id="x").wait())


@pytest.mark.anyio
async def test_no_secret_is_in_what_an_error_says_as_json(emulator: Emulator) -> None:
    async with MwaaClient(**emulator.client_options()) as client:
        demo = client.environment("demo")
        with pytest.raises(CommandFailedError) as caught:
            for _ in range(2):
                await demo.connections.add("one", conn_type="http", conn_password="s3cr3t")
        assert "s3cr3t" not in json.dumps(caught.value.to_dict())
        result = await demo.run(["variables", "set", "key", "s3cr3t"])
        assert "s3cr3t" not in repr(result)
        assert "s3cr3t" in result.to_dict()["command"]  # the caller's own, and needed to know what was run


@pytest.mark.anyio
async def test_an_error_that_fastapi_returns_without_an_annotation_shows_nothing_that_airflow_printed() -> None:
    application = FastAPI()

    @application.get("/outcome", response_model=None)
    async def outcome() -> object:
        return TriggerOutcome(REQUEST, "failed", None, ERROR, 1, 1, "run-1")

    @application.get("/error", response_model=None)
    async def error() -> object:
        return ERROR

    async with served(application) as client:
        answers = [(await client.get(path)).json() for path in ("/outcome", "/error")]
    assert answers[0]["error"] == answers[1] == ERROR.to_dict() == dict(ERROR)
    assert "stdout" not in str(answers)
