"""`airflow tasks …`."""

import builtins
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from mwaa_async._commands.call import Value, call, iso, json_text
from mwaa_async._commands.rows import read_rows, unexpected
from mwaa_async._protocol.log_lines import answer_lines, last_line, without_records
from mwaa_async._result import CommandResult

if TYPE_CHECKING:
    from mwaa_async._environment import Environment

# airflow/cli/commands/task_command.py, `task_render`: the name of each template field between two rules.
_PROPERTY = re.compile(r"^[ \t]*# -{20,}\n[ \t]*# property: (\w+)\n[ \t]*# -{20,}\n", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class TaskInstance:
    """One task of a DAG run; `map_index` is that of a mapped one."""

    ALIASES: ClassVar[Mapping[str, str]] = {"execution_date": "logical_date"}

    dag_id: str
    task_id: str
    state: str | None = None
    logical_date: datetime | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    map_index: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FailedDep:
    """One reason why the scheduler does not start a task."""

    dependency: str
    reason: str


class Tasks:
    """Tasks of DAGs and of their runs: the commands `airflow tasks …` of one environment.

    A run is given by its logical date or, since Airflow 2.2, by its run id.
    """

    def __init__(self, environment: "Environment") -> None:
        self._environment = environment

    async def list(self, dag_id: str) -> list[str]:
        """Return the ids of the DAG's tasks. Raises `DagNotFoundError`, and what every command raises."""
        result = await call(self._environment, "tasks list", dag_id)
        return answer_lines(result.stdout)

    async def state(self, dag_id: str, task_id: str, run: datetime | str) -> str | None:
        """Return the state of a task in a run, `None` before it has one.

        Raises `DagNotFoundError`, `DagRunNotFoundError`, and what every command raises.
        """
        result = await call(self._environment, "tasks state", dag_id, task_id, _run(run))
        state = last_line(result.stdout).strip()
        if not state.isidentifier():
            raise unexpected(result, "state")
        return None if state == "None" else state

    async def states_for_dag_run(self, dag_id: str, run: datetime | str) -> builtins.list[TaskInstance]:
        """Return all task instances of a run. Raises `DagRunNotFoundError`, and what every command raises."""
        result = await call(self._environment, "tasks states-for-dag-run", dag_id, _run(run))
        return read_rows(TaskInstance, result)

    async def clear(
        self,
        dag_id: str,
        *,
        task_regex: str | None = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        upstream: bool = False,
        downstream: bool = False,
        only_failed: bool = False,
        only_running: bool = False,
    ) -> None:
        """Clear task instances, as if they had never run: the scheduler runs them again.

        Without anything that narrows it down, these are all of the DAG. Airflow 3 takes `task_regex` as a part of the
        task's id, and not as a regular expression. Raises `DagNotFoundError`, and what every command raises.
        """
        version = await self._environment._version()
        options: dict[str, Value] = {
            "no-confirm" if version < (2, 0, 0) else "yes": True,
            "task-regex": task_regex,
            "start-date": start_date,
            "end-date": end_date,
            "upstream": upstream,
            "downstream": downstream,
            "only-failed": only_failed,
            "only-running": only_running,
        }
        await call(self._environment, "tasks clear", dag_id, options=options)

    async def failed_deps(self, dag_id: str, task_id: str, run: datetime | str) -> builtins.list[FailedDep]:
        """Return why the scheduler does not start a task in a run; nothing where it would.

        Raises `DagNotFoundError`, `DagRunNotFoundError`, and what every command raises.
        """
        result = await call(self._environment, "tasks failed-deps", dag_id, task_id, _run(run))
        _, heading, told = without_records(result.stdout).partition("Task instance dependencies not met:\n")
        if not heading and "dependencies are all met" not in result.stdout:
            raise unexpected(result, "dependencies")
        told_apart = (line.partition(": ") for line in told.splitlines() if ": " in line)
        return [FailedDep(dependency=name, reason=reason) for name, _, reason in told_apart]

    async def render(self, dag_id: str, task_id: str, run: datetime | str) -> dict[str, str]:
        """Return the task's template fields as they are in a run, by name.

        Raises `DagNotFoundError`, `DagRunNotFoundError`, and what every command raises.
        """
        result = await call(self._environment, "tasks render", dag_id, task_id, _run(run))
        _, *parts = _PROPERTY.split(without_records(result.stdout))
        return {name: text.strip("\n") for name, text in zip(parts[::2], parts[1::2], strict=True)}

    async def test(
        self,
        dag_id: str,
        task_id: str,
        run: datetime | str | None = None,
        *,
        task_params: Mapping[str, Any] | None = None,
    ) -> CommandResult:
        """Run one task at once, in the web server, without regard to others, and return what it logs.

        Before 2.5 a `run` is needed. Raises `DagNotFoundError`, and what every command raises.
        """
        arguments = (dag_id, task_id) if run is None else (dag_id, task_id, _run(run))
        options: dict[str, Value] = {"task-params": json_text(task_params)}
        return await call(self._environment, "tasks test", *arguments, options=options)


def _run(run: datetime | str) -> str:
    return iso(run) if isinstance(run, datetime) else run
