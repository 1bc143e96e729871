"""DAG runs: listing them, and waiting for the end of one. `_commands/triggering.py` makes them."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from mwaa_async._clock import check_seconds
from mwaa_async._commands.call import Value, aware, call, iso, unsupported
from mwaa_async._commands.rows import Row, read_row, read_rows, unexpected
from mwaa_async._errors import DagRunFailedError, DagRunNotFoundError
from mwaa_async._model.result import CommandResult
from mwaa_async._protocol.log_lines import last_line
from mwaa_async._protocol.tables import read_table

if TYPE_CHECKING:
    from mwaa_async._environment import Environment

_FIRST_POLL, _LONGEST_POLL = 2.0, 60.0  # seconds
_ENDED = ("success", "failed")


@dataclass(frozen=True, kw_only=True)
class DagRun:
    """One run of a DAG, as Airflow told it last.

    `conf` is what was sent with the trigger; it is `None` for runs that were read from a list, where Airflow does not
    print it. Fields that a version does not print are `None`, and `extra` has what it prints beyond them. Airflow 3
    gives a run no `logical_date` unless it was asked for one; versions before have no `run_after`.
    """

    # 1.10's "state_date" is the heading of the start dates (`list_dag_runs` in its airflow/bin/cli.py).
    ALIASES: ClassVar[Mapping[str, str]] = {
        "execution_date": "logical_date",
        "dag_run_id": "run_id",
        "state_date": "start_date",
    }

    dag_id: str
    run_id: str
    state: str | None = None
    conf: Mapping[str, Any] | None = field(default=None, hash=False)
    logical_date: datetime | None = None
    run_after: datetime | None = None
    run_type: str | None = None
    data_interval_start: datetime | None = None
    data_interval_end: datetime | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    last_scheduling_decision: datetime | None = None
    external_trigger: bool | None = None
    triggering_user_name: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    environment: "Environment | None" = field(default=None, repr=False, compare=False)

    async def wait(
        self, *, timeout: float | None = None, poll_interval: float | None = None, check: bool = True
    ) -> "DagRun":
        """Wait until the run has succeeded or failed, and return it as it is then.

        It asks for the state of this run, in turn with the environment's other commands, after 2 seconds and then less
        and less often, at last once a minute; or every `poll_interval` seconds. Raises `TimeoutError` after `timeout`
        seconds, `DagRunFailedError` where the run has failed (unless `check=False`), `DagRunNotFoundError` where it
        was deleted, and what every command raises.
        """
        check_seconds("timeout", timeout)
        check_seconds("poll_interval", poll_interval)
        run = self
        async with asyncio.timeout(timeout), aclosing(follow(self, poll_interval)) as states:
            async for state in states:
                run = state
        if check:
            check_success(run)
        return run


def read_run(wanted: DagRun, row: Row, result: CommandResult) -> DagRun:
    """Return the row as a run, with the conf that was sent: what Airflow prints as conf is all text."""
    try:
        run = read_row(DagRun, {key: value for key, value in row.items() if key != "conf"})
    except (ValueError, TypeError) as error:
        raise unexpected(result, f"DAG run that can be read ({error})") from error
    return replace(run, conf=wanted.conf, environment=wanted.environment)


async def list_runs(
    environment: "Environment",
    dag_id: str,
    *,
    state: str | None = None,
    start_date: datetime | None = None,
    end_date: datetime | None = None,
) -> list[DagRun]:
    """Return the runs of the DAG; see `Dags.list_runs`."""
    version = await environment._version()
    if version < (2, 0, 0):
        return await _list_old_runs(environment, dag_id, state, start_date, end_date)
    options: dict[str, Value] = {"state": state, "start-date": start_date, "end-date": end_date}
    if version < (3, 0, 0):
        result = await call(environment, "dags list-runs", options={"dag-id": dag_id, **options}, version=version)
    else:
        result = await call(environment, "dags list-runs", dag_id, options=options, version=version)
    return read_rows(DagRun, result, environment=environment)


async def _list_old_runs(
    environment: "Environment", dag_id: str, state: str | None, start: datetime | None, end: datetime | None
) -> list[DagRun]:
    """List the runs with 1.10, which prints a table and knows no dates."""
    result = await call(environment, "dags list-runs", dag_id, options={"state": state})
    listed = DagRun(dag_id=dag_id, run_id="", environment=environment)
    runs = [read_run(listed, {"dag_id": dag_id, **row}, result) for row in read_table(result.text)]
    return [run for run in runs if _is_between(start, run.logical_date, end)]


def _is_between(start: datetime | None, date: datetime | None, end: datetime | None) -> bool:
    after = start is None or (date is not None and date >= aware(start))
    return after and (end is None or (date is not None and date <= aware(end)))


async def current(run: DagRun) -> DagRun | None:
    """Return the run as Airflow knows it now, or `None` where it does not know it, reading as little as possible."""
    environment = run.environment
    if environment is None:
        raise ValueError(f"the run {run.run_id!r} is of no environment; take one that a method has returned")
    version = await environment._version()
    if version >= (3, 0, 0) and run.logical_date is None:
        state = await dag_state(environment, run.dag_id, run.run_id)
        return replace(run, state=state) if state else None
    if version < (2, 2, 0):
        if run.logical_date is None:
            raise unsupported(environment, "dags state", "this Airflow asks for the run's date, which is not known")
        state = await dag_state(environment, run.dag_id, run.logical_date)
        return replace(run, state=state) if state else None
    # Airflow drops the microseconds of a date that it is given, unless told otherwise.
    start = run.logical_date.replace(microsecond=0) if run.logical_date else None
    listed = await list_runs(environment, run.dag_id, start_date=start, end_date=run.logical_date)
    found = next((one for one in listed if one.run_id == run.run_id), None)
    return None if found is None else replace(found, conf=run.conf)


async def dag_state(environment: "Environment", dag_id: str, run: datetime | str) -> str | None:
    """Return the state of the run with this logical date (Airflow 3 also takes a run id), or `None` without one."""
    result = await call(environment, "dags state", dag_id, iso(run) if isinstance(run, datetime) else run)
    # "queued", "None", or with a conf "queued, {…}".
    state = last_line(result.stdout).partition(",")[0]
    if not state.isidentifier():
        raise unexpected(result, "state")
    return None if state == "None" else state


async def follow(run: DagRun, poll_interval: float | None = None) -> AsyncGenerator[DagRun, None]:
    """Yield the run as it is each time that it is looked at, until it has ended; see `DagRun.wait`."""
    pause = _FIRST_POLL if poll_interval is None else poll_interval
    while run.state not in _ENDED:
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_POLL) if poll_interval is None else poll_interval
        run = await current(run) or _gone(run)
        yield run


def check_success(run: DagRun) -> None:
    """Raise `DagRunFailedError` where the run has failed."""
    if run.state == "failed":
        name = run.environment.name if run.environment else None
        error = DagRunFailedError(f"{name}: the run {run.run_id!r} of DAG {run.dag_id!r} has failed", environment=name)
        error.dag_run = run
        raise error


def _gone(run: DagRun) -> NoReturn:
    name = run.environment.name if run.environment else None
    raise DagRunNotFoundError(f"{name}: the run {run.run_id!r} of DAG {run.dag_id!r} is gone", environment=name)
