"""The end of a DAG run: what it waits for, what failed in it, and where Airflow shows it."""

import asyncio
import logging

from mwaa_async._commands.call import call
from mwaa_async._commands.runner import CommandRunner
from mwaa_async._commands.tasks import TaskInstance, task_instances
from mwaa_async._errors import DagRunFailedError, DagRunNotEndedError, MwaaError
from mwaa_async._model.dag_run import DagRun
from mwaa_async._model.result import CommandResult
from mwaa_async._protocol.web_interface import run_url

logger = logging.getLogger("mwaa_async")

# What `dags next-execution` says, in 1.10 on stdout and since on stderr. It is about one DAG: `dags list` makes
# Airflow 2 load every file.
_PAUSED = "this DAG is PAUSED now."
_PATIENCE = 60.0  # seconds for the tasks that failed, behind other commands: the run itself has ended
_MOST_TASKS = 10


async def is_paused(runner: CommandRunner, dag_id: str) -> bool | None:
    """Tell whether the DAG is paused; `None` where that cannot be found out."""
    try:
        result = await call(runner, "dags next-execution", dag_id)
    except MwaaError as error:
        if error.result is not None and _says_paused(error.result):
            return True  # it failed at the date, which comes after that
        logger.debug("%s: it is not known whether DAG %r is paused: %s", runner.name, dag_id, error)
        return None
    return _says_paused(result)


def _says_paused(result: CommandResult) -> bool:
    return _PAUSED in result.stdout or _PAUSED in result.stderr


async def may_be_held(runner: CommandRunner, run: DagRun) -> bool:
    """Tell whether the run may be one of a paused DAG: it is queued, and before 2.2 `running` from the beginning."""
    return run.state == "queued" or await runner.version() < (2, 2, 0)


async def url_of(runner: CommandRunner, run: DagRun) -> str | None:
    """Return where Airflow shows the run; `None` as long as this client has not been told the web server's name."""
    if runner.web_server is None:
        return None
    return run_url(runner.web_server, await runner.version(), run.dag_id, run.run_id, run.logical_date)


async def failed_tasks(runner: CommandRunner, run: DagRun) -> tuple[str, ...] | None:
    """Return the ids of the tasks that failed in the run, `None` where they cannot be had.

    1.10 has no command for that, and real environments answer this one with 403.
    """
    try:
        which = run.run_id if await runner.version() >= (2, 2, 0) else run.logical_date
        if which is None:
            return None
        async with asyncio.timeout(_PATIENCE):
            tasks = await task_instances(runner, run.dag_id, which)
    except (MwaaError, TimeoutError) as error:
        logger.debug("%s: which tasks of %r failed is not known: %s", runner.name, run.run_id, error or "no time")
        return None
    return tuple(_called(task) for task in tasks if task.state == "failed")


def _called(task: TaskInstance) -> str:
    # -1 is what Airflow has for a task that is not mapped (airflow/models/taskinstance.py).
    return task.task_id if task.map_index in (None, -1) else f"{task.task_id}[{task.map_index}]"


async def failed_run(runner: CommandRunner, run: DagRun) -> DagRunFailedError:
    """Return the error for a run that has failed, with the tasks that did and where to look."""
    tasks, url = await failed_tasks(runner, run), await url_of(runner, run)
    error = DagRunFailedError(
        f"{runner.name}: the run {run.run_id!r} of DAG {run.dag_id!r} has failed{_tasks(tasks)}{_at(url)}",
        environment=runner.name,
    )
    error.dag_run, error.failed_tasks, error.url = run, tasks, url
    return error


def _tasks(tasks: tuple[str, ...] | None) -> str:
    if tasks is None:
        return ""
    more = f" and {len(tasks) - _MOST_TASKS} more" if len(tasks) > _MOST_TASKS else ""
    return f"; failed tasks: {', '.join(tasks[:_MOST_TASKS])}{more}" if tasks else ", without a task that failed"


async def not_ended(
    runner: CommandRunner, run: DagRun, timeout: float | None, *, dag_is_paused: bool | None
) -> DagRunNotEndedError:
    """Return the error for a run that is not waited for any more."""
    url = await url_of(runner, run)
    waited = "" if timeout is None else f" within {timeout:g} s"
    advice = f"; {said_of_paused(run)}" if dag_is_paused else ""
    error = DagRunNotEndedError(
        f"{runner.name}: the run {run.run_id!r} of DAG {run.dag_id!r} has not ended{waited}: it is "
        f"{run.state or 'triggered'}, and goes on{advice}{_at(url)}",
        environment=runner.name,
    )
    error.dag_run, error.dag_is_paused, error.url = run, dag_is_paused, url
    return error


def said_of_paused(run: DagRun) -> str:
    """Return what is said of a run of a paused DAG."""
    return f"the DAG {run.dag_id!r} is paused, and its runs stay {run.state} until it is unpaused"


def _at(url: str | None) -> str:
    return "" if url is None else f"; see {url}"
