"""All checks in their order, each where those it needs have not failed."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mwaa_async._aws import Account, AwsOptions, Caller, CliTokenAnswer, MwaaApi, find_caller, open_account
from mwaa_async._aws_errors import Refusal, RefusedError, refusal_of
from mwaa_async._doctor.aws import (
    access_found,
    caller_found,
    clock_found,
    description_refused,
    environment_missing,
    region_found,
    region_missing,
    state_found,
    token_given,
    token_refused,
    version_found,
)
from mwaa_async._doctor.command import guard_lost, trial_findings, try_command, turn_not_come, who_comes_first
from mwaa_async._doctor.findings import Check, Finding, failed, not_checked, ok, warning
from mwaa_async._doctor.network import look_at_way
from mwaa_async._errors import GuardError, TokenError
from mwaa_async._guards import Guard, HostGuard, LocalGuard, ObservableGuard, SlotStatus, queueing
from mwaa_async._guards.directory import lock_directory
from mwaa_async._protocol.aws_answers import read_description, read_token
from mwaa_async._transport.connections import Route
from mwaa_async._transport.web_server import WebServer

_PATIENCE = 10.0  # seconds for each step of a question to AWS
_DESCRIPTION: tuple[Check, ...] = ("environment", "access mode", "version")
_WAY: tuple[Check, ...] = ("name", "connection", "tls")
_COMMAND: tuple[Check, ...] = ("endpoint", "command")
_TOKEN: tuple[Check, ...] = ("aws", "permission")
_BEFORE: tuple[Check, ...] = ("clock", "credentials", *_TOKEN)
_AFTER_REGION: tuple[Check, ...] = (*_BEFORE, *_DESCRIPTION, "guard", *_WAY, *_COMMAND)


@dataclass(frozen=True, slots=True)
class Case:
    """Whom to examine, with what a client would be given. Durations are in seconds."""

    environment: str
    aws: AwsOptions
    route: Route
    guard: Guard | None
    region_source: str
    queue_timeout: float
    command_timeout: float
    settle_time: float


async def examine(case: Case) -> AsyncGenerator[Finding, None]:
    """Yield what each check finds, as soon as it is known."""
    try:
        account = await open_account(case.aws)
    except TokenError as error:
        yield region_missing(_refusal(error))
        for check in _AFTER_REGION:
            yield not_checked(check, "region")
        return
    yield region_found(account, case.region_source)
    async with aclosing(MwaaApi(account, _PATIENCE)) as api:
        examination = _Examination(case, account, api)
        for part in examination.parts():
            async with aclosing(part) as findings:
                async for finding in findings:
                    yield examination.take(finding)


class _Examination:
    """What is known so far."""

    def __init__(self, case: Case, account: Account, api: MwaaApi) -> None:
        self._case = case
        self._account = account
        self._api = api
        self._guard = queueing(case.guard or HostGuard())
        self._roots: dict[Check, tuple[Check, ...]] = {}
        self._caller = Caller()
        self._token: CliTokenAnswer | None = None
        self._token_refusal: Refusal | None = None
        self._description: Mapping[str, Any] = {}

    def parts(self) -> tuple[AsyncGenerator[Finding, None], ...]:
        """Return the checks, each of which knows what those before it have found."""
        return (
            self._look_at_caller(),
            self._look_at_permission(),
            self._look_at_environment(),
            self._look_at_guard(),
            self._look_at_way(),
            self._look_at_command(),
        )

    def take(self, finding: Finding) -> Finding:
        """Take notice of a finding, and return it."""
        if finding.status == "failed":
            self._roots[finding.check] = (finding.check,)
        elif finding.causes:
            self._roots[finding.check] = finding.causes
        return finding

    async def _look_at_caller(self) -> AsyncGenerator[Finding, None]:
        """Ask who calls, and what time it is at AWS."""
        self._caller = await find_caller(self._account, _PATIENCE)
        yield clock_found(self._caller, datetime.now(UTC))
        yield caller_found(self._caller)

    async def _look_at_permission(self) -> AsyncGenerator[Finding, None]:
        """Ask for a CLI token."""
        if causes := self._causes("clock", "credentials"):
            for check in _TOKEN:
                yield not_checked(check, *causes)
            return
        name = self._case.environment
        try:
            (token, host), asked_at = await self._api.ask("create_cli_token", read_token, Name=name)
        except RefusedError as error:
            self._token_refusal = error.refusal
            for finding in token_refused(error.refusal, self._account, self._caller, name):
                yield finding
            return
        self._token = CliTokenAnswer(token, host, asked_at)
        for finding in token_given(self._account, host):
            yield finding

    async def _look_at_environment(self) -> AsyncGenerator[Finding, None]:
        """Ask AWS what it knows of the environment."""
        if causes := self._causes("clock", "credentials"):
            for check in _DESCRIPTION:
                yield not_checked(check, *causes)
            return
        if self._token_refusal is not None and self._token_refusal.kind == "not found":
            for finding in self._not_described(self._token_refusal):
                yield finding
            return
        try:
            self._description, _ = await self._api.ask("get_environment", read_description, Name=self._case.environment)
        except RefusedError as error:
            for finding in self._not_described(error.refusal):
                yield finding
            return
        for look in (state_found, access_found, version_found):
            yield look(self._description)

    def _not_described(self, refusal: Refusal) -> tuple[Finding, ...]:
        if refusal.kind == "unreachable" and self._causes("aws"):
            return tuple(not_checked(check, "aws") for check in _DESCRIPTION)
        if refusal.kind == "not found":
            found = environment_missing(self._account, self._case.environment)
        else:
            found = description_refused(refusal)
        return (found, *(not_checked(check, "environment") for check in _DESCRIPTION[1:]))

    async def _look_at_guard(self) -> AsyncGenerator[Finding, None]:
        """Look whether the guard can be used, and who shares it."""
        shared = _who_shares(self._case.guard)
        try:
            status = await self._slot_status()
            is_free = await self._guard.is_free(self._account.identity(self._case.environment))
        except GuardError as error:
            found, _, remedy = str(error).removeprefix(f"{self._case.environment}: ").partition("; nothing was sent; ")
            yield failed("guard", found, remedy[:1].upper() + remedy[1:] or "Look at --guard")
            return
        if who := who_comes_first(status):
            yield warning("guard", f"{shared}; {who}")
        else:
            yield ok("guard", shared) if is_free else warning("guard", f"{shared}; a command runs or waits there now")

    async def _slot_status(self) -> SlotStatus:
        """Return who comes first, as far as the guard tells. Raises `GuardError`."""
        if not isinstance(self._guard, ObservableGuard):
            return SlotStatus()
        return await self._guard.status(self._account.identity(self._case.environment))

    async def _look_at_way(self) -> AsyncGenerator[Finding, None]:
        """Look at every step to the web server, without sending anything."""
        hostname = self._hostname()
        if not hostname:
            for check in _WAY:
                yield not_checked(check, *self._causes("permission"))
            return
        try:
            way = self._case.route.to(hostname)
        except (ValueError, ImportError) as error:
            yield failed("name", str(error), "Look at HTTPS_PROXY, ALL_PROXY and NO_PROXY, or give --proxy")
            for check in _WAY[1:]:
                yield not_checked(check, "name")
            return
        async with aclosing(self._web_server()) as web_server:
            async for finding in look_at_way(web_server, way):
                yield finding

    async def _look_at_command(self) -> AsyncGenerator[Finding, None]:
        """Run a command that changes nothing."""
        causes = self._causes("permission", "guard", *_WAY)
        if causes or self._token is None:
            for check in _COMMAND:
                yield not_checked(check, *causes)
            return
        async with aclosing(self._web_server()) as web_server:
            for finding in await self._tried(web_server, self._token):
                yield finding

    async def _tried(self, web_server: WebServer, token: CliTokenAnswer) -> tuple[Finding, ...]:
        case = self._case
        try:
            trial = await try_command(
                web_server,
                self._guard,
                self._account.identity(case.environment),
                token,
                queue_timeout=case.queue_timeout,
                settle_time=case.settle_time,
            )
        except TimeoutError:
            status = SlotStatus()
            with suppress(GuardError):
                status = await self._slot_status()
            return turn_not_come(case.queue_timeout, status)
        except GuardError as error:
            return guard_lost(error)
        return tuple(trial_findings(trial))

    def _web_server(self) -> WebServer:
        return WebServer(
            timeout=self._case.command_timeout, ssl_context=self._account.ssl_context, route=self._case.route
        )

    def _hostname(self) -> str:
        """Return the web server's name, which AWS tells with a token, and in the description, too."""
        if self._token is not None:
            return self._token.hostname
        return str(self._description.get("WebserverUrl") or "").removeprefix("https://").rstrip("/")

    def _causes(self, *checks: Check) -> tuple[Check, ...]:
        """Return the checks that have failed, of these or of those that they need themselves."""
        return tuple(dict.fromkeys(cause for check in checks for cause in self._roots.get(check, ())))


def _who_shares(guard: Guard | None) -> str:
    if guard is None:
        return f"shared by every process of this user on this host, with locks in {lock_directory()}"
    if isinstance(guard, LocalGuard):
        return "shared with nobody: no other program takes turns with this one"
    return f"usable: {guard!r}"


def _refusal(error: TokenError) -> Refusal:
    from botocore.exceptions import BotoCoreError

    cause = error.__cause__
    if isinstance(cause, BotoCoreError):
        return refusal_of(cause)
    remedy = "name a file of certificates in AWS_CA_BUNDLE, or as ca_bundle in ~/.aws/config"
    return Refusal("other", "", str(error), remedy if isinstance(cause, OSError) else "")
