"""Closing a client waits for what is on the wire, also when whoever closes it is cancelled."""

import asyncio
from collections.abc import Awaitable, Callable

import anyio
import pytest

from mwaa_async import CommandResult, MwaaClient
from mwaa_async.emulator import Emulator

pytestmark = pytest.mark.anyio


async def cancelled_as_a_task(client: MwaaClient) -> None:
    closing = asyncio.create_task(client.aclose())
    await asyncio.sleep(0.05)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing


async def cancelled_by_a_scope(client: MwaaClient) -> None:
    with anyio.move_on_after(0.05) as scope:
        await client.aclose()
    assert scope.cancelled_caught


@pytest.mark.parametrize("close", [cancelled_as_a_task, cancelled_by_a_scope])
async def test_whoever_is_cancelled_while_closing_leaves_nothing_open(
    close: Callable[[MwaaClient], Awaitable[None]],
) -> None:
    async with Emulator(command_time=0.5) as emulator:
        client = await MwaaClient(**emulator.client_options()).__aenter__()
        running = asyncio.create_task(client.environment("demo").run("version"))
        while not emulator.commands:
            await asyncio.sleep(0.01)
        await close(client)
        assert emulator.commands[0].end is not None
        assert isinstance(await running, CommandResult)
        assert "not open" in repr(client)
