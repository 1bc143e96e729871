"""Requests to trigger, and what an emulator has of them afterwards."""

import asyncio
import shlex
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing
from typing import Any

from mwaa_async import MwaaClient, TriggerOutcome, TriggerRequest
from mwaa_async.emulator import EmbeddedAirflow, Emulator

ENVIRONMENTS = ("one", "two")
SETTLE_TIME = 0.05
NAN = TriggerRequest("one", "etl", {"n": float("nan")})

# A run as Airflow has it: environment, DAG, run id, conf.
Run = tuple[str, str, str, str]


def each_request(count: int, environments: tuple[str, ...] = ENVIRONMENTS) -> Iterator[TriggerRequest]:
    """Yield that many requests, for each environment in turn."""
    for number in range(count):
        yield TriggerRequest(environments[number % len(environments)], "etl", {"n": number, "名": "🎉 it's"})


def requests(count: int, environments: tuple[str, ...] = ENVIRONMENTS) -> list[TriggerRequest]:
    """Return that many requests."""
    return list(each_request(count, environments))


async def one_by_one(given: Iterable[TriggerRequest]) -> AsyncIterator[TriggerRequest]:
    """Yield the requests as an async iterable that really waits."""
    for request in given:
        await asyncio.sleep(0)
        yield request


async def triggered(client: MwaaClient, given: Any, **options: Any) -> list[TriggerOutcome]:
    """Trigger them all and return the outcomes as they came."""
    async with aclosing(client.trigger_many(given, **options)) as outcomes:
        return [outcome async for outcome in outcomes]


def expected(outcomes: Iterable[TriggerOutcome]) -> list[Run]:
    """Return the runs that there must be by what was told of the rows."""
    return sorted(
        (one.request.environment, one.request.dag_id, one.run_id, repr(dict(one.request.conf or {})))
        for one in outcomes
        if one.status in ("triggered", "already_triggered")
    )


def existing(emulator: Emulator, environments: Iterable[str] = ENVIRONMENTS) -> list[Run]:
    """Return the runs that there are in the emulator's Airflows."""
    runs = []
    for name in environments:
        airflow = emulator.airflow(name)
        assert isinstance(airflow, EmbeddedAirflow)
        runs += [(name, run.dag_id, run.run_id, repr(dict(run.conf))) for run in airflow.dag_runs()]
    return sorted(runs)


def sent(emulator: Emulator, environment: str | None = None) -> list[str]:
    """Return the run ids that the web servers were asked for, in their order, each as often as that was."""
    lines = [one for one in emulator.commands if environment in (None, one.environment)]
    words = [shlex.split(line.command) for line in lines]
    return [word.partition("=")[2] for line in words for word in line if word.startswith(("--run-id=", "--run_id="))]


async def until(condition: Callable[[], object]) -> None:
    """Wait until something has happened."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)
