"""The simulated service: it alone knows which command runs when, and how often each one ran."""

import asyncio
import base64
import json
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from mwaa_async._aws import CliTokenAnswer
from mwaa_async._clock import now
from mwaa_async._errors import TokenError
from mwaa_async._transport.web_server import Answer, TooLargeError
from tests.simulation.clock import TICK
from tests.simulation.fates import End, Fate
from tests.simulation.scenario import Settings
from tests.simulation.witness import Witness


@dataclass(eq=False, slots=True)
class Token:
    """A token that the service has issued."""

    value: str
    environment: int
    asked_at: float
    issued_at: float
    sent: int = 0
    accepted: int = 0
    refused: bool = False
    refused_for: str = ""  # the command with which the client has seen that


@dataclass(eq=False, slots=True)
class Request:
    """One request that has left a client, from then on until its command has ended, seen or unseen."""

    line: str
    environment: int
    token: Token
    fate: Fate
    settle_time: float
    answered: asyncio.Future[Answer]
    out_of_sight: asyncio.Event = field(default_factory=asyncio.Event)
    ends_by: float = float("inf")
    served: bool = False

    def lose_sight(self) -> None:
        """Nobody sees any more how the command ends; `settle_time` is what the user reckons with for that."""
        if not self.out_of_sight.is_set():
            self.ends_by = now() + self.fate.runs_on * self.settle_time
            self.out_of_sight.set()

    async def spend(self, seconds: float) -> None:
        """Let time pass, but none after the moment at which everything has to be over."""
        until = now() + seconds
        with suppress(TimeoutError):
            await asyncio.wait_for(self.out_of_sight.wait(), seconds)
        await asyncio.sleep(min(until, self.ends_by) - now())

    def answer(self, status: int, body: bytes = b"") -> None:
        self._send_back(lambda: self.answered.set_result(Answer(status, body, self.fate.retry_after, now())))

    def fail(self, error: Exception) -> None:
        self._send_back(lambda: self.answered.set_exception(error))

    def _send_back(self, arrive: Callable[[], None]) -> None:
        # It arrives from within the event loop, as from a socket: in the same round as somebody's time-out, if need be.
        asyncio.get_running_loop().call_later(self.fate.travel, lambda: None if self.answered.done() else arrive())


class Service:
    """AWS's token API and the web servers behind it."""

    def __init__(self, settings: Settings, witness: Witness) -> None:
        self.runs: Counter[str] = Counter()
        self._settings = settings
        self._witness = witness
        self._open: dict[int, Request] = {}
        self._tokens: dict[str, Token] = {}
        self._requests: set[asyncio.Task[None]] = set()

    async def give_token(self, environment: int, chance: random.Random) -> CliTokenAnswer:
        """Do what `CreateCliToken` does."""
        asked_at, issuing = now(), chance.choice([0.0, 0.01, 0.05])
        slow = chance.random() < self._settings.trouble / 4
        await asyncio.sleep(0.7 if slow else issuing)
        if chance.random() < self._settings.trouble / 4:
            raise TokenError("AWS gives none")
        token = Token(f"t{len(self._tokens)}", environment, asked_at, now())
        self._tokens[token.value] = token
        await asyncio.sleep(issuing)
        return CliTokenAnswer(token.value, "web-server", asked_at)

    def token(self, value: str) -> Token:
        """Return the token of this value."""
        return self._tokens[value]

    def send(self, line: str, token: Token, environment: int, fate: Fate) -> Request:
        """Take a request; the one before must be over."""
        token.sent += 1
        before = self._open.get(environment)
        self._witness.expect(before is None, "service", f"{line!r} was sent while {before and before.line!r} was open")
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        request = Request(line, environment, token, fate, self._settings.settle_time, answered)
        self._open[environment] = request
        answered.add_done_callback(lambda _: self._close(request))
        task = asyncio.create_task(self._serve(request))
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)
        return request

    async def rest(self) -> None:
        """Wait until nothing runs any more."""
        while self._requests:
            await asyncio.wait(self._requests)

    async def _serve(self, request: Request) -> None:
        await request.spend(request.fate.travel)
        try:
            if not self._accepts(request.token):
                request.token.refused = True
                request.answer(403)
            elif request.fate.end in (End.REFUSED, End.CRASH, End.CUT_BEFORE):
                self._stop_early(request)
            else:
                await self._run(request)
        finally:
            request.served = True
            self._close(request)

    def _close(self, request: Request) -> None:
        """Close the request where it was both answered and served."""
        if request.served and request.answered.done() and self._open.get(request.environment) is request:
            del self._open[request.environment]

    def _accepts(self, token: Token) -> bool:
        age = now() - token.issued_at
        fresh = age <= self._settings.token_lifetime + TICK
        self._witness.expect(fresh, "service", f"token {token.value} came when it was {age:.3f} s old")
        return fresh and not (self._settings.single_use_tokens and token.accepted)

    def _stop_early(self, request: Request) -> None:
        """End a request without running anything."""
        if request.fate.end is End.CUT_BEFORE:
            request.fail(ConnectionResetError("the connection was cut"))
            return
        request.token.refused = request.fate.status in (401, 403)
        request.token.accepted += not request.token.refused
        request.answer(request.fate.status)

    async def _run(self, request: Request) -> None:
        request.token.accepted += 1
        self.runs[request.line] += 1
        self._witness.saw("service", f"{request.line!r} begins to run, then: {request.fate.end.name}")
        await request.spend(request.fate.takes)
        match request.fate.end:
            case End.CUT | End.GATEWAY:
                await self._run_on(request)
            case End.TOO_LARGE:
                request.fail(TooLargeError("it printed too much"))
            case End.GARBLED:
                request.answer(200, b"<html>")
            case end:
                request.answer(400 if end is End.FAILURE else 200, _output(request.line))
        self._witness.saw("service", f"{request.line!r} has ended")

    async def _run_on(self, request: Request) -> None:
        request.lose_sight()
        if request.fate.end is End.CUT:
            request.fail(ConnectionResetError("the connection was cut"))
        else:
            request.answer(request.fate.status)
        await asyncio.sleep(request.ends_by - now())


def _output(line: str) -> bytes:
    return json.dumps({"stdout": base64.b64encode(line.encode()).decode(), "stderr": ""}).encode()
