"""The commands that the embedded Airflow plays: one function each, found by the words that call it."""

from collections.abc import Callable, Mapping

from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.commands import dags, dags_v1, variables, variables_v1, version
from mwaa_async.emulator.airflow.commands.trigger import trigger
from mwaa_async.emulator.airflow.versions import Version

Command = Callable[[Call], None]

_OF_AIRFLOW_2_AND_3: Mapping[str, Command] = {
    "dags delete": dags.delete,
    "dags list": dags.list_dags,
    "dags list-runs": dags.list_runs,
    "dags pause": dags.pause,
    "dags state": dags.state,
    "dags trigger": trigger,
    "dags unpause": dags.unpause,
    "variables delete": variables.delete,
    "variables get": variables.get,
    "variables list": variables.list_variables,
    "variables set": variables.set_variable,
    "version": version.version,
}

_OF_AIRFLOW_1: Mapping[str, Command] = {
    "dag_state": dags_v1.dag_state,
    "delete_dag": dags.delete,
    "list_dag_runs": dags_v1.list_dag_runs,
    "list_dags": dags_v1.list_dags,
    "pause": dags_v1.pause,
    "trigger_dag": dags_v1.trigger_dag,
    "unpause": dags_v1.unpause,
    "variables": variables_v1.variables,
    "version": version.version,
}


def commands_of(version: Version) -> Mapping[str, Command]:
    """Gives the commands that are played for a version, by their words."""
    return _OF_AIRFLOW_1 if version < (2, 0, 0) else _OF_AIRFLOW_2_AND_3
