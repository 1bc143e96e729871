"""What a terminal shows."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mwaa_async.emulator import Emulator
from tests.cli.program import INTERRUPTED, CommandLine
from tests.cli.terminal import CTRL_C, Terminal, terminal

pytestmark = pytest.mark.anyio

LONG = "analytics-and-reporting-europe-production"
ENVIRONMENTS = ("dev", LONG, "prod")
HEADER = "environment +done +failed +rate +left +now"
LANE = r" *[━╸╺]+ +[1-5]/6 +[01] +[\d.]+/(s|min) +0:\d\d row \d+, (etl|nosuch).*"
SIZES = pytest.mark.parametrize(("columns", "lines"), [(80, 24), (200, 50)])


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory with six rows for each of three environments; one of `prod` fails."""
    monkeypatch.chdir(tmp_path)
    rows = [
        {"environment": name, "dag_id": "nosuch" if name == "prod" and number == 1 else "etl"}
        for number in range(6)
        for name in ENVIRONMENTS
    ]
    Path("rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator(ENVIRONMENTS, command_time=0.5) as emulator:
        yield emulator


@pytest.fixture
def led(mwaa_async: CommandLine, emulator: Emulator) -> CommandLine:
    return mwaa_async.led_to(emulator)


def lanes(screen: Terminal) -> list[list[str]]:
    """Return the words of the display's lines, without the bar: its header is on the screen once."""
    [header] = [number for number, line in enumerate(screen.lines) if line.startswith("environment ")]
    assert re.fullmatch(HEADER, screen.lines[header])
    return [re.sub("[━╸╺]+", "", line).split() for line in screen.lines[header + 1 : header + 4]]


@SIZES
async def test_the_display_has_a_line_for_each_environment_and_stays_in_the_end(
    led: CommandLine, columns: int, lines: int
) -> None:
    name = LONG if columns == 200 else LONG[:19] + "…"
    async with terminal(led.environ, "trigger-many", "rows.jsonl", columns=columns, lines=lines) as screen:
        await screen.shows("\n".join([HEADER, *(f"{one} {LANE}" for one in ("dev", name, "prod"))]))
        status = await screen.ended()
    assert [lane[:3] for lane in lanes(screen)] == [["dev", "6/6", "0"], [name, "6/6", "0"], ["prod", "6/6", "1"]]
    assert all(lane[4:] == ["-"] for lane in lanes(screen))  # nothing is left, and nothing runs
    assert status == 1
    assert screen.lines[0] == "mwaa-async: the journal is rows.jsonl.journal"
    assert screen.lines[5].startswith("mwaa-async: row 6, failed: prod: Airflow ran")
    assert screen.lines[-1] == "mwaa-async: 18 rows: 17 triggered, 1 failed"


@SIZES
async def test_ctrl_c_is_told_above_the_display_and_leaves_nothing_behind(
    led: CommandLine, columns: int, lines: int
) -> None:
    async with terminal(led.environ, "trigger-many", "rows.jsonl", columns=columns, lines=lines) as screen:
        await screen.shows(r" [1-3]/6 .*etl")
        screen.press(CTRL_C)
        await screen.shows("finishing what is on the wire")
        assert await screen.ended() == INTERRUPTED
    assert screen.lines[1] == "mwaa-async: interrupted; finishing what is on the wire (Ctrl-C again quits)"
    assert [lane[0] for lane in lanes(screen)][::2] == ["dev", "prod"]
    assert screen.lines[2].startswith("environment")
    assert "^C" not in "".join(screen.lines)
    assert "".join(screen.lines).endswith("To go on: mwaa-async trigger-many rows.jsonl")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@SIZES
async def test_what_is_said_meanwhile_stays_above_the_display(led: CommandLine, columns: int, lines: int) -> None:
    arguments = ("trigger-many", "rows.jsonl", "--report", "/dev/full")
    async with terminal(led.environ, *arguments, columns=columns, lines=lines) as screen:
        await screen.shows("the report /dev/full cannot be written")
        assert await screen.ended() == 1
    [said] = [number for number, line in enumerate(screen.lines) if "cannot be written any more" in line]
    assert screen.lines[said - 1] == "mwaa-async: the journal is rows.jsonl.journal"
    assert [lane[-4:-2] for lane in lanes(screen)] == [["6/6", "0"], ["6/6", "0"], ["6/6", "1"]]


async def test_what_was_done_before_counts_as_done_and_not_for_the_rate(led: CommandLine) -> None:
    await led("trigger-many", "rows.jsonl")
    async with terminal(led.environ, "trigger-many", "rows.jsonl", "--resume") as screen:
        assert await screen.ended() == 1
    assert [lane[1:] for lane in lanes(screen)] == [
        ["6/6", "0", "-", "-"],
        ["6/6", "0", "-", "-"],
        ["6/6", "1", "-", "-"],
    ]


async def test_more_environments_than_lines_are_all_there_in_the_end(mwaa_async: CommandLine) -> None:
    names = [f"env-{number:02}" for number in range(20)]
    Path("rows.csv").write_text("dag_id,environment\n" + "".join(f"etl,{name}\n" for name in names))
    async with Emulator(names) as emulator:
        environ = mwaa_async.led_to(emulator).environ
        async with terminal(environ, "trigger-many", "rows.csv", columns=80, lines=12) as screen:
            assert await screen.ended() == 0
    assert [line.split()[0] for line in screen.lines[:-1]] == names[-len(screen.lines) + 1 :]
    assert screen.lines[-1] == "mwaa-async: 20 rows: 20 triggered"


@pytest.mark.parametrize(("options", "kind"), [(["-v"], "xterm"), ([], "dumb")])
async def test_where_nothing_can_be_drawn_there_are_plain_lines(
    led: CommandLine, options: list[str], kind: str
) -> None:
    async with terminal(led.environ, *options, "trigger-many", "rows.jsonl", lines=100, kind=kind) as screen:
        assert await screen.ended() == 1
    assert not any(line.startswith("environment") for line in screen.lines)
    assert any(line.startswith("mwaa-async: dev: 6 of 6, 0 failed, ") for line in screen.lines)


async def test_waiting_for_runs_is_shown_in_place(led: CommandLine) -> None:
    Path("rows.csv").write_text("dag_id,environment\netl,dev\netl,dev\n")
    async with terminal(led.environ, "trigger-many", "rows.csv", "--wait") as screen:
        await screen.shows("0 of 2 runs have ended")
        assert await screen.ended() == 0
    assert screen.lines[-2:] == ["mwaa-async: 2 rows: 2 triggered", "mwaa-async: the runs: 2 success"]
    assert "have ended" not in "".join(screen.lines)


@SIZES
async def test_the_state_of_one_run_is_shown_in_place(led: CommandLine, columns: int, lines: int) -> None:
    async with terminal(
        led.environ, "trigger", "dev", "etl", "--run-id", "mine", "--wait", columns=columns, lines=lines
    ) as screen:
        await screen.shows("etl queued: mine")
        assert await screen.ended() == 0
    *above, last = screen.lines
    assert last == "etl success: mine"
    assert re.fullmatch(
        r"mwaa-async: Airflow shows it at https://[\d.:]+/dags/etl/grid\?dag_run_id=mine",
        " ".join(map(str.strip, above)),
    )


@SIZES
async def test_tables_show_whole_names_and_numbers(led: CommandLine, columns: int, lines: int) -> None:
    async with terminal(led.environ, "environments", columns=columns, lines=lines) as screen:
        assert await screen.ended() == 0
    assert screen.lines[1].split() == [LONG, "AVAILABLE", "2.10.3", "mw1.small"]
    await led("trigger-many", "rows.jsonl")
    async with terminal(led.environ, "journal", "rows.jsonl.journal", columns=columns, lines=lines) as screen:
        assert await screen.ended() == 0
    assert [line.split() for line in screen.lines[2:6]] == [
        ["ENVIRONMENT", "TRIGGERED", "FAILED", "ROWS"],
        [LONG, "6", "0", "6"],
        ["dev", "6", "0", "6"],
        ["prod", "5", "1", "6"],
    ]
    assert re.fullmatch(r"row 6, failed: prod nosuch bulk__rows_\w+__000006", screen.lines[7])
