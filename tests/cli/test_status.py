"""What is waited for is said on a terminal, in one line that goes away again; elsewhere the log has it."""

from pathlib import Path

import pytest

from mwaa_async.emulator import CutConnection, Emulator, SlowAnswer, SlowToken, StatusAnswer
from tests.cli.program import CommandLine, until
from tests.cli.terminal import terminal

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("columns", [80, 200])
async def test_a_terminal_shows_what_is_waited_for_in_one_line_that_goes_away(
    mwaa_async: CommandLine, columns: int
) -> None:
    async with Emulator(mwaa_logs=False) as emulator:
        emulator.faults.tokens.append(SlowToken(2.0))
        emulator.faults.commands.append(SlowAnswer(2.0))
        async with terminal(mwaa_async.led_to(emulator).environ, "run", "demo", "version", columns=columns) as screen:
            await screen.shows(r"demo: asking AWS for a token, since 1 s")
            await screen.shows(r"demo: waiting for the answer, since 1 s")
            assert len(screen.lines) == 1
            assert await screen.ended() == 0
    assert screen.lines == ["2.10.3"]


async def test_a_terminal_names_the_process_that_has_the_slot(mwaa_async: CommandLine) -> None:
    async with (
        Emulator(command_time=3.0) as emulator,
        mwaa_async.led_to(emulator).started("run", "demo", "version") as first,
    ):
        await until(lambda: emulator.commands)
        async with terminal(mwaa_async.led_to(emulator).environ, "run", "demo", "dags list") as screen:
            await screen.shows(rf"demo: waiting for process {first.pid} of this host, since \d s")
            assert await screen.ended() == 0


async def test_a_terminal_counts_down_until_the_next_attempt(mwaa_async: CommandLine) -> None:
    async with Emulator(mwaa_logs=False) as emulator:
        emulator.faults.commands.append(CutConnection())
        arguments = ("--settle-time", "4", "run", "demo", "version")
        async with terminal(mwaa_async.led_to(emulator).environ, *arguments) as screen:
            await screen.shows(r"demo: waiting for the next attempt, 3 s left")
            await screen.shows(r"demo: waiting for the next attempt, 1 s left")
            assert await screen.ended() == 0
    assert screen.lines == ["2.10.3"]


async def test_without_a_terminal_nothing_is_shown_but_the_log_has_it(mwaa_async: CommandLine) -> None:
    async with Emulator(mwaa_logs=False) as emulator:
        emulator.faults.tokens.extend([SlowToken(1.5), SlowToken(1.5)])
        quiet = await mwaa_async.led_to(emulator)("run", "demo", "version")
        logged = await mwaa_async.led_to(emulator)("-v", "run", "demo", "version")
    assert (quiet.stdout, quiet.stderr) == (b"2.10.3\n", b"")
    assert logged.stderr.count(b"mwaa-async: demo: version #1: asking AWS for a token, since 1 s\n") == 1


async def test_an_error_stands_alone_after_the_line_has_gone(mwaa_async: CommandLine) -> None:
    async with Emulator(mwaa_logs=False) as emulator:
        emulator.faults.commands.append(SlowAnswer(1.5))
        async with terminal(
            mwaa_async.led_to(emulator).environ, "run", "demo", "variables", "get", "k", columns=200
        ) as screen:
            await screen.shows("waiting for the answer")
            assert await screen.ended() == 1
    assert not any("waiting" in line for line in screen.lines)


async def test_the_display_of_a_batch_says_what_an_environment_waits_for(
    mwaa_async: CommandLine, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("environment,dag_id\ndemo,etl\nother,etl\n")
    async with Emulator(environments=["demo", "other"]) as emulator:
        emulator.faults.commands.append(StatusAnswer(504))
        arguments = ("--settle-time", "4", "trigger-many", str(rows))
        async with terminal(mwaa_async.led_to(emulator).environ, *arguments) as screen:
            await screen.shows(r"(demo|other) .* 0/1 .* next attempt in \d s")
            assert await screen.ended() == 0
    assert not any("waiting" in line for line in screen.lines)
