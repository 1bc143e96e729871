"""The way to the web server, step by step: its name, a TCP connection, TLS. Nothing is sent."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address

from mwaa_async._attempts import NotSentError
from mwaa_async._doctor.findings import Finding, failed, not_checked, ok
from mwaa_async._transport.connect_failures import advice, failure_of, happened
from mwaa_async._transport.connections import Way
from mwaa_async._transport.web_server import Certificate, WebServer

_PATIENCE = 10.0  # seconds for each step
_ON_THE_WAY = frozenset({"name", "unreachable", "no proxy", "proxy login", "proxy"})


async def look_at_way(web_server: WebServer, way: Way) -> AsyncIterator[Finding]:
    """Yield what is found of the name, the connection and TLS."""
    try:
        addresses = await _addresses(way)
    except OSError as error:
        yield _failed_at("name", way, error)
        yield not_checked("connection", "name")
        yield not_checked("tls", "name")
        return
    yield name_found(way, addresses)
    try:
        reached = await _connect(way, addresses)
        certificate = await web_server.look(way.hostname)
    except OSError as error:
        yield _failed_at("connection", way, error)
        yield not_checked("tls", "connection")
    except NotSentError as error:
        for finding in tls_failed(way, error):
            yield finding
    else:
        yield ok("connection", f"{reached} takes connections")
        yield ok("tls", certificate_found(way, certificate))


def name_found(way: Way, addresses: Sequence[str]) -> Finding:
    """Say where the name leads, and what a private address needs."""
    host, _ = way.first_address
    told = f"{host} is {', '.join(addresses)}" if [host] != addresses else host
    if way.proxy is not None:
        return ok("name", f"the proxy {told}; it looks up {way.hostname} by itself")
    if any(_is_private(address) for address in addresses):
        told += ", private: it is reached from inside its network only, by a VPN, --proxy, or --connect-to"
    return ok("name", told)


def tls_failed(way: Way, error: NotSentError) -> tuple[Finding, Finding]:
    """Say whether it is the way or TLS that fails: a proxy takes a connection before it refuses one."""
    if error.kind in _ON_THE_WAY or (way.proxy is not None and error.kind in ("timeout", "closed")):
        return failed("connection", str(error), error.advice), not_checked("tls", "connection")
    return ok("connection", f"{way.first[1]} takes connections"), failed("tls", str(error), error.advice)


def certificate_found(way: Way, certificate: Certificate) -> str:
    """Say who vouches for the web server, and until when."""
    issuer = dict(pair for (pair, *_) in certificate.get("issuer", ()))
    by = issuer.get("organizationName") or issuer.get("commonName") or "somebody trusted"
    end = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    return f"{by} vouches for {way.hostname.partition(':')[0]} until {end:%Y-%m-%d}"


def _failed_at(check: str, way: Way, error: OSError) -> Finding:
    failure = failure_of(error)
    return failed(
        "name" if check == "name" else "connection",
        happened(failure, way, _PATIENCE),
        advice(failure.kind, way.first[0]),
    )


async def _addresses(way: Way) -> list[str]:
    host, port = way.first_address
    async with asyncio.timeout(_PATIENCE):
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=2)  # SOCK_STREAM
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def _connect(way: Way, addresses: Sequence[str]) -> str:
    """Return the first address that takes a connection, or raise the error of the last one."""
    port = way.first_address.port
    for address in addresses[:-1]:
        with suppress(OSError):
            return await _connect_to(address, port)
    return await _connect_to(addresses[-1], port)


async def _connect_to(address: str, port: int) -> str:
    async with asyncio.timeout(_PATIENCE):
        _, writer = await asyncio.open_connection(address, port)
    writer.close()
    return f"{address}, port {port},"


def _is_private(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return found.is_private and not found.is_loopback
