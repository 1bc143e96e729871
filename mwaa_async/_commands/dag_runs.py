"""DAG runs: listing them, and waiting for the end of one. `_commands/triggering.py` makes them."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import NoReturn

from mwaa_async._commands.call import Value, aware, call, iso, unsupported
from mwaa_async._commands.rows import Row, read_row, read_rows
from mwaa_async._commands.run_ends import failed_run, is_paused, may_be_held, not_ended, said_of_paused, url_of
from mwaa_async._commands.runner import CommandRunner, EnvironmentRunner
from mwaa_async._errors import ConnectError, DagRunFailedError, DagRunNotFoundError, OutcomeUnknownError, ThrottledError
from mwaa_async._model.dag_run import DagRun, changed, watched
from mwaa_async._model.result import CommandResult, unexpected
from mwaa_async._protocol.log_lines import last_line
from mwaa_async._protocol.tables import read_table

logger = logging.getLogger("mwaa_async")

_FIRST_POLL, _LONGEST_POLL = 2.0, 60.0  # seconds
_ENDED = ("success", "failed")
_PASSING = (ConnectError, OutcomeUnknownError, ThrottledError)
_MOST_FAILURES = 5  # in a row


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

        async def paused(held: DagRun) -> None:
            if timeout is None:  # then nothing else would end it
                raise await not_ended(self._runner.within(), held, None, dag_is_paused=True)
            logger.warning("%s: %s", self.name, said_of_paused(held))

        ended = await self.watch(run, timeout=timeout, poll_interval=poll_interval, paused=paused)
        if check and ended.state == "failed":
            raise await failed_run(self._runner.within(), ended)
        return ended

    async def watch(
        self,
        run: DagRun,
        *,
        timeout: float | None,
        poll_interval: float | None = None,
        seen: Callable[[DagRun], None] = lambda run: None,
        paused: Callable[[DagRun], Awaitable[None]],
    ) -> DagRun:
        """Return the run when it has ended. Raises `DagRunNotEndedError` after `timeout` seconds.

        `seen` is called each time that the run is looked at, and `paused` where the first look finds a run that waits
        for its DAG to be unpaused.
        """
        is_held: bool | None = None
        looks = 0
        try:
            async with asyncio.timeout(timeout) as limit, aclosing(self.follow(run, poll_interval)) as states:
                async for run in states:
                    looks += 1
                    seen(run)
                    if looks == 1 and (is_held := await self._is_held(run)):
                        await paused(run)
        except TimeoutError:
            if not limit.expired():
                raise
            raise await not_ended(self._runner.within(), run, timeout, dag_is_paused=is_held) from None
        return run

    async def url(self, run: DagRun) -> str | None:
        """Return where Airflow's web interface shows the run, where that is known."""
        return await url_of(self._runner.within(), run)

    async def failure(self, run: DagRun) -> DagRunFailedError:
        """Return the error for this run, which has failed."""
        return await failed_run(self._runner.within(), run)

    async def follow(self, run: DagRun, poll_interval: float | None = None) -> AsyncGenerator[DagRun, None]:
        """Yield the run as it is each time that it is looked at, until it has ended.

        Of looks that see nothing for now it bears some in a row: a web server is not there while it is replaced.
        """
        pause = _FIRST_POLL if poll_interval is None else poll_interval
        failures = 0
        while run.state not in _ENDED:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_POLL) if poll_interval is None else poll_interval
            try:
                run = await current(self._runner.within(), run) or self._gone(run)
            except _PASSING as error:
                failures += 1
                if failures == _MOST_FAILURES:
                    raise
                logger.warning("%s; the run %r is looked at again in %.0f s", error, run.run_id, pause)
            else:
                failures = 0
                yield run

    async def _is_held(self, run: DagRun) -> bool | None:
        """Tell whether the run waits for its DAG to be unpaused; `None` where nobody had to look, or could."""
        runner = self._runner.within()
        if run.state in _ENDED or not await may_be_held(runner, run):
            return None
        return await is_paused(runner, run.dag_id)

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
