"""The commands that the embedded Airflow plays: one function each, found by the words that call it."""

from collections.abc import Callable, Mapping

from mwaa_async._protocol.versions import Version
from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.commands import (
    assets,
    backfill,
    backfill_v1,
    clear,
    connections,
    dag_files,
    dag_trial,
    dags,
    dags_backfill,
    dags_v1,
    db,
    graph,
    jobs,
    next_execution,
    pool_v1,
    providers,
    roles,
    task_runs,
    tasks,
    tasks_v1,
    variables,
    variables_v1,
    version,
)
from mwaa_async.emulator.airflow.commands.cheat_sheet import cheat_sheet
from mwaa_async.emulator.airflow.commands.trigger import trigger

Command = Callable[[Call], None]

_OF_AIRFLOW_2_AND_3: Mapping[str, Command] = {
    "assets details": assets.details,
    "assets list": assets.list_assets,
    "assets materialize": assets.materialize,
    "backfill create": backfill.create,
    "cheat-sheet": cheat_sheet,
    "connections add": connections.add,
    "connections delete": connections.delete,
    "dags backfill": dags_backfill.backfill,
    "dags delete": dags.delete,
    "dags list": dags.list_dags,
    "dags list-import-errors": dag_files.list_import_errors,
    "dags list-jobs": jobs.list_jobs,
    "dags list-runs": dags.list_runs,
    "dags next-execution": next_execution.next_execution,
    "dags pause": dags.pause,
    "dags report": dag_files.report,
    "dags reserialize": dag_files.reserialize,
    "dags show": graph.show,
    "dags state": dags.state,
    "dags test": dag_trial.test,
    "dags trigger": trigger,
    "dags unpause": dags.unpause,
    "db clean": db.clean,
    "providers get": providers.get,
    **{f"providers {what}": providers.listed(what) for what in providers.LISTED},
    "roles add-perms": roles.add_permissions,
    "roles create": roles.create,
    "roles del-perms": roles.delete_permissions,
    "roles list": roles.list_roles,
    "tasks clear": clear.clear,
    "tasks failed-deps": tasks.failed_deps,
    "tasks list": tasks.list_tasks,
    "tasks render": tasks.render,
    "tasks run": task_runs.run,
    "tasks state": tasks.state,
    "tasks states-for-dag-run": tasks.states_for_dag_run,
    "tasks test": task_runs.test,
    "variables delete": variables.delete,
    "variables get": variables.get,
    "variables list": variables.list_variables,
    "variables set": variables.set_variable,
    "version": version.version,
}

_OF_AIRFLOW_1: Mapping[str, Command] = {
    "backfill": backfill_v1.backfill,
    "clear": clear.clear,
    "dag_state": dags_v1.dag_state,
    "delete_dag": dags.delete,
    "list_dag_runs": dags_v1.list_dag_runs,
    "list_dags": dags_v1.list_dags,
    "list_tasks": tasks_v1.list_tasks,
    "next_execution": tasks_v1.next_execution,
    "pause": dags_v1.pause,
    "pool": pool_v1.pool,
    "render": tasks_v1.render,
    "run": tasks_v1.run,
    "show_dag": tasks_v1.show_dag,
    "task_failed_deps": tasks_v1.task_failed_deps,
    "task_state": tasks_v1.task_state,
    "test": tasks_v1.test,
    "trigger_dag": dags_v1.trigger_dag,
    "unpause": dags_v1.unpause,
    "variables": variables_v1.variables,
    "version": version.version,
}


def commands_of(version: Version) -> Mapping[str, Command]:
    """Gives the commands that are played for a version, by their words."""
    return _OF_AIRFLOW_1 if version < (2, 0, 0) else _OF_AIRFLOW_2_AND_3
