"""One run of a DAG."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar, Protocol

from mwaa_async._clock import check_seconds
from mwaa_async._model.portable import Portable


class DagRunWatcher(Protocol):
    """Looks at the DAG runs of one environment until they end."""

    @property
    def name(self) -> str:
        """Return the environment's name."""

    def follow(self, run: "DagRun", poll_interval: float | None = None) -> AsyncGenerator["DagRun", None]:
        """Yield the run as it is each time that it is looked at, until it has ended; see `DagRun.wait`."""

    async def wait(self, run: "DagRun", *, timeout: float | None, poll_interval: float | None, check: bool) -> "DagRun":
        """Wait until the run has ended; see `DagRun.wait`."""


@dataclass(frozen=True, kw_only=True)
class DagRun(Portable):
    """One run of a DAG, as Airflow reported it last.

    `conf` is what was sent with the trigger; it is `None` for runs that were read from a list, where Airflow does not
    print it. Fields that a version does not print are `None`, and `extra` has what it prints beyond them. Airflow 3
    gives a run no `logical_date` unless it was asked for one; versions before have no `run_after`. `environment` is
    the name of the run's environment, which says nothing about whether two runs are equal.
    """

    # 1.10's "state_date" is the heading of the start dates (`list_dag_runs` in its airflow/bin/cli.py).
    ALIASES: ClassVar[Mapping[str, str]] = {
        "execution_date": "logical_date",
        "dag_run_id": "run_id",
        "state_date": "start_date",
    }
    # No field, since it belongs to the client and its event loop: it goes with a copy, but not out of the process.
    watcher: ClassVar[DagRunWatcher | None] = None

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
    environment: str | None = field(default=None, repr=False, compare=False)

    async def wait(
        self, *, timeout: float | None = None, poll_interval: float | None = None, check: bool = True
    ) -> "DagRun":
        """Wait until the run has succeeded or failed, and return it as it is then.

        It asks for the state of this run, in turn with the environment's other commands, after 2 seconds and then less
        and less often, at last once a minute; or every `poll_interval` seconds. Where the first look finds it waiting,
        it asks whether the DAG is paused, for then it would stay so: with a `timeout` it logs a warning and goes on.
        Where the web server or AWS cannot be reached it looks again, up to five times in a row.

        Raises `DagRunNotEndedError`, which is a `TimeoutError`, after `timeout` seconds, and without a `timeout` at
        once where the DAG is paused; `DagRunFailedError`, with the tasks that failed, where the run has failed (unless
        `check=False`); `DagRunNotFoundError` where it was deleted; and what every command raises.

        A run that has been pickled, sent as JSON or made by hand belongs to no client, and cannot be waited for: that
        is a `ValueError`. `Dags.get_run` gives one that can.
        """
        check_seconds("timeout", timeout)
        check_seconds("poll_interval", poll_interval)
        return await watcher_of(self).wait(self, timeout=timeout, poll_interval=poll_interval, check=check)


def watched(run: DagRun, watcher: DagRunWatcher | None) -> DagRun:
    """Return the run, which can be waited for with that."""
    run = replace(run, environment=run.environment if watcher is None else watcher.name)
    object.__setattr__(run, "watcher", watcher)
    return run


def changed(run: DagRun, **changes: Any) -> DagRun:
    """Return the run with other values in some fields; it can be waited for as before."""
    return watched(replace(run, **changes), run.watcher)


def watcher_of(run: DagRun) -> DagRunWatcher:
    """Return what the run can be waited for with. Raises `ValueError`."""
    if run.watcher is None:
        name = "…" if run.environment is None else run.environment
        raise ValueError(
            f"the run {run.run_id!r} belongs to no client (any more), as after pickle or JSON, and cannot be waited "
            f"for. Get it anew: await client.environment({name!r}).dags.get_run({run.dag_id!r}, {run.run_id!r})"
        )
    return run.watcher
