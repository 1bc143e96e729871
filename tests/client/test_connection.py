"""The way to the web server: trust, proxies, and keep-alive connections that die."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trustme

from mwaa_async import ConnectError, MwaaClient, TokenError
from mwaa_async.emulator import CutConnection, Emulator

pytestmark = pytest.mark.anyio

Handshake = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[tuple[str, int]]]


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


async def test_an_http_proxy_is_used_with_the_certificate_still_verified(emulator: Emulator) -> None:
    async with (
        _proxy(_http_handshake) as (port, targets),
        MwaaClient(**emulator.client_options(), proxy=f"http://127.0.0.1:{port}") as client,
    ):
        assert await client.environment("demo").run("version")
    assert targets == [emulator.web_server_url("demo").removeprefix("https://")]


async def test_a_socks_proxy_is_used_and_looks_up_the_name_itself(emulator: Emulator) -> None:
    async with (
        _proxy(_socks_handshake) as (port, targets),
        MwaaClient(**emulator.client_options(), proxy=f"socks5h://127.0.0.1:{port}") as client,
    ):
        assert await client.environment("demo").run("version")
        assert await client.environment("demo").run("version")
    assert targets == [emulator.web_server_url("demo").removeprefix("https://")]


async def test_https_proxy_and_no_proxy_are_honoured(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    async with _proxy(_http_handshake) as (port, targets):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        async with MwaaClient(**emulator.client_options()) as client:
            await client.environment("demo").run("version")
        assert not targets
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.delenv("no_proxy", raising=False)
        async with MwaaClient(**emulator.client_options()) as client:
            await client.environment("demo").run("version")
    assert targets[-1] == emulator.web_server_url("demo").removeprefix("https://")


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_a_proxy_that_is_not_there_is_told_and_nothing_has_run(emulator: Emulator, scheme: str) -> None:
    async with MwaaClient(**emulator.client_options(), proxy=f"{scheme}://127.0.0.1:1") as client:
        with pytest.raises(ConnectError, match=r"127\.0\.0\.1:1") as caught:
            await client.environment("demo").run("dags trigger demo")
    assert caught.value.ran is False
    assert not emulator.commands


def test_a_proxy_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="socks5h://"):
        MwaaClient(proxy="ftp://127.0.0.1:21")


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


@asynccontextmanager
async def _proxy(handshake: Handshake) -> AsyncIterator[tuple[int, list[str]]]:
    """Serve a proxy that remembers where it was asked to connect to."""
    targets: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = await handshake(reader, writer)
        targets.append(f"{host}:{port}")
        there, back = await asyncio.open_connection(host, port)
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], targets


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    except ConnectionError:
        return
    finally:
        writer.close()


async def _http_handshake(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    request = await reader.readuntil(b"\r\n\r\n")
    host, _, port = request.split()[1].decode().partition(":")
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    return host, int(port)


async def _socks_handshake(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    await reader.readexactly((await reader.readexactly(2))[1])
    writer.write(b"\x05\x00")
    *_, kind = await reader.readexactly(4)
    if kind == 1:
        host = ".".join(str(byte) for byte in await reader.readexactly(4))
    else:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
    port = int.from_bytes(await reader.readexactly(2))
    writer.write(b"\x05\x00\x00\x01" + bytes(6))
    return host, port
