"""A guard on DynamoDB from the command line: its table, a command that it lets through, and who has the slot."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from mwaa_async import EnvironmentId
from mwaa_async.emulator import Emulator
from tests.cli.program import CommandLine, only_line
from tests.guards.dynamodb.server import DynamoDBServer
from tests.guards.redis.hosts import host

pytestmark = pytest.mark.anyio


@pytest.fixture
def mwaa_async(empty_server: DynamoDBServer, tmp_path: Path) -> CommandLine:
    return CommandLine(
        {**os.environ, **empty_server.environ(), "MWAA_ASYNC_LOCK_DIRECTORY": str(tmp_path), "COLUMNS": "200"}
    )


async def test_the_table_is_made_once_and_a_command_takes_its_turn_by_it(
    mwaa_async: CommandLine, empty_server: DynamoDBServer, emulator: Emulator
) -> None:
    command = ("run", "demo", "version")
    program = mwaa_async.led_to(emulator)
    done = await program("--guard", "dynamodb://guards", *command)
    assert done.returncode == 3
    assert "mwaa-async guard create-table guards" in only_line(done.stderr)
    for said in ("the table guards is ready", "the table guards was there, and is ready"):
        done = await program("guard", "create-table", "guards")
        assert (done.returncode, only_line(done.stderr)) == (0, f"mwaa-async: {said}")
    empty_server.asked.clear()
    done = await program("--guard", "dynamodb://guards", *command)
    assert done.returncode == 0, done.stderr
    assert empty_server.asked["UpdateItem"] == 2


async def test_the_region_in_the_url_comes_before_that_of_the_mwaa_environment(
    mwaa_async: CommandLine, emulator: Emulator
) -> None:
    program = mwaa_async.led_to(emulator)
    assert (await program("--region", "eu-west-3", "guard", "create-table", "guards")).returncode == 0
    done = await program("--guard", "dynamodb://guards?region=eu-west-3", "run", "demo", "version")
    assert done.returncode == 0, done.stderr


async def test_the_status_tells_who_has_the_slot_and_since_when_and_who_waits(
    mwaa_async: CommandLine, server: DynamoDBServer, tmp_path: Path
) -> None:
    environment = EnvironmentId("aws", "eu-west-1", "demo")
    holds, waits = host(server.url, tmp_path / "a"), host(server.url, tmp_path / "b")
    words = ("guard", "status", "demo", "--guard", "dynamodb://guards")
    assert (await mwaa_async(*words)).stdout == b"demo: the slot is free\n"
    slot = await holds.acquire(environment)
    waiting = asyncio.create_task(waits.acquire(environment))
    while not (await holds.look(environment)).line:
        await asyncio.sleep(0.05)
    first, second = (await mwaa_async(*words)).stdout.decode().splitlines()
    assert first.startswith(f"demo: process {os.getpid()} of ")
    assert "has the slot, for " in first
    assert second.startswith(f"1. in line: process {os.getpid()} of ")
    told = json.loads((await mwaa_async(*words, "--json")).stdout)
    assert told["held_for"] < 30
    assert len(told["line"]) == 1
    await slot.release()
    await (await waiting).release()


async def test_the_status_of_a_guard_of_one_process_cannot_be_looked_at(mwaa_async: CommandLine) -> None:
    done = await mwaa_async("guard", "status", "demo", "--guard", "local")
    assert (done.returncode, done.stdout) == (2, b"")


async def test_the_host_has_a_status_too(mwaa_async: CommandLine) -> None:
    assert (await mwaa_async("guard", "status", "demo")).stdout == b"demo: the slot is free\n"


@pytest.mark.parametrize(
    "url", ["dynamodb://", "dynamodb://a b c", "dynamodb://key:hush@guards", "dynamodb://guards?lease=hush"]
)
async def test_what_names_no_table_is_wrong_usage_and_shows_no_secret(mwaa_async: CommandLine, url: str) -> None:
    done = await mwaa_async("--guard", url, "run", "demo", "version")
    assert done.returncode == 2
    assert "hush" not in only_line(done.stderr)
