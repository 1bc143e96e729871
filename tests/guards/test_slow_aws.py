"""Promise: who waits for AWS holds nobody else's slot."""

import asyncio
import time
from functools import partial
from pathlib import Path

import pytest

from mwaa_async import HostGuard, MwaaClient
from mwaa_async.emulator import Emulator, SlowToken
from tests.bulk.rows import until
from tests.guards import workers
from tests.guards.test_processes import process

pytestmark = pytest.mark.anyio

HANGS = 30.0  # seconds


@pytest.mark.parametrize("call", ["tokens", "descriptions"])
async def test_commands_run_while_aws_lets_another_process_wait(tmp_path: Path, call: str) -> None:
    async with Emulator() as emulator:
        script = getattr(emulator.faults, call)
        script.append(SlowToken(HANGS))
        with process(workers.run_commands, partial(HostGuard, tmp_path), emulator.environ(), 1) as (_, pipe):
            await until(lambda: not script)  # the other process has asked AWS
            async with MwaaClient(**emulator.client_options(), guard=HostGuard(tmp_path)) as client:
                began = time.monotonic()
                async with asyncio.timeout(HANGS):
                    for _ in range(3):
                        await client.environment("demo").run("version")
            took = time.monotonic() - began
            assert pipe.recv() == "ready"
            assert not pipe.poll()  # it waits still
        assert took < 4  # GetEnvironment is waited for 5 s
        assert [one.command for one in emulator.commands] == ["version"] * 3
