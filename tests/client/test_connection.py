"""The connection to the web server: trust, and keep-alive connections that die."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trustme

from mwaa_async import ConnectError, MwaaClient, TokenError
from mwaa_async.emulator import CutConnection, Emulator

pytestmark = pytest.mark.anyio


async def test_a_certificate_that_nobody_vouches_for_is_refused_by_both_sides(emulator: Emulator) -> None:
    untrusting = emulator.client_options() | {"ssl_context": ssl.create_default_context()}
    async with MwaaClient(**untrusting) as client:
        with pytest.raises(TokenError, match=r"(?i)certificate.*AWS_CA_BUNDLE") as caught:
            await client.environment("demo").run("version")
    assert caught.value.ran is False
    assert not emulator.tokens


async def test_a_web_server_that_nobody_vouches_for_gets_no_token(emulator: Emulator) -> None:
    async with MwaaClient(**emulator.client_options()) as client:
        demo = client.environment("demo")
        await demo.run("version")
        await emulator.stop_web_server("demo")
        port = int(emulator.web_server_url("demo").rpartition(":")[2])
        async with _stranger(port) as received:
            with pytest.raises(ConnectError, match=r"(?i)certificate") as caught:
                await demo.run("version")
        assert not received
    assert caught.value.ran is False


async def test_trust_can_come_from_aws_ca_bundle(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in emulator.environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SSL_CERT_FILE")
    async with MwaaClient() as client:
        assert await client.environment("demo").run("version")


async def test_a_missing_ca_bundle_is_told(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in emulator.environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CA_BUNDLE", "/no/such/file.pem")
    async with MwaaClient() as client:
        with pytest.raises(TokenError, match="AWS_CA_BUNDLE"):
            await client.environment("demo").run("version")


async def test_a_keep_alive_connection_that_the_web_server_closed_is_replaced_before_anything_is_sent(
    emulator: Emulator, client: MwaaClient
) -> None:
    demo = client.environment("demo")
    for number in range(5):
        await demo.run(f"variables set key{number} value")
        await emulator.stop_web_server("demo")
        await emulator.start_web_server("demo")
    assert len(emulator.commands) == 5


async def test_a_keep_alive_connection_that_dies_as_a_command_is_sent_never_runs_it_twice(emulator: Emulator) -> None:
    outcomes: list[str] = []
    async with MwaaClient(**emulator.client_options(), settle_time=0.0) as client:
        demo = client.environment("demo")
        for number in range(40):
            await demo.run("version")
            emulator.faults.commands.append(CutConnection(ran=number % 2 == 0))
            (outcome,) = await asyncio.gather(demo.run(f"variables set key{number} value"), return_exceptions=True)
            outcomes.append(type(outcome).__name__)
            emulator.faults.commands.clear()
    written = [record.command for record in emulator.commands if record.command != "version"]
    assert written == [f"variables set key{number} value" for number in range(0, 40, 2)]
    assert outcomes == ["OutcomeUnknownError"] * 40


@asynccontextmanager
async def _stranger(port: int) -> AsyncIterator[list[bytes]]:
    """Stand in the web server's place with a certificate of one's own."""
    received: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(1000))
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with await asyncio.start_server(take, "127.0.0.1", port, ssl=context):
        yield received
