"""Giving a name to what every version of Airflow words differently."""

import pytest

from mwaa_async._protocol.named_failures import NamedFailure, named_failure
from mwaa_async._protocol.verdicts import failure

from . import RECORDED, RECORDED_IN_JSON, RECORDED_ON_MWAA, Record, records

RECORDINGS = (*RECORDED, *RECORDED_ON_MWAA, RECORDED_IN_JSON)
FAILED = [record for version in RECORDINGS for record in records(version) if record.exit]
# By what the command asks for; what is not here has no name.
NAMES: dict[NamedFailure, tuple[str, ...]] = {
    "dag not found": (
        "unpause nosuch",
        "trigger_dag nosuch",
        "list_dag_runs nosuch",
        "list_tasks nosuch",
        "delete_dag -y nosuch",
        "dags unpause nosuch",
        "dags trigger nosuch",
        "dags list-runs -d nosuch -o json",
        "dags list-runs nosuch -o json",
        "dags state nosuch 2020-01-01",
        "dags next-execution nosuch",
        "dags delete -y nosuch",
        "tasks list nosuch",
        "tasks clear -y nosuch",
        "backfill create --dag-id nosuch --from-date 2024-01-01 --to-date 2024-01-02",
    ),
    "dag run not found": ("tasks states-for-dag-run demo nosuch -o json",),
    "dag run already exists": (
        "trigger_dag demo -r run1",
        "trigger_dag demo -e 2024-05-01T00:00:00+00:00",
        "dags trigger demo -r run1",
        "dags trigger demo -r run2 -o json",
        "dags trigger demo -e 2024-05-01T00:00:00+00:00",
        "dags trigger demo -l 2024-05-01T00:00:00+00:00",
        "dags trigger demo -r run1 -o json",
        "dags trigger demo -l 2024-05-01T00:00:00+00:00 -o json",
    ),
    "variable not found": ("variables get nosuch",),
}


def _reason(record: Record) -> str:
    reason = failure(record.stdout, record.stderr)
    assert reason is not None
    return reason


def _expected(record: Record) -> NamedFailure | None:
    if record.exit == 2:  # Airflow did not even understand the command
        return None
    command = " ".join(record.argv)
    return next((name for name, commands in NAMES.items() if command in commands), None)


def _name(record: Record) -> str:
    return f"{record.version}: {' '.join(record.argv)}"[:60]


@pytest.mark.parametrize("record", FAILED, ids=_name)
def test_every_recorded_failure_gets_its_right_name(record: Record) -> None:
    assert named_failure(_reason(record)) == _expected(record)


def test_every_name_was_recorded() -> None:
    assert {_expected(record) for record in FAILED} - {None} == set(NAMES)


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        # airflow/cli/commands/dag_command.py and airflow/api/common/trigger_dag.py of versions without samples.
        ("airflow.exceptions.DagNotFound: Dag id a b not found", "dag not found"),
        (
            "airflow.exceptions.AirflowException: Dag 'a' could not be found in DagBag read from database.",
            "dag not found",
        ),
        ("airflow.exceptions.AirflowException: Dag 'a' could not be found in DagBags of mine", None),
        ("Could not find dag nosuch", "dag not found"),
        ("Could not find dag nosuch in my file", None),
        ("DagNotFound: Dag id nosuch not found in DagModel", "dag not found"),
        ("MyDagNotFound: Dag id nosuch", None),
        ("Can not find dag 'nosuch' in database", "dag not found"),
        (
            "airflow.exceptions.DagRunNotFound: DagRun for demo with run_id or execution_date of 'x' not found",
            "dag run not found",
        ),
        (
            "sqlalchemy.exc.IntegrityError: (psycopg2.errors.UniqueViolation) duplicate key value violates unique "
            'constraint "dag_run_dag_id_run_id_key"',
            "dag run already exists",
        ),
        (
            "sqlalchemy.exc.IntegrityError: (psycopg2.errors.ForeignKeyViolation) update or delete on table "
            '"dag_run" violates foreign key constraint "dag_run_note_dr_fkey" on table "dag_run_note"',
            None,
        ),
        (
            "sqlalchemy.exc.IntegrityError: (psycopg2.errors.UniqueViolation) duplicate key value violates unique "
            'constraint "dag_run_note_pkey"',
            None,
        ),
        ("sqlalchemy.exc.IntegrityError: (sqlite3.IntegrityError) NOT NULL constraint failed: dag_run.dag_id", None),
        # 2.0 and 2.1
        ("airflow.exceptions.AirflowException: DagRun does not exist.", "dag run not found"),
        ("airflow.exceptions.AirflowException: DagRun does not exist. At least not here.", None),
        (
            "sqlalchemy.exc.IntegrityError: (psycopg2.errors.UniqueViolation) duplicate key value violates unique "
            'constraint "variable_key_uq"',
            None,
        ),
        ("ValueError: Variable k does not exist in my file", None),
        ("KeyError: 'Variable k does not exist'", None),
        ("", None),
    ],
)
def test_a_failure_is_named_by_its_beginning_and_by_nothing_that_it_quotes(reason: str, name: str | None) -> None:
    assert named_failure(reason) == name
