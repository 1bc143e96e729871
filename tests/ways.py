"""What can stand between a client and a web server: proxies, forwarders, and a load balancer with a name."""

import asyncio
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import anyio
import trustme
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from mwaa_async.emulator import Emulator


class ProxyServer:
    """A proxy server that is running."""

    def __init__(self, process: Process) -> None:
        assert process.stdout is not None
        self._process = process
        self._lines = BufferedByteReceiveStream(process.stdout)

    async def line(self) -> str:
        return (await self._lines.receive_until(b"\n", 1000)).decode()

    async def asked_for(self) -> list[str]:
        """End the server and return the addresses that it was asked to connect to."""
        self._process.terminate()
        targets = []
        with suppress(anyio.IncompleteRead, anyio.EndOfStream):
            while True:
                targets.append(await self.line())
        return targets


@asynccontextmanager
async def proxy_server(kind: str, *names: str, login: str = ":") -> AsyncIterator[tuple[ProxyServer, str]]:
    """Serve a proxy (`socks5` or `http`) in a process of its own, and yield it with its HOST:PORT."""
    command = [sys.executable, "-m", "tests.proxy_server", kind, login, *names]
    async with await anyio.open_process(command, stdin=subprocess.DEVNULL, stderr=None) as process:
        try:
            server = ProxyServer(process)
            yield server, f"127.0.0.1:{await server.line()}"
        finally:
            with suppress(ProcessLookupError):
                process.kill()


@dataclass
class Passage:
    """Where connections come through: how many came, and what was read from their clients."""

    port: int = 0
    connections: int = 0
    received: bytes = b""
    names: list[str | None] = field(default_factory=list)  # that clients asked for (SNI)


@asynccontextmanager
async def forwarder(port: int, *, host: str = "127.0.0.1") -> AsyncIterator[Passage]:
    """Forward TCP connections to a port, as `ssh -L` does."""
    passage = Passage()
    async with _passing(passage, port, host=host, there=None, here=None):
        yield passage


@asynccontextmanager
async def load_balancer(emulator: Emulator, name: str, *, certificate_of: str = "") -> AsyncIterator[Passage]:
    """Stand before the web server with a name and its certificate, as MWAA's load balancer does.

    The emulator's client context trusts it, and AWS says the name from then on.
    """
    passage, authority = Passage(), trustme.CA()
    here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(certificate_of or name).configure_cert(here)
    here.sni_callback = lambda connection, asked, context: passage.names.append(asked)
    there = emulator.client_options()["ssl_context"]
    port = int(emulator.web_server_url("demo").rpartition(":")[2])
    async with _passing(passage, port, host="127.0.0.1", there=there, here=here):
        authority.configure_trust(there)
        emulator._environments["demo"].hostname = name
        yield passage


@asynccontextmanager
async def _passing(
    passage: Passage, port: int, *, host: str, there: ssl.SSLContext | None, here: ssl.SSLContext | None
) -> AsyncIterator[None]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passage.connections += 1
        from_server, to_server = await asyncio.open_connection("127.0.0.1", port, ssl=there)
        await asyncio.gather(_pump(reader, to_server, passage), _pump(from_server, writer, None))

    server = await asyncio.start_server(serve, host, 0, ssl=here)
    async with server:
        passage.port = server.sockets[0].getsockname()[1]
        yield


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passage: Passage | None) -> None:
    try:
        while chunk := await reader.read(65536):
            if passage is not None:
                passage.received += chunk
            writer.write(chunk)
            await writer.drain()
    except ConnectionError:
        return
    finally:
        writer.close()
