"""A TLS server in the place of a web server that says byte for byte what a test wants."""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trustme

from mwaa_async.emulator import Emulator

Say = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class RawServer:
    """Answers each request with the next of `answers`, and keeps the requests; without an answer it closes."""

    answers: list[Say] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while self.answers:
                self.requests.append(await _request(reader))
                await self.answers.pop(0)(writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line.split(b":")[1] for line in head.lower().splitlines() if line.startswith(b"content-length:"))
    return head + await reader.readexactly(int(length))


def body(stdout: str, stderr: str = "") -> bytes:
    """Return the body of an answer."""
    streams = {"stdout": stdout, "stderr": stderr}
    return json.dumps({name: base64.b64encode(text.encode()).decode() for name, text in streams.items()}).encode()


def response(content: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return a whole HTTP response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", "Content-Type: application/json", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + content


def says(*pieces: bytes) -> Say:
    """Return what sends these bytes, piece by piece."""

    async def say(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return say


@asynccontextmanager
async def raw_web_server(
    emulator: Emulator, environment: str = "demo"
) -> AsyncIterator[tuple[RawServer, ssl.SSLContext]]:
    """Put a raw server in the place of an environment's web server; yield it and whom a client has to trust."""
    await emulator.stop_web_server(environment)
    host, _, port = emulator.web_server_url(environment).removeprefix("https://").rpartition(":")
    authority, raw = trustme.CA(), RawServer()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    trusting: ssl.SSLContext = emulator.client_options()["ssl_context"]
    authority.configure_trust(trusting)
    async with await asyncio.start_server(raw.serve, host, int(port), ssl=context):
        yield raw, trusting
