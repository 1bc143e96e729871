"""One run of a DAG."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from mwaa_async._clock import check_seconds


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
class DagRun:
    """One run of a DAG, as Airflow reported it last.

    `conf` is what was sent with the trigger; it is `None` for runs that were read from a list, where Airflow does not
    print it. Fields that a version does not print are `None`, and `extra` has what it prints beyond them. Airflow 3
    gives a run no `logical_date` unless it was asked for one; versions before have no `run_after`. `environment` is
    the handle of the run's environment, with its `name`.
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
    environment: "DagRunWatcher | None" = field(default=None, repr=False, compare=False)

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
        if self.environment is None:
            raise ValueError(f"the run {self.run_id!r} is of no environment; take one that a method has returned")
        return await self.environment.wait(self, timeout=timeout, poll_interval=poll_interval, check=check)
