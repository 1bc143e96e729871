"""What a host does in these tests, and the one way of it that is never cut: to the web server."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from mwaa_async import Environment, MwaaClient, MwaaError
from tests.guards.networks.namespaces import namespace_of
from tests.guards.redis.hosts import redis_host


@dataclass(frozen=True)
class Told:
    """What became of a command, and what the host knows of its leases then."""

    error: str
    ran: bool | None
    at: float
    lost_leases: int
    warnings: list[str]


def obey(
    pipe: Connection, url: str, directory: Path, environ: dict[str, str], lease: float, settle_time: float
) -> None:
    """Run one command after the other as the test says, and tell what became of each."""
    os.environ.update(environ)
    warnings: list[str] = []
    logging.getLogger("mwaa_async").addHandler(_Keeping(warnings))

    async def run() -> None:
        guard = redis_host(url, directory, lease=lease)
        async with MwaaClient(guard=guard, settle_time=settle_time) as client:
            demo = client.environment("demo", airflow_version="2.10.3")
            pipe.send("ready")
            while (command := await asyncio.to_thread(pipe.recv)) is not None:
                error, ran = await _done(demo, command)
                pipe.send(Told(error, ran, time.monotonic(), guard.lost_leases, [*warnings]))

    asyncio.run(run())


async def _done(demo: Environment, command: str) -> tuple[str, bool | None]:
    try:
        await demo.run(command)
    except MwaaError as error:
        return f"{type(error).__name__}: {error}", error.ran
    return "", True


class _Keeping(logging.Handler):
    def __init__(self, kept: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        self._kept.append(record.getMessage())


@asynccontextmanager
async def reached_from(process_id: int, port: int) -> AsyncIterator[None]:
    """Let a port of this namespace be reached as one of the process's own loopback."""
    with namespace_of(process_id):
        listener = socket.create_server(("127.0.0.1", port))
    writers: list[asyncio.StreamWriter] = []
    relays: list[asyncio.Task[object] | None] = []

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relays.append(asyncio.current_task())
        writers.append(writer)
        there = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))

    server = await asyncio.start_server(relay, sock=listener)
    try:
        yield
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await asyncio.gather(*filter(None, relays))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()
