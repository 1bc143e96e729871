"""Waiting for the ends of many runs, with as few commands as possible: one for a DAG, however many runs it has."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime

from mwaa_async import DagRun, MwaaClient
from mwaa_async._cli.output import say

_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0  # seconds
_GONE = "gone"


async def count_ends(client: MwaaClient, runs: Iterable[tuple[str, DagRun]]) -> Counter[str]:
    """Return how many of the runs ended in which state."""
    by_dag: dict[tuple[str, str], dict[str, datetime | None]] = defaultdict(dict)
    for environment, run in runs:
        by_dag[environment, run.dag_id][run.run_id] = run.logical_date
    counts: Counter[str] = Counter()
    async with asyncio.TaskGroup() as tasks:
        for (environment, dag_id), dated in by_dag.items():
            say(f"{environment}: waiting for {len(dated)} runs of {dag_id}")
            tasks.create_task(_count(client, environment, dag_id, dated, counts))
    return counts


async def _count(
    client: MwaaClient, environment: str, dag_id: str, runs: dict[str, datetime | None], counts: Counter[str]
) -> None:
    dags, pause = client.environment(environment).dags, _FIRST_PAUSE
    dates = [date for date in runs.values() if date is not None]
    start = min(dates) if len(dates) == len(runs) else None  # Airflow 3 has runs without a date
    while runs:
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        states = {run.run_id: run.state for run in await dags.list_runs(dag_id, start_date=start)}
        for run_id in list(runs):
            if (state := states.get(run_id, _GONE)) in ("success", "failed", _GONE):
                del runs[run_id]
                counts[str(state)] += 1
