"""`airflow dags …`."""

import builtins
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Unpack

from mwaa_async._commands import dag_runs
from mwaa_async._commands.call import Value, call, iso, json_text, unsupported
from mwaa_async._commands.rows import read_rows, read_value
from mwaa_async._commands.runner import CommandRunner, EnvironmentRunner
from mwaa_async._commands.triggering import get_run, trigger
from mwaa_async._errors import DagRunAlreadyExistsError
from mwaa_async._model.dag_run import DagRun
from mwaa_async._model.portable import Portable
from mwaa_async._model.result import CommandResult, unexpected
from mwaa_async._model.timeouts import Timeouts
from mwaa_async._protocol.log_lines import answer_lines, last_line

_NOTHING_CHANGED = re.compile(r"^(?:No (?:un)?paused DAGs were found|\[\]$)", re.MULTILINE)
_NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)  # of which no DAG has a run


@dataclass(frozen=True, kw_only=True)
class Dag(Portable):
    """A DAG as `dags list` prints it; Airflow 1.10 prints its id only. `extra` has what the version prints beyond."""

    ALIASES: ClassVar[Mapping[str, str]] = {"filepath": "fileloc", "owner": "owners", "paused": "is_paused"}

    dag_id: str
    fileloc: str | None = None
    owners: tuple[str, ...] = ()
    is_paused: bool | None = None
    bundle_name: str | None = None
    bundle_version: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class DagImportError(Portable):
    """A DAG file that Airflow cannot load, with the traceback."""

    filepath: str
    error: str
    bundle_name: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class Job(Portable):
    """A job of Airflow's own: a scheduler, a local task job …"""

    dag_id: str | None
    state: str | None
    job_type: str | None
    start_date: datetime | None = None
    end_date: datetime | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class DagFile(Portable):
    """A DAG file and how long Airflow took to load it."""

    file: str
    duration: timedelta
    dag_num: int
    task_num: int
    dags: tuple[str, ...]
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)


class Dags:
    """DAGs and their runs: the commands `airflow dags …` of one environment."""

    def __init__(self, runner: EnvironmentRunner) -> None:
        self._runner = runner

    async def trigger(
        self,
        dag_id: str,
        *,
        conf: Mapping[str, Any] | None = None,
        run_id: str | None = None,
        logical_date: datetime | None = None,
        exists_ok: bool = False,
        **timeouts: Unpack[Timeouts],
    ) -> DagRun:
        """Trigger a run of the DAG and return it.

        `conf` is any JSON object (as text less than 128 KiB: Linux takes no longer argument). Without a `run_id` it
        gets one that nobody else makes; either way the trigger is safe to repeat, so it is sent once more, after
        `settle_time`, when nobody knows whether it ran. A `logical_date` without a time zone is taken as UTC. With
        `exists_ok` the run that has this `run_id` already is returned as it is now, with `conf=None`: Airflow does not
        say what it had.

        Raises `DagNotFoundError`, `DagRunAlreadyExistsError` where the DAG had a run with this run id or logical date
        before, `ValueError` for a run id that Airflow would not take and for `exists_ok` without one, `TypeError` or
        `ValueError` for a conf that is no JSON object, and what every command raises.
        """
        if exists_ok and run_id is None:
            raise ValueError("exists_ok needs a run_id: without one every run is a new one")
        runner = self._runner.within(**timeouts)
        try:
            run, _ = await trigger(runner, dag_id, conf=conf, run_id=run_id, logical_date=logical_date)
        except DagRunAlreadyExistsError as error:
            if not exists_ok or error.dag_run is None:
                raise
            return error.dag_run
        return run

    async def list(self, **timeouts: Unpack[Timeouts]) -> builtins.list[Dag]:
        """Return the DAGs."""
        runner = self._runner.within(**timeouts)
        version = await runner.version()
        result = await call(runner, "dags list", version=version)
        if version >= (2, 0, 0):
            return read_rows(Dag, result)
        # 1.10 prints a heading between two rules, and then an id on each line.
        lines = answer_lines(result.stdout)
        heading = lines.index("DAGS") if "DAGS" in lines else 0
        return [Dag(dag_id=line) for line in lines[heading + 2 :]]

    async def list_runs(
        self,
        dag_id: str,
        *,
        state: str | None = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        **timeouts: Unpack[Timeouts],
    ) -> builtins.list[DagRun]:
        """Return the runs of the DAG, the latest first.

        `state` is one of Airflow's ("queued", "running", "success", "failed"). With `start_date` or `end_date` only
        runs with a logical date from and up to then are listed, which in Airflow 3 leaves out those that have none.
        Raises `DagNotFoundError`, and what every command raises.
        """
        return await dag_runs.list_runs(
            self._runner.within(**timeouts), dag_id, state=state, start_date=start_date, end_date=end_date
        )

    async def get_run(self, dag_id: str, run_id: str, **timeouts: Unpack[Timeouts]) -> DagRun:
        """Return the run with this id as it is now, such as one that comes from another process, to wait for it.

        Its `conf` is `None`. Raises `DagRunNotFoundError` and `DagNotFoundError`, and what every command raises.
        """
        return await get_run(self._runner.within(**timeouts), dag_id, run_id)

    async def state(self, dag_id: str, logical_date: datetime | str, **timeouts: Unpack[Timeouts]) -> str | None:
        """Return the state of the run with this logical date, or `None` where there is none.

        Airflow 3 takes a run id in its place. Raises `DagNotFoundError`, and what every command raises.
        """
        return await dag_runs.dag_state(self._runner.within(**timeouts), dag_id, logical_date)

    async def pause(self, dag_id: str, **timeouts: Unpack[Timeouts]) -> None:
        """Pause the DAG: no new runs of it start. Raises `DagNotFoundError`, and what every command raises."""
        await _set_paused(self._runner.within(**timeouts), "dags pause", dag_id)

    async def unpause(self, dag_id: str, **timeouts: Unpack[Timeouts]) -> None:
        """Let runs of the DAG start (again). Raises `DagNotFoundError`, and what every command raises."""
        await _set_paused(self._runner.within(**timeouts), "dags unpause", dag_id)

    async def delete(self, dag_id: str, **timeouts: Unpack[Timeouts]) -> int:
        """Delete all records of the DAG, but not its file, and return how many that were.

        Raises `DagNotFoundError`, and what every command raises.
        """
        result = await call(self._runner.within(**timeouts), "dags delete", dag_id, options={"yes": True})
        removed = re.search(r"Removed (\d+) record", result.text)
        if removed is None:
            raise unexpected(result, "number of records")
        return int(removed[1])

    async def next_execution(self, dag_id: str, **timeouts: Unpack[Timeouts]) -> datetime | None:
        """Return the logical date of the run that the DAG's schedule makes next, or `None` without one.

        Raises `DagNotFoundError`, and what every command raises.
        """
        result = await call(self._runner.within(**timeouts), "dags next-execution", dag_id)
        date: datetime | None = read_value(datetime | None, last_line(result.stdout), result)
        return date

    async def list_import_errors(self, **timeouts: Unpack[Timeouts]) -> builtins.list[DagImportError]:
        """Return the DAG files that Airflow cannot load. Raises what every command raises."""
        return read_rows(DagImportError, await call(self._runner.within(**timeouts), "dags list-import-errors"))

    async def list_jobs(
        self,
        *,
        dag_id: str | None = None,
        state: str | None = None,
        limit: int | None = None,
        **timeouts: Unpack[Timeouts],
    ) -> builtins.list[Job]:
        """Return Airflow's own jobs, the latest first. Raises what every command raises."""
        options: dict[str, Value] = {"dag-id": dag_id, "state": state, "limit": limit}
        return read_rows(Job, await call(self._runner.within(**timeouts), "dags list-jobs", options=options))

    async def report(self, **timeouts: Unpack[Timeouts]) -> builtins.list[DagFile]:
        """Return the DAG files, and how long each took to load. Raises what every command raises."""
        return read_rows(DagFile, await call(self._runner.within(**timeouts), "dags report"))

    async def show(self, dag_id: str, **timeouts: Unpack[Timeouts]) -> str:
        """Return the DAG's graph in Graphviz' language DOT.

        Raises `CommandFailedError` where graphviz is not installed there, `DagNotFoundError`, and what every command
        raises.
        """
        result = await call(self._runner.within(**timeouts), "dags show", dag_id)
        found = re.search(r"^(?:di)?graph .*^}", result.text, re.DOTALL | re.MULTILINE)
        if found is None:
            raise unexpected(result, "graph")
        return found[0] + "\n"

    async def reserialize(self, **timeouts: Unpack[Timeouts]) -> None:
        """Load the DAG files again and store what they hold. Raises what every command raises."""
        await call(self._runner.within(**timeouts), "dags reserialize")

    async def test(
        self,
        dag_id: str,
        logical_date: datetime | None = None,
        *,
        conf: Mapping[str, Any] | None = None,
        **timeouts: Unpack[Timeouts],
    ) -> CommandResult:
        """Run all tasks of the DAG at once, in the web server, and return what they log.

        Before 2.5 a `logical_date` is needed, there is no `conf`, and a task that fails is no failure of the command:
        only the log says so. Since then it raises `CommandFailedError`. Raises `DagNotFoundError`, and what every
        command raises.
        """
        date = () if logical_date is None else (iso(logical_date),)
        return await call(
            self._runner.within(**timeouts), "dags test", dag_id, *date, options={"conf": json_text(conf)}
        )

    async def backfill(
        self,
        dag_id: str,
        *,
        start_date: datetime,
        end_date: datetime,
        conf: Mapping[str, Any] | None = None,
        dry_run: bool = False,
        **timeouts: Unpack[Timeouts],
    ) -> CommandResult:
        """Make the runs of the DAG's schedule between two dates, and return what Airflow prints of it.

        Airflow 3 (`backfill create`) leaves them to the scheduler; versions before (`dags backfill`) run them in the
        web server and print their log, which may take longer than the web server's gateway waits.
        Raises `DagNotFoundError`, `UnsupportedCommandError` for a `conf` on 3.0, and what every command raises.
        """
        runner, text = self._runner.within(**timeouts), json_text(conf)
        version = await runner.version()
        # There `create_backfill` hands the text on as it is (airflow/cli/commands/backfill_command.py).
        if text is not None and (3, 0, 0) <= version < (3, 1, 0) and not dry_run:
            broken = f"Airflow {'.'.join(map(str, version))} fails at a conf, after it has begun a backfill"
            raise unsupported(runner, "backfill create", f"{broken} that keeps all others of the DAG from starting")
        if version < (3, 0, 0):
            options: dict[str, Value] = {"start-date": start_date, "end-date": end_date, "conf": text}
            return await call(runner, "dags backfill", dag_id, options={**options, "dry-run": dry_run}, version=version)
        options = {"dag-id": dag_id, "from-date": start_date, "to-date": end_date, "dag-run-conf": text}
        return await call(runner, "backfill create", options={**options, "dry-run": dry_run}, version=version)


async def _set_paused(runner: CommandRunner, words: str, dag_id: str) -> None:
    result = await call(runner, words, dag_id)
    # Since 2.9 this is said of a DAG that is unknown as of one that is (un)paused already; `dags state` tells them
    # apart. 2.9 prints no rows where a DAG is in a file, but not in the database yet (`set_is_paused` in its
    # airflow/cli/commands/dag_command.py).
    if _NOTHING_CHANGED.search(result.text):
        await dag_runs.dag_state(runner, dag_id, _NO_DATE)
