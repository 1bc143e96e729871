"""What kept a connection from coming about, in words that say what to do."""

import errno
import os
import socket
import ssl
from typing import Literal, NamedTuple

from mwaa_async._transport.broken_answers import what_happened
from mwaa_async._transport.connections import Hop, Way

Kind = Literal[
    "name",
    "unreachable",
    "timeout",
    "closed",
    "other host",
    "untrusted",
    "no TLS",
    "TLS",
    "no proxy",
    "proxy login",
    "proxy",
]

# What OpenSSL's versions say of an answer that is no TLS.
_NO_TLS = frozenset(
    {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"}
)
_ENDS = frozenset({errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE})
_OTHER_HOST = frozenset({62, 64})  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH

_TUNNEL = "is the tunnel up, and does its other end reach the web server?"
_AT_HOP: dict[Hop, str] = {
    # https://docs.aws.amazon.com/mwaa/latest/userguide/configuring-networking.html
    "web server": (
        "A private web server (access mode PRIVATE_ONLY) is reached from inside its VPC only: use proxy= "
        "(--proxy socks5h://…) through a bastion host, or connect_to= (--connect-to)"
    ),
    "connect_to": f"Look at connect_to= (--connect-to): {_TUNNEL}",
    "proxy": f"Look at the proxy (proxy=, --proxy, or HTTPS_PROXY): {_TUNNEL}",
}
_ADVICE: dict[Kind, str] = {
    "untrusted": "Name the authority to trust with AWS_CA_BUNDLE, SSL_CERT_FILE or ssl_context=",
    "no TLS": (
        "MWAA's web servers are reached by https only: look at the port. "
        "A local MWAA that serves plain http is not supported; 'mwaa-async emulator' serves https"
    ),
    "TLS": "Something in between may inspect or block TLS",
    "proxy login": (
        "Put user and password into its URL, http://USER:PASSWORD@HOST:PORT, with special characters percent-encoded"
    ),
    "proxy": "The proxy must know the web server's name and reach it, as a bastion host in its VPC does",
}


class Failure(NamedTuple):
    """Why no connection came about; `detail` is what was reported of it."""

    kind: Kind
    detail: str


def advice(kind: Kind, hop: Hop) -> str:
    """Return what to do about a failure of this kind, where this was connected to."""
    if hop == "web server" and kind in ("other host", "closed"):
        return _ADVICE["TLS"]
    return _ADVICE.get(kind, _AT_HOP[hop])


def failure_of(error: Exception) -> Failure:
    """Return what an error of aiohttp's, its SOCKS connector's or the system's means."""
    from aiohttp import ClientConnectorDNSError, ClientHttpProxyError, ClientResponseError

    cause = _root(error)
    if isinstance(cause, ssl.SSLError):
        return _tls_failure(cause)
    if isinstance(error, ClientConnectorDNSError) or isinstance(cause, socket.gaierror):
        return Failure("name", str(getattr(cause, "strerror", None) or cause))
    if isinstance(error, ClientHttpProxyError):
        # Its text shows the URL of the proxy, and that may hold a password.
        detail = f"HTTP {error.status} {error.message}".rstrip()
        return Failure("proxy login" if error.status in (401, 407) else "proxy", detail)
    if isinstance(error, ClientResponseError):
        return Failure("no proxy", what_happened(error))
    if isinstance(cause, TimeoutError) and cause.errno is None:
        return Failure("timeout", "")
    if type(error).__name__ == "ProxyError":  # of aiohttp_socks, which may not be there
        return _socks_failure(str(error), getattr(error, "error_code", None))
    if isinstance(cause, OSError) and cause.errno and cause.errno not in _ENDS:
        return Failure("unreachable", os.strerror(cause.errno))
    return Failure("closed", "")


def happened(failure: Failure, way: Way, patience: float) -> str:
    """Return what happened on the way to a web server, after waiting at most `patience` seconds."""
    _, address = way.first
    where = f"the proxy {address}" if way.proxy else address
    kind, detail = failure
    match kind:
        case "name":
            return f"the name of {where} does not resolve here ({detail})"
        case "unreachable":
            return f"{where} cannot be reached ({detail})"
        case "timeout":
            return f"{where} did not {'get through' if way.proxy else 'answer'} within {patience:g} s"
        case "closed":
            return f"{where} closed the connection at once"
        case "other host":
            return f"what answers{_through(way)} is not {way.hostname} ({detail})"
        case "untrusted":
            return f"nobody who is trusted vouches for the certificate of {way.hostname}{_through(way)} ({detail})"
        case "no TLS":
            return f"what answers{_through(way)} does not speak TLS ({detail})"
        case "TLS":
            return f"TLS fails{_through(way)} ({detail})"
        case "no proxy":
            return f"{where} does not answer as such a proxy does ({detail})"
        case "proxy login":
            return f"{where} wants another login ({detail})"
        case "proxy":
            return f"{where} does not connect to {way.hostname} ({detail})"


def _through(way: Way) -> str:
    hop, address = way.first
    return f" through the proxy {address}" if hop == "proxy" else f" at {address}"


def _root(error: BaseException) -> BaseException:
    """Return the system's own error: those around it show the whole TLS context, or say the same once more."""
    inner = getattr(error, "os_error", None) or error.__cause__
    return _root(inner) if isinstance(inner, OSError) and inner is not error else error


def _socks_failure(text: str, reply: int | None) -> Failure:
    if reply is not None:
        return Failure("proxy", text)
    return Failure("proxy login" if "authentication" in text.lower() else "no proxy", text)


def _tls_failure(error: ssl.SSLError) -> Failure:
    if isinstance(error, ssl.SSLCertVerificationError):
        kind: Kind = "other host" if error.verify_code in _OTHER_HOST else "untrusted"
        return Failure(kind, f"certificate: {error.verify_message}".rstrip("."))
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Failure("closed", "")
    reason = error.reason or str(error)
    return Failure("no TLS" if reason in _NO_TLS else "TLS", reason.replace("_", " ").lower())
