"""The way to a web server: straight, at another address, or through a proxy."""

import re
import ssl
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

if TYPE_CHECKING:
    from aiohttp import BaseConnector
    from yarl import URL

_SOCKS = ("socks4", "socks4a", "socks5", "socks5h")
# What curl takes where a proxy's URL names none.
_PORTS = {"http": 80, "https": 443, **dict.fromkeys(_SOCKS, 1080)}
_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9_.-]+)):(?P<port>[0-9]{1,5})")


class Address(NamedTuple):
    """Where a TCP connection goes."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy. Its URL may hold a password, and is not shown."""

    scheme: str
    address: Address
    url: str = field(repr=False)

    @property
    def is_socks(self) -> bool:
        """Tell whether it speaks SOCKS, and not HTTP."""
        return self.scheme in _SOCKS


Hop = Literal["web server", "connect_to", "proxy"]


@dataclass(frozen=True, slots=True)
class Way:
    """The way to the web server that AWS calls `hostname`."""

    hostname: str
    proxy: Proxy | None = None
    connect_to: Address | None = None

    @property
    def first(self) -> tuple[Hop, str]:
        """Return to whom the TCP connection goes, and where that is."""
        if self.proxy is not None:
            return "proxy", str(self.proxy.address)
        if self.connect_to is not None:
            return "connect_to", str(self.connect_to)
        return "web server", self.hostname

    @property
    def first_address(self) -> Address:
        """Return the address that the TCP connection goes to."""
        if self.proxy is not None:
            return self.proxy.address
        if self.connect_to is not None:
            return self.connect_to
        host, _, port = self.hostname.partition(":")
        return Address(host, int(port or 443))

    def url(self, path: str) -> "URL":
        """Return the URL of a request. Its host is the one that is connected to."""
        return _url(self.hostname if self.connect_to is None else str(self.connect_to), path)

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that keep the web server's name where another address is connected to."""
        return {} if self.connect_to is None else {"Host": self.hostname}

    @property
    def options(self) -> dict[str, Any]:
        """Return what aiohttp has to know for a request to go this way; the connector knows a SOCKS proxy."""
        options: dict[str, Any] = {}
        if self.proxy is not None and not self.proxy.is_socks:
            options["proxy"] = self.proxy.url
        if self.connect_to is not None:
            options["server_hostname"] = self.hostname.partition(":")[0]  # for SNI and the certificate
        return options


@dataclass(frozen=True, slots=True)
class Route:
    """How the web servers of a client are reached. Raises `ValueError` where it says two things at once."""

    proxy: Proxy | None = None
    connect_to: Address | None = None

    def __post_init__(self) -> None:
        if self.proxy is not None and self.connect_to is not None:
            raise ValueError("proxy and connect_to both say where to connect to: give one of them")

    def to(self, hostname: str) -> Way:
        """Return the way to a web server: what the user said, or else what the environment variables say.

        Raises `ValueError` or `ImportError` where these name a proxy that cannot be used.
        """
        if self.proxy is None and self.connect_to is None:
            return Way(hostname, _proxy_from_environment(hostname))
        return Way(hostname, self.proxy, self.connect_to)


def parse_address(text: str) -> Address:
    """Return the address that `connect_to` names. Raises `ValueError`."""
    found = _ADDRESS.fullmatch(text)
    if found is None or not _is_port(int(found["port"])) or (found["v6"] and not _is_v6(found["v6"])):
        raise ValueError(f"connect_to must be HOST:PORT, such as localhost:8443 or [::1]:8443, not {text!r}")
    return Address(found["v6"] or found["name"], int(found["port"]))


def parse_proxy(url: str, called: str = "proxy") -> Proxy:
    """Return the proxy that a URL names.

    Raises `ValueError` for what is no URL of a proxy, without the password that it may hold, and `ImportError` for
    SOCKS without the extra.
    """
    scheme, separator, _ = url.partition("://")
    if not separator or scheme.lower() not in _PORTS:
        found = f"not {scheme}://…" if separator else "and it begins otherwise"
        raise ValueError(f"{called} must be http://HOST:PORT or socks5h://HOST:PORT, {found}")
    try:
        address = _address(urlsplit(url))
    except ValueError:
        raise ValueError(
            f"{called} must be {scheme}://HOST:PORT or {scheme}://USER:PASSWORD@HOST:PORT, "
            "with special characters of the password percent-encoded, and it is not"
        ) from None
    proxy = Proxy(scheme.lower(), address, url)
    if proxy.is_socks and find_spec("aiohttp_socks") is None:
        raise ImportError(f"{called} is a SOCKS proxy, which needs the extra 'socks': pip install 'mwaa-async[socks]'")
    return proxy


def proxy_of_variable(variable: str, url: str | None) -> Proxy | None:
    """Return the proxy that an environment variable names; without a scheme it is an HTTP proxy.

    Raises `ValueError` or `ImportError` as `parse_proxy` does.
    """
    if not url:
        return None
    return parse_proxy(url if "://" in url else f"http://{url}", variable)


def connector(ssl_context: ssl.SSLContext, proxy: Proxy | None, *, limit: int) -> "BaseConnector":
    """Return the connector for a way; an HTTP proxy is told with each request."""
    import aiohttp

    if proxy is None or not proxy.is_socks:
        return aiohttp.TCPConnector(ssl=ssl_context, limit=limit)
    from aiohttp_socks import ProxyConnector, ProxyType

    parts = urlsplit(proxy.url)
    return ProxyConnector(
        *proxy.address,
        proxy_type=ProxyType.SOCKS5 if "5" in proxy.scheme else ProxyType.SOCKS4,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        rdns=True,  # the name of a private web server is often known where the proxy is, and only there
        ssl=ssl_context,
        limit=limit,
    )


def _address(parts: SplitResult) -> Address:
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("a proxy is a host and a port")
    port = _PORTS[parts.scheme] if parts.port is None else parts.port
    if not _is_port(port):
        raise ValueError("no such port")
    return Address(parts.hostname, port)


def _is_port(number: int) -> bool:
    return 0 < number < 65536


def _is_v6(text: str) -> bool:
    try:
        return bool(IPv6Address(text))
    except ValueError:
        return False


def _proxy_from_environment(hostname: str) -> Proxy | None:
    from urllib.request import getproxies, proxy_bypass

    # Each is a walk through all environment variables. curl and requests know ALL_PROXY, too; AWS's SDK does not.
    proxies = getproxies()
    variable = next((name for name in ("https", "all") if proxies.get(name)), None)
    if variable is None or proxy_bypass(hostname):
        return None
    return proxy_of_variable(f"{variable.upper()}_PROXY", proxies[variable])


@lru_cache
def _url(host: str, path: str) -> "URL":
    from yarl import URL

    return URL(f"https://{host}{path}")
