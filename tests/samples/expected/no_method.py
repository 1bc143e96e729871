"""The recorded commands that belong to no typed method, and why."""

from typing import NamedTuple

from . import CONF_TEXT


class NoMethod(NamedTuple):
    """Recorded commands of some versions that no typed method sends."""

    reason: str
    versions: tuple[str, ...]
    commands: tuple[str, ...]


OLD, V2_2, V2_5, V2_10, V3 = "1.10.12", "2.2.5", "2.5.3", "2.10.5", "3.3.2"
EARLY_2, V2, V2_AND_3 = (V2_2, V2_5), (V2_2, V2_5, V2_10), (V2_2, V2_5, V2_10, V3)

NO_METHOD = (
    NoMethod(
        "It is a table, YAML, or for reading: the methods ask for JSON where the version prints it.",
        V2_AND_3,
        (
            "dags list",
            "dags list -o yaml",
            "dags list -o plain",
            "dags list-import-errors",
            "dags report",
            "tasks states-for-dag-run demo run1",
            "variables list",
        ),
    ),
    NoMethod(
        "It is a table: the methods ask for JSON.",
        V2,
        ("dags list-runs -d demo", "dags list-runs -d demo -o plain"),
    ),
    NoMethod(
        "It is a table: the methods ask for JSON.",
        (V3,),
        ("dags list-runs demo", "dags list-runs demo -o plain", "dags trigger demo -l 2024-05-01T00:00:00+00:00"),
    ),
    NoMethod("It is a table: the methods ask for JSON.", (V2_10,), ("dags trigger demo -e 2024-05-01T00:00:00+00:00",)),
    NoMethod(
        "It is a table: the methods ask for JSON since these versions can print it.",
        (V2_10, V3),
        ("dags unpause demo", "dags pause demo", f"dags trigger demo -r run1 -c {CONF_TEXT}", "dags trigger demo"),
    ),
    NoMethod(
        "The method asks for no JSON before these commands could print it.",
        EARLY_2,
        (
            "dags unpause demo -o json",
            f"dags trigger demo -r run2 -c {CONF_TEXT} -o json",
            "dags trigger demo -r run2 -o json",
        ),
    ),
    NoMethod("No method asks for more of the log.", V2_AND_3, ("dags list -v -o json",)),
    NoMethod("No method draws trees.", V2_AND_3, ("tasks list etl --tree",)),
    NoMethod("No method draws trees.", (OLD,), ("list_tasks etl --tree",)),
    NoMethod("`dags.report` is offered since 2.0.", (OLD,), ("list_dags -r",)),
    NoMethod("The methods send JSON only.", (OLD,), ("trigger_dag demo -c {not json",)),
    NoMethod("The methods send JSON only.", V2_AND_3, ("dags trigger demo -c {not json",)),
    NoMethod("The method cannot be called without a DAG.", (OLD,), ("trigger_dag",)),
    NoMethod("The method cannot be called without a DAG.", V2_AND_3, ("dags trigger",)),
    NoMethod("The method gives the DAG as this version wants it.", V2, ("dags list-runs demo -o json",)),
    NoMethod("The method gives the DAG as this version wants it.", (V3,), ("dags list-runs -d demo -o json",)),
    NoMethod(
        "The method tells text from JSON by itself, and knows its default without asking Airflow.",
        V2_AND_3,
        ("variables get nosuch -d d", 'variables set -j j {"a": [1, true]}', "variables get -j j"),
    ),
    NoMethod("The method reads the JSON itself: this is what Python prints.", (OLD,), ("variables --get j -j",)),
    NoMethod(
        "The method asks with a default that no variable has, and Airflow prints it: see test_recorded_answers.py.",
        (OLD,),
        ("variables --get nosuch", "variables --get nosuch --default d"),
    ),
    NoMethod("Pools have no methods.", (OLD,), ("pool -s p1 3 a pool", "pool -g p1", "pool -g nosuch", "pool -x p1")),
    NoMethod(
        "AWS lists the command by the name of Airflow's triggerer; Airflow, and the method, call it `triggers`.",
        V2_AND_3,
        ("providers triggerer -o json",),
    ),
    NoMethod("It is for reading.", V2_AND_3, ("cheat-sheet",)),
    NoMethod("There is no such command or option.", (OLD,), ("bogus", "list_dags --bogus")),
    NoMethod("There is no such command or option.", V2_AND_3, ("bogus", "dags bogus", "dags list --bogus")),
)


def no_method(version: str) -> list[str]:
    """Return the recorded commands of a version that belong to no typed method."""
    return [command for row in NO_METHOD if version in row.versions for command in row.commands]
