"""The way to an environment's web server: one keep-alive connection over which one command at a time is posted."""

import asyncio
import selectors
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies, proxy_bypass

from anyio import to_thread

from mwaa_async._attempts import ConnectionClosedError, LostError, NotSentError
from mwaa_async._clock import now
from mwaa_async._protocol.answers import Output, read_answer, read_large_answer
from mwaa_async._version import __version__

if TYPE_CHECKING:
    from aiohttp import BaseConnector, ClientResponse, ClientSession
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.connector import Connection
    from yarl import URL

_CONNECT_TIMEOUT = 10.0
# All that the endpoint needs: what aiohttp works out anew for each request takes longer than the rest of a command.
_HEADERS = {"Content-Type": "text/plain", "Accept": "*/*", "User-Agent": f"mwaa-async/{__version__}"}
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)  # neither holds a file descriptor
_LARGE = 1 << 20  # decoding this much takes a few milliseconds
# Making one string of so much holds the interpreter's lock, and with it the event loop, for up to 60 ms.
_LARGEST = 32 << 20


class TooLargeError(Exception):
    """The command ran, but printed more than can be taken in."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the web server answered."""

    status: int
    body: bytes | bytearray = field(repr=False)
    retry_after: str | None
    came_at: float
    location: str | None = None

    async def output(self) -> Output:
        """Return Airflow's output. Raises `GarbledAnswerError`."""
        if len(self.body) < _LARGE:
            return read_answer(self.body)
        return await to_thread.run_sync(read_large_answer, self.body)


class WebServer:
    """Posts commands to the web server of one environment."""

    def __init__(self, *, timeout: float, ssl_context: ssl.SSLContext, proxy: str | None) -> None:
        self._timeout = timeout
        self._ssl_context = ssl_context
        self._proxy = proxy
        self._http_proxies: dict[str, str | None] = {}
        self._session: ClientSession | None = None
        self._connection: object = None
        self._unread = _Selector()
        self._before_sending: Callable[[], None] = lambda: None
        self._is_sent = False

    async def post(
        self, hostname: str, path: str, token: str, line: str, *, before_sending: Callable[[], None]
    ) -> Answer:
        """Send one command and return the answer, whatever its status; a redirect is not followed.

        `before_sending` is called when the connection stands and nothing has been sent yet: it may raise, and from then
        on nobody but the web server knows whether the command runs. Raises `NotSentError`, `LostError` or
        `TooLargeError`.

        https://docs.aws.amazon.com/mwaa/latest/userguide/call-mwaa-apis-cli.html
        """
        self._is_sent, self._before_sending = False, before_sending
        try:
            return await self._post(hostname, path, token, line)
        except _transport_errors(self._proxy) as error:
            # The cause is told, not chained: aiohttp's errors carry the request's headers, the token among them.
            raise (LostError if self._is_sent else NotSentError)(_reason(error)) from None

    async def aclose(self) -> None:
        """Close the connection."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, hostname: str, path: str, token: str, line: str) -> Answer:
        session = self._session or self._open_session()
        async with session.post(
            _url(hostname, path),
            data=line.encode(),
            headers={"Authorization": f"Bearer {token}", **_HEADERS},
            proxy=self._http_proxy(hostname),
            allow_redirects=False,
        ) as response:
            body, headers = await _body(response), response.headers
            return Answer(response.status, body, headers.get("Retry-After"), now(), headers.get("Location"))

    def _open_session(self) -> "ClientSession":
        import aiohttp

        self._session = aiohttp.ClientSession(
            connector=_connector(self._ssl_context, self._proxy),
            timeout=aiohttp.ClientTimeout(total=self._timeout, connect=min(_CONNECT_TIMEOUT, self._timeout)),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
            request_class=_request_class(self._look_before_sending),
        )
        return self._session

    def _http_proxy(self, hostname: str) -> str | None:
        # Looked up once for a host: it is a walk through all environment variables, on some systems a system call.
        if hostname not in self._http_proxies:
            self._http_proxies[hostname] = _http_proxy(hostname, self._proxy)
        return self._http_proxies[hostname]

    def _look_before_sending(self, connection: "Connection") -> None:
        """Look a last time, with the connection in hand and nothing sent yet, whether to send at all."""
        if connection.protocol is not self._connection:
            self._watch(connection)
        elif self._unread.select(0):
            # Only its end can come unasked on an idle connection.
            raise ConnectionClosedError("the web server had closed the connection")
        self._before_sending()
        self._is_sent = True

    def _watch(self, connection: "Connection") -> None:
        self._connection = connection.protocol
        self._unread = _Selector()
        if connection.transport is not None:
            self._unread.register(connection.transport.get_extra_info("socket").fileno(), selectors.EVENT_READ)


@lru_cache
def _url(hostname: str, path: str) -> "URL":
    from yarl import URL

    return URL(f"https://{hostname}{path}")


def _request_class(before_sending: "Callable[[Connection], None]") -> "type[ClientRequest]":
    from aiohttp.client_reqrep import ClientRequest

    class CliRequest(ClientRequest):
        # aiohttp has no other place between "there is a connection" and "the first byte goes out".
        async def send(self, conn: "Connection") -> "ClientResponse":
            before_sending(conn)
            return await super().send(conn)

    return CliRequest


async def _body(response: "ClientResponse") -> bytes | bytearray:
    first = await response.content.readany()
    if response.content.at_eof():
        return first
    body = bytearray(first)
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _LARGEST:
            raise TooLargeError(f"it printed more than {_LARGEST * 3 >> 22} MB")
    return body


def _connector(ssl_context: ssl.SSLContext, proxy: str | None) -> "BaseConnector":
    import aiohttp

    options: dict[str, Any] = {"ssl": ssl_context, "limit": 1}
    if proxy is None or _is_http(proxy):
        return aiohttp.TCPConnector(**options)
    from aiohttp_socks import ProxyConnector

    # The "h" says that the proxy looks up the host's name, which is the only way here.
    return ProxyConnector.from_url(proxy.replace("socks5h://", "socks5://", 1), rdns=True, **options)


def _http_proxy(hostname: str, proxy: str | None) -> str | None:
    if proxy is not None:
        return proxy if _is_http(proxy) else None
    return None if proxy_bypass(hostname) else getproxies().get("https")


def _transport_errors(proxy: str | None) -> tuple[type[Exception], ...]:
    import aiohttp

    if proxy is None or _is_http(proxy):
        return aiohttp.ClientError, OSError
    from aiohttp_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError

    return aiohttp.ClientError, OSError, ProxyError, ProxyConnectionError, ProxyTimeoutError


def _is_http(proxy: str) -> bool:
    return proxy.startswith(("http://", "https://"))


def _reason(error: Exception) -> str:
    if isinstance(error, asyncio.TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__
