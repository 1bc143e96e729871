"""What Airflow keeps in its metadata database: DAGs, their runs, jobs, variables, pools, connections, and roles."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

RUN_TAKES = timedelta(seconds=1)

# The DAGs that there are unless told otherwise: one is paused, as a new one is by Airflow's default configuration.
DAGS = ("demo:paused", "etl", "report")

# The tasks of every DAG; each waits for the one before it.
TASKS = ("extract", "load")

# When every DAG starts.
START_DATE = datetime(2024, 1, 1, tzinfo=UTC)

_TASK_TAKES = RUN_TAKES / len(TASKS)

# What Airflow takes for an id (`validate_key` in its utils/helpers.py).
_DAG_ID = re.compile(r"[\w.-]{1,250}")

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class TaskInstance:
    """One task within one run."""

    task_id: str
    state: str | None = None
    started: datetime | None = None
    ended: datetime | None = None


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
    run_type: str = "manual"
    # What is listed as its start, where that is another time: `dags test` writes the logical date.
    start_date: datetime | None = None
    # Whether its first task fails, and so the others do not begin.
    fails: bool = False
    # Task instances from before: of tasks that were run by themselves, or of a run that was cleared since.
    kept: Mapping[str, TaskInstance] = field(default_factory=dict)


def ended(run: DagRun, now: datetime) -> datetime | None:
    """Tells when a run came to its end, if it has by now."""
    if run.started is None or now - run.started < RUN_TAKES:
        return None
    return run.started + RUN_TAKES


def state(run: DagRun, now: datetime, waiting: str = "queued") -> str:
    """Tells the state of a run: it waits, runs for a second, and succeeds, or fails where its DAG does so."""
    if run.started is None:
        return waiting
    if not ended(run, now):
        return "running"
    return "success" if all(task_instance(run, task, now).state == "success" for task in TASKS) else "failed"


def task_instance(run: DagRun, task_id: str, now: datetime) -> TaskInstance:
    """Tells how far a task of a run is: its tasks share the time of the run, one after the other."""
    kept = run.kept.get(task_id, TaskInstance(task_id))
    if kept.state is not None:
        return kept
    started = run.started and run.started + TASKS.index(task_id) * _TASK_TAKES
    if started is None or now < started:
        return kept
    if run.fails and task_id != TASKS[0]:
        return TaskInstance(task_id, "upstream_failed", started, started)
    if now < started + _TASK_TAKES:
        return TaskInstance(task_id, "running", started)
    return TaskInstance(task_id, "failed" if run.fails else "success", started, started + _TASK_TAKES)


@dataclass
class Dag:
    """One DAG with its runs, which succeed or fail."""

    dag_id: str
    is_paused: bool = False
    fails: bool = False
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

    def put(self, run: DagRun) -> None:
        """Enters a run in place of any that has its id or its date."""
        others = {run.run_id, self.run_of_date.get(run.logical_date or _LONG_AGO)}
        self.runs = {run_id: other for run_id, other in self.runs.items() if run_id not in others}
        self.run_of_date = {date: run_id for date, run_id in self.run_of_date.items() if run_id not in others}
        self.add(run, dated_by_user=True)

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

    def clear(self, run: DagRun, task_ids: Collection[str], now: datetime) -> None:
        """Queues a run again; what was not cleared of it stays done, and what was keeps its dates, as in Airflow."""
        kept = {task_id: task_instance(run, task_id, now) for task_id in TASKS}
        for task_id, instance in kept.items():
            if task_id in task_ids or instance.state != "success":
                kept[task_id] = replace(instance, state=None)
        started = now if state(run, now) == "running" or not self.is_paused else None
        self.runs[run.run_id] = replace(run, created=now, started=started, start_date=None, kept=kept)

    def keep(self, run: DagRun, instance: TaskInstance) -> None:
        """Stores how a task went that was run by itself."""
        self.runs[run.run_id] = replace(run, kept={**run.kept, instance.task_id: instance})


@dataclass(frozen=True)
class Job:
    """A job that a command did by itself, and that succeeded."""

    dag_id: str
    job_type: str
    started: datetime
    ended: datetime


@dataclass(frozen=True)
class Connection:
    """How to reach another system; ``extra`` is a JSON text."""

    conn_id: str
    conn_type: str | None = None
    host: str | None = None
    login: str | None = None
    password: str | None = None
    schema: str | None = None
    port: int | str | None = None
    extra: str | None = None
    description: str | None = None


def dag_from(text: str) -> Dag:
    """Makes the DAG of an id, after which `:paused` and `:fails` may stand. Raises `ValueError`."""
    dag_id, *words = text.split(":")
    if sorted(words) not in ([], ["fails"], ["paused"], ["fails", "paused"]) or not _DAG_ID.fullmatch(dag_id):
        raise ValueError(
            f"a DAG is NAME, NAME:paused or NAME:fails (or both: NAME:paused:fails), not {text!r}; its name has "
            "letters, digits, '_', '-' and '.', at most 250"
        )
    return Dag(dag_id, is_paused="paused" in words, fails="fails" in words)


def dags_from(texts: Iterable[str]) -> dict[str, Dag]:
    """Makes the DAGs by their ids, in the order of these. Raises `ValueError`."""
    dags: dict[str, Dag] = {}
    for dag in sorted(map(dag_from, texts), key=lambda dag: dag.dag_id):
        if dag.dag_id in dags:
            raise ValueError(f"the DAG {dag.dag_id!r} is given twice")
        dags[dag.dag_id] = dag
    return dags


def record_count(dag: Dag) -> int:
    """Counts the rows about a DAG: its own, and for each run one and those of its two tasks."""
    return 1 + 3 * len(dag.runs)


class Metadata:
    """The metadata database of one environment."""

    def __init__(self, dags: Iterable[str]) -> None:
        self.dags = dags_from(dags)
        self.variables: dict[str, str] = {}
        # Slots and description by name.
        self.pools: dict[str, tuple[int, str]] = {"default_pool": (128, "Default pool")}
        self.connections: dict[str, Connection] = {}
        self.jobs: list[Job] = []
        self.backfill_count = 0
        # What each role may do: actions on resources.
        self.roles: dict[str, set[tuple[str, str]]] = {}
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
