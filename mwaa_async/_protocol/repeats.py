"""Which commands may be sent again whatever became of them before, and what to do with the others."""

import re

from mwaa_async._protocol.catalogue import command_words, is_idempotent, meant
from mwaa_async._protocol.named_failures import named_failure

_ONCE = "environment.run sends it once"
# Why each command that does more when it runs twice is none for a batch, and what to use in its place.
WHY_NOT = {
    "assets materialize": "each time it makes another run; environment.assets.materialize makes one",
    "backfill create": "each time it makes runs; environment.dags.backfill does it once",
    "connections add": "where it runs twice it fails, and does not say whose connection is there; "
    "'mwaa-async connections import' adds connections",
    "dags backfill": "each time it makes runs; environment.dags.backfill does it once",
    "dags test": "each time it runs all tasks of the DAG; environment.dags.test does it once",
    "dags trigger": "each time it makes another run; trigger_many, and 'mwaa-async trigger-many', make one for each "
    "request whatever happens",
    "pool": f"only --get, --set and --delete are known to leave the same behind when they run twice; {_ONCE}",
    "tasks clear": "each time it clears what has run meanwhile, too; environment.tasks.clear does it once",
    "tasks run": f"each time it runs the task; {_ONCE}",
    "tasks test": "each time it runs the task; environment.tasks.test does it once",
}
_GONE = re.compile(r"Did not find a connection with `conn_id`=")
_THERE = re.compile(r"A connection with `conn_id`=.* already exists\.")


def why_not_repeated(line: str) -> str | None:
    """Return why the command is none that may be sent again, and what to use in its place; `None` where it is one."""
    if is_idempotent(line):
        return None
    command = meant(line)
    if command is None or command.words not in WHY_NOT:
        return f"it is not known whether it leaves the same behind when it runs twice; {_ONCE}"
    return WHY_NOT[command.words]


def says_missing(reason: str) -> bool:
    """Tell whether Airflow says that there is no such connection to be deleted."""
    return _GONE.match(reason) is not None


def says_existing(reason: str) -> bool:
    """Tell whether Airflow says that there is a connection of this id."""
    return _THERE.match(reason) is not None


def was_done_before(line: str, reason: str) -> bool:
    """Tell whether this failure of a command, of which an attempt before may have run, says that it is done.

    Who deletes what is gone is told so as if it had never been there.
    """
    command = meant(line)
    match command.words if command else command_words(line):
        case "connections delete":
            return says_missing(reason)
        case "dags delete":
            return named_failure(reason) == "dag not found"
    return False
