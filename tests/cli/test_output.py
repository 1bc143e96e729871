"""What is written how: lines that end at words, no style where none is wanted, and what cannot be written."""

import re
import shlex
import sys
from pathlib import Path

import anyio
import pytest

from mwaa_async.emulator import Emulator, StatusAnswer
from tests.cli.program import PROGRAM, CommandLine
from tests.cli.terminal import terminal

pytestmark = pytest.mark.anyio

NOT_WRITTEN = 74
NO_SPACE = "mwaa-async: the output cannot be written: No space left on device\n"
CLOSED = "mwaa-async: the output cannot be written: Bad file descriptor\n"
full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")


async def redirected(led: CommandLine, line: str, redirection: str) -> tuple[int, str, str]:
    """Run the program from a shell; return its exit status, and what it says, without what Airflow says."""
    script = ["sh", "-c", f'"$@" {redirection}', "sh", *PROGRAM, *shlex.split(line)]
    done = await anyio.run_process(script, check=False, env=led.environ)
    said = [one for one in done.stderr.decode().splitlines(keepends=True) if one.startswith(("mwaa-async", "Trace"))]
    return done.returncode, done.stdout.decode(), "".join(said)


@full
@pytest.mark.parametrize(
    "line",
    [
        *("--help", "--version", "run --help", "completion bash", "environments", "environments --json"),
        *("token demo", "run demo version", "run --raw demo version", "trigger demo etl", "journal old.journal"),
    ],
)
async def test_what_cannot_be_written_is_told_with_a_status_of_its_own(
    mwaa_async: CommandLine, emulator: Emulator, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    led = mwaa_async.led_to(emulator)
    monkeypatch.chdir(tmp_path)
    if "journal" in line:
        Path("rows.csv").write_text("dag_id,environment\netl,demo\n")
        await led("trigger-many", "rows.csv", "--journal", "old.journal")
    assert await redirected(led, line, ">/dev/full") == (NOT_WRITTEN, "", NO_SPACE)
    assert await redirected(led, line, ">&-") == (NOT_WRITTEN, "", CLOSED)


@full
async def test_a_failed_command_stays_failed_where_its_output_cannot_be_written(
    mwaa_async: CommandLine, emulator: Emulator
) -> None:
    led = mwaa_async.led_to(emulator)
    status, _, said = await redirected(led, "run demo dags list --bogus", ">/dev/full")
    assert (status, said) == (1, NO_SPACE)


@full
@pytest.mark.parametrize(
    ("line", "status", "printed"),
    [
        ("run demo version", NOT_WRITTEN, "2.10.3\n"),
        ("-v run demo version", NOT_WRITTEN, "2.10.3\n"),
        ("token nope", 3, ""),
        ("frobnicate", 2, ""),
        ("", 2, ""),
    ],
)
async def test_messages_that_cannot_be_written_keep_nothing_from_being_done(
    mwaa_async: CommandLine, emulator: Emulator, line: str, status: int, printed: str
) -> None:
    assert await redirected(mwaa_async.led_to(emulator), line, "2>/dev/full") == (status, printed, "")


@full
async def test_a_batch_goes_on_where_its_messages_cannot_be_written(
    mwaa_async: CommandLine, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("dag_id,environment\netl,demo\netl,demo\n")
    status, _, _ = await redirected(mwaa_async.led_to(emulator), "trigger-many rows.csv", "2>/dev/full")
    assert (status, len(emulator.commands)) == (NOT_WRITTEN, 2)


async def test_nothing_written_needs_no_stdout(mwaa_async: CommandLine, emulator: Emulator) -> None:
    done = await redirected(mwaa_async.led_to(emulator), "run demo dags reserialize", ">&-")
    assert done[0] == 0


@pytest.mark.parametrize("columns", [80, 120])
async def test_a_message_wraps_at_words(mwaa_async: CommandLine, emulator: Emulator, columns: int) -> None:
    led = mwaa_async.led_to(emulator)
    async with terminal(led.environ, "run", "nope", "version", columns=columns) as screen:
        assert await screen.ended() == 3
    plain = (await led("run", "nope", "version")).stderr.decode()
    assert len(screen.lines) > 1 and plain.count("\n") == 1
    assert screen.lines[0].startswith("mwaa-async: nope: ")
    assert all(re.match(r"    \S", line) for line in screen.lines[1:])
    assert " ".join(line.strip() for line in screen.lines) == plain.strip()


@pytest.mark.parametrize(("environ", "kind"), [({"NO_COLOR": "1"}, "xterm-256color"), ({}, "dumb")])
@pytest.mark.parametrize("line", ["environments", "--help", "frobnicate", "trigger-many rows.jsonl"])
async def test_nothing_is_styled_where_no_style_is_wanted(
    mwaa_async: CommandLine,
    emulator: Emulator,
    environ: dict[str, str],
    kind: str,
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.jsonl").write_text('{"dag_id": "etl", "environment": "demo"}\n{"dag_id": "no", "environment": "demo"}\n')
    led = mwaa_async.led_to(emulator).but_with(**environ)
    async with terminal(led.environ, *shlex.split(line), kind=kind, lines=60) as screen:
        await screen.ended()
    assert screen.styles == set()


@pytest.mark.parametrize("environ", [{}, {"NO_COLOR": ""}])
async def test_a_terminal_gets_its_styles_otherwise(
    mwaa_async: CommandLine, emulator: Emulator, environ: dict[str, str]
) -> None:
    led = mwaa_async.led_to(emulator).but_with(**environ)
    async with terminal(led.environ, "environments") as screen:
        await screen.ended()
    assert screen.styles == {"bold"}


async def test_trouble_is_told_once(mwaa_async: CommandLine, emulator: Emulator) -> None:
    led = mwaa_async.led_to(emulator)
    emulator.faults.commands.append(StatusAnswer(504, ran=True))
    lines = (await led("run", "demo", "dags", "delete", "etl")).stderr.decode().splitlines()
    assert len(lines) == len(set(lines)) == 1
    emulator.faults.commands.append(StatusAnswer(504, ran=True))
    lines = (await led("-v", "--settle-time", "0", "run", "demo", "dags", "delete", "etl")).stderr.decode().splitlines()
    assert len(lines) == len(set(lines))


async def test_a_command_to_be_copied_is_not_divided(mwaa_async: CommandLine) -> None:
    again = "mwaa-async trigger-many nightly.csv --environment prod --on-error stop"
    said = f"say('interrupted, and the journal is kept. To go on: ' + in_one_line({again!r}))"
    program = (sys.executable, "-c", f"from mwaa_async._cli.output import in_one_line, say; {said}")
    async with terminal(mwaa_async.environ, command=program) as screen:
        await screen.ended()
    assert screen.lines == ["mwaa-async: interrupted, and the journal is kept. To go on:", f"    {again}"]
