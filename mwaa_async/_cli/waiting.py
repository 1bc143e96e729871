"""Waiting for the ends of many runs, with as few commands as possible: one for a DAG, however many runs it has."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from mwaa_async import DagNotFoundError, DagRun, Environment, MwaaClient, MwaaError
from mwaa_async._cli.output import say, shortened
from mwaa_async._cli.status import Shown
from mwaa_async._commands.call import aware

_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0  # seconds
_MOST_FAILURES = 10  # in a row, of the command that lists a DAG's runs
_GONE = "gone"

Runs = dict[str, datetime | None]  # the logical dates by run id


class Ends:
    """The ends of runs, as they are seen: `counts` has how many there are of each state.

    A run may also be `gone`, or `unknown` where Airflow does not say.
    """

    def __init__(self, runs: Iterable[tuple[str, DagRun]]) -> None:
        self.counts: Counter[str] = Counter()
        self._by_dag: dict[tuple[str, str], Runs] = defaultdict(dict)
        for environment, run in runs:
            self._by_dag[environment, run.dag_id][run.run_id] = run.logical_date
        self.total = sum(map(len, self._by_dag.values()))

    async def wait(self, client: MwaaClient, status: Shown) -> None:
        """Wait until all runs have ended."""
        self._show(status)
        async with asyncio.TaskGroup() as tasks:
            for (environment, dag_id), runs in self._by_dag.items():
                tasks.create_task(self._wait(client.environment(environment), dag_id, runs, status))

    async def _wait(self, environment: Environment, dag_id: str, runs: Runs, status: Shown) -> None:
        start, pause, failures = _start(runs), _FIRST_PAUSE, 0
        while runs and failures < _MOST_FAILURES:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
            try:
                self._take(runs, await _states(environment, dag_id, start))
                failures = 0
            except MwaaError as error:
                failures += 1
                say(shortened(str(error)))
            self._show(status)
        self.counts["unknown"] += len(runs)

    def _take(self, runs: Runs, states: Mapping[str, str | None]) -> None:
        """Count the runs that have ended, and wait for the others only."""
        for run_id in list(runs):
            if (state := states.get(run_id, _GONE)) in ("success", "failed", _GONE):
                del runs[run_id]
                self.counts[str(state)] += 1

    def _show(self, status: Shown) -> None:
        status.show(f"{self.counts.total()} of {self.total} runs have ended")

    def __str__(self) -> str:
        counts = self.counts + Counter({"not ended yet": self.total - self.counts.total()})
        return ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))


def _start(runs: Runs) -> datetime | None:
    """Return the logical date before which none of the runs is, if that can be said: Airflow 3 has runs without one."""
    dates = [aware(date) for date in runs.values() if date is not None]
    # Airflow drops the microseconds of a date that it is given.
    return min(dates).replace(microsecond=0) if len(dates) == len(runs) else None


async def _states(environment: Environment, dag_id: str, start: datetime | None) -> Mapping[str, str | None]:
    try:
        return {run.run_id: run.state for run in await environment.dags.list_runs(dag_id, start_date=start)}
    except DagNotFoundError:
        return {}
