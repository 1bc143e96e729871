"""The ways to run commands that are compared: the floor, hand-written clients, and this project's client."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aioboto3
import aiohttp

from mwaa_async import Guard, HostGuard, LocalGuard, MwaaClient

Run = Callable[[str], Awaitable[str]]


@asynccontextmanager
async def floor(environment: str) -> AsyncIterator[Run]:
    """One token, one keep-alive connection, nothing but the POST and the decoding: as little as there can be."""
    async with aioboto3.Session().client("mwaa") as aws, aiohttp.ClientSession(connector=connector()) as http:
        token = await aws.create_cli_token(Name=environment)

        async def run(command: str) -> str:
            return await post(http, token, command)

        yield run


@asynccontextmanager
async def floor_with_tokens_ahead(environment: str) -> AsyncIterator[Run]:
    """A token for each command, fetched while the command before runs."""
    async with aioboto3.Session().client("mwaa") as aws, aiohttp.ClientSession(connector=connector()) as http:
        next_token = asyncio.create_task(aws.create_cli_token(Name=environment))

        async def run(command: str) -> str:
            nonlocal next_token
            token = await next_token
            next_token = asyncio.create_task(aws.create_cli_token(Name=environment))
            return await post(http, token, command)

        try:
            yield run
        finally:
            await next_token


@asynccontextmanager
async def hand_written(environment: str) -> AsyncIterator[Run]:
    """What people write: a `Semaphore(1)` around "get a token, post the command"."""
    one_at_a_time = asyncio.Semaphore(1)
    async with aioboto3.Session().client("mwaa") as aws, aiohttp.ClientSession(connector=connector()) as http:

        async def run(command: str) -> str:
            async with one_at_a_time:
                return await post(http, await aws.create_cli_token(Name=environment), command)

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


def connector(context: ssl.SSLContext | None = None) -> aiohttp.TCPConnector:
    """Return a connector that trusts the system."""
    return aiohttp.TCPConnector(ssl=context or ssl.create_default_context())


async def post(http: aiohttp.ClientSession, token: dict[str, Any], command: str) -> str:
    """Send one command and return its stdout."""
    async with http.post(
        f"https://{token['WebServerHostname']}/aws_mwaa/cli",
        data=command,
        headers={"Authorization": f"Bearer {token['CliToken']}", "Content-Type": "text/plain"},
    ) as response:
        answer = await response.json()
    base64.b64decode(answer["stderr"]).decode()
    return base64.b64decode(answer["stdout"]).decode()
