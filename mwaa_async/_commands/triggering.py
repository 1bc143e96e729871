"""Triggering a DAG run so that a repeat is safe, and no error says that nothing ran where a run may be there."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from mwaa_async._commands.call import Value, call, json_text
from mwaa_async._commands.dag_runs import Watcher, current, list_runs, read_run
from mwaa_async._commands.rows import rows
from mwaa_async._commands.runner import CommandRunner
from mwaa_async._commands.tasks import task_instances
from mwaa_async._errors import (
    CommandFailedError,
    DagNotFoundError,
    DagRunAlreadyExistsError,
    DagRunNotFoundError,
    MwaaError,
    OutcomeUnknownError,
)
from mwaa_async._model.dag_run import DagRun, changed, watched
from mwaa_async._model.result import CommandResult, unexpected
from mwaa_async._protocol.catalogue import catalogue
from mwaa_async._protocol.run_ids import check_length, check_run_id, new_run_id
from mwaa_async._protocol.versions import Version

_SECONDS = 4  # in which a trigger is tried, where its run id or the second is taken


async def trigger(
    runner: CommandRunner,
    dag_id: str,
    *,
    conf: Mapping[str, Any] | None,
    run_id: str | None,
    logical_date: datetime | None,
) -> tuple[DagRun, int]:
    """Trigger a run of the DAG, and return it with how often that was sent; see `Dags.trigger`."""
    version = await runner.version()
    run_id_sent = _checked_run_id(runner, version, run_id)
    run = DagRun(dag_id=dag_id, run_id=run_id_sent, conf=conf, logical_date=logical_date)
    wanted = watched(run, Watcher(runner.lasting))
    options, attempts = _trigger_options(wanted, version), 1
    for second in range(_SECONDS):
        if second:
            await asyncio.sleep(1.0)  # up to version 2 a run without a date takes the second for one
        try:
            result = await call(
                runner,
                "dags trigger",
                dag_id,
                options=options,
                idempotent=True,
                version=version,
            )
        except DagRunAlreadyExistsError as error:
            already = error
            attempts = already.attempts = max(attempts, error.attempts)
            existing = await _existing(runner, wanted, version, error, is_first=not second)
            if existing is not None and (run_id is None or attempts > 1):
                return existing, attempts  # an earlier attempt of this trigger has made it
            already.dag_run = existing and await _of_somebody_else(runner, existing, version)
            if existing is not None or logical_date is not None:
                raise
        except CommandFailedError as error:
            if error.attempts > 1 and not isinstance(error, DagNotFoundError):
                return await _made_before(runner, wanted, version, error), error.attempts
            raise
        except MwaaError as error:
            if attempts > 1 and error.ran is False:  # in another second, after an attempt that had no answer
                raise _unknown(wanted, already, str(error)) from error
            raise
        else:
            return _triggered(wanted, version, result), result.attempts
    raise already


def _checked_run_id(runner: CommandRunner, version: Version, run_id: str | None) -> str:
    """Return the run id, or one of our own. Raises `ValueError` for one that Airflow refuses."""
    pattern = runner.run_id_pattern
    if run_id is None:
        run_id = new_run_id()
        if not pattern.match(run_id):
            raise ValueError(f"give a run_id: one of our own, such as {run_id!r}, does not match {pattern.pattern!r}")
    elif version >= (2, 6, 3):
        check_run_id(run_id, pattern)
    else:
        check_length(run_id)  # before there was a pattern, all characters would do
    return run_id


def _trigger_options(wanted: DagRun, version: Version) -> dict[str, Value]:
    date = "logical-date" if version >= (3, 0, 0) else "exec-date"
    return {"run-id": wanted.run_id, "conf": json_text(wanted.conf), date: wanted.logical_date}


async def get_run(runner: CommandRunner, dag_id: str, run_id: str) -> DagRun:
    """Return the run with this id; see `Dags.get_run`."""
    wanted = watched(DagRun(dag_id=dag_id, run_id=run_id), Watcher(runner.lasting))
    version = await runner.version()
    found = await (_in_the_list(runner, wanted) if version < (2, 2, 0) else _found(runner, wanted, version))
    if found is None:
        message = f"{runner.name}: there is no run {run_id!r} of DAG {dag_id!r}"
        raise DagRunNotFoundError(message, environment=runner.name)
    return found


async def _existing(
    runner: CommandRunner, wanted: DagRun, version: Version, error: CommandFailedError, *, is_first: bool
) -> DagRun | None:
    """Return the run with this run id, or `None` where there is none: "already exists" may be about a logical date.

    From 2.2 to 2.11 the message names the run id that was asked for in both cases (airflow/api/common/trigger_dag.py).
    Where the run cannot be looked for, the trigger is to be tried again in another second: what exists in two seconds
    is the run id. Raises `OutcomeUnknownError` where that does not show it either, since the date is the caller's.
    """
    if version < (2, 2, 0):
        return wanted if f"Run id {wanted.run_id} already exists" in str(error) else None
    try:
        return await _found(runner, wanted, version)
    except MwaaError as failure:
        if wanted.logical_date is not None:
            raise _unknown(wanted, error, f"looking for the run failed: {failure}") from failure
        return None if is_first else wanted


async def _of_somebody_else(runner: CommandRunner, existing: DagRun, version: Version) -> DagRun:
    """Return the run as who has not made it knows it: without a conf, and on 1.10 looked for in the list."""
    found = None
    if version < (2, 0, 0):
        with suppress(MwaaError):
            found = await _in_the_list(runner, existing)
    return changed(found or existing, conf=None)


async def _made_before(runner: CommandRunner, wanted: DagRun, version: Version, error: CommandFailedError) -> DagRun:
    """Return the run that an earlier attempt has made, of which nobody knew, before the last one failed."""
    try:
        run = None if version < (2, 2, 0) else await _found(runner, wanted, version)
    except MwaaError as failure:
        raise _unknown(wanted, error, f"looking for the run failed: {failure}") from failure
    if run is None:
        raise _unknown(wanted, error, "an attempt before had no answer, and may be running on") from error
    return run


async def _found(runner: CommandRunner, wanted: DagRun, version: Version) -> DagRun | None:
    """Return the run with this run id, or `None` where there is none.

    The ways to look for it that read little are tried first: a DAG may have many runs. Real environments refuse some of
    them (`tasks states-for-dag-run`: 403). Raises what the last one raises.
    """
    *short, last = _ways(wanted, version)
    for way in short:
        with suppress(MwaaError):
            return await way(runner, wanted)
    return await last(runner, wanted)


def _ways(wanted: DagRun, version: Version) -> list[Callable[[CommandRunner, DagRun], Awaitable[DagRun | None]]]:
    if wanted.logical_date is not None:
        return [current]
    if version >= (3, 0, 0):
        return [current, _in_the_list]
    # What has no underscore might be taken for a date there (airflow/cli/commands/task_command.py).
    return [_by_its_tasks, _in_the_list] if "_" in wanted.run_id else [_in_the_list]


async def _by_its_tasks(runner: CommandRunner, wanted: DagRun) -> DagRun | None:
    """Find the run by its id and then, with the date that its tasks have, in a list of the runs of that date."""
    try:
        tasks = await task_instances(runner, wanted.dag_id, wanted.run_id)
    except DagRunNotFoundError:
        return None
    return await current(runner, changed(wanted, logical_date=tasks[0].logical_date) if tasks else wanted)


async def _in_the_list(runner: CommandRunner, wanted: DagRun) -> DagRun | None:
    """Find the run in the list of all runs of the DAG."""
    listed = await list_runs(runner, wanted.dag_id)
    found = next((run for run in listed if run.run_id == wanted.run_id), None)
    return None if found is None else changed(found, conf=wanted.conf)


def _unknown(wanted: DagRun, error: CommandFailedError, cause: str) -> OutcomeUnknownError:
    unknown = OutcomeUnknownError(
        f"{wanted.environment}: it is unknown whether there is a run {wanted.run_id!r} of DAG {wanted.dag_id!r}: "
        f"{error}; {cause}. "
        "Trigger it again with this run id, which makes no second one",
        environment=wanted.environment,
        command=error.command,
        result=error.result,
    )
    unknown.attempts = error.attempts
    return unknown


def _triggered(wanted: DagRun, version: Version, result: CommandResult) -> DagRun:
    if catalogue()["dags trigger"].prints_json(version):
        found = rows(result)
        if len(found) != 1:
            raise unexpected(result, "DAG run")
        return read_run(wanted, found[0], result)
    # Created <DagRun demo @ 2026-11-22T10:40:24+00:00: run1, state:queued, queued_at: …. externally triggered: True>
    created = re.search(rf"Created <DagRun \S+ @ (.*): {re.escape(wanted.run_id)}, (?:state:(\w+), )?", result.stdout)
    if created is None:
        raise unexpected(result, "line 'Created <DagRun …'")
    row = {"dag_id": wanted.dag_id, "run_id": wanted.run_id, "logical_date": created[1], "state": created[2]}
    return read_run(wanted, row, result)
