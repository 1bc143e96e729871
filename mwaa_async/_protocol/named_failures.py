"""Failures that Airflow words differently in every version, and that are the same thing."""

import re
from typing import Literal

NamedFailure = Literal["dag not found", "dag run not found", "dag run already exists", "variable not found"]

# Which the log records in JSON of 3.2 and later do not tell.
_MODULE = r"(?:\w[\w.]*\.)?"
# The lines are those of `tests/samples`; the exceptions are those of airflow/exceptions.py.
_WORDINGS: tuple[tuple[NamedFailure, str], ...] = (
    ("dag run already exists", rf"{_MODULE}DagRunAlreadyExists: "),
    # Two triggers at once, and in Airflow 3 every other run with the same logical date, get as far as the database.
    # SQLite names the columns, PostgreSQL the constraint (airflow/models/dagrun.py); other constraints have the table's
    # name in them, too.
    ("dag run already exists", rf"{_MODULE}IntegrityError: .*\bUNIQUE constraint failed: dag_run\."),
    ("dag run already exists", rf'{_MODULE}IntegrityError: .*\bduplicate key .*"dag_run_dag_id_\w+_key"'),
    ("dag run not found", rf"{_MODULE}DagRunNotFound: "),
    # 2.0 and 2.1, in which a date is all that names a run (airflow/cli/commands/task_command.py).
    ("dag run not found", rf"{_MODULE}AirflowException: DagRun does not exist\.$"),
    # Up to 2.11: no run has this id, and a date it is not (`tasks states-for-dag-run`).
    ("dag run not found", r"\w[\w.]*Exception: Error parsing the supplied execution_date\. "),
    ("dag not found", rf"{_MODULE}DagNotFound: "),
    ("dag not found", r"(\w[\w.]*Exception: )?Dag id \S+ not found"),
    ("dag not found", r"(\w[\w.]*Exception: )?Dag '.*' could not be found(;|$| in (the database|DagBag)\b)"),
    ("dag not found", r"(\w[\w.]*Exception: )?Could not find dag \S+$"),
    ("dag not found", r"(\w[\w.]*Exception: )?dag_id could not be found: "),
    ("dag not found", r"DAG: .* does not exist in ('dag' table|the database)"),
    ("dag not found", r"AttributeError: 'NoneType' object has no attribute 'set_is_paused'"),  # 1.10
    ("dag not found", r"Can not find dag '.*'"),
    ("variable not found", r"Variable .* does not exist\.?$"),
)
_LONGEST_REASON = 4096  # characters, in which it is to be seen
_NAMED = tuple((name, re.compile(wording)) for name, wording in _WORDINGS)


def named_failure(reason: str) -> NamedFailure | None:
    """Return what it is called that Airflow gives as the reason of a failure, if it has a name."""
    beginning = reason[:_LONGEST_REASON]
    return next((name for name, wording in _NAMED if wording.match(beginning)), None)
