"""examples/two_hosts: the commands of its README, with ports that are free."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import anyio
import pytest
import yaml

from mwaa_async.emulator import Emulator
from tests.examples.programs import EXAMPLES
from tests.guards.dynamodb.server import DynamoDBServer
from tests.guards.redis.server import free_port

pytestmark = pytest.mark.anyio

DIRECTORY = EXAMPLES / "two_hosts"
WITH_REDIS, WITHOUT_ACCOUNT, WITH_DYNAMODB = re.findall(
    r"^```sh\n(.*?)^```", (DIRECTORY / "README.md").read_text(), re.DOTALL | re.MULTILINE
)


async def shell(script: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """Run what somebody has copied from the README, and return the lines that it prints."""
    # Each line of a worker is one write, unless somebody wants Python unbuffered.
    environ = {**os.environ, "PYTHONUNBUFFERED": "", **(environ or {})}
    done = await anyio.run_process(["bash", "-e", "-c", script], check=False, cwd=DIRECTORY, env=environ, stderr=None)
    assert done.returncode == 0
    return done.stdout.decode().splitlines()


def assert_one_at_a_time(lines: Sequence[str], runs: int = 5) -> None:
    requests = sorted(line.split() for line in lines if re.match(r"\d\d:\d\d:\d\d\.", line))
    hosts = [host for _, _, host in requests]
    assert (hosts.count("a"), hosts.count("b")) == (runs, runs)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(requests)), requests


@pytest.fixture
def table() -> Iterator[DynamoDBServer]:
    server = DynamoDBServer()
    server.start()
    yield server
    server.stop()


async def test_they_send_one_at_a_time_with_redis_by_the_commands_of_the_readme() -> None:
    assert "6390" in WITH_REDIS
    assert_one_at_a_time(await shell(WITH_REDIS.replace("6390", str(free_port()))))


async def test_they_send_one_at_a_time_with_dynamodb_by_the_commands_of_the_readme(table: DynamoDBServer) -> None:
    assert "AWS_ENDPOINT_URL_DYNAMODB" in WITHOUT_ACCOUNT  # which starts what the table is in here
    beginning, emulated, commands = WITH_DYNAMODB.partition("mwaa-async emulator --command-time 0.3 -- ")
    assert emulated
    async with Emulator(command_time=0.3) as emulator:  # the same one, which this test can ask
        lines = await shell(beginning + commands, {**table.environ(), **emulator.environ()})
        assert_one_at_a_time(lines)
        assert (emulator.max_running("demo"), len(emulator.commands)) == (1, 10)


def test_the_containers_share_a_guard_and_no_host_has_more_than_it() -> None:
    composed: dict[str, Any] = yaml.safe_load((DIRECTORY / "compose.yaml").read_text())
    redis, *workers = (composed["services"][name] for name in ("redis", "worker-a", "worker-b"))
    assert {worker["environment"]["MWAA_ASYNC_GUARD"] for worker in workers} == {"redis://redis:6379"}
    assert not any("volumes" in worker for worker in workers)
    assert "noeviction" in redis["command"]
    assert [worker["command"].split()[:2] for worker in workers] == [["python", "/worker.py"]] * 2
