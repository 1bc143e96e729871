"""Rows that each do something idempotent on an environment: one command, or what a few of them do together."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from mwaa_async._bulk.journal import Entry
from mwaa_async._bulk.layouts import COMMANDS as LAYOUT
from mwaa_async._bulk.refusals import as_unknown, reason_of, refuses_command
from mwaa_async._bulk.row_runner import RowRunner
from mwaa_async._bulk.rows import CommandOutcome, CommandRequest, CommandStatus, label_of
from mwaa_async._bulk.work import Kind
from mwaa_async._errors import CommandFailedError, MwaaError
from mwaa_async._identity import check_name
from mwaa_async._model.result import CommandResult
from mwaa_async._protocol.command_line import command_line
from mwaa_async._protocol.repeats import was_done_before, why_not_repeated
from mwaa_async._protocol.secrets import redacted
from mwaa_async._runner import Runner

# The status, `done` or `already_done`, with what was printed, if that is of interest.
Did = tuple[CommandStatus, CommandResult | None]
# Does it; told whether an attempt of an earlier call may have done it.
Doing = Callable[[RowRunner, bool], Awaitable[Did]]


@dataclass(frozen=True, slots=True)
class Action:
    """Something idempotent that a command of this program does in the place of one command of Airflow.

    `request` is the command that says it best: its label, and a digest of all of it, are in the journal. An action that
    is not needed does nothing: it is done already.
    """

    request: CommandRequest
    do: Doing = field(repr=False)
    is_needed: bool = True

    @property
    def environment(self) -> str:
        """Return the environment's name."""
        return self.request.environment


@dataclass(frozen=True, slots=True)
class ActionRow:
    """A request with its place in the batch; one with a `problem` cannot be sent.

    `label` is the command without its secrets, and `digest` tells whether these have changed.
    """

    number: int
    request: CommandRequest
    label: str
    digest: str = field(repr=False)
    do: Doing = field(repr=False)
    problem: Exception | None = None
    is_idempotent = True

    @property
    def environment(self) -> str:
        """Return the environment's name."""
        return self.request.environment

    @property
    def identity(self) -> tuple[str | None, ...]:
        """Return what the journal knows it by."""
        return self.environment, self.label, self.digest

    async def attempt(self, runner: RowRunner, entry: Entry) -> CommandOutcome:
        """Do it. Raises `MwaaError`, `ValueError` and `TypeError` where it is not done."""
        status, result = await self.do(runner, entry.may_be_there)
        return self._outcome(status, entry.attempts + runner.sent, result)

    def refuses(self, error: Exception) -> bool:
        """Tell whether Airflow does not take the command as it is."""
        return refuses_command(error)

    def failed(self, status: CommandStatus, attempts: int, error: Exception) -> CommandOutcome:
        """Return the outcome after this error; the status is `failed` or `unknown`."""
        if status == "unknown" and isinstance(error, MwaaError):
            error = as_unknown(error, "have run")
        return self._outcome(status, attempts, error=error)

    def known(self, entry: Entry, runner: Runner) -> CommandOutcome:
        """Return the outcome that the journal has: it is done."""
        return self._outcome("already_done", entry.attempts)

    def _outcome(
        self,
        status: CommandStatus,
        attempts: int,
        result: CommandResult | None = None,
        error: Exception | None = None,
    ) -> CommandOutcome:
        return CommandOutcome(self.request, status, result, error, attempts, self.number)


def action_of(request: CommandRequest) -> Action:
    """Return what sends this command. Raises `ValueError` or `TypeError` for what is none, or not idempotent."""
    line = command_line(request.command)
    if reason := why_not_repeated(line):
        raise ValueError(f"{redacted(line)!r} was not sent, since a batch sends again what may have run: {reason}")
    return Action(request, partial(_run, line))


def _row_of_request(batch: str, number: int, request: CommandRequest) -> ActionRow:
    return _row_of(batch, number, action_of(request))


def _row_of(batch: str, number: int, action: Action) -> ActionRow:
    check_name(action.environment)
    line = command_line(action.request.command)
    # With the batch's name for a key, the same value has another digest in each journal.
    digest = hmac.digest(batch.encode(), line.encode(), "sha256").hex()
    return ActionRow(number, action.request, label_of(line), digest, action.do)


def _bad_request(number: int, request: CommandRequest, problem: Exception) -> ActionRow:
    return ActionRow(number, request, "", "", _nothing, problem)


def _bad_action(number: int, action: Action, problem: Exception) -> ActionRow:
    return _bad_request(number, action.request, problem)


async def _run(line: str, runner: RowRunner, may_be_there: bool) -> Did:
    try:
        return "done", await runner.execute(line)
    except CommandFailedError as error:
        if (may_be_there or error.attempts > 1) and was_done_before(line, reason_of(error)):
            return "already_done", error.result
        raise


async def _nothing(runner: RowRunner, may_be_there: bool) -> Did:
    raise AssertionError("a row with a problem is not sent")


COMMANDS = Kind(
    LAYOUT, CommandRequest, "commands", "CommandRequest(environment, command)", _row_of_request, _bad_request
)
ACTIONS = Kind(LAYOUT, Action, "actions", "Action(request, do)", _row_of, _bad_action)
