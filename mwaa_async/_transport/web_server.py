"""The way to an environment's web server: one keep-alive connection over which one command at a time is posted."""

import asyncio
import io
import re
import selectors
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from mwaa_async._attempts import ConnectionClosedError, LostError, NotSentError, NoWayError
from mwaa_async._clock import now
from mwaa_async._protocol.answers import GarbledAnswerError, Output, read_answer, read_large_answer
from mwaa_async._protocol.encodings import UnreadableEncodingError, decoded, is_encoded
from mwaa_async._transport.broken_answers import what_happened
from mwaa_async._transport.connect_failures import advice, failure_of, happened
from mwaa_async._transport.connections import Route, Way, connector
from mwaa_async._version import __version__

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.connector import Connection

_CONNECT_TIMEOUT = 10.0
# All that the endpoint needs: what aiohttp works out anew for each request takes longer than the rest of a command.
_HEADERS = {
    "Content-Type": "text/plain",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "User-Agent": f"mwaa-async/{__version__}",
}
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)  # neither holds a file descriptor
# Of the request that this task sends.
_look_before_sending: "ContextVar[Callable[[Connection], Awaitable[None]]]" = ContextVar("look_before_sending")
_LARGE = 1 << 20  # decoding this much takes a few milliseconds
# Making one string of so much holds the interpreter's lock, and with it the event loop, for up to 60 ms.
_LARGEST = 32 << 20

_SHOWN_OF_TOKEN = 8  # characters of it that tell it from everything else


# As Python's `ssl` describes it.
Certificate = Mapping[str, Any]


class TooLargeError(Exception):
    """The command ran, but printed more than can be taken in."""


class _StandingError(Exception):
    """The connection stands, and that is all that was wanted."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the web server answered; `unreadable` says why there is no body where it has one."""

    status: int
    body: bytes | bytearray = field(repr=False)
    retry_after: str | None
    came_at: float
    location: str | None = None
    unreadable: str | None = None

    def hiding(self, token: str) -> "Answer":
        """Return the answer without the token, which a gateway's page may repeat."""
        beginning = re.compile(re.escape(token[:_SHOWN_OF_TOKEN]) + r"[\w.~+/=-]*")
        body = re.sub(beginning.pattern.encode(), b"***", self.body)
        location = None if self.location is None else beginning.sub("***", self.location)
        return replace(self, body=body, location=location)

    async def output(self) -> Output:
        """Return Airflow's output. Raises `GarbledAnswerError`."""
        if self.unreadable is not None:
            raise GarbledAnswerError(self.unreadable)
        if len(self.body) < _LARGE:
            return read_answer(self.body)
        from anyio import to_thread

        return await to_thread.run_sync(read_large_answer, self.body)


class WebServer:
    """Posts commands to the web server of one environment."""

    def __init__(self, *, timeout: float, ssl_context: ssl.SSLContext, route: Route) -> None:
        self._timeout = timeout
        self._ssl_context = ssl_context
        self._route = route
        self._way: Way | None = None
        self._session: ClientSession | None = None
        self._connection: object = None
        self._unread = _Selector()
        self._before_sending: Callable[[], Awaitable[None]] = _not_in_use
        self._is_sent = False
        self._certificate: Certificate = {}

    async def post(
        self, hostname: str, path: str, token: str, line: str, *, before_sending: Callable[[], Awaitable[None]]
    ) -> Answer:
        """Send one command and return the answer, whatever its status; a redirect is not followed.

        `before_sending` is awaited when the connection stands and nothing has been sent yet: it may raise, and from
        then on nobody but the web server knows whether the command runs. Raises `NotSentError`, `LostError` or
        `TooLargeError`.

        https://docs.aws.amazon.com/mwaa/latest/userguide/call-mwaa-apis-cli.html
        """
        self._is_sent, self._before_sending = False, before_sending
        try:
            return await self._post(hostname, path, token, line)
        except _transport_errors(self._way) as error:
            # The cause is told, not chained: aiohttp's errors carry the request's headers, the token among them.
            raise (LostError(what_happened(error)) if self._is_sent else self._not_sent(error, hostname)) from None

    async def look(self, hostname: str) -> Certificate:
        """Connect as a command does, send nothing, and return the certificate. Raises `NotSentError`."""

        async def stop() -> None:
            raise _StandingError

        with suppress(_StandingError):
            await self.post(hostname, "/", "", "", before_sending=stop)
        return self._certificate

    async def aclose(self) -> None:
        """Close the connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(self, hostname: str, path: str, token: str, line: str) -> Answer:
        way = self._way_to(hostname)
        session = await self._session_for(way)
        _look_before_sending.set(self._look_before_sending)
        async with session.post(
            way.url(path),
            data=_body_of(line),
            headers={"Authorization": f"Bearer {token}", **_HEADERS, **way.headers},
            allow_redirects=False,
            **way.options,
        ) as response:
            body, headers = await _body(response), response.headers
        body, unreadable = await _decoded(body, headers.get("Content-Encoding"))
        return Answer(response.status, body, headers.get("Retry-After"), now(), headers.get("Location"), unreadable)

    def _way_to(self, hostname: str) -> Way:
        # Looked up once for a host: it is a walk through all environment variables, on some systems a system call.
        if self._way is not None and self._way.hostname == hostname:
            return self._way
        try:
            return self._route.to(hostname)
        except (ValueError, ImportError) as error:
            raise NoWayError(str(error)) from None

    async def _session_for(self, way: Way) -> "ClientSession":
        """Return the session for this way; one for another host's is closed."""
        if self._session is None or way is not self._way:
            await self.aclose()
            self._way, self._session = way, self._open_session(way)
        return self._session

    def _open_session(self, way: Way) -> "ClientSession":
        import aiohttp

        return aiohttp.ClientSession(
            connector=connector(self._ssl_context, way.proxy, limit=1),
            auto_decompress=False,  # what it cannot decode it reports as a status of the web server's
            timeout=aiohttp.ClientTimeout(total=self._timeout, connect=self._patience),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
            request_class=_request_class(),
        )

    @property
    def _patience(self) -> float:
        return min(_CONNECT_TIMEOUT, self._timeout)

    def _not_sent(self, error: Exception, hostname: str) -> NotSentError:
        failure, way = failure_of(error), self._way_to(hostname)
        return NotSentError(happened(failure, way, self._patience), advice(failure.kind, way.first[0]), failure.kind)

    async def _look_before_sending(self, connection: "Connection") -> None:
        """Look a last time, with the connection in hand and nothing sent yet, whether to send at all."""
        if connection.protocol is not self._connection:
            self._watch(connection)
        elif self._unread.select(0) or connection.protocol is None or connection.protocol.should_close:
            # What comes unasked is its end, or an answer to nothing, which would be taken for that to this command.
            raise ConnectionClosedError("the web server had closed the connection, or answered unasked")
        await self._before_sending()
        self._is_sent = True

    def _watch(self, connection: "Connection") -> None:
        self._connection = connection.protocol
        self._unread = _Selector()
        if connection.transport is not None:
            self._certificate = connection.transport.get_extra_info("peercert") or {}
            self._unread.register(connection.transport.get_extra_info("socket").fileno(), selectors.EVENT_READ)


async def _not_in_use() -> None:
    """Allow everything."""


@cache  # making a class takes longer than most else that is done for a new connection
def _request_class() -> "type[ClientRequest]":
    from aiohttp.client_reqrep import ClientRequest

    class CliRequest(ClientRequest):
        # aiohttp has no other place between "there is a connection" and "the first byte goes out".
        async def send(self, conn: "Connection") -> "ClientResponse":
            await _look_before_sending.get()(conn)
            return await super().send(conn)

    return CliRequest


def _body_of(line: str) -> bytes | io.BytesIO:
    body = line.encode()
    return body if len(body) < _LARGE else io.BytesIO(body)  # which aiohttp sends piece by piece


async def _body(response: "ClientResponse") -> bytes | bytearray:
    first = await response.content.readany()
    if response.content.at_eof():
        return first
    body = bytearray(first)
    async for chunk in response.content.iter_any():
        body += chunk
        _check_size(body)
    return body


async def _decoded(body: bytes | bytearray, encoding: str | None) -> tuple[bytes | bytearray, str | None]:
    """Return the body as it was before it was encoded, or why it cannot be read."""
    if encoding is None or not is_encoded(encoding):
        return body, None
    try:
        body = await asyncio.to_thread(decoded, body, encoding, _LARGEST)
    except UnreadableEncodingError as error:
        return b"", str(error)
    _check_size(body)
    return body, None


def _check_size(body: bytes | bytearray) -> None:
    if len(body) > _LARGEST:
        raise TooLargeError(f"it printed more than {_LARGEST * 3 >> 22} MB")


def _transport_errors(way: Way | None) -> tuple[type[Exception], ...]:
    import aiohttp

    if way is None or way.proxy is None or not way.proxy.is_socks:
        return aiohttp.ClientError, OSError
    from aiohttp_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError

    # The last is what it raises where the proxy hangs up.
    return aiohttp.ClientError, OSError, ProxyError, ProxyConnectionError, ProxyTimeoutError, EOFError
