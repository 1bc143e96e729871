"""What Airflow keeps in its metadata database: DAGs, their runs, and variables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

RUN_TAKES = timedelta(seconds=1)

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class DagRun:
    """One run of a DAG; ``started`` is when a scheduler took it up, which waits until the DAG is not paused."""

    number: int
    dag_id: str
    run_id: str
    logical_date: datetime | None
    run_after: datetime
    conf: Mapping[str, Any]
    created: datetime
    started: datetime | None


def ended(run: DagRun, now: datetime) -> datetime | None:
    """Tells when a run came to its end, if it has by now."""
    if run.started is None or now - run.started < RUN_TAKES:
        return None
    return run.started + RUN_TAKES


def state(run: DagRun, now: datetime, waiting: str = "queued") -> str:
    """Tells the state of a run: it waits, runs for a second, and always succeeds."""
    if run.started is None:
        return waiting
    return "success" if ended(run, now) else "running"


@dataclass
class Dag:
    """One DAG with its runs; a new one is paused, as Airflow's configuration has it by default."""

    dag_id: str
    is_paused: bool = True
    runs: dict[str, DagRun] = field(default_factory=dict)
    run_of_date: dict[datetime, str] = field(default_factory=dict)
    latest_second: datetime = _LONG_AGO

    def free_second(self, now: datetime) -> datetime:
        """Gives the second of ``now`` as a logical date, or the next one that no run has.

        Airflow would refuse a second run in the same second (it zeroes the microseconds). There it cannot happen, since
        one command takes longer than that; commands of the embedded one are quicker.
        """
        second = max(now.replace(microsecond=0), self.latest_second + timedelta(seconds=1))
        while second in self.run_of_date:
            second += timedelta(seconds=1)
        return second

    def add(self, run: DagRun, *, dated_by_user: bool) -> None:
        self.runs[run.run_id] = run
        if run.logical_date is not None and not dated_by_user:
            self.latest_second = run.logical_date
        if run.logical_date is not None:
            self.run_of_date[run.logical_date] = run.run_id

    def run_at(self, logical_date: datetime) -> DagRun | None:
        run_id = self.run_of_date.get(logical_date)
        return None if run_id is None else self.runs[run_id]

    def pause(self) -> None:
        self.is_paused = True

    def unpause(self, now: datetime) -> None:
        """Lets the scheduler take up every run that has been waiting."""
        self.is_paused = False
        waiting = [run for run in self.runs.values() if run.started is None]
        self.runs.update({run.run_id: replace(run, started=now) for run in waiting})


def record_count(dag: Dag) -> int:
    """Counts the rows about a DAG: its own, and for each run one and those of its two tasks."""
    return 1 + 3 * len(dag.runs)


class Metadata:
    """The metadata database of one environment."""

    def __init__(self, dag_ids: Iterable[str]) -> None:
        self.dags = {dag_id: Dag(dag_id) for dag_id in sorted(dag_ids)}
        self.variables: dict[str, str] = {}
        self._numbered = 0

    @property
    def run_count(self) -> int:
        return sum(len(dag.runs) for dag in self.dags.values())

    def next_run_number(self) -> int:
        self._numbered += 1
        return self._numbered

    def set_variable(self, key: str, value: str) -> None:
        # Airflow deletes the row and inserts a new one, so a variable that is set again is listed last.
        self.variables.pop(key, None)
        self.variables[key] = value
