"""``airflow tasks clear``, which is ``airflow clear`` in 1.10: has tasks done once more."""

import re
from collections.abc import Callable
from itertools import groupby
from typing import NamedTuple, NoReturn

from mwaa_async.emulator.airflow import metadata
from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.commands import lookups
from mwaa_async.emulator.airflow.commands.instances import described
from mwaa_async.emulator.airflow.metadata import TASKS, Dag, DagRun, TaskInstance


class Chosen(NamedTuple):
    """A task instance that is to be cleared."""

    dag: Dag
    run: DagRun
    instance: TaskInstance


def clear(call: Call) -> None:
    is_confirmed = call.arguments.no_confirm if call.version < (2, 0, 0) else call.arguments.yes
    confirm_and_clear(call, _chosen(call), is_confirmed=is_confirmed)


def confirm_and_clear(call: Call, chosen: list[Chosen], *, is_confirmed: bool) -> None:
    if not chosen:
        # Since 3.1 nothing is said where there is nothing to do.
        call.stdout.append("Nothing to clear.\n" if call.version < (3, 1, 0) else "")
        return
    if not is_confirmed:
        _ask_and_hear_nothing(call, chosen)
    for _, of_one_run in groupby(chosen, key=lambda one: (one.run.dag_id, one.run.run_id)):
        instances = list(of_one_run)
        instances[0].dag.clear(instances[0].run, {one.instance.task_id for one in instances}, call.now)


def _ask_and_hear_nothing(call: Call, chosen: list[Chosen]) -> NoReturn:
    """Fails as Airflow does where it asks for a confirmation and nobody is there."""
    names = [described(call, one.run, one.instance) for one in _in_order_of_rows(call, chosen)]
    listed = f"[{', '.join(names)}]" if call.version >= (3, 1, 0) else "\n".join(names)
    answers = "[y/n]" if call.version >= (2, 4, 0) else "(yes/no): "
    call.print(f"You are about to delete these {len(chosen)} tasks:\n{listed}\n\nAre you sure? {answers}")
    call.crash("", "EOFError: EOF when reading a line")


def _in_order_of_rows(call: Call, chosen: list[Chosen]) -> list[Chosen]:
    """Sorts by the primary key of that version, which begins with the task in 1.10."""
    if call.version >= (2, 0, 0):
        return chosen
    return sorted(chosen, key=lambda one: (one.instance.task_id, one.run.dag_id, one.run.run_after))


def _chosen(call: Call) -> list[Chosen]:
    dags = _dags(call)
    task_ids = asked_tasks(call, upstream=call.arguments.upstream, downstream=call.arguments.downstream)
    runs = [(dag, run) for dag in dags for run in dag.runs.values() if _is_in_asked_time(call, run)]
    chosen = [Chosen(dag, run, metadata.task_instance(run, task, call.now)) for dag, run in runs for task in task_ids]
    return [one for one in chosen if _is_in_asked_state(call, one.instance)]


def _dags(call: Call) -> list[Dag]:
    if not call.arguments.dag_regex:
        dag = lookups.dag_of_database(call, "clear_unknown_dag")
        call.log("read_file")
        return [dag]
    _log_reading_of_files(call)
    found = _search(call, call.arguments.dag_id)
    dags = [dag for dag in call.metadata.dags.values() if found(dag.dag_id)]
    if not dags:
        what = f"dag_id could not be found with regex: {call.arguments.dag_id}. "
        what += "Either the dag did not exist or it failed to parse."
        lookups.crash_with_airflow_exception(call, "", what)
    if call.version >= (3, 1, 0):
        # What is read from files can no longer be cleared there: this option of Airflow does not work any more.
        call.crash("", "AttributeError: 'DAG' object has no attribute 'clear'")
    return dags


def _log_reading_of_files(call: Call) -> None:
    if call.version >= (3, 0, 0):
        call.log("load_bundles")
    call.log("fill_dagbag")


def asked_tasks(call: Call, *, upstream: bool, downstream: bool) -> tuple[str, ...]:
    """Gives the tasks that match ``--task-regex``, if wanted with all that come before or after them."""
    pattern: str | None = call.arguments.task_regex
    if not pattern:
        return TASKS
    # Airflow 3 looks for the text as it is, whatever the option is called.
    found = _search(call, pattern if call.version < (3, 0, 0) else re.escape(pattern))
    matched = [number for number, task_id in enumerate(TASKS) if found(task_id)]
    if not matched:
        return ()
    first = 0 if upstream else min(matched)
    last = len(TASKS) if downstream else max(matched) + 1
    return TASKS[first:last]


def _search(call: Call, pattern: str) -> Callable[[str], object]:
    try:
        return re.compile(pattern).search
    except (re.error, OverflowError) as error:
        call.crash("", f"re.error: {error}")


def _is_in_asked_time(call: Call, run: DagRun) -> bool:
    asked, date = call.arguments, run.logical_date
    if date is None:
        # As in SQL, a run without a logical date (3.x) lies on neither side of one.
        return asked.start_date is None and asked.end_date is None
    # Airflow 2 leaves out runs of the future where no end is asked for.
    end = asked.end_date or (call.now if (2, 0, 0) <= call.version < (3, 0, 0) else date)
    return bool((asked.start_date is None or asked.start_date <= date) and date <= end)


def _is_in_asked_state(call: Call, instance: TaskInstance) -> bool:
    """Heeds ``--only-failed`` and ``--only-running``, which together choose both; before 2.0 nothing is both."""
    failed, running = call.arguments.only_failed, call.arguments.only_running
    if failed and running and call.version < (2, 0, 0):
        return False
    wanted = [*(("failed", "upstream_failed") if failed else ()), *(("running",) if running else ())]
    return not wanted or instance.state in wanted
