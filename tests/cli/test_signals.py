"""How a program is ended outside of a test: by systemd, `docker stop`, `timeout`, a closed terminal, or by SIGKILL."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from mwaa_async.emulator import Emulator, SlowToken
from tests.cli.program import CommandLine, Running, until

pytestmark = pytest.mark.anyio

SETTLE_TIME = 2.0
LONG = 40.0
NOTICE = 2.0  # seconds by which the next command may come later than it could
PROGRAMS = {
    "run": ("run", "dev", "dags", "list"),
    "trigger": ("trigger", "dev", "etl"),
    "trigger-many": ("trigger-many", "rows.csv"),
}
ENDINGS = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130}


@pytest.fixture(params=PROGRAMS.values(), ids=list(PROGRAMS))
def arguments(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("environment,dag_id\ndev,etl\ndev,report\n")
    command: tuple[str, ...] = request.param
    return ("--settle-time", str(SETTLE_TIME), *command)


def settling_long(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the arguments with a settle time that is longer than a busy machine takes to start a program."""
    return ("--settle-time", str(LONG), *arguments[2:])


@asynccontextmanager
async def started(led: CommandLine, arguments: tuple[str, ...], emulator: Emulator) -> AsyncIterator[Running]:
    """Start the program, and have its first command run."""
    async with led.started(*arguments) as process:
        await until(lambda: emulator.commands)
        yield process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
async def test_ended_with_a_request_open_it_waits_for_the_answer(
    mwaa_async: CommandLine, arguments: tuple[str, ...], number: signal.Signals
) -> None:
    async with Emulator(["dev"], airflow="2.10.3", command_time=1.0) as emulator:
        led = mwaa_async.led_to(emulator)
        async with started(led, settling_long(arguments), emulator) as process:
            process.send(number)
            lines = await process.error_lines()
            assert await process.ended() == ENDINGS[number]
        assert any("interrupted" in line for line in lines)
        assert (await led("run", "dev", "version")).returncode == 0
        assert emulator.max_running("dev") == 1
        assert [record.command for record in emulator.commands][1:] == ["version"]
        assert emulator.commands[1].start - (emulator.commands[0].end or 0.0) < LONG - 10


async def test_killed_with_a_request_open_it_leaves_the_slot_closed_for_the_settle_time(
    mwaa_async: CommandLine, arguments: tuple[str, ...]
) -> None:
    async with Emulator(["dev"], airflow="2.10.3", command_time=SETTLE_TIME * 0.9) as emulator:
        led = mwaa_async.led_to(emulator)
        async with started(led, arguments, emulator) as process, anyio.create_task_group() as tasks:
            tasks.start_soon(led, "run", "dev", "version")  # which waits behind it
            await anyio.sleep(0.5)
            process.send(signal.SIGKILL)
            killed = asyncio.get_running_loop().time()
            assert await process.ended() == -signal.SIGKILL
        assert emulator.max_running("dev") == 1
        assert [record.command for record in emulator.commands][1:] == ["version"]
        assert SETTLE_TIME <= emulator.commands[1].start - killed < SETTLE_TIME + NOTICE


@pytest.mark.parametrize("number", [*ENDINGS, signal.SIGKILL], ids=lambda number: number.name)
async def test_ended_while_aws_is_asked_for_a_token_it_keeps_nobody_waiting(
    mwaa_async: CommandLine, arguments: tuple[str, ...], number: signal.Signals
) -> None:
    async with Emulator(["dev"], airflow="2.10.3") as emulator:
        led = mwaa_async.led_to(emulator)
        emulator.faults.tokens.append(SlowToken(60))
        async with led.started(*settling_long(arguments)) as process:
            await until(lambda: not emulator.faults.tokens)
            process.send(number)
            ended = asyncio.get_running_loop().time()
            assert (await led("run", "dev", "version")).returncode == 0
            assert await process.ended() == ENDINGS.get(number, -number)
        assert [record.command for record in emulator.commands] == ["version"]
        assert emulator.commands[0].start - ended < LONG - 10


@pytest.mark.parametrize("number", [*ENDINGS, signal.SIGKILL], ids=lambda number: number.name)
async def test_ended_while_it_waits_for_its_turn_it_keeps_nobody_waiting(
    mwaa_async: CommandLine, arguments: tuple[str, ...], number: signal.Signals
) -> None:
    async with Emulator(["dev"], airflow="2.10.3", command_time=3.0) as emulator:
        led = mwaa_async.led_to(emulator)
        async with (
            started(led, ("run", "dev", "version"), emulator) as holder,
            led.started(*settling_long(arguments)) as process,
        ):
            await anyio.sleep(1.0)  # it stands in line by now, or will find out that it was ended
            process.send(number)
            assert await process.ended() == ENDINGS.get(number, -number)
            assert (await led("run", "dev", "version")).returncode == 0
            assert await holder.ended() == 0
        assert [record.command for record in emulator.commands] == ["version", "version"]
        assert emulator.max_running("dev") == 1
        assert emulator.commands[1].start - (emulator.commands[0].end or 0.0) < LONG - 10
