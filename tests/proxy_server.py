"""A real proxy server in a process of its own, which knows names that nobody else does, as a bastion host in a VPC.

`python -m tests.proxy_server socks5|http USER:PASSWORD NAME…` prints its port, and then each address that it is asked
to connect to. The names are those of this machine.
"""

import logging
import socket
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

import anyio
from tiny_proxy import HttpProxyHandler, Socks5ProxyHandler


def lead_home(names: list[str]) -> None:
    """Let the names be known in this process."""
    lookup = socket.getaddrinfo

    def getaddrinfo(host: str | bytes, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        return lookup("127.0.0.1" if name in names else host, *arguments, **options)

    socket.getaddrinfo = getaddrinfo  # type: ignore[assignment]  # its own type names every address family


def print_targets() -> None:
    """Print what the proxy logs of a request: `CONNECT ('127.0.0.1', 40000) -> ('name', 443)`."""

    class Targets(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage().startswith("CONNECT"):
                host, port = record.getMessage().rpartition("-> ")[2].strip("()").split(", ")
                print(f"{host.strip(chr(39))}:{port}", flush=True)

    logger = logging.getLogger("tiny_proxy")
    logger.addHandler(Targets())
    logger.setLevel(logging.INFO)


async def serve(kind: str, login: Mapping[str, str]) -> None:
    """Serve until the process is ended."""
    handler = {"socks5": Socks5ProxyHandler, "http": HttpProxyHandler}[kind](**login)
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    print(listener.extra(anyio.abc.SocketAttribute.local_port), flush=True)
    await listener.serve(handler.handle)


if __name__ == "__main__":
    kind, login, *names = sys.argv[1:]
    lead_home(names)
    print_targets()
    anyio.run(partial(serve, kind, dict(zip(("username", "password"), login.split(":"), strict=True))))
