"""How each kind of batch is told: in the summary, the report and the last words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic

from mwaa_async import CommandOutcome, TriggerOutcome
from mwaa_async._bulk.refusals import refuses_command, refuses_run
from mwaa_async._bulk.work import O


@dataclass(frozen=True, slots=True)
class Wording(Generic[O]):
    """The statuses of a row that is done, with their words, and what the report says of it.

    `refuses` tells whether Airflow has refused the row, so that it is not sent again.
    """

    done: dict[str, str]
    columns: Sequence[str]
    cells: Callable[[O], Sequence[str]]
    refuses: Callable[[O], bool]


def _run(outcome: TriggerOutcome) -> Sequence[str]:
    return outcome.request.environment, outcome.request.dag_id, outcome.run_id


def _command(outcome: CommandOutcome) -> Sequence[str]:
    return outcome.request.environment, outcome.request.shown


RUNS: Wording[TriggerOutcome] = Wording(
    {"triggered": "triggered", "already_triggered": "triggered already"},
    ("environment", "dag_id", "run_id"),
    _run,
    lambda outcome: outcome.error is not None and refuses_run(outcome.error, outcome.request),
)
COMMANDS: Wording[CommandOutcome] = Wording(
    {"done": "done", "already_done": "done already"},
    ("environment", "command"),
    _command,
    lambda outcome: outcome.error is not None and refuses_command(outcome.error),
)
