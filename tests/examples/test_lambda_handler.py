"""examples/lambda_handler.py in fresh processes, each with a /tmp of its own as on Lambda, and nowhere else to write.

They share nothing but the table of the guard, in moto's DynamoDB.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.abc import Process

from mwaa_async import DynamoDBGuard, MwaaClient
from mwaa_async._aws import AwsOptions
from mwaa_async._guards.lease.dynamodb_table import create_table
from mwaa_async.emulator import Emulator
from tests.cli.program import Running
from tests.examples.programs import EXAMPLES
from tests.guards.dynamodb.server import TABLE, DynamoDBServer

pytestmark = pytest.mark.anyio

ROOT = EXAMPLES.parent
EVENT = {"id": "e1", "detail": {"dag_id": "etl", "conf": {"day": "2026-01-01"}}}


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator(command_time=0.3) as emulator:
        yield emulator


@pytest.fixture
def table() -> Iterator[DynamoDBServer]:
    server = DynamoDBServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def function(emulator: Emulator, table: DynamoDBServer, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Make the guard's table, and return the variables of the function."""
    variables = {**table.environ(), **emulator.environ(), "MWAA_GUARD_TABLE": TABLE, "MWAA_ENVIRONMENT": "demo"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    await create_table(TABLE, AwsOptions())
    return variables


class MicroVM:
    """One execution environment: a process that is called for one event after the other."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        self._process = process
        self._stdin = process.stdin
        self._running = Running(process)

    async def loaded(self) -> None:
        assert await self._running.line() == "loaded"

    async def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        await self._stdin.send(json.dumps(event).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await self._running.line())
        return answer

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)


@asynccontextmanager
async def micro_vm(directory: Path, function: dict[str, str], **variables: str) -> AsyncIterator[MicroVM]:
    """Start one; what the user who runs it has at home, or where the function is, must stay empty."""
    home, task, tmp = directory / "home", directory / "task", directory / "tmp"
    for made, mode in ((home, 0o555), (task, 0o555), (tmp, 0o755)):
        made.mkdir(parents=True)
        made.chmod(mode)
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MWAA_ASYNC_")},
        **function,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(home),
        "TMPDIR": str(tmp),
        # On Lambda that is /tmp/mwaa-async-UID, of this microVM alone.
        "MWAA_ASYNC_LOCK_DIRECTORY": str(tmp / "locks"),
        **variables,
    }
    runtime = [sys.executable, str(ROOT / "tests" / "examples" / "lambda_runtime.py"), str(EXAMPLES)]
    async with await anyio.open_process(runtime, env=environ, cwd=task) as process:
        try:
            yield MicroVM(process)
        finally:
            process.kill()
    assert [*home.iterdir(), *task.iterdir()] == []


async def calls(vm: MicroVM, name: str) -> list[str]:
    """Call it three times in a row, so that all of them are busy at the same time for a while."""
    return [(await vm({**EVENT, "id": f"{name}-{turn}"})).get("run_id", "") for turn in range(3)]


async def test_events_at_the_same_time_send_one_command_at_a_time(
    function: dict[str, str], emulator: Emulator, tmp_path: Path
) -> None:
    async with AsyncExitStack() as vms:
        started = [
            await vms.enter_async_context(micro_vm(tmp_path / f"vm-{number}", function, **variables))
            for number, variables in enumerate([{}, {}, {"MWAA_ASYNC_LOCK_DIRECTORY": "/proc/none"}])
        ]
        for vm in started:
            await vm.loaded()
        answers = await asyncio.gather(*(calls(vm, f"{number}") for number, vm in enumerate(started)))
    assert answers == [[f"event-{number}-{turn}" for turn in range(3)] for number in range(3)]
    assert emulator.max_running("demo") == 1


async def test_an_event_that_lambda_repeats_makes_one_run_and_gives_the_lease_back(
    function: dict[str, str], emulator: Emulator, tmp_path: Path
) -> None:
    async with micro_vm(tmp_path / "vm", function) as vm:
        await vm.loaded()
        first, again = await vm(EVENT), await vm(EVENT)  # warm: in the same process, with the same event loop
        assert (first["run_id"], again["run_id"]) == ("event-e1", "event-e1")
        refused = await vm({"id": "e2", "detail": {"dag_id": "nosuch"}})
        assert refused["errorType"] == "DagNotFoundError"
        vm.freeze()
        # Nobody waits for the end of the lease, which is 30 s, of a function that is frozen.
        async with MwaaClient(guard=DynamoDBGuard(TABLE), queue_timeout=25) as client:
            await client.environment("demo").dags.trigger("etl")
    run, _ = emulator.airflow("demo").dag_runs()  # type: ignore[attr-defined]
    assert (run.run_id, run.conf) == ("event-e1", {"day": "2026-01-01"})
