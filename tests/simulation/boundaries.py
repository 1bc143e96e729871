"""What stands in for the outside of a queue: its way to AWS and its way to the web server."""

import asyncio
import itertools
import random
import ssl
from collections.abc import Callable

from mwaa_async._airflow_version import Airflow
from mwaa_async._attempts import ConnectionClosedError
from mwaa_async._aws import CliTokenAnswer
from mwaa_async._clock import now
from mwaa_async._errors import AccessDeniedError, MwaaError
from mwaa_async._queue import CommandQueue
from mwaa_async._transport.connections import Route
from mwaa_async._transport.web_server import Answer, WebServer
from mwaa_async.events import Event
from tests.simulation.clock import TICK
from tests.simulation.fates import Fate, Way, fate
from tests.simulation.scenario import Settings
from tests.simulation.service import Request, Service, Token
from tests.simulation.witness import Witness

_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class SimulatedWay(WebServer):
    """The ways of one queue to AWS and to the web server: production's, with nothing in place of the sockets."""

    def __init__(
        self,
        name: str,
        environment: int,
        settings: Settings,
        service: Service,
        witness: Witness,
        chance: random.Random,
        sent: Callable[[str], None],
    ) -> None:
        super().__init__(timeout=settings.command_timeout, ssl_context=_NO_TLS, route=Route())
        self.queue: CommandQueue | None = None
        self.tokens_given = 0
        self.events: list[Event] = []
        self.aws_asked: list[tuple[float, float]] = []  # from when until when
        self.name = f"{name}/e{environment}"
        self._environment = environment
        self._settings = settings
        self._service = service
        self._witness = witness
        self._chance = chance
        self._sent = sent
        self.airflow = Airflow(self.name, self._tell_version, allow_unlisted=False)
        self.versions_printed = self.versions_failed = 0
        self._version_numbers = itertools.count()
        self.closing_since: float | None = None
        self.is_dead = False
        self._connected = self._closed = False
        self._patient_until = 0.0
        self._last: Token | None = None
        # The same token was refused after it was accepted, which may have another reason; and with a new one it worked.
        self._suspects = self._knows = self._seems_moved = False
        self._in_doubt = ""

    async def fetch_token(self) -> CliTokenAnswer:
        """Ask AWS for a token."""
        self._witness.saw(self.name, "asks for a token")
        self._check_need()
        began = now()
        try:
            answer = await self._service.give_token(self._environment, self._chance)
        finally:
            self.aws_asked.append((began, now()))
        self._last = self._service.token(answer.token)
        self.tokens_given += 1
        return answer

    async def _tell_version(self) -> str:
        """Ask AWS for the version, which it tells late, or not at all."""
        began = now()
        try:
            await asyncio.sleep(self._chance.choice([0.0, 0.01, 0.3, 7.0]))
            if self._chance.random() < 0.5:
                raise AccessDeniedError("AWS tells no version")
            return "2.10.3"
        finally:
            self.aws_asked.append((began, now()))

    async def ask_airflow(self) -> str:
        """Ask Airflow for its version, by a command."""
        assert self.queue is not None
        line = f"variables get version-{next(self._version_numbers)}-of-{self.name}"
        try:
            command = self.queue.submit(line, timeout=None, queue_timeout=None, idempotent=True)
            await command.result(check_failure=True)
        except MwaaError:
            self.versions_failed += 1
            raise
        self.versions_printed += 1
        return "2.10.3"

    async def aclose(self) -> None:
        """Close the connection."""
        self._closed = True

    async def _post(self, hostname: str, path: str, token: str, line: str) -> Answer:
        """Send a command; what is around this, and decides what an error means, is production's own."""
        self._witness.expect(not self._closed, self.name, f"{line!r} is sent over a closed connection")
        in_doubt, self._in_doubt = self._in_doubt, ""
        self._patient_until = now() + self._timeout
        async with asyncio.timeout(self._timeout):
            what = fate(self._chance, self._settings)
            self._seems_moved = True  # where it cannot be connected to, AWS is asked again
            await self._connect(what)
            await self._before_sending()
            self._seems_moved = False
            self._is_sent = True
            answer = await self._exchange(self._service.token(token), line, what)
        self._learn(self._service.token(token), line, answer, in_doubt=in_doubt == line)
        return answer

    async def _connect(self, what: Fate) -> None:
        if what.way is Way.BLOCKED:
            raise OSError("no connection")
        if self._connected and what.way is Way.GONE:
            self._connected = False
            raise ConnectionClosedError("the connection was closed")
        if not self._connected:
            await asyncio.sleep(what.connecting)
            self._connected = True

    async def _exchange(self, token: Token, line: str, what: Fate) -> Answer:
        self._witness.expect(not self.is_dead, self.name, f"{line!r} is sent by a dead process")
        self._sent(line)
        self._check_token(token, line)
        return await self._answer(self._service.send(line, token, self._environment, what))

    async def _answer(self, request: Request) -> Answer:
        self._witness.saw(self.name, f"sends {request.line!r} with token {request.token.value}")
        try:
            answer = await request.answered
        except BaseException as error:
            self._connected = False
            request.lose_sight()
            if isinstance(error, asyncio.CancelledError):
                self._check_cut(request.line)
            self._witness.saw(self.name, f"{request.line!r}: {error!r}")
            raise
        self._witness.saw(self.name, f"{request.line!r}: HTTP {answer.status}")
        return answer

    def _check_cut(self, line: str) -> None:
        """A request is cut off only after `command_timeout`, or when the client has waited for it while closing."""
        if self.is_dead:
            return
        until = self._patient_until
        if self.closing_since is not None:
            until = min(until, self.closing_since + self._settings.settle_time)
        self._witness.expect(now() > until - 2 * TICK, self.name, f"{line!r} is cut off although it is on the wire")

    def _check_token(self, token: Token, line: str) -> None:
        own = token.environment == self._environment
        self._witness.expect(own, self.name, f"token {token.value} is another environment's")
        refused = token.refused_for == line
        self._witness.expect(not refused, self.name, f"token {token.value} is sent although it was refused")
        again = self._knows and token.accepted
        self._witness.expect(not again, self.name, f"token {token.value} is sent twice although that is known to fail")

    def _check_need(self) -> None:
        """Ask for a token only where one is running or waiting that needs it, and the last one does not do."""
        assert self.queue is not None
        state = self.queue.statistics()
        left_just_now = bool(self.queue._waiting)
        wanted = state.running + state.queued > 0 or left_just_now
        self._witness.expect(wanted, self.name, "a token is fetched that nobody wants")
        if self._last is None:
            return
        # A token is fetched ahead in the second half of the life of the one before, at the earliest.
        half = self._last.asked_at + self._settings.token_lifetime * 5 / 12
        needed = self._last.refused or self._seems_moved or now() > half - 2 * TICK or self._suspects
        self._witness.expect(needed, self.name, f"token {self._last.value} is fresh, and another one is fetched")

    def _learn(self, token: Token, line: str, answer: Answer, *, in_doubt: bool) -> None:
        """Take notice of what the queue can know: the answer to a token used before, and to the new one after it."""
        if answer.status in (401, 403):
            token.refused_for = line
        else:
            self._knows = self._knows or in_doubt
        again = token.refused and token.sent > 1
        self._in_doubt = line if again and token.accepted else ""
        self._suspects = self._suspects or again
