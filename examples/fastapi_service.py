"""A web service that triggers DAG runs and streams their state: one client for all requests, opened with the service.

    pip install 'mwaa-async[emulator,cli]' 'fastapi>=0.135' uvicorn
    export MWAA_ENVIRONMENT=demo
    mwaa-async emulator -- uvicorn --app-dir examples fastapi_service:app --timeout-graceful-shutdown 10

    curl -i localhost:8000/dags/etl/runs --json '{"run_id": "order-17", "conf": {"day": "2026-01-01"}}'
    curl -N localhost:8000/dags/etl/runs/order-17/events

On a real environment leave out `mwaa-async emulator --`. Several workers of a host share the default guard; several
hosts need one of their own: `MWAA_ASYNC_GUARD=dynamodb://TABLE` or `rediss://…`. Who may call the service is up to you.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, StringConstraints

from mwaa_async import (
    DagNotFoundError,
    DagRun,
    DagRunAlreadyExistsError,
    DagRunNotFoundError,
    DynamoDBGuard,
    Environment,
    MwaaClient,
    MwaaError,
    RedisGuard,
)

QUEUE_TIMEOUT, MOST_QUEUED = 30.0, 20  # seconds; commands
STATUSES: dict[type[MwaaError], int] = {DagNotFoundError: 404, DagRunNotFoundError: 404, DagRunAlreadyExistsError: 409}
# Nothing ran, and it is safe to repeat; nobody knows, and it is safe with a run id; Airflow says what is wrong.
STATUSES_BY_RAN = {False: 503, None: 504, True: 502}
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.~:+-]*$", max_length=250)]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Environment]]:
    url = os.environ.get("MWAA_ASYNC_GUARD")
    async with MwaaClient(guard=guard(url) if url else None, queue_timeout=QUEUE_TIMEOUT) as client:
        yield {"mwaa": client.environment(os.environ["MWAA_ENVIRONMENT"])}


def guard(url: str) -> DynamoDBGuard | RedisGuard:
    scheme, _, table = url.partition("://")
    return DynamoDBGuard(table) if scheme == "dynamodb" else RedisGuard(url)


app = FastAPI(lifespan=lifespan)


async def environment(request: Request) -> Environment:
    mwaa: Environment = request.state.mwaa
    return mwaa


Mwaa = Annotated[Environment, Depends(environment)]


class RunRequest(BaseModel):
    run_id: Id | None = None  # with one of the caller's own a request can be repeated, whatever happened to the first
    conf: dict[str, Any] | None = None


@app.post("/dags/{dag_id}/runs", status_code=202)
async def trigger(dag_id: Id, wanted: RunRequest, mwaa: Mwaa) -> dict[str, str | None]:
    run_id = wanted.run_id
    try:
        run = await mwaa.dags.trigger(dag_id, run_id=run_id, conf=wanted.conf, exists_ok=run_id is not None)
    except ValueError as error:  # such as a conf that is too long
        raise HTTPException(422, str(error)) from None
    return {"dag_id": run.dag_id, "run_id": run.run_id, "state": run.state}


async def existing(dag_id: Id, run_id: Id, mwaa: Mwaa) -> DagRun:
    return await mwaa.dags.get_run(dag_id, run_id)


@app.get("/dags/{dag_id}/runs/{run_id}/events", response_class=EventSourceResponse)
async def events(run: Annotated[DagRun, Depends(existing)], mwaa: Mwaa) -> AsyncIterator[ServerSentEvent]:
    """Send the state each time that it is looked at, and `end`; FastAPI cancels this when the client goes away."""
    pause = 2.0
    while run.state not in ("success", "failed"):
        yield ServerSentEvent(event="state", data=run.to_dict())
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 60.0)  # each look is a command, and takes its turn
        try:
            run = await mwaa.dags.get_run(run.dag_id, run.run_id)
        except MwaaError as error:
            yield ServerSentEvent(event="problem", data=error.to_dict())
            return  # a browser's EventSource connects again by itself
    yield ServerSentEvent(event="end", data=run.to_dict())


@app.get("/health")
async def health() -> dict[str, bool]:
    return {"alive": True}


@app.get("/health/ready")
async def ready(mwaa: Mwaa, response: Response) -> dict[str, Any]:
    """Tell how long the queue is: it costs no command, and no request to AWS."""
    statistics = mwaa.statistics()
    response.status_code = 200 if statistics.queued < MOST_QUEUED else 503
    return statistics.to_dict()


@app.exception_handler(MwaaError)
async def answer(request: Request, error: MwaaError) -> JSONResponse:
    status = STATUSES.get(type(error)) or STATUSES_BY_RAN[error.ran]
    seconds = getattr(error, "retry_after", None) or 10
    return JSONResponse(error.to_dict(), status, {"Retry-After": f"{seconds:.0f}"} if status == 503 else None)
