"""The ways to a web server that is not simply there: proxies, other addresses, and what is said where there is none."""

import asyncio
import re
import socket
import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from typing import Any, get_args

import pytest
from aiohttp import web

from mwaa_async import ConnectError, MwaaClient, MwaaError, TokenError
from mwaa_async._transport.connect_failures import Failure, Kind, advice, happened
from mwaa_async._transport.connections import Address, Hop, Way, parse_address, parse_proxy
from mwaa_async.emulator import Emulator
from tests.ways import forwarder, load_balancer, proxy_server

pytestmark = pytest.mark.anyio

NAME = "123456a0-vpce.c2.us-east-1.airflow.invalid"  # which nobody here can resolve (RFC 6761)
PASSWORD = "p@ss:w/rd"
ENCODED = "p%40ss%3Aw%2Frd"
SOCKS_AND_HTTP = pytest.mark.parametrize(("kind", "scheme"), [("socks5", "socks5h"), ("http", "http")])


# proxies


@SOCKS_AND_HTTP
async def test_a_proxy_looks_up_the_name_and_the_certificate_is_still_verified(
    emulator: Emulator, kind: str, scheme: str
) -> None:
    async with load_balancer(emulator, NAME) as balancer, proxy_server(kind, NAME) as (proxy, address):
        emulator._environments["demo"].hostname = f"{NAME}:{balancer.port}"
        async with MwaaClient(**emulator.client_options(), proxy=f"{scheme}://{address}") as client:
            for _ in range(3):
                assert (await client.environment("demo").run("version")).stdout.endswith("2.10.3\n")
        assert balancer.names == [NAME]
        assert await proxy.asked_for() == [f"{NAME}:{balancer.port}"]


@pytest.mark.parametrize("scheme", ["socks4", "socks4a", "ftp", ""])
def test_only_proxies_of_known_kinds_are_taken(scheme: str) -> None:
    if scheme.startswith("socks"):
        assert MwaaClient(proxy=f"{scheme}://127.0.0.1:1080")
    else:
        with pytest.raises(ValueError, match="socks5h://"):
            MwaaClient(proxy=f"{scheme}://127.0.0.1:21" if scheme else "127.0.0.1:21")


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http://:3128",
        f"http://user:{PASSWORD}@host:1",
        "socks5h://user:p#ss@host:1",
        "http://host:70000",
        "http://host:0",
        "http://host:hush",
        "http://host/p@ss",
        "http://[::1",
        "socks5h://user:p?ss@host",
    ],
)
def test_a_proxy_that_is_no_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="percent-encoded") as caught:
        MwaaClient(proxy=url)
    shown = "".join(traceback.format_exception(caught.value))
    assert "p@ss" not in str(caught.value) and "hush" not in str(caught.value) and "w/rd" not in str(caught.value)
    assert "During handling" not in shown


def test_a_proxy_without_a_port_has_that_of_its_scheme() -> None:
    assert [parse_proxy(f"{scheme}://host").address.port for scheme in ("http", "https", "socks5h")] == [80, 443, 1080]


@SOCKS_AND_HTTP
async def test_credentials_of_a_proxy_work_and_are_never_shown(emulator: Emulator, kind: str, scheme: str) -> None:
    login = "user:secret"
    async with proxy_server(kind, login=login) as (proxy, address):
        async with MwaaClient(**emulator.client_options(), proxy=f"{scheme}://{login}@{address}") as client:
            assert await client.environment("demo").run("version")
            assert "secret" not in repr(client) + repr(client._route) + repr(client._queues)
        async with MwaaClient(**emulator.client_options(), proxy=f"{scheme}://user:wrong@{address}") as client:
            with pytest.raises(ConnectError, match="wants another login") as caught:
                await client.environment("demo").run("version")
        assert await proxy.asked_for() == [emulator.web_server_url("demo").removeprefix("https://")]
    shown = "".join(traceback.format_exception(caught.value))
    assert caught.value.ran is False
    assert "wrong@" not in shown and ":wrong" not in shown


async def test_special_characters_of_a_password_are_percent_encoded(emulator: Emulator) -> None:
    reader_saw: list[bytes] = []

    async def see(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # RFC 1928 and 1929: the server chooses user and password, which then come with their lengths.
        await reader.readexactly(4)
        writer.write(b"\x05\x02")
        reader_saw.append(await reader.readexactly(3 + len("user") + len(PASSWORD)))
        writer.write(b"\x01\x01")
        writer.close()

    server = await asyncio.start_server(see, "127.0.0.1", 0)
    async with server:
        url = f"socks5h://user:{ENCODED}@127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with MwaaClient(**emulator.client_options(), proxy=url) as client:
            with pytest.raises(ConnectError, match="percent-encoded") as caught:
                await client.environment("demo").run("version")
    assert reader_saw[0].endswith(PASSWORD.encode())
    assert PASSWORD not in str(caught.value) and ENCODED not in str(caught.value)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize("scheme", ["socks5h", "socks5", "http", ""])
async def test_https_proxy_leads_aws_and_the_web_server_through_it_unless_no_proxy_says_otherwise(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, variable: str, scheme: str
) -> None:
    for name in ("no_proxy", "NO_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    async with proxy_server("socks5" if scheme.startswith("socks") else "http") as (proxy, address):
        monkeypatch.setenv(variable, f"{scheme}://{address}" if scheme else address)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        async with MwaaClient(**emulator.client_options()) as client:
            await client.environment("demo", airflow_version="2.10.5").run("version")
        monkeypatch.setenv("NO_PROXY", "")
        async with MwaaClient(**emulator.client_options()) as client:
            await client.environment("demo", airflow_version="2.10.5").run("version")
        urls = [emulator.endpoint_url, emulator.web_server_url("demo")]
        assert await proxy.asked_for() == [url.removeprefix("https://") for url in urls]


async def test_all_proxy_is_for_web_servers_as_it_is_for_curl(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    async with proxy_server("socks5") as (proxy, address):
        monkeypatch.setenv("ALL_PROXY", f"socks5h://{address}")
        async with MwaaClient(**emulator.client_options()) as client:
            await client.environment("demo").run("version")
        assert await proxy.asked_for() == [emulator.web_server_url("demo").removeprefix("https://")]


def test_a_socks_proxy_without_the_extra_is_an_import_error_of_the_constructor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp_socks", None)
    with pytest.raises(ImportError, match=r"mwaa-async\[socks\]"):
        MwaaClient(proxy="socks5h://127.0.0.1:1")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("socks5h://u:hush@127.0.0.1:1", r"mwaa-async\[socks\]"),
        ("socks5h://u:hush@:x", "HTTPS_PROXY"),
        ("http://u:hu/hush@127.0.0.1:1", "percent-encoded"),
        ("ftp://u:hush@127.0.0.1:1", "not ftp://…"),
    ],
)
@pytest.mark.parametrize(("no_proxy", "error"), [("", TokenError), ("127.0.0.1", ConnectError)])
async def test_an_environment_variable_with_a_proxy_that_cannot_be_used_is_told_when_a_command_runs(
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    said: str,
    no_proxy: str,
    error: type[MwaaError],
) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp_socks", None)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", no_proxy)
    monkeypatch.setenv("HTTPS_PROXY", url)
    environment = emulator._environments["demo"]
    environment.hostname = environment.hostname.replace("127.0.0.1", "localhost")  # for which there is no exception
    async with MwaaClient(**emulator.client_options()) as client:
        with pytest.raises(error, match=said) as caught:
            await client.environment("demo").run("version")
    assert (caught.value.ran, caught.value.environment, caught.value.command) == (False, "demo", "version")
    assert "hush" not in "".join(traceback.format_exception(caught.value))
    assert not emulator.commands


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_a_proxy_that_is_not_there_is_told_and_nothing_has_run(emulator: Emulator, scheme: str) -> None:
    async with MwaaClient(**emulator.client_options(), proxy=f"{scheme}://127.0.0.1:1") as client:
        with pytest.raises(ConnectError, match=r"127\.0\.0\.1:1") as caught:
            await client.environment("demo").run("dags trigger demo")
    assert caught.value.ran is False
    assert not emulator.commands


# other addresses


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("127.0.0.1", "localhost"), ("::1", "[::1]")])
async def test_connect_to_changes_the_address_and_nothing_else(emulator: Emulator, host: str, shown: str) -> None:
    async with load_balancer(emulator, NAME) as balancer, forwarder(balancer.port, host=host) as tunnel:
        options: dict[str, Any] = {**emulator.client_options(), "connect_to": f"{shown}:{tunnel.port}"}
        async with MwaaClient(**options) as client:
            for _ in range(3):
                assert (await client.environment("demo").run("version")).stdout.endswith("2.10.3\n")
    assert tunnel.connections == balancer.connections == 1
    assert balancer.names == [NAME]
    assert balancer.received.count(f"Host: {NAME}\r\n".encode()) == 3
    assert b"Host" not in tunnel.received  # it is TLS that goes through the tunnel


async def test_connect_to_goes_there_also_where_the_web_server_is_known_by_a_number(emulator: Emulator) -> None:
    web_server = emulator.web_server_url("demo")
    async with forwarder(int(web_server.rpartition(":")[2])) as tunnel:
        options: dict[str, Any] = {**emulator.client_options(), "connect_to": f"127.0.0.1:{tunnel.port}"}
        async with MwaaClient(**options) as client:
            assert await client.environment("demo").run("version")
    assert tunnel.connections == 1


async def test_who_answers_there_with_another_name_gets_nothing(emulator: Emulator) -> None:
    async with load_balancer(emulator, NAME, certificate_of="other.invalid") as other:
        options: dict[str, Any] = {**emulator.client_options(), "connect_to": f"127.0.0.1:{other.port}"}
        async with MwaaClient(**options) as client:
            with pytest.raises(ConnectError, match=rf"is not {NAME} .*certificate.*Look at connect_to=") as caught:
                await client.environment("demo").run("version")
    assert caught.value.ran is False
    assert other.names == [NAME] * 4
    assert not other.received
    assert not emulator.commands


async def test_connect_to_needs_no_proxy_of_the_environment_variables(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with load_balancer(emulator, NAME) as balancer:
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("NO_PROXY", emulator.endpoint_url.removeprefix("https://"))
        monkeypatch.delenv("no_proxy", raising=False)
        options: dict[str, Any] = {**emulator.client_options(), "connect_to": f"127.0.0.1:{balancer.port}"}
        async with MwaaClient(**options) as client:
            assert await client.environment("demo").run("version")


def test_proxy_and_connect_to_at_once_are_refused() -> None:
    with pytest.raises(ValueError, match="give one of them"):
        MwaaClient(proxy="http://127.0.0.1:3128", connect_to="127.0.0.1:8443")


@pytest.mark.parametrize(
    "text",
    [
        *("", "host", "host:", ":443", "host:0", "host:65536", "host:-1", "host:443 ", " host:443", "host:https"),
        *("::1:443", "[::1]", "[::1]443", "[host]:443", "[:::]:443", "https://host:443", "user@host:443", "host:443/"),
    ],
)
def test_an_address_without_host_or_port_is_refused_and_the_form_is_shown(text: str) -> None:
    with pytest.raises(ValueError, match=r"HOST:PORT, such as localhost:8443 or \[::1\]:8443"):
        MwaaClient(connect_to=text)


def test_addresses_are_written_as_they_are_read() -> None:
    for text in ("localhost:8443", "10.0.0.1:1", "[::1]:65535", "vpce-0a-b_c.example.com:443"):
        assert str(parse_address(text)) == text


async def test_a_web_server_that_has_moved_is_found_where_aws_says_and_on_its_own_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with proxy_server("socks5") as (proxy, address), Emulator(single_use_tokens=True) as emulator:
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("HTTPS_PROXY", f"socks5h://{address}")
        environment = emulator._environments["demo"]
        new = environment.hostname
        environment.hostname = old = new.replace("127.0.0.1", "localhost")
        async with MwaaClient(**emulator.client_options()) as client:
            demo = client.environment("demo")
            await demo.run("version")
            environment.hostname = new
            await demo.run("version")  # with a token that is good once only, so that AWS is asked again
            await demo.run("version")
        assert emulator.connections("demo") == 2
        assert await proxy.asked_for() == [old]


# what is said where there is no way


async def test_a_name_that_does_not_resolve_is_told_with_the_ways_to_a_private_web_server(emulator: Emulator) -> None:
    error = await _error(emulator, NAME)
    assert f"{NAME} does not resolve here" in error
    assert "PRIVATE_ONLY" in error and "--proxy socks5h://…" in error and "--connect-to" in error


async def test_a_connection_that_is_refused_is_told_with_the_ways_to_a_private_web_server(emulator: Emulator) -> None:
    error = await _error(emulator, "127.0.0.1:1")
    assert "127.0.0.1:1 cannot be reached (Connection refused)" in error
    assert "PRIVATE_ONLY" in error


@pytest.mark.parametrize("through", [{}, {"proxy": "http://{}"}, {"proxy": "socks5h://{}"}, {"connect_to": "{}"}])
async def test_who_never_answers_is_told(emulator: Emulator, through: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        way = {name: value.format(address) for name, value in through.items()}
        error = await _error(emulator, address, command_timeout=0.3, **way)
    assert f"{address} did not {'get through' if 'proxy' in way else 'answer'} within 0.3 s" in error


@pytest.mark.parametrize("through", ["address", "connect_to", "http", "socks5h"])
async def test_a_web_server_of_plain_http_is_told_as_that(emulator: Emulator, through: str) -> None:
    async with _plain_http() as port:
        if through == "address":
            error = await _error(emulator, f"127.0.0.1:{port}")
        elif through == "connect_to":
            error = await _error(emulator, NAME, connect_to=f"127.0.0.1:{port}")
        else:
            async with proxy_server(through.removesuffix("h"), NAME) as (_, address):
                error = await _error(emulator, f"{NAME}:{port}", proxy=f"{through}://{address}")
    assert "does not speak TLS" in error
    assert "plain http is not supported" in error


@pytest.mark.parametrize(
    ("scheme", "said"),
    [("http", r"does not connect to .* \(HTTP 40\d"), ("socks5h", "does not answer as such a proxy does")],
)
async def test_what_is_no_proxy_is_told(emulator: Emulator, scheme: str, said: str) -> None:
    async with _plain_http() as port:
        error = await _error(emulator, NAME, proxy=f"{scheme}://127.0.0.1:{port}")
    assert re.search(said, error)


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_a_proxy_that_hangs_up_is_told(emulator: Emulator, scheme: str) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        error = await _error(emulator, NAME, proxy=f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert "closed the connection at once" in error


@SOCKS_AND_HTTP
async def test_a_proxy_that_does_not_reach_the_web_server_is_told(emulator: Emulator, kind: str, scheme: str) -> None:
    async with proxy_server(kind) as (_, address):
        error = await _error(emulator, f"{NAME}:443", proxy=f"{scheme}://{address}")
    assert f"the proxy {address} does not connect to {NAME}:443" in error
    assert "a bastion host in its VPC" in error


@pytest.mark.parametrize("through", [{"proxy": "http://{}:1"}, {"proxy": "socks5h://{}:1"}, {"connect_to": "{}:1"}])
async def test_the_name_that_does_not_resolve_is_the_one_that_was_looked_up(
    emulator: Emulator, through: dict[str, str]
) -> None:
    error = await _error(emulator, "127.0.0.1:1", **{name: value.format(NAME) for name, value in through.items()})
    assert f"{NAME}:1 does not resolve here" in error
    assert f"Look at {'the proxy' if 'proxy' in through else 'connect_to='}" in error


def test_every_failure_is_told_in_short_sentences_that_say_what_to_do() -> None:
    address, proxy = Address("host", 1), parse_proxy("socks5h://user:hush@host:1")
    ways: dict[Hop, Way] = {
        "web server": Way("name"),
        "connect_to": Way("name", connect_to=address),
        "proxy": Way("name", proxy),
    }
    for kind, hop in product(get_args(Kind), get_args(Hop)):
        text, todo = happened(Failure(kind, "detail"), ways[hop], 10.0), advice(kind, hop)
        assert ("detail" in text) is (kind not in ("timeout", "closed"))
        assert 10 < len(todo) <= 200 and todo.count(". ") <= 1 and not todo.endswith(".")
        assert "hush" not in text + todo + repr(ways[hop])


async def _error(emulator: Emulator, hostname: str, **options: Any) -> str:
    """Return what is said where AWS names this web server, which cannot be reached."""
    emulator._environments["demo"].hostname = hostname
    async with MwaaClient(**{**emulator.client_options(), **options}) as client:
        with pytest.raises(ConnectError) as caught:
            await client.environment("demo", airflow_version="2.10.5").run("dags trigger demo")
    assert caught.value.ran is False
    assert "'dags trigger demo' has not run" in str(caught.value)
    assert "SSLContext" not in str(caught.value)
    return str(caught.value)


@asynccontextmanager
async def _plain_http() -> AsyncIterator[int]:
    """Serve plain HTTP, as other local MWAAs do."""
    runner = web.AppRunner(web.Application(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
