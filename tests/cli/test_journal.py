"""`mwaa-async journal`."""

import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mwaa_async.emulator import Emulator, SlowAnswer
from tests.cli.program import CommandLine, told, until

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
async def led(mwaa_async: CommandLine) -> AsyncIterator[CommandLine]:
    async with Emulator(["dev", "prod"]) as emulator:
        yield mwaa_async.led_to(emulator)


@pytest.fixture
async def batch(led: CommandLine) -> CommandLine:
    """The program, where it has triggered three rows, of which one failed."""
    Path("rows.csv").write_text("environment,dag_id,run_id\nprod,etl,first\ndev,nosuch,second\nprod,demo,third\n")
    await led("trigger-many", "rows.csv")
    return led


async def test_it_counts_rows_by_environment_and_status_and_tells_what_failed(batch: CommandLine) -> None:
    done = await batch("journal", "rows.csv.journal")
    batch_is, _, *table, empty, row, reason = done.stdout.decode().splitlines()
    assert (done.returncode, done.stderr) == (0, b"")
    assert [line.split() for line in table] == [
        ["ENVIRONMENT", "TRIGGERED", "FAILED", "ROWS"],
        ["dev", "0", "1", "1"],
        ["prod", "2", "0", "2"],
    ]
    assert batch_is.startswith("the batch rows_")
    assert batch_is.endswith(" is finished")
    assert (empty, row) == ("", "row 2, failed: dev nosuch second")
    assert reason.startswith("    dev: Airflow ran 'dags trigger") and "DagNotFound" in reason


async def test_json_has_the_counts_and_every_row(batch: CommandLine) -> None:
    done = await batch("journal", "rows.csv.journal", "--json")
    document = json.loads(done.stdout)
    assert document["counts"] == {"dev": {"failed": 1}, "prod": {"triggered": 2}}
    assert document["batch"].startswith("rows_")
    assert document["finished"] is True
    first, second, third = document["rows"]
    assert first == {
        "number": 1,
        "status": "triggered",
        "attempts": 1,
        "ran": None,
        "error": None,
        "environment": "prod",
        "dag_id": "etl",
        "run_id": "first",
    }
    assert (second["ran"], "DagNotFound" in second["error"]) == (True, True)
    assert third["run_id"] == "third"


async def test_status_shows_the_rows_that_have_it(batch: CommandLine) -> None:
    done = await batch("journal", "rows.csv.journal", "--status", "triggered")
    assert [line for line in done.stdout.decode().splitlines() if line.startswith("row")] == [
        "row 1, triggered: prod etl first",
        "row 3, triggered: prod demo third",
    ]
    done = await batch("journal", "rows.csv.journal", "--status", "failed", "--json")
    assert [row["number"] for row in json.loads(done.stdout)["rows"]] == [2]


async def test_of_many_rows_it_says_how_to_see_all(led: CommandLine) -> None:
    Path("rows.csv").write_text("dag_id\n" + "nosuch\n" * 25)
    await led("trigger-many", "rows.csv", "--environment", "dev")
    some = (await led("journal", "rows.csv.journal")).stdout.decode().splitlines()
    assert sum(line.startswith("row") for line in some) == 20
    assert some[-1] == "… and 5 more; --status sent|failed|unknown shows all of them"
    every = (await led("journal", "rows.csv.journal", "--status", "failed")).stdout.decode().splitlines()
    assert sum(line.startswith("row") for line in every) == 25


async def test_a_batch_on_its_way_can_be_looked_at(mwaa_async: CommandLine) -> None:
    Path("rows.csv").write_text("dag_id,run_id\nnosuch,first\netl,second\netl,third\n")
    async with Emulator(["dev"]) as emulator:
        emulator.faults.commands.extend([None, SlowAnswer(600)])
        led = mwaa_async.led_to(emulator)
        async with led.started("trigger-many", "rows.csv", "--environment", "dev"):
            await until(lambda: len(emulator.commands) == 2)
            done = await led("journal", "rows.csv.journal")
    shown = done.stdout.decode().splitlines()
    assert shown[0].endswith(" is not finished")
    assert shown[2].split() == ["ENVIRONMENT", "SENT", "FAILED", "ROWS"]  # of which the third is about to be
    assert [line for line in shown if line.startswith("row")] == [
        "row 1, failed: dev nosuch first",
        "row 2, sent: dev etl second",
        "row 3, sent: dev etl third",
    ]


async def test_a_journal_says_no_confs(led: CommandLine) -> None:
    Path("rows.jsonl").write_text('{"dag_id": "etl", "conf": {"password": "hush"}}\n')
    await led("trigger-many", "rows.jsonl", "--environment", "dev")
    assert b"hush" not in Path("rows.jsonl.journal").read_bytes()
    assert b"hush" not in (await led("journal", "rows.jsonl.journal", "--json")).stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "damaged"), (b"environment,dag_id\n" * 100, "journal"), (None, "is no journal of mwaa-async")],
)
async def test_what_is_no_journal_is_told_in_one_line(
    mwaa_async: CommandLine, content: bytes | None, said: str
) -> None:
    if content is None:
        with sqlite3.connect("other") as connection:
            connection.execute("CREATE TABLE batch (id)")
        connection.close()
    else:
        Path("other").write_bytes(content)
    done = await mwaa_async("journal", "other")
    [line] = told(done.stderr)
    assert (done.returncode, done.stdout) == (3, b"")
    assert said in line


async def test_a_journal_that_is_not_there_is_wrong_usage(mwaa_async: CommandLine) -> None:
    done = await mwaa_async("journal", "nosuch")
    assert done.returncode == 2
    assert "'nosuch' does not exist" in told(done.stderr)[0]
    done = await mwaa_async("journal", "nosuch", "--status", "lost")
    assert done.returncode == 2
