"""`airflow tasks …`."""

import builtins
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import dropwhile, takewhile
from typing import Any, ClassVar, Unpack

from mwaa_async._commands.call import Value, call, iso, json_text
from mwaa_async._commands.rows import read_rows
from mwaa_async._commands.runner import CommandRunner, EnvironmentRunner
from mwaa_async._model.portable import Portable
from mwaa_async._model.result import CommandResult, unexpected
from mwaa_async._model.timeouts import Timeouts
from mwaa_async._protocol.log_lines import last_line

# airflow/cli/commands/task_command.py, `task_render`: the name of each template field between two rules.
_PROPERTY = re.compile(r"^( *)# -{58}\n\1# property: (\w+)\n\1# -{58}\n", re.MULTILINE)
# Airflow's template for it, up to version 3.0, is indented by this much.
_TEMPLATE_INDENT = " " * 8
# airflow/utils/helpers.py, `KEY_REGEX` and `validate_key`: what a task's id is.
_TASK_ID = re.compile(r"[\w.-]{1,250}")


@dataclass(frozen=True, kw_only=True)
class TaskInstance(Portable):
    """One task of a DAG run; `map_index` is that of a mapped one."""

    ALIASES: ClassVar[Mapping[str, str]] = {"execution_date": "logical_date"}

    dag_id: str
    task_id: str
    state: str | None = None
    logical_date: datetime | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    map_index: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class FailedDep(Portable):
    """One reason why the scheduler does not start a task."""

    dependency: str
    reason: str


class Tasks:
    """Tasks of DAGs and of their runs: the commands `airflow tasks …` of one environment.

    A run is given by its logical date or, since Airflow 2.2, by its run id.
    """

    def __init__(self, runner: EnvironmentRunner) -> None:
        self._runner = runner

    async def list(self, dag_id: str, **timeouts: Unpack[Timeouts]) -> list[str]:
        """Return the ids of the DAG's tasks.

        What DAG files print is not among them, unless it is the last that they print and looks like an id.
        Raises `DagNotFoundError`, and what every command raises.
        """
        result = await call(self._runner.within(**timeouts), "tasks list", dag_id)
        if not (text := result.text):
            raise unexpected(result, "task ids, not even the line break of a DAG that has none")
        return _last_ids(text)

    async def state(self, dag_id: str, task_id: str, run: datetime | str, **timeouts: Unpack[Timeouts]) -> str | None:
        """Return the state of a task in a run, `None` before it has one.

        Raises `DagNotFoundError`, `DagRunNotFoundError`, and what every command raises.
        """
        result = await call(self._runner.within(**timeouts), "tasks state", dag_id, task_id, _run(run))
        state = last_line(result.stdout).strip()
        if not state.isidentifier():
            raise unexpected(result, "state")
        return None if state == "None" else state

    async def states_for_dag_run(
        self, dag_id: str, run: datetime | str, **timeouts: Unpack[Timeouts]
    ) -> builtins.list[TaskInstance]:
        """Return all task instances of a run. Raises `DagRunNotFoundError`, and what every command raises."""
        return await task_instances(self._runner.within(**timeouts), dag_id, run)

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
        **timeouts: Unpack[Timeouts],
    ) -> None:
        """Clear task instances, as if they had never run: the scheduler runs them again.

        Without anything that narrows it down, these are all of the DAG. Airflow 3 takes `task_regex` as a part of the
        task's id, and not as a regular expression. Raises `DagNotFoundError`, and what every command raises.
        """
        runner = self._runner.within(**timeouts)
        version = await runner.version()
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
        await call(runner, "tasks clear", dag_id, options=options, version=version)

    async def failed_deps(
        self, dag_id: str, task_id: str, run: datetime | str, **timeouts: Unpack[Timeouts]
    ) -> builtins.list[FailedDep]:
        """Return why the scheduler does not start a task in a run; nothing where it would.

        On Airflow 3.0 the command itself fails for every DAG that is made with `airflow.sdk.DAG`, with an
        `AttributeError`; this is a `CommandFailedError`. Raises `DagNotFoundError`, `DagRunNotFoundError`, and what
        every command raises.
        """
        result = await call(self._runner.within(**timeouts), "tasks failed-deps", dag_id, task_id, _run(run))
        _, heading, listed = result.text.partition("Task instance dependencies not met:\n")
        if not heading and "dependencies are all met" not in result.text:
            raise unexpected(result, "dependencies")
        parts = (line.partition(": ") for line in listed.splitlines() if ": " in line)
        return [FailedDep(dependency=name, reason=reason) for name, _, reason in parts]

    async def render(
        self, dag_id: str, task_id: str, run: datetime | str, **timeouts: Unpack[Timeouts]
    ) -> dict[str, str]:
        """Return the task's template fields as they are in a run, by name: what Python's `str` makes of each.

        Before Airflow 3.1 lines of nothing but blanks lose these, and on 1.10 every text loses the escape
        sequences of a terminal. What looks like a log record is a field's where another field's line follows, or where
        it is not of the present; at the end of the last field that is an `OutputError`, as in `Variables.get`.

        A run that is not there Airflow makes up, version 3 only from a date. On 3.0 the command itself fails for a run
        that has not started, with a `ValidationError`; this is a `CommandFailedError`.
        Raises `DagNotFoundError`, and what every command raises.
        """
        runner = self._runner.within(**timeouts)
        version = await runner.version()
        result = await call(runner, "tasks render", dag_id, task_id, _run(run), version=version)
        if not (first := _PROPERTY.search(result.stdout)):
            return {}
        # What is logged stands before the first field or after the last one.
        _, *parts = _PROPERTY.split(result.stored_text(result.stdout[first.start() :]))
        fields = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
        return {name: _field(text, indent if version < (3, 1, 0) else None) for indent, name, text in fields}

    async def test(
        self,
        dag_id: str,
        task_id: str,
        run: datetime | str | None = None,
        *,
        task_params: Mapping[str, Any] | None = None,
        **timeouts: Unpack[Timeouts],
    ) -> CommandResult:
        """Run one task at once, in the web server, without regard to others, and return what it logs.

        Before 2.5 a `run` is needed. In Airflow 3 a task that fails is no failure of the command: only the log tells
        of it, with `new_state=failed`. Versions before raise `CommandFailedError`.
        Raises `DagNotFoundError`, and what every command raises.
        """
        arguments = (dag_id, task_id) if run is None else (dag_id, task_id, _run(run))
        options: dict[str, Value] = {"task-params": json_text(task_params, "task_params")}
        return await call(self._runner.within(**timeouts), "tasks test", *arguments, options=options)


async def task_instances(runner: CommandRunner, dag_id: str, run: datetime | str) -> list[TaskInstance]:
    """Return all task instances of a run; see `Tasks.states_for_dag_run`."""
    return read_rows(TaskInstance, await call(runner, "tasks states-for-dag-run", dag_id, _run(run)))


def _run(run: datetime | str) -> str:
    return iso(run) if isinstance(run, datetime) else run


def _last_ids(text: str) -> builtins.list[str]:
    """Return the last task ids in the text, each on a line of its own; of a DAG without any there is a blank line."""
    lines = text.removesuffix("\n").split("\n")[::-1]
    if not lines[0].strip():
        return []
    ids = takewhile(_TASK_ID.fullmatch, dropwhile(lambda line: not _TASK_ID.fullmatch(line), lines))
    return [*ids][::-1]


def _field(text: str, indent: str | None) -> str:
    """Return a template field as it was before Airflow printed it; `indent` is that of its heading, up to 3.0.

    There the field stands in a template that is indented, and of which `textwrap.dedent` takes away what all lines have
    in common. What it leaves of the heading's indentation shows how much that was.
    """
    if indent is None:
        return text.removesuffix("\n")
    first, *others = text.removesuffix("\n\n").split("\n")
    taken = _TEMPLATE_INDENT.removeprefix(indent)
    return "\n".join([first.removeprefix(indent), *(taken + line if line else "" for line in others)])
