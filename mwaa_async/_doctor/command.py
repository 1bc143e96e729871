"""The command `version`, sent once, in the slot as every other one; and where the endpoint is."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from anyio import CancelScope

from mwaa_async._attempts import AttemptError, NotSentError, StatusError, end_is_unseen
from mwaa_async._aws import CliTokenAnswer
from mwaa_async._clock import now
from mwaa_async._doctor.findings import Finding, failed, not_checked, ok
from mwaa_async._errors import GuardError
from mwaa_async._guards import QueueingGuard, RequestSlot, SlotStatus
from mwaa_async._identity import EnvironmentId
from mwaa_async._model.result import CommandResult
from mwaa_async._outcomes import error_after, ran
from mwaa_async._protocol.answers import GarbledAnswerError
from mwaa_async._protocol.endpoint import PATH, other_path
from mwaa_async._protocol.versions import parse_version
from mwaa_async._transport.web_server import Answer, TooLargeError, WebServer

_COMMAND = "version"
_ELSEWHERE = (
    "It must be MWAA's web server that answers, and not something before it: look at --connect-to, and at a proxy or "
    "load balancer in between"
)
_REFUSED = "Look at the caller's role in Airflow, and at a proxy in between that takes the header Authorization away"
_BUSY = (
    "Try again in a minute; then look at the web server's log, its load, and the environment's class. "
    "--command-timeout says how long to wait"
)
_SHOWN = 80  # characters


@dataclass(frozen=True, slots=True)
class Trial:
    """How the command went at `path`, to which the other one may have pointed."""

    environment: str
    path: str
    was_redirected: bool
    took: float
    result: CommandResult | None = None
    error: AttemptError | None = None


async def try_command(
    web_server: WebServer,
    guard: QueueingGuard,
    identity: EnvironmentId,
    token: CliTokenAnswer,
    *,
    queue_timeout: float,
    settle_time: float,
) -> Trial:
    """Run the command when its turn has come.

    Raises `TimeoutError` where that does not come in time, and `GuardError`.
    """
    async with asyncio.timeout(queue_timeout):
        slot = await guard.acquire(identity)
    held = _Held(slot, settle_time)
    try:
        return await _tried(web_server, held, identity.name, token)
    finally:
        with CancelScope(shield=True):
            await slot.release(closed_for=held.closed_for)


class _Held:
    """The slot, and for how long it has to stay closed: a request that is open is one whose end was not seen."""

    def __init__(self, slot: RequestSlot, settle_time: float) -> None:
        self._slot = slot
        self._settle_time = settle_time
        self.closed_for = 0.0

    async def begin(self) -> None:
        await self._slot.request_begins(settle_time=self._settle_time)
        self.closed_for = self._settle_time

    async def end(self) -> None:
        await self._slot.request_ended()
        self.closed_for = 0.0


async def _tried(web_server: WebServer, held: _Held, environment: str, token: CliTokenAnswer) -> Trial:
    began, path, was_redirected = now(), PATH, False
    while True:
        try:
            answer = await _answer(web_server, held, path, token)
            result = await _result(environment, answer, now() - began) if ran(answer.status) else None
        except AttemptError as error:
            return Trial(environment, path, was_redirected, now() - began, error=error)
        if result is not None:
            return Trial(environment, path, was_redirected, result.took, result)
        other = other_path(path, answer.status)
        if other is None or was_redirected:
            return Trial(environment, path, was_redirected, now() - began, error=_status(answer, path, token))
        path, was_redirected = other, True


async def _answer(web_server: WebServer, held: _Held, path: str, token: CliTokenAnswer) -> Answer:
    try:
        answer = await web_server.post(token.hostname, path, token.token, _COMMAND, before_sending=held.begin)
    except AttemptError as error:
        if not end_is_unseen(error):
            await held.end()
        raise
    except TooLargeError as error:
        await held.end()
        raise AttemptError(str(error)) from None
    if ran(answer.status) or not end_is_unseen(_status(answer, path, token)):
        await held.end()
    return answer


async def _result(environment: str, answer: Answer, took: float) -> CommandResult:
    try:
        stdout, stderr = await answer.output()
    except GarbledAnswerError as error:
        raise AttemptError(f"what answers is not Airflow: {error}") from None
    return CommandResult(environment, _COMMAND, stdout, stderr, answer.status, 0.0, took)


def _status(answer: Answer, path: str, token: CliTokenAnswer) -> StatusError:
    shown = answer.hiding(token.token)
    return StatusError(answer.status, shown.body, None, path=path, location=shown.location)


def trial_findings(trial: Trial) -> Iterator[Finding]:
    """Say where the endpoint is, and what the command has brought."""
    error = trial.error
    if isinstance(error, NotSentError):
        yield not_checked("endpoint", "command")
        yield failed("command", str(error), error.advice or _BUSY)
    elif isinstance(error, StatusError) and (error.is_redirect or error.status in (404, 405)):
        yield failed("endpoint", _told(error, trial), _ELSEWHERE)
        yield not_checked("command", "endpoint")
    else:
        yield ok("endpoint", _where(trial))
        yield _command_found(trial)


def turn_not_come(queue_timeout: float, status: SlotStatus) -> tuple[Finding, Finding]:
    """Say who has had the slot all the time."""
    who = who_comes_first(status)
    found = f"its turn has not come within {queue_timeout:g} s{who and ': '}{who}"
    if status.before:
        remedy = "See what that does, and whether it runs at all: wait for its end, or end it"
    else:
        remedy = "Wait for the end of the commands before, or give --queue-timeout more seconds"
    return not_checked("endpoint", "command"), failed("command", found, remedy)


def who_comes_first(status: SlotStatus) -> str:
    """Say who has the slot, or that it stays closed, as far as the guard knows."""
    if status.closed_for:
        return f"the slot stays closed for {status.closed_for:.0f} s more, since the end of a command was not seen"
    waiting = len(status.before) - 1
    others = f", and {waiting} more wait{'s' if waiting == 1 else ''}" if waiting > 0 else ""
    return f"{status.before[0]} has the slot{others}" if status.before else ""


def guard_lost(error: GuardError) -> tuple[Finding, Finding]:
    """Say that the guard has failed while it was used."""
    return not_checked("endpoint", "guard"), failed("command", str(error), "Look at the guard")


def _where(trial: Trial) -> str:
    return f"{trial.path}{' (the other address redirects there)' if trial.was_redirected else ''}"


def _command_found(trial: Trial) -> Finding:
    if trial.result is None:
        is_refused = isinstance(trial.error, StatusError) and trial.error.refuses_token
        return failed("command", _told(trial.error, trial), _REFUSED if is_refused else _BUSY)
    text = trial.result.text.strip()
    try:
        parse_version(text)
    except ValueError:
        shown = repr(text[:_SHOWN]) if text else "nothing"
        return failed("command", f"'{_COMMAND}' prints no version, but {shown}", "Look at the web server's log")
    return ok("command", f"'{_COMMAND}' prints {text} after {trial.took:.1f} s")


def _told(error: AttemptError | None, trial: Trial) -> str:
    """Return what the client says of such an answer."""
    assert error is not None
    return str(error_after(error, _COMMAND, trial.environment)).removeprefix(f"{trial.environment}: ")
