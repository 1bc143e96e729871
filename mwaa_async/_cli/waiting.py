"""Waiting for the ends of many runs, with as few commands as possible: one for a DAG, however many runs it has."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import click

from mwaa_async import DagNotFoundError, DagRun, Environment, MwaaClient, MwaaError
from mwaa_async._cli.options import more_than_no_seconds
from mwaa_async._cli.output import say, shortened
from mwaa_async._cli.status import Shown
from mwaa_async._commands.call import aware
from mwaa_async._commands.dag_runs import Watcher
from mwaa_async._commands.run_ends import is_paused, may_be_held, said_of_paused

DEFAULT_TIMEOUT = 12 * 3600.0  # seconds

wait_timeout = click.option(
    "--timeout",
    metavar="SECONDS",
    type=more_than_no_seconds,
    show_default="43200: 12 hours",
    help="How long --wait waits; then the exit status is 124, and the run goes on.",
)

_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0  # seconds
_MOST_FAILURES = 10  # in a row, of the command that lists a DAG's runs
_MOST_TOLD = 10  # failed runs with a line of their own
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
        self._told = 0

    @property
    def are_all_seen(self) -> bool:
        """Tell whether no run is waited for any more."""
        return self.counts.total() == self.total

    async def wait(self, client: MwaaClient, status: Shown, *, timeout: float | None) -> None:
        """Wait until all runs have ended, or the time is over."""
        self._show(status)
        try:
            async with asyncio.timeout(timeout) as limit, asyncio.TaskGroup() as tasks:
                for (environment, dag_id), runs in self._by_dag.items():
                    tasks.create_task(self._wait(client.environment(environment), dag_id, runs, status))
        except TimeoutError:
            if not limit.expired():
                raise

    async def _wait(self, environment: Environment, dag_id: str, runs: Runs, status: Shown) -> None:
        start, pause, failures, is_first = _start(runs), _FIRST_PAUSE, 0, True
        while runs and failures < _MOST_FAILURES:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
            try:
                listed = await _listed(environment, dag_id, start)
                await self._tell(environment, self._take(runs, listed))
                if is_first:
                    await _tell_if_paused(environment, [listed[run_id] for run_id in runs])
                failures, is_first = 0, False
            except MwaaError as error:
                failures += 1
                say(shortened(str(error)))
            self._show(status)
        self.counts["unknown"] += len(runs)

    def _take(self, runs: Runs, listed: Mapping[str, DagRun]) -> list[DagRun]:
        """Count the runs that have ended, wait for the others only, and return those that failed."""
        failed = []
        for run_id in list(runs):
            run = listed.get(run_id)
            if run is None or run.state in ("success", "failed"):
                del runs[run_id]
                self.counts[_GONE if run is None else str(run.state)] += 1
                if run is not None and run.state == "failed":
                    failed.append(run)
        return failed

    async def _tell(self, environment: Environment, failed: Sequence[DagRun]) -> None:
        """Say which tasks of these runs failed, and where to look, but not of very many."""
        for run in failed[: _MOST_TOLD - self._told]:
            self._told += 1
            say(str(await Watcher(environment.runner).failure(run)))

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


async def _listed(environment: Environment, dag_id: str, start: datetime | None) -> Mapping[str, DagRun]:
    try:
        return {run.run_id: run for run in await environment.dags.list_runs(dag_id, start_date=start)}
    except DagNotFoundError:
        return {}


async def _tell_if_paused(environment: Environment, runs: Sequence[DagRun]) -> None:
    """Say so where the first of the runs that wait is one of a paused DAG."""
    for run in runs:
        if await may_be_held(environment.runner.within(), run):
            if await is_paused(environment.runner.within(), run.dag_id):
                say(f"{environment.name}: {said_of_paused(run)}")
            return
