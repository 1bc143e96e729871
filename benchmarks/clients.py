"""The ways to run commands that are compared: the floor, hand-written clients, and this project's client."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aioboto3
import aiohttp

from mwaa_async import Guard, HostGuard, LocalGuard, MwaaClient

Run = Callable[[str], Awaitable[str]]


@asynccontextmanager
async def floor(environment: str) -> AsyncIterator[Run]:
    """One token, one keep-alive connection, nothing but the POST and the decoding: as little as there can be."""
    async with aioboto3.Session().client("mwaa") as aws, aiohttp.ClientSession(connector=_connector()) as http:
        token = await aws.create_cli_token(Name=environment)

        async def run(command: str) -> str:
            return await _post(http, token, command)

        yield run


@asynccontextmanager
async def hand_written(environment: str) -> AsyncIterator[Run]:
    """What people write: a `Semaphore(1)` around "get a token, post the command"."""
    one_at_a_time = asyncio.Semaphore(1)
    async with aioboto3.Session().client("mwaa") as aws, aiohttp.ClientSession(connector=_connector()) as http:

        async def run(command: str) -> str:
            async with one_at_a_time:
                return await _post(http, await aws.create_cli_token(Name=environment), command)

        yield run


@asynccontextmanager
async def with_local_guard(environment: str) -> AsyncIterator[Run]:
    """This project's client, sharing its rule with nobody."""
    async with _with_guard(environment, LocalGuard()) as run:
        yield run


@asynccontextmanager
async def with_host_guard(environment: str) -> AsyncIterator[Run]:
    """This project's client as it is by default, sharing its rule with every process of this host."""
    async with _with_guard(environment, HostGuard()) as run:
        yield run


@asynccontextmanager
async def _with_guard(environment: str, guard: Guard) -> AsyncIterator[Run]:
    async with MwaaClient(guard=guard) as client:
        handle = client.environment(environment)

        async def run(command: str) -> str:
            return (await handle.run(command)).stdout

        yield run


def _connector() -> aiohttp.TCPConnector:
    return aiohttp.TCPConnector(ssl=ssl.create_default_context())


async def _post(http: aiohttp.ClientSession, token: dict[str, Any], command: str) -> str:
    async with http.post(
        f"https://{token['WebServerHostname']}/aws_mwaa/cli",
        data=command,
        headers={"Authorization": f"Bearer {token['CliToken']}", "Content-Type": "text/plain"},
    ) as response:
        answer = await response.json()
    base64.b64decode(answer["stderr"]).decode()
    return base64.b64decode(answer["stdout"]).decode()


CLIENTS: dict[str, Callable[[str], AbstractAsyncContextManager[Run]]] = {
    "floor (bare aiohttp)": floor,
    "LocalGuard": with_local_guard,
    "HostGuard": with_host_guard,
    "hand-written Semaphore(1)": hand_written,
}
