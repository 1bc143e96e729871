"""The examples, as the README calls them."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from mwaa_async._bulk.files import Input
from tests.cli.program import CommandLine, only_line, told

pytestmark = pytest.mark.anyio

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
EMULATOR = ("emulator", "--environment", "dev", "--environment", "prod", "--")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory with the rows, where a journal may stay."""
    shutil.copy(EXAMPLES / "nightly.csv", tmp_path)
    monkeypatch.chdir(tmp_path)


async def test_the_nightly_rows_are_triggered_with_the_program(mwaa_async: CommandLine) -> None:
    rows = len(list(Input(Path("nightly.csv")).requests()))
    example = (*EMULATOR, sys.executable, "-m", "mwaa_async", "trigger-many", "nightly.csv")
    done = await mwaa_async(*example)
    assert done.returncode == 0
    assert told(done.stderr)[-1] == f"{rows} rows: {rows} triggered"
    again = await mwaa_async(*example)
    assert (again.returncode, "is finished" in only_line(again.stderr)) == (5, True)
    once_more = await mwaa_async(*example, "--new-batch")
    assert (once_more.returncode, told(once_more.stderr)[-1]) == (0, f"{rows} rows: {rows} triggered")


async def test_the_nightly_rows_are_triggered_with_the_library(mwaa_async: CommandLine) -> None:
    example = (*EMULATOR, sys.executable, str(EXAMPLES / "bulk_trigger.py"), "nightly.csv", "nightly.journal")
    rows = len(list(Input(Path("nightly.csv")).requests()))
    first = (await mwaa_async(*example)).stdout.decode().splitlines()
    assert [line.split()[2] for line in first[:-1]] == ["triggered:"] * rows
    assert first[-1] == f"{rows} triggered"
    second = await mwaa_async(*example)
    assert "is finished, and nothing was sent" in second.stdout.decode()
    assert (second.returncode, second.stderr) == (5, b"")


async def test_a_failure_is_told_with_the_library(mwaa_async: CommandLine) -> None:
    Path("nightly.csv").write_text("environment,dag_id,conf\ndev,nosuch,\n")
    done = await mwaa_async(
        *EMULATOR, sys.executable, str(EXAMPLES / "bulk_trigger.py"), "nightly.csv", "nightly.journal"
    )
    assert done.returncode == 1
    assert b"DagNotFound" in done.stdout
    assert done.stdout.endswith(b"\n1 failed\n")


async def test_a_list_of_dags_is_triggered_with_the_library(mwaa_async: CommandLine) -> None:
    example = (sys.executable, str(EXAMPLES / "trigger_dags.py"), "dev", "demo", "etl", "nosuch")
    done = await mwaa_async(*EMULATOR, *example)
    assert done.returncode == 1
    assert [line.split()[1] for line in done.stdout.decode().splitlines()] == ["queued:", "queued:", "not"]


def test_the_nightly_rows_have_confs_that_csv_must_quote() -> None:
    rows = list(Input(Path("nightly.csv")).requests())
    assert {row.environment for row in rows} == {"dev", "prod"}
    assert {row.dag_id for row in rows} == {"demo", "etl", "report"}
    assert any("," in json.dumps(row.conf) and r"\"" in json.dumps(row.conf) for row in rows)
