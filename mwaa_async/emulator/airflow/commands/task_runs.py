"""``airflow tasks test`` and ``airflow tasks run``, which do one task by itself."""

import json
import uuid
from collections import UserDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NoReturn

from mwaa_async._protocol.versions import Version
from mwaa_async.emulator.airflow import dates, metadata
from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.commands import dag_files, dependencies, lookups
from mwaa_async.emulator.airflow.commands.instances import described, row_id
from mwaa_async.emulator.airflow.metadata import Dag, DagRun, TaskInstance


def test(call: Call) -> None:
    """Does a task, which only Airflow 3 stores; a run that there is not exists for that moment only."""
    dag = _tested_dag(call)
    task_id = lookups.task(call)
    check_params(call)
    lookups.refuse_map_index(call)
    run = lookups.find_run(call, dag) or _temporary_run(call, dag)
    instance = metadata.task_instance(run, task_id, call.now)
    log_test(call, run, instance, described(call, run, instance))
    if call.version >= (3, 0, 0) and run.run_id in dag.runs:
        dag.keep(run, TaskInstance(task_id, "success", call.now, call.now))


def _tested_dag(call: Call) -> Dag:
    if call.version < (3, 0, 0):
        return lookups.dag_of_file(call)
    call.log("load_bundles")
    call.log("fill_dagbag")
    if call.version >= (3, 1, 0):
        dag_files.log_sync(call)
    return lookups.dag_of_file(call, logs_are_suppressed=True)


def check_params(call: Call) -> None:
    if not call.arguments.task_params:
        return
    try:
        _update(call.version)(json.loads(call.arguments.task_params))
    except json.JSONDecodeError as error:
        call.crash("", f"json.decoder.JSONDecodeError: {error}")
    except (AttributeError, TypeError, ValueError) as error:
        call.crash("", f"{type(error).__name__}: {error}")


def _update(version: Version) -> Callable[[Any], object]:
    """Takes parameters into a mapping of the kind that this version has, each with errors of its own."""
    if version < (2, 0, 0):
        return dict[object, object]().update
    if version < (2, 4, 0):
        return lambda params: params.items()
    return UserDict[object, object]().update


def _temporary_run(call: Call, dag: Dag) -> DagRun:
    asked = lookups.asked_date(call)
    date = asked.astimezone(UTC) if asked else None
    if date is None and call.version < (2, 3, 0):
        call.crash("", "TypeError: '>' not supported between instances of 'NoneType' and 'datetime.datetime'")
    if date is None and call.version >= (3, 0, 0):
        _delete_undated_run(dag)
    run = DagRun(
        number=0,
        dag_id=dag.dag_id,
        # Before 2.3 it had none, which prints itself so.
        run_id=f"__airflow_temporary_run_{call.now.isoformat()}__" if call.version >= (2, 3, 0) else "None",
        logical_date=date if call.version >= (3, 0, 0) else date or call.now,
        run_after=date or call.now,
        conf={},
        created=call.now,
        started=None,
    )
    call.log("create_temporary_run", dag_id=dag.dag_id, run_id=run.run_id, date=str(run.logical_date), **_moments(run))
    return run


def _moments(run: DagRun) -> dict[str, str]:
    """Writes the dates of a run as structlog does."""
    after = dates.pendulum_repr(run.logical_date) if run.logical_date else dates.python_repr(run.run_after)
    return {"logical_date": dates.pendulum_repr(run.logical_date), "run_after": after}


def _delete_undated_run(dag: Dag) -> None:
    """Forgets a run as Airflow 3 does, which replaces one of the same date, and takes no date for one, too.

    See ``get_or_create_dagrun`` in ``airflow/models/dagrun.py``.
    """
    if undated := next((run_id for run_id, run in dag.runs.items() if run.logical_date is None), None):
        del dag.runs[undated]


def log_test(call: Call, run: DagRun, instance: TaskInstance, name: str) -> None:
    """Prints what Airflow logs while it tests a task."""
    date = run.logical_date or run.run_after
    if getattr(call.arguments, "dry_run", False):
        call.log("dry_run")
    elif date > call.now and call.version < (3, 0, 0):
        call.log("not_yet", instance=name, reason=dependencies.in_the_future(call, date))
    else:
        _log_done(call, run, instance, name)


def _log_done(call: Call, run: DagRun, instance: TaskInstance, name: str) -> None:
    date = run.logical_date or run.run_after
    call.log(
        # More is told of a task that has been done before.
        "test_task_again" if instance.started else "test_task",
        dag_id=run.dag_id,
        task_id=instance.task_id,
        run_id=run.run_id,
        instance=name,
        ti_id=str(row_id(run, instance)),
        request_1=str(uuid.uuid4()),
        request_2=str(uuid.uuid4()),
        date=date.isoformat(),
        # What has not been in the database yet is shown as a date of the command line.
        shown_date=str(date) if run.number else dates.asked_date(call.version, date),
        date_digits=_digits(date),
        start_digits=_digits(instance.started),
        end_digits=_digits(call.now),
    )


def _digits(moment: datetime | None) -> str:
    return moment.strftime("%Y%m%dT%H%M%S") if moment else ""


def run(call: Call) -> None:
    """Has a task done by the executor or in its own process; either is over at once here."""
    _refuse_modes(call)
    dag = _dag_to_run(call)
    task_id = lookups.task(call)
    dag_run = lookups.run(call, dag)
    instance = metadata.task_instance(dag_run, task_id, call.now)
    call.log("run_task", instance=described(call, dag_run, instance))
    run_one(call, dag, dag_run, instance)


def run_one(call: Call, dag: Dag, run: DagRun, instance: TaskInstance) -> None:
    asked = call.arguments
    if asked.interactive and not (asked.local or asked.raw):
        # It is printed in any case, but goes into the log of the task if nobody wants to see it.
        call.print("Sending to executor.")
    if _may_run(call, run, instance):
        # What is only marked was never started.
        start = None if asked.mark_success else call.now
        dag.keep(run, TaskInstance(instance.task_id, "success", start, call.now))


def _may_run(call: Call, run: DagRun, instance: TaskInstance) -> bool:
    """Tells whether nothing stands in the way that is not to be ignored."""
    asked = call.arguments
    if asked.raw or asked.ignore_all_dependencies:
        return True
    upstream = asked.ignore_dependencies or dependencies.upstream_is_done(run, instance.task_id, call.now)
    return upstream and (asked.force or instance.state is None)


NO_PICKLE = "Who hid the pickle!? [missing pickle]"

_NOT_WITH_RAW = ("ignore_all_dependencies", "ignore_depends_on_past", "ignore_dependencies", "force")


def _refuse_modes(call: Call) -> None:
    asked = call.arguments
    if asked.local and asked.raw:
        what = "Option --raw and --local are mutually exclusive. Please remove one option to execute the command."
        lookups.crash_with_airflow_exception(call, "", what)
    refused = [f"--{option}" for option in _NOT_WITH_RAW if getattr(asked, option)]
    if asked.raw and refused:
        what = "Option --raw does not work with some of the other options on this command. "
        what += f"You can't use --raw option and the following options: {', '.join(f'--{o}' for o in _NOT_WITH_RAW)}. "
        what += f"You provided the option {', '.join(refused)}. Delete it to execute the command"
        lookups.crash_with_airflow_exception(call, "", what + ("." if call.version >= (2, 4, 0) else ""))
    if asked.cfg_path:
        refuse_file(call, asked.cfg_path)


def refuse_file(call: Call, path: str) -> NoReturn:
    """Fails on a file of the Airflow machine, of which a client has none there."""
    call.crash("", f"FileNotFoundError: [Errno 2] No such file or directory: {path!r}")


def _dag_to_run(call: Call) -> Dag:
    if asked := call.arguments.pickle:
        call.print(f"Loading pickle id: {asked}")
        what = f"pickle_id could not be found in DagPickle.id list: {asked}"
        if call.version < (2, 4, 0):
            what = NO_PICKLE
        lookups.crash_with_airflow_exception(call, "", what)
    return lookups.dag_of_file(call)
