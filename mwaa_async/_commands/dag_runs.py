"""DAG runs: listing them, and waiting for the end of one. `_commands/triggering.py` makes them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import NoReturn

from mwaa_async._commands.call import Value, aware, call, iso, unsupported
from mwaa_async._commands.rows import Row, read_row, read_rows
from mwaa_async._commands.runner import CommandRunner, EnvironmentRunner
from mwaa_async._errors import DagRunFailedError, DagRunNotFoundError
from mwaa_async._model.dag_run import DagRun, changed, watched
from mwaa_async._model.result import CommandResult, unexpected
from mwaa_async._protocol.log_lines import last_line
from mwaa_async._protocol.tables import read_table

_FIRST_POLL, _LONGEST_POLL = 2.0, 60.0  # seconds
_ENDED = ("success", "failed")


class Watcher:
    """Looks at the DAG runs of one environment; it is what a `DagRun` is waited for with."""

    def __init__(self, runner: EnvironmentRunner) -> None:
        self._runner = runner

    @property
    def name(self) -> str:
        """Return the environment's name."""
        return self._runner.name

    async def wait(self, run: DagRun, *, timeout: float | None, poll_interval: float | None, check: bool) -> DagRun:
        """Wait until the run has ended; see `DagRun.wait`."""
        async with asyncio.timeout(timeout), aclosing(self.follow(run, poll_interval)) as states:
            async for state in states:
                run = state
        if check:
            check_success(run)
        return run

    async def follow(self, run: DagRun, poll_interval: float | None = None) -> AsyncGenerator[DagRun, None]:
        """Yield the run as it is each time that it is looked at, until it has ended."""
        pause = _FIRST_POLL if poll_interval is None else poll_interval
        while run.state not in _ENDED:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_POLL) if poll_interval is None else poll_interval
            run = await current(self._runner.within(), run) or self._gone(run)
            yield run

    def _gone(self, run: DagRun) -> NoReturn:
        message = f"{self.name}: the run {run.run_id!r} of DAG {run.dag_id!r} is gone"
        raise DagRunNotFoundError(message, environment=self.name)

    def __deepcopy__(self, memo: object) -> "Watcher":
        return self  # a copy of a run is waited for with the same client

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        return type(None), ()  # there is no such client where it is unpickled

    def __repr__(self) -> str:
        return f"<Watcher of the DAG runs of {self.name}>"


def read_run(wanted: DagRun, row: Row, result: CommandResult) -> DagRun:
    """Return the row as a run, with the conf that was sent: what Airflow prints as conf is all text."""
    try:
        run = read_row(DagRun, {key: value for key, value in row.items() if key != "conf"})
    except (ValueError, TypeError) as error:
        raise unexpected(result, f"DAG run that can be read ({error})") from error
    return watched(replace(run, conf=wanted.conf), wanted.watcher)


async def list_runs(
    runner: CommandRunner,
    dag_id: str,
    *,
    state: str | None = None,
    start_date: datetime | None = None,
    end_date: datetime | None = None,
) -> list[DagRun]:
    """Return the runs of the DAG; see `Dags.list_runs`."""
    version = await runner.version()
    if version < (2, 0, 0):
        return await _list_old_runs(runner, dag_id, state, start_date, end_date)
    options: dict[str, Value] = {"state": state, "start-date": start_date, "end-date": end_date}
    if version < (3, 0, 0):
        result = await call(runner, "dags list-runs", options={"dag-id": dag_id, **options}, version=version)
    else:
        result = await call(runner, "dags list-runs", dag_id, options=options, version=version)
    watcher = Watcher(runner.lasting)
    return [watched(run, watcher) for run in read_rows(DagRun, result)]


async def _list_old_runs(
    runner: CommandRunner, dag_id: str, state: str | None, start: datetime | None, end: datetime | None
) -> list[DagRun]:
    """List the runs with 1.10, which prints a table and knows no dates."""
    result = await call(runner, "dags list-runs", dag_id, options={"state": state})
    listed = watched(DagRun(dag_id=dag_id, run_id=""), Watcher(runner.lasting))
    runs = [read_run(listed, {"dag_id": dag_id, **row}, result) for row in read_table(result.text)]
    return [run for run in runs if _is_between(start, run.logical_date, end)]


def _is_between(start: datetime | None, date: datetime | None, end: datetime | None) -> bool:
    after = start is None or (date is not None and date >= aware(start))
    return after and (end is None or (date is not None and date <= aware(end)))


async def current(runner: CommandRunner, run: DagRun) -> DagRun | None:
    """Return the run as Airflow knows it now, or `None` where it does not know it, reading as little as possible."""
    version = await runner.version()
    if version >= (3, 0, 0) and run.logical_date is None:
        state = await dag_state(runner, run.dag_id, run.run_id)
        return changed(run, state=state) if state else None
    if version < (2, 2, 0):
        if run.logical_date is None:
            raise unsupported(runner, "dags state", "this Airflow asks for the run's date, which is not known")
        state = await dag_state(runner, run.dag_id, run.logical_date)
        return changed(run, state=state) if state else None
    # Airflow drops the microseconds of a date that it is given, unless told otherwise.
    start = run.logical_date.replace(microsecond=0) if run.logical_date else None
    listed = await list_runs(runner, run.dag_id, start_date=start, end_date=run.logical_date)
    found = next((one for one in listed if one.run_id == run.run_id), None)
    return None if found is None else changed(found, conf=run.conf)


async def dag_state(runner: CommandRunner, dag_id: str, run: datetime | str) -> str | None:
    """Return the state of the run with this logical date (Airflow 3 also takes a run id), or `None` without one."""
    result = await call(runner, "dags state", dag_id, iso(run) if isinstance(run, datetime) else run)
    # "queued", "None", or with a conf "queued, {…}".
    state = last_line(result.stdout).partition(",")[0]
    if not state.isidentifier():
        raise unexpected(result, "state")
    return None if state == "None" else state


def check_success(run: DagRun) -> None:
    """Raise `DagRunFailedError` where the run has failed."""
    if run.state == "failed":
        message = f"{run.environment}: the run {run.run_id!r} of DAG {run.dag_id!r} has failed"
        error = DagRunFailedError(message, environment=run.environment)
        error.dag_run = run
        raise error
