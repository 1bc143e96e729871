"""``airflow dags show`` of Airflow 2 and 3: a DAG in the language of Graphviz, which later recorded versions lacked."""

import itertools
import re

from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.commands.lookups import crash_with_airflow_exception, dag_of_file
from mwaa_async.emulator.airflow.metadata import TASKS, Dag

_NODE = '\t{0} [color="#000000" fillcolor="#e8f7e4" label={0} shape=rectangle style="filled,rounded"]'


def show(call: Call) -> None:
    dag = _dag(call)
    if call.version >= (2, 6, 0):
        message = "Could not import graphviz. Install the graphviz python package to fix this error."
        crash_with_airflow_exception(call, "show_without_graphviz", message)
    if call.arguments.save and call.arguments.imgcat:
        advice = "Please remove one option to execute the command."
        call.fail(f"Option --save and --imgcat are mutually exclusive. {advice}")
    if call.arguments.imgcat:
        call.fail("Failed to execute. Make sure the imgcat executables are on your systems 'PATH'")
    call.print(f"File {call.arguments.save} saved" if call.arguments.save else _dot(dag))


def _dag(call: Call) -> Dag:
    if call.version < (3, 0, 0):
        return dag_of_file(call, "show_unknown_dag")
    dag = call.metadata.dags.get(call.arguments.dag_id)
    if dag is None:
        call.fail(f"Can not find dag {call.arguments.dag_id!r} in database")
    return dag


def _dot(dag: Dag) -> str:
    name = _quoted(dag.dag_id)
    lines = [f"digraph {name} {{", f"\tgraph [label={name} labelloc=t rankdir=LR]"]
    lines += [_NODE.format(task_id) for task_id in TASKS]
    lines += [f"\t{before} -> {after}" for before, after in itertools.pairwise(TASKS)]
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[a-zA-Z_]\w*", text) else f'"{text}"'
