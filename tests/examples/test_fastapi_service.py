"""examples/fastapi_service.py, served by uvicorn and asked over real sockets."""

import asyncio
import importlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import anyio
import httpx
import pytest
import uvicorn

from mwaa_async import (
    CommandFailedError,
    DagRunAlreadyExistsError,
    GuardError,
    MwaaError,
    OutcomeUnknownError,
    QueueTimeoutError,
    RequestRejectedError,
)
from mwaa_async.emulator import Emulator, SlowAnswer, StatusAnswer
from tests.cli.program import until
from tests.examples.programs import EXAMPLES
from tests.guards.redis.server import free_port

pytestmark = pytest.mark.anyio


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return importlib.import_module("fastapi_service")


@pytest.fixture
async def service(
    emulator: Emulator, example: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the example, led to the emulator."""
    for name, value in emulator.environ().items():
        monkeypatch.setenv(name, value)
    async with serving(example.app) as client:
        yield client


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=5))
    running = asyncio.create_task(server.serve([listener]))
    try:
        await until(lambda: server.started or running.done())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        await running
        listener.close()


@asynccontextmanager
async def stream(service: httpx.AsyncClient, path: str) -> AsyncIterator[AsyncIterator[tuple[str, dict[str, Any]]]]:
    """Connect to a stream of events, and close the connection at the end of the block, whether or not it has ended."""
    browser = httpx.AsyncClient(base_url=service.base_url, trust_env=False, timeout=30)
    async with browser, browser.stream("GET", path) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield events(response)


async def events(response: httpx.Response) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    name = ""
    async for line in response.aiter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


async def test_a_trigger_that_is_repeated_with_its_run_id_makes_one_run(
    service: httpx.AsyncClient, emulator: Emulator
) -> None:
    wanted = {"run_id": "order-17", "conf": {"day": "2026-01-01"}}
    answers = [await service.post("/dags/etl/runs", json=wanted) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert [answer.json()["run_id"] for answer in answers] == ["order-17", "order-17"]
    [run] = emulator.airflow("demo").dag_runs()  # type: ignore[attr-defined]
    assert (run.run_id, run.conf) == ("order-17", {"day": "2026-01-01"})


async def test_requests_at_the_same_time_take_turns_and_each_without_a_run_id_is_a_run(
    service: httpx.AsyncClient, emulator: Emulator
) -> None:
    answers = await asyncio.gather(*(service.post("/dags/etl/runs", json={}) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["run_id"] for answer in answers}) == 5
    assert emulator.max_running("demo") == 1


async def test_the_state_is_streamed_until_the_run_ends(service: httpx.AsyncClient) -> None:
    await service.post("/dags/etl/runs", json={"run_id": "one"})
    async with stream(service, "/dags/etl/runs/one/events") as seen:
        told = [(name, run["state"]) async for name, run in seen]
    assert told[0][0] == "state"
    assert told[-1] == ("end", "success")


async def test_a_client_that_goes_away_stops_the_waiting(service: httpx.AsyncClient, emulator: Emulator) -> None:
    await service.post("/dags/demo/runs", json={"run_id": "held"})  # of a paused DAG: it would be looked at for ever
    before = asyncio.all_tasks()
    async with stream(service, "/dags/demo/runs/held/events") as seen:
        assert (await anext(seen))[0] == "state"
        assert asyncio.all_tasks() - before
    with anyio.fail_after(20):
        await until(lambda: not asyncio.all_tasks() - before)
    sent = len(emulator.commands)
    assert (await service.get("/health/ready")).json()["running"] == 0
    assert (await service.post("/dags/etl/runs", json={})).status_code == 202
    assert len(emulator.commands) == sent + 1


async def test_a_look_that_fails_is_told_and_ends_the_stream(service: httpx.AsyncClient, emulator: Emulator) -> None:
    await service.post("/dags/demo/runs", json={"run_id": "held"})
    async with stream(service, "/dags/demo/runs/held/events") as seen:
        await anext(seen)
        emulator.faults.commands.append(StatusAnswer(404, ran=False))
        [(name, error)] = [event async for event in seen]
    assert (name, error["type"], error["ran"]) == ("problem", "RequestRejectedError", False)


async def test_what_is_not_there_is_a_404(service: httpx.AsyncClient, emulator: Emulator) -> None:
    missing = await service.post("/dags/nosuch/runs", json={})
    assert (missing.status_code, missing.json()["type"]) == (404, "DagNotFoundError")
    assert emulator.tokens[0].value not in missing.text
    stream_of_nothing = await service.get("/dags/etl/runs/nosuch/events")
    assert (stream_of_nothing.status_code, stream_of_nothing.json()["type"]) == (404, "DagRunNotFoundError")


async def test_what_certainly_has_not_run_is_a_503_that_says_when_to_come_again(
    service: httpx.AsyncClient, emulator: Emulator
) -> None:
    emulator.faults.commands.append(StatusAnswer(429, ran=False, retry_after="7"))
    rejected = await service.post("/dags/etl/runs", json={})
    assert (rejected.status_code, rejected.json()["ran"], rejected.headers["retry-after"]) == (503, False, "7")
    assert emulator.commands == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (QueueTimeoutError("its turn did not come"), 503),
        (GuardError("the table cannot be reached"), 503),
        (RequestRejectedError("refused"), 503),
        (DagRunAlreadyExistsError("another run has this logical date"), 409),
        (OutcomeUnknownError("no answer"), 504),
        (CommandFailedError("Airflow says no"), 502),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, MwaaError) else "",
)
async def test_every_error_has_a_status(error: MwaaError, status: int, example: ModuleType) -> None:
    answered = await example.answer(None, error)
    assert answered.status_code == status
    assert json.loads(answered.body) == error.to_dict()
    assert ("retry-after" in answered.headers) == (status == 503)


@pytest.mark.parametrize("wanted", ['{"run_id": "a b"}', '{"run_id": "--"}', '{"conf": [1]}', '{"conf": {"x": NaN}}'])
async def test_what_airflow_would_not_take_is_a_422_and_nothing_is_sent(
    wanted: str, service: httpx.AsyncClient, emulator: Emulator
) -> None:
    headers = {"content-type": "application/json"}
    assert (await service.post("/dags/etl/runs", content=wanted, headers=headers)).status_code == 422
    assert emulator.commands == []


async def test_health_costs_no_command_and_no_token(service: httpx.AsyncClient, emulator: Emulator) -> None:
    assert (await service.get("/health")).json() == {"alive": True}
    ready = await service.get("/health/ready")
    assert (ready.status_code, ready.json()["queued"]) == (200, 0)
    assert (emulator.commands, emulator.tokens, emulator.descriptions) == ([], [], 0)


async def test_a_queue_that_is_long_is_not_ready(
    service: httpx.AsyncClient, emulator: Emulator, example: ModuleType
) -> None:
    emulator.faults.commands.append(SlowAnswer(1.0))
    async with asyncio.TaskGroup() as tasks:
        for _ in range(example.MOST_QUEUED + 1):
            tasks.create_task(service.post("/dags/etl/runs", json={}))
        while (ready := await service.get("/health/ready")).status_code != 503:
            assert ready.json()["completed"] == 0
    assert (await service.get("/health/ready")).status_code == 200


def test_the_guard_is_the_one_that_the_url_names(example: ModuleType) -> None:
    guard = example.guard
    assert repr(guard("dynamodb://guards")) == "DynamoDBGuard('guards')"
    assert str(port := free_port()) in repr(guard(f"redis://127.0.0.1:{port}"))
    with pytest.raises(ValueError, match="redis"):
        guard("redsi://127.0.0.1")
