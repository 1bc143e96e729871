"""What is asked for in a row of a batch, and what became of it."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from mwaa_async._model.dag_run import DagRun
from mwaa_async._model.error_schema import ErrorSchema
from mwaa_async._model.portable import Portable
from mwaa_async._model.result import CommandResult
from mwaa_async._protocol.command_line import command_line
from mwaa_async._protocol.secrets import HIDDEN, may_print_secrets, redacted

Status = Literal["triggered", "already_triggered", "failed", "unknown"]
CommandStatus = Literal["done", "already_done", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class TriggerRequest(Portable):
    """A DAG run that is wanted; see `Dags.trigger` for its parts."""

    environment: str
    dag_id: str
    conf: Mapping[str, Any] | None = field(default=None, hash=False)
    run_id: str | None = None
    logical_date: datetime | None = None


@dataclass(frozen=True, slots=True)
class TriggerOutcome(Portable):
    """What became of a request.

    `status` is `triggered`, `already_triggered` (the run was there: an earlier attempt made it), `failed` (`error` says
    why, and in `ran` whether Airflow refused it or it never got there) or `unknown` (nobody knows; the same journal
    settles it). `attempts` counts how often it was sent, over all that worked on the journal. `row` is its number among
    the requests, from 1, and `run_id` the one that it has or would have had. Python's errors are equal to themselves
    only, so `error` says nothing about whether two outcomes are equal.
    """

    request: TriggerRequest
    status: Status
    dag_run: DagRun | None = None
    error: Annotated[Exception, ErrorSchema()] | None = field(default=None, compare=False)
    attempts: int = 1
    row: int = 0
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class CommandRequest(Portable):
    """An idempotent command that is wanted: a line, or a sequence of arguments, as `Environment.run` takes it.

    Neither its `repr` nor `to_dict()` shows the values of variables and connections.
    """

    environment: str
    command: str | Sequence[str] = field(repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.command, list):  # so that nobody changes it before it is sent
            object.__setattr__(self, "command", tuple(self.command))

    @property
    def shown(self) -> str:
        """Return the command in one line, with its secrets blanked out."""
        try:
            return label_of(command_line(self.command))
        except (ValueError, TypeError):
            return HIDDEN  # it is no command, and so nobody knows what of it is a secret

    def to_dict(self) -> dict[str, Any]:
        """Return the request as JSON can express it, with the secrets of its command blanked out."""
        return {"environment": self.environment, "command": self.shown}

    def __repr__(self) -> str:
        return f"CommandRequest(environment={self.environment!r}, command={self.shown!r})"


@dataclass(frozen=True, slots=True)
class CommandOutcome(Portable):
    """What became of a command of a batch.

    `status` is `done` (and `result` what it printed), `already_done` (an earlier call did it, as the journal says, or
    Airflow says that there is nothing to do), `failed` (`error` says why, and in `ran` whether Airflow refused it or it
    never got there) or `unknown` (nobody knows; the same journal settles it). `attempts` counts how often it was sent,
    over all that worked on the journal, and `row` is its number among the commands, from 1.
    """

    request: CommandRequest
    status: CommandStatus
    result: CommandResult | None = None
    error: Annotated[Exception, ErrorSchema()] | None = field(default=None, compare=False)
    attempts: int = 1
    row: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON can express it, without what Airflow printed where that may hold a secret."""
        return {**Portable.to_dict(self), "result": None if self.result is None else _without_values(self.result)}


def _without_values(result: CommandResult) -> dict[str, Any]:
    hidden = {"stdout": HIDDEN, "stderr": HIDDEN} if may_print_secrets(result.command) else {}
    return {**result.to_dict(), "command": redacted(result.command), **hidden}


def label_of(line: str) -> str:
    """Return a command as displays, journals and reports show it: in one line, and without its secrets."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in redacted(line))


def new_batch(name: str = "") -> str:
    """Return a name for a batch that no other batch has: readable, and of characters that a run id may have."""
    words = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")[:60]
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return "_".join(filter(None, (words, moment, secrets.token_hex(3))))
