"""``airflow db clean`` since 2.3, which finds nothing that is old enough here."""

from collections.abc import Mapping
from typing import Any, NoReturn

from mwaa_async.emulator.airflow.call import Call
from mwaa_async.emulator.airflow.dates import asked_date

_QUESTION = """\
This is irreversible.  Consider backing up the tables first and / or doing a dry run with option --dry-run.
Enter 'delete rows' (without quotes) to proceed."""


def clean(call: Call) -> None:
    tables = _asked_tables(call)
    if call.arguments.dry_run:
        _announce_dry_run(call, tables)
    elif not call.arguments.yes:
        _ask_and_hear_nothing(call, tables)
    call.log("look_at_tables")
    for table in tables:
        _clean(call, table)


def _asked_tables(call: Call) -> list[str]:
    known = call.dialect.tables
    asked = set(call.arguments.tables or known)
    if call.version >= (2, 6, 0):
        if unknown := sorted(asked - set(known)):
            call.log("unknown_tables", tables=str(unknown))
        if not asked & set(known):
            call.fail("No tables selected for db cleanup. Please choose valid table names.")
    wanted = asked | _dependents(known, asked)
    return [table for table in known if table in wanted]


def _dependents(known: Mapping[str, Any], tables: set[str]) -> set[str]:
    """Gives the tables that refer to these, and so have to be cleaned before."""
    found = {name for table in tables if table in known for name in known[table].get("dependents", ())}
    return found if found <= tables else found | _dependents(known, tables | found)


def _announce_dry_run(call: Call, tables: list[str]) -> None:
    # In 2.6 to 2.10 it is a set that is printed.
    names = str(tables) if call.version < (2, 6, 0) or call.version >= (3, 0, 0) else f"{{{str(tables)[1:-1]}}}"
    call.print("Performing dry run for db cleanup.")
    call.print(f"Data prior to {_before(call)} would be purged from tables {names} with the following config:\n")
    call.show([call.dialect.tables[table]["config"] for table in tables], output="table")


def _before(call: Call) -> str:
    return asked_date(call.version, call.arguments.clean_before_timestamp)


def _ask_and_hear_nothing(call: Call, tables: list[str]) -> NoReturn:
    """Fails as Airflow does where it asks for a confirmation and nobody is there."""
    asked = call.arguments
    shown = tables if call.version < (2, 6, 0) else sorted(tables)
    dags = f" for the following dags: {asked.dag_ids!r}" if getattr(asked, "dag_ids", None) else ""
    if getattr(asked, "exclude_dag_ids", None):
        dags += f" excluding the following dags: {asked.exclude_dag_ids!r}"
    for_tables = f" for tables {shown!r}" if shown else ""
    call.print(f"You have requested that we purge all data prior to {_before(call)}{for_tables}{dags}.")
    call.print(_QUESTION)
    call.crash("clean_without_yes")


def _clean(call: Call, table: str) -> None:
    if not call.dialect.tables[table]["exists"]:
        call.log("no_table", table=table)
        return
    call.print("")
    if call.arguments.dry_run:
        call.print(f"Performing dry run for table {table}")
    call.print(f"Checking table {table}")
    call.print("Found 0 rows meeting deletion criteria.")
