"""How the plugin opens a client for a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mwaa_async import MwaaClient
    from mwaa_async.emulator import Emulator

# An emulator that cuts a connection is done with the command, unless a test asks it to run on.
_SETTLE_TIME = 0.1


@asynccontextmanager
async def opened_client(emulator: "Emulator") -> "AsyncIterator[MwaaClient]":
    """Have an open client of this emulator."""
    from mwaa_async import MwaaClient

    async with MwaaClient(**emulator.client_options(), settle_time=_SETTLE_TIME) as client:
        try:
            yield client
        finally:
            # What the test has left running would keep the client from closing.
            await emulator.finish_commands()
