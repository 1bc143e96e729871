"""`mwaa-async trigger-many`."""

import csv
import json
import os
import re
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import anyio
import pytest

from mwaa_async import TriggerOutcome, TriggerRequest
from mwaa_async._bulk.dag_runs import RunRow
from mwaa_async._bulk.journal import Entry
from mwaa_async._cli import progress
from mwaa_async.emulator import CutConnection, Emulator, RefusedByAws, SlowAnswer, StatusAnswer
from mwaa_async.emulator.airflow import EmbeddedAirflow, Execution
from tests.cli.program import INTERRUPTED, PROGRAM, CommandLine, Running, only_line, told, until

pytestmark = pytest.mark.anyio

FINISHED = 5
NO_ROOM = "the report /dev/full cannot be written any more: No space left on device; the batch goes on without it"
ROWS = "environment,dag_id\ndev,etl\nprod,report\ndev,demo\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory in which the program is called, with a file of rows."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    Path("rows.csv").write_text(ROWS)
    return here


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator(["dev", "prod"]) as emulator:
        yield emulator


@pytest.fixture
def led(mwaa_async: CommandLine, emulator: Emulator) -> CommandLine:
    return mwaa_async.led_to(emulator)


def write_rows(*dag_ids: str, environment: str = "dev") -> None:
    Path("rows.csv").write_text(
        "".join(f"{line}\n" for line in ["environment,dag_id"] + [f"{environment},{dag_id}" for dag_id in dag_ids])
    )


def files(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def triggers(emulator: Emulator) -> list[str]:
    """Return the DAGs that were triggered, in their order."""
    words = [(record, shlex.split(record.command)) for record in emulator.commands]
    return [line[-1] for record, line in words if line[:2] == ["dags", "trigger"] and record.exit_code == 0]


async def unpause(led: CommandLine, *dag_ids: str, environment: str = "dev") -> None:
    for dag_id in dag_ids:
        await led("run", environment, "dags", "unpause", dag_id)


async def statuses(led: CommandLine, journal: str = "rows.csv.journal") -> list[str]:
    shown = await led("journal", journal, "--json")
    return [row["status"] for row in json.loads(shown.stdout)["rows"]]


# What becomes of the rows


async def test_all_rows_are_triggered_and_the_journal_is_beside_the_file(led: CommandLine, emulator: Emulator) -> None:
    done = await led("trigger-many", "rows.csv")
    journal, *lanes, summary = told(done.stderr)
    assert (done.returncode, done.stdout) == (0, b"")
    assert journal == "the journal is rows.csv.journal"
    assert [lane.rpartition(", ")[0] for lane in lanes] == [
        "dev: 2 of 2, 0 failed",
        "prod: 1 of 1, 0 failed",
    ]
    assert summary == "3 rows: 3 triggered"
    assert sorted(triggers(emulator)) == ["demo", "etl", "report"]
    assert Path("rows.csv.journal").exists()


async def test_a_row_has_its_conf_run_id_and_date(led: CommandLine, emulator: Emulator) -> None:
    conf = {"text": "x,\"y\"\n'ü'", "numbers": [1, 2.5, None]}
    with Path("rows.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(
            [
                ["dag_id", "conf", "run_id", "logical_date"],
                ["etl", json.dumps(conf, ensure_ascii=False), "mine", "2026-01-31"],
            ]
        )
    done = await led("trigger-many", "rows.csv", "--environment", "prod")
    assert done.returncode == 0
    words = shlex.split(emulator.commands[0].command)
    assert emulator.commands[0].environment == "prod"
    assert json.loads(next(word for word in words if word.startswith("--conf=")).removeprefix("--conf=")) == conf
    assert {"--run-id=mine", "--exec-date=2026-01-31T00:00:00+00:00"} <= set(words)


async def test_json_lines_and_conf_columns(led: CommandLine, emulator: Emulator) -> None:
    Path("rows.jsonl").write_text('{"dag_id": "etl", "day": "2026-01-31", "size": 7}\n')
    done = await led("trigger-many", "rows.jsonl", "--environment", "prod", "--conf-columns")
    assert done.returncode == 0
    assert """--conf={"day": "2026-01-31", "size": 7}""" in shlex.split(emulator.commands[0].command)


@pytest.mark.parametrize(("delimiter", "option"), [(";", ";"), ("\t", "tab"), ("|", "|")])
@pytest.mark.parametrize("quote", ["", '"'])
async def test_a_file_with_another_delimiter_is_read_when_that_is_said(
    led: CommandLine, emulator: Emulator, delimiter: str, option: str, quote: str
) -> None:
    rows = [["environment", "dag_id", "conf"], ["dev", "etl", '{"a": "1,2"}' if not quote else ""]]
    Path("rows.csv").write_text("".join(delimiter.join(f"{quote}{cell}{quote}" for cell in row) + "\n" for row in rows))
    wrong = await led("trigger-many", "rows.csv")
    assert wrong.returncode == 2
    problem, last = told(wrong.stderr)
    named = "a tab" if option == "tab" else repr(option)
    assert problem.startswith("rows.csv, line 1")
    assert (
        f". Between its cells is {named}, which --delimiter {option if option == 'tab' else repr(option)} says"
        in problem
    )
    assert last == "1 problem in rows.csv, see above; nothing was sent"
    assert (await led("trigger-many", "rows.csv", "--delimiter", option)).returncode == 0
    assert triggers(emulator) == ["etl"]


async def test_failures_are_exit_1_and_told_with_their_reason(led: CommandLine, emulator: Emulator) -> None:
    write_rows("nosuch", "etl", "nothing", environment="prod")
    done = await led("trigger-many", "rows.csv")
    assert done.returncode == 1
    _, lane, first, second, summary = told(done.stderr)
    assert lane.startswith("prod: 3 of 3, 2 failed")
    assert first.startswith("row 1, failed: prod: Airflow ran") and "Dag id nosuch not found" in first
    assert second.startswith("row 3, failed: prod: ") and "Dag id nothing not found" in second
    assert summary == "3 rows: 1 triggered, 2 failed"
    assert triggers(emulator) == ["etl"]


async def test_of_many_failures_only_some_are_told(led: CommandLine, emulator: Emulator) -> None:
    write_rows(*["nosuch"] * 25)
    done = await led("trigger-many", "rows.csv")
    *_, last, more, summary = told(done.stderr)
    assert last.startswith("row 20, failed")
    assert more == "… and 5 more, in the journal and the report"
    assert summary == "25 rows: 25 failed"


async def test_a_reason_stays_short_whatever_the_conf(led: CommandLine, emulator: Emulator) -> None:
    Path("rows.jsonl").write_text(json.dumps({"dag_id": "nosuch", "conf": {"a": "x" * 100_000}, "environment": "dev"}))
    done = await led("trigger-many", "rows.jsonl")
    assert len(done.stderr) < 1000
    assert b"Dag id nosuch not found" in done.stderr


async def test_rows_that_did_not_get_there_are_sent_by_the_same_command(led: CommandLine, emulator: Emulator) -> None:
    emulator.faults.tokens.append(RefusedByAws("AccessDeniedException", 403))
    write_rows("etl", "demo")
    first = await led("trigger-many", "rows.csv")
    assert first.returncode == 1
    assert told(first.stderr)[-2:] == [
        "2 rows: 1 triggered, 1 failed",
        "the same command goes on: 1 row left",
    ]
    second = await led("trigger-many", "rows.csv")
    assert second.returncode == 0
    assert told(second.stderr)[-1] == "2 rows: 1 triggered, 1 triggered already"
    assert sorted(triggers(emulator)) == ["demo", "etl"]


class Silent:
    """An Airflow that says nothing when it triggers."""

    version = "2.10.5"

    def execute(self, words: Sequence[str], /) -> Execution:
        return Execution(0, "", "")


async def test_rows_of_which_nobody_knows_are_exit_4(mwaa_async: CommandLine) -> None:
    write_rows("etl", "demo")
    async with Emulator(["dev"], airflow=Silent()) as emulator:
        done = await mwaa_async.led_to(emulator)("--settle-time", "0.05", "trigger-many", "rows.csv")
    assert done.returncode == 4
    *_, first, second, summary, again = told(done.stderr)
    assert first.startswith("row 1, unknown: dev: ")
    assert second.startswith("row 2, unknown: dev: ")
    assert summary == "2 rows: 2 of which nobody knows"
    assert again == "the same command goes on: 2 rows left"


async def test_a_lost_answer_makes_no_second_run(led: CommandLine, emulator: Emulator) -> None:
    emulator.faults.commands.append(CutConnection(ran=True))
    write_rows("etl")
    done = await led("trigger-many", "rows.csv")
    assert done.returncode == 0
    assert triggers(emulator) == ["etl"]


async def test_on_error_stop_begins_no_more_rows(led: CommandLine, emulator: Emulator) -> None:
    write_rows("etl", "nosuch", "demo", "report")
    done = await led("trigger-many", "rows.csv", "--on-error", "stop")
    assert done.returncode == 1
    assert told(done.stderr)[-2:] == [
        "4 rows: 1 triggered, 1 failed, 2 not begun",
        "the same command goes on: 2 rows left",
    ]
    assert triggers(emulator) == ["etl"]
    again = await led("trigger-many", "rows.csv", "--on-error", "stop")
    assert told(again.stderr)[-1] == "4 rows: 2 triggered, 1 triggered already, 1 failed"


# The input


async def test_every_bad_row_is_told_and_nothing_is_sent(led: CommandLine, emulator: Emulator, here: Path) -> None:
    Path("rows.csv").write_text("dag_id,environment,conf,day\netl,dev,,\n,1a,{,\netl,dev\n")
    done = await led("trigger-many", "rows.csv")
    assert done.returncode == 2
    *problems, last = told(done.stderr)
    assert [problem.partition(": ")[0] for problem in problems] == [
        "rows.csv, line 1, column 'day'",
        "rows.csv, line 3, column 'environment'",
        "rows.csv, line 3, column 'dag_id'",
        "rows.csv, line 3, column 'conf'",
        "rows.csv, line 4",
    ]
    assert last == "5 problems in rows.csv, see above; nothing was sent"
    assert not emulator.tokens
    assert files(here) == {"rows.csv"}


async def test_of_a_file_that_is_something_else_not_every_line_is_told(led: CommandLine, emulator: Emulator) -> None:
    Path("rows.jsonl").write_text("x\n" * 2000)
    done = await led("trigger-many", "rows.jsonl")
    lines = told(done.stderr)
    assert len(lines) == 1001
    assert lines[-1] == "1000 problems and maybe more in rows.jsonl, see above; nothing was sent"


@pytest.mark.parametrize("content", ["", "dag_id\n"])
async def test_a_file_without_rows_is_wrong_usage(led: CommandLine, here: Path, content: str) -> None:
    Path("rows.csv").write_text(content)
    done = await led("trigger-many", "rows.csv")
    assert (done.returncode, told(done.stderr)) == (2, ["there are no rows in rows.csv"])
    assert files(here) == {"rows.csv"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nosuch.csv"], "'nosuch.csv' does not exist"),
        (["."], "is a directory"),
        (["rows.csv", "--environment", "1a"], "cannot be the name of an MWAA environment"),
        (["rows.csv", "--allowed-run-id-pattern", "("], "no regular expression"),
        (["rows.csv", "--on-error", "panic"], "'panic' is not one of"),
        (["rows.csv", "--delimiter", ":"], "':' is none of: , ; | tab"),
        (["rows.csv", "--batch", "to/night"], "'to/night' is no name for a batch"),
        (["rows.csv", "--batch", ""], "'' is no name for a batch"),
        (["rows.csv", "--batch", "x" * 61], "is no name for a batch"),
        (["rows.csv", "--new-batch", "--resume"], "--new-batch begins a batch, and --resume goes on with one"),
        (["rows.csv", "--new-batch", "--batch", "one"], "and --batch takes another name for each"),
        (["rows.csv", "--report", "rows.csv"], "the report would overwrite rows.csv"),
        (["rows.csv", "--report", "../here/rows.csv.journal"], "the report would overwrite"),
        (["rows.csv", "--report", "nosuch/report.csv"], "No such file or directory; nothing was sent"),
        (["rows.csv", "--report", "."], "is a directory"),
    ],
)
async def test_wrong_usage_is_told_and_nothing_is_sent(
    led: CommandLine, emulator: Emulator, arguments: list[str], said: str
) -> None:
    done = await led("trigger-many", *arguments)
    assert done.returncode == 2
    assert said in told(done.stderr)[-1]
    assert Path("rows.csv").read_text() == ROWS
    assert not emulator.commands


@pytest.mark.parametrize("rows", [ROWS, '{"dag_id": "etl", "environment": "dev"}\n'])
async def test_standard_input_is_known_by_what_it_says(
    led: CommandLine, emulator: Emulator, here: Path, rows: str
) -> None:
    first = await led("trigger-many", "-", stdin=rows.encode())
    assert first.returncode == 0
    journal = told(first.stderr)[0].removeprefix("the journal is ")
    assert files(here) >= {journal, "rows.csv"}
    sent = len(emulator.commands)
    assert (await led("trigger-many", "-", stdin=rows.encode())).returncode == FINISHED
    second = await led("trigger-many", "-", "--resume", stdin=rows.encode())
    assert second.returncode == 0
    assert len(emulator.commands) == sent
    third = await led("trigger-many", "-", stdin=rows.replace("etl", "demo").encode())
    assert told(third.stderr)[0] != told(second.stderr)[0]
    assert len(emulator.commands) == 2 * sent


async def test_what_is_wrong_with_standard_input_is_told(led: CommandLine) -> None:
    done = await led("trigger-many", "-", stdin=b"dag_id,environment\n a b,dev\n")
    problem, last = told(done.stderr)
    assert problem.startswith("standard input, line 2, column 'dag_id': ")
    assert (done.returncode, last) == (2, "1 problem in standard input, see above; nothing was sent")


async def test_a_pipe_is_read_as_standard_input_is(led: CommandLine, emulator: Emulator, here: Path) -> None:
    os.mkfifo("pipe")
    async with led.started("trigger-many", "pipe") as process:
        await anyio.to_thread.run_sync(Path("pipe").write_text, ROWS)
        lines = await process.error_lines()
        assert await process.ended() == 0
    assert "the journal is trigger-many-" in lines[0]
    assert len(emulator.commands) == 3


async def test_a_dry_run_sends_nothing_and_makes_no_journal(led: CommandLine, emulator: Emulator, here: Path) -> None:
    done = await led("trigger-many", "rows.csv", "--dry-run", "--report", "report.csv")
    assert (done.returncode, told(done.stderr)) == (
        0,
        [
            "dev: 2 rows, 2 to be sent",
            "prod: 1 row, 1 to be sent",
            "3 rows, all good; nothing was sent (the journal: rows.csv.journal)",
        ],
    )
    assert not emulator.tokens
    assert files(here) == {"rows.csv"}


async def test_a_dry_run_says_what_the_journal_has_already(led: CommandLine, emulator: Emulator) -> None:
    write_rows("etl", "demo")
    emulator.faults.tokens.append(RefusedByAws("AccessDeniedException", 403))
    await led("trigger-many", "rows.csv", "--journal", "mine")
    sent = len(emulator.commands)
    done = await led("trigger-many", "rows.csv", "--journal", "mine", "--dry-run")
    assert told(done.stderr)[0] == "dev: 2 rows, 1 finished, 1 to be sent"
    assert len(emulator.commands) == sent


# The journal


async def test_a_second_call_says_that_the_batch_is_finished_and_has_a_status_of_its_own(
    led: CommandLine, emulator: Emulator, here: Path
) -> None:
    await led("trigger-many", "rows.csv", "--report", "report.csv")
    sent, report = len(emulator.commands), Path("report.csv").read_text()
    for options in ([], ["--dry-run"], ["--wait"], ["--report", "report.csv"], ["--retry-failed"]):
        done = await led("trigger-many", "rows.csv", *options)
        assert done.returncode == FINISHED
        line = only_line(done.stderr)
        assert re.search(r"the batch rows_\w+ is finished: 3 rows, 0 failed \(the journal is rows.csv.journal\)", line)
        assert "Nothing was sent. To trigger the rows once more: --new-batch (in a crontab --batch" in line
    assert len(emulator.commands) == sent
    assert Path("report.csv").read_text() == report
    assert files(here) == {"rows.csv", "rows.csv.journal", "rows.csv.journal.lock", "report.csv"}


async def test_resume_tells_what_became_of_a_finished_batch(led: CommandLine, emulator: Emulator) -> None:
    await led("trigger-many", "rows.csv")
    done = await led("trigger-many", "rows.csv", "--resume")
    journal, state, *lines = told(done.stderr)
    assert (done.returncode, journal) == (0, "the journal is rows.csv.journal")
    assert re.fullmatch(r"the batch rows_\w+ is finished, and none of its rows is sent", state)
    assert lines == ["dev: 2 of 2, 0 failed", "prod: 1 of 1, 0 failed", "3 rows: 3 triggered already"]
    assert len(emulator.commands) == 3
    missing = await led("trigger-many", "rows.csv", "--resume", "--journal", "nosuch")
    assert (missing.returncode, "there is no journal" in only_line(missing.stderr)) == (3, True)
    assert not Path("nosuch.lock").exists()


async def test_a_new_batch_triggers_all_rows_once_more_and_the_journal_before_is_kept(
    led: CommandLine, emulator: Emulator, here: Path
) -> None:
    for number in range(3):
        dry = await led("trigger-many", "rows.csv", "--new-batch", "--dry-run")
        assert (dry.returncode, told(dry.stderr)[0]) == (0, "dev: 2 rows, 2 to be sent")
        done = await led("trigger-many", "rows.csv", "--new-batch")
        assert (done.returncode, told(done.stderr)[-1]) == (0, "3 rows: 3 triggered")
        assert len(triggers(emulator)) == 3 * (number + 1)
    kept = told(done.stderr)[0].removeprefix("the journal of the batch before is kept as ")
    assert await statuses(led, kept) == ["triggered"] * 3
    assert len([name for name in files(here) if name.startswith("rows_")]) == 2
    assert (await led("trigger-many", "rows.csv")).returncode == FINISHED


async def test_a_batch_that_is_not_finished_goes_on_and_no_new_one_begins(
    led: CommandLine, emulator: Emulator, here: Path
) -> None:
    write_rows("etl", "demo")
    emulator.faults.tokens.append(RefusedByAws("AccessDeniedException", 403))
    first = await led("trigger-many", "rows.csv", "--new-batch")
    assert told(first.stderr)[-1] == "the same command without --new-batch goes on: 1 row left"
    for options in ([], ["--dry-run"]):
        refused = await led("trigger-many", "rows.csv", "--new-batch", *options)
        assert (refused.returncode, "is not finished, and so no new one begins" in only_line(refused.stderr)) == (
            3,
            True,
        )
    done = await led("trigger-many", "rows.csv")
    assert done.returncode == 0
    assert re.fullmatch(r"the batch rows_\w+ goes on: 1 of 2 rows are finished", told(done.stderr)[1])
    assert sorted(triggers(emulator)) == ["demo", "etl"]


async def test_each_name_of_a_batch_has_a_journal_and_triggers_the_rows_once(
    led: CommandLine, emulator: Emulator, here: Path
) -> None:
    for night in ("nightly-2026-11-24", "nightly-2026-11-25"):
        assert (await led("trigger-many", "rows.csv", "--batch", night)).returncode == 0
        again = await led("trigger-many", "rows.csv", "--batch", night)
        assert (again.returncode, "once more: another --batch. " in only_line(again.stderr)) == (FINISHED, True)
        assert await statuses(led, f"rows.csv.{night}.journal") == ["triggered"] * 3
    assert len(triggers(emulator)) == 6
    assert all("bulk__nightly-2026-11-2" in record.command for record in emulator.commands)


async def test_a_batch_with_a_name_makes_no_second_runs_where_its_journal_is_lost(
    led: CommandLine, emulator: Emulator
) -> None:
    await led("trigger-many", "rows.csv", "--batch", "tonight")
    Path("rows.csv.tonight.journal").unlink()
    done = await led("trigger-many", "rows.csv", "--batch", "tonight")
    assert (done.returncode, told(done.stderr)[-1]) == (0, "3 rows: 3 triggered already")
    Path("others.csv").write_text(ROWS + "dev,etl\n")
    done = await led("trigger-many", "others.csv", "--batch", "tonight")
    assert (done.returncode, told(done.stderr)[-1]) == (0, "4 rows: 4 triggered")


async def test_the_journal_of_another_batch_is_refused(led: CommandLine, emulator: Emulator) -> None:
    options = ("--journal", "mine")
    await led("trigger-many", "rows.csv", *options, "--batch", "monday")
    done = await led("trigger-many", "rows.csv", *options, "--batch", "tuesday")
    assert (done.returncode, "is of another batch, monday_" in only_line(done.stderr)) == (3, True)
    assert (await led("trigger-many", "rows.csv", *options)).returncode == FINISHED
    assert (await led("trigger-many", "rows.csv", *options, "--resume", "--batch", "monday")).returncode == 0
    assert len(emulator.commands) == 3


async def test_of_two_calls_at_the_same_time_the_second_does_nothing(mwaa_async: CommandLine) -> None:
    async with Emulator(["dev", "prod"], command_time=3) as emulator:
        led = mwaa_async.led_to(emulator)
        async with led.started("trigger-many", "rows.csv", "--batch", "tonight") as process:
            await until(lambda: emulator.commands)
            second = await led("trigger-many", "rows.csv", "--batch", "tonight")
            assert (second.returncode, "in use by another process" in only_line(second.stderr)) == (3, True)
            assert await process.ended() == 0
        assert len(triggers(emulator)) == 3
        assert (await led("trigger-many", "rows.csv", "--batch", "tonight")).returncode == FINISHED


async def test_what_airflow_refused_is_told_again_and_not_sent(led: CommandLine, emulator: Emulator) -> None:
    write_rows("nosuch")
    first = await led("trigger-many", "rows.csv")
    second = await led("trigger-many", "rows.csv", "--resume")
    assert (first.returncode, second.returncode) == (1, 1)
    assert told(second.stderr)[-2:] == told(first.stderr)[-2:]
    assert len(emulator.commands) == 1


async def test_environments_go_in_parallel_also_where_the_file_has_one_after_the_other(
    led: CommandLine, emulator: Emulator
) -> None:
    rows = ["dev,etl"] * 1100 + ["prod,etl"] * 20
    Path("rows.csv").write_text("".join(f"{line}\n" for line in ["environment,dag_id", *rows]))
    done = await led("trigger-many", "rows.csv")
    assert told(done.stderr)[-1] == "1120 rows: 1120 triggered"
    order = [record.environment for record in emulator.commands]
    assert max(place for place, environment in enumerate(order) if environment == "prod") < 500


async def test_what_is_sent_was_checked_also_where_the_file_is_changed_meanwhile(mwaa_async: CommandLine) -> None:
    write_rows(*["etl"] * 3)
    async with Emulator(["dev"], command_time=0.5) as emulator:
        led = mwaa_async.led_to(emulator)
        async with led.started("trigger-many", "rows.csv") as process:
            await until(lambda: emulator.commands)
            Path("rows.csv").write_text("something else")
            lines = await process.error_lines()
            assert await process.ended() == 0
    assert lines[-1] == "mwaa-async: 3 rows: 3 triggered"
    assert triggers(emulator) == ["etl"] * 3


class GrowingAirflow(EmbeddedAirflow):
    """Gets to know the DAG `new_dag` when it is deployed."""

    deployed = False

    def execute(self, argv: Sequence[str]) -> Execution:
        if "new_dag" in argv and not self.deployed:
            return EmbeddedAirflow(dags=()).execute(argv)
        return super().execute(argv)


async def test_what_airflow_refused_is_sent_again_when_it_is_asked_for(mwaa_async: CommandLine) -> None:
    write_rows("etl", "new_dag", "demo")
    airflow = GrowingAirflow(dags=["etl", "new_dag", "demo"])
    async with Emulator(["dev"], airflow) as emulator:
        led = mwaa_async.led_to(emulator)
        assert (await led("trigger-many", "rows.csv")).returncode == 1
        again = await led("trigger-many", "rows.csv")
        assert again.returncode == FINISHED
        assert told(again.stderr)[-1].endswith(", and --retry-failed sends the 1 again that Airflow refused")
        dry = await led("trigger-many", "rows.csv", "--retry-failed", "--dry-run")
        assert told(dry.stderr)[0] == "dev: 3 rows, 2 finished, 1 to be sent"
        assert await statuses(led) == ["triggered", "failed", "triggered"]
        airflow.deployed = True
        done = await led("trigger-many", "rows.csv", "--retry-failed")
        assert done.returncode == 0
        assert told(done.stderr)[-1] == "3 rows: 1 triggered, 2 triggered already"
        assert triggers(emulator) == ["etl", "demo", "new_dag"]


async def test_rows_for_which_a_run_id_would_be_made_that_airflow_refuses_are_wrong_usage(
    led: CommandLine, emulator: Emulator
) -> None:
    done = await led("trigger-many", "rows.csv", "--allowed-run-id-pattern", "etl-[0-9]+")
    assert done.returncode == 2
    assert "rows without a run_id get ids such as 'bulk__rows" in told(done.stderr)[-1]
    assert not emulator.commands
    Path("rows.csv").write_text("environment,dag_id,run_id\ndev,etl,etl-1\n")
    done = await led("trigger-many", "rows.csv", "--allowed-run-id-pattern", "etl-[0-9]+", "--journal", "another")
    assert done.returncode == 0


@pytest.mark.parametrize("name", ["link.csv", "rows.csv.journal", "rows.csv.journal-wal", "rows.csv.journal.lock"])
async def test_a_report_never_overwrites_the_rows_or_the_journal(led: CommandLine, here: Path, name: str) -> None:
    Path("link.csv").hardlink_to("rows.csv")
    assert (await led("trigger-many", "rows.csv")).returncode == 0
    done = await led("trigger-many", "rows.csv", "--report", name)
    assert done.returncode == 2
    assert f"the report would overwrite {name}" in told(done.stderr)[-1]
    assert Path("rows.csv").read_text() == ROWS
    assert (await led("journal", "rows.csv.journal")).returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="has no limits to a process's files")
async def test_where_there_is_no_room_for_a_copy_of_standard_input_nothing_is_sent(
    led: CommandLine, emulator: Emulator
) -> None:
    Path("many.csv").write_text(ROWS + "dev,etl\n" * 20_000)
    limited = ["bash", "-c", 'ulimit -f 10; exec "$@" < many.csv', "bash", *PROGRAM, "trigger-many", "-"]
    # What measures coverage writes files, too.
    environ = {name: value for name, value in led.environ.items() if not name.startswith("COVERAGE")}
    done = await anyio.run_process(limited, check=False, env=environ)
    assert done.returncode == 3
    assert "cannot be copied to" in told(done.stderr)[-1]
    assert "File too large; nothing was sent" in told(done.stderr)[-1]
    assert not emulator.commands


async def test_another_journal_triggers_once_more(led: CommandLine, emulator: Emulator) -> None:
    await led("trigger-many", "rows.csv")
    done = await led("trigger-many", "rows.csv", "--journal", "once-more.journal")
    assert told(done.stderr)[0] == "the journal is once-more.journal"
    assert len(triggers(emulator)) == 6


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        (ROWS.replace("report", "etl"), "in row 2: dag_id was 'report', and is 'etl'"),
        (ROWS + "dev,etl\n", "it had 3 rows, and now has a row 4"),
        (ROWS.replace("dev,demo\n", ""), "it ends after row 2, and had 3 rows"),
    ],
)
async def test_another_input_is_refused_with_the_difference(
    led: CommandLine, emulator: Emulator, changed: str, difference: str
) -> None:
    await led("trigger-many", "rows.csv")
    sent = len(emulator.commands)
    Path("rows.csv").write_text(changed)
    done = await led("trigger-many", "rows.csv")
    assert done.returncode == 3
    assert difference in told(done.stderr)[-1]
    assert len(emulator.commands) == sent


@pytest.mark.parametrize(
    ("options", "others", "way"),
    [
        (["--batch", "n1"], ["--batch", "n2"], "another --batch"),
        (
            ["--batch", "n1", "--journal", "j1"],
            ["--batch", "n2", "--journal", "j2"],
            "another --batch, with another --journal",
        ),
        (["--journal", "j1"], ["--journal", "j1", "--new-batch"], "--new-batch"),
    ],
)
async def test_the_way_to_another_batch_is_one_that_is_taken(
    led: CommandLine, options: Sequence[str], others: Sequence[str], way: str
) -> None:
    await led("trigger-many", "rows.csv", *options)
    again = await led("trigger-many", "rows.csv", *options)
    assert f" once more: {way}" in only_line(again.stderr)
    write_rows("demo")
    changed = await led("trigger-many", "rows.csv", *options)
    assert only_line(changed.stderr).endswith(f"the batch is finished; to begin another one: {way}")
    done = await led("trigger-many", "rows.csv", *others)
    assert (done.returncode, told(done.stderr)[-1]) == (0, "1 row: 1 triggered")


async def test_a_journal_is_named_by_a_path_that_leads_to_it(led: CommandLine, emulator: Emulator, here: Path) -> None:
    (here / "in").mkdir()
    Path("rows.csv").rename("in/rows.csv")
    first = await led("trigger-many", "in/rows.csv")
    assert told(first.stderr)[0] == "the journal is in/rows.csv.journal"
    again = await led("trigger-many", "in/rows.csv")
    assert "(the journal is in/rows.csv.journal)" in only_line(again.stderr)
    new = await led("trigger-many", "in/rows.csv", "--new-batch")
    kept = told(new.stderr)[0].removeprefix("the journal of the batch before is kept as ")
    assert kept.startswith("in/rows_")
    assert await statuses(led, kept) == ["triggered"] * 3
    (here / "link").symlink_to("in/rows.csv.journal")
    new = await led("trigger-many", "in/rows.csv", "--journal", "link", "--new-batch")
    kept = told(new.stderr)[0].removeprefix("the journal of the batch before is kept as ")
    assert await statuses(led, kept) == ["triggered"] * 3


async def test_a_changed_input_of_a_finished_batch_is_not_taken_for_done(led: CommandLine, emulator: Emulator) -> None:
    await led("trigger-many", "rows.csv")
    write_rows("demo")
    done = await led("trigger-many", "rows.csv")
    assert done.returncode == 3
    assert only_line(done.stderr).endswith("the batch is finished; to begin another one: --new-batch")
    assert (await led("trigger-many", "rows.csv", "--new-batch")).returncode == 0
    assert len(triggers(emulator)) == 4


async def test_what_is_no_journal_is_refused(led: CommandLine, emulator: Emulator) -> None:
    done = await led("trigger-many", "rows.csv", "--journal", "rows.csv")
    assert done.returncode == 3
    assert Path("rows.csv").read_text() == ROWS
    assert not emulator.commands


@pytest.mark.parametrize("is_removed", [False, True], ids=["renamed", "removed"])
async def test_a_journal_that_goes_away_ends_the_batch_and_then_the_same_command_goes_on(
    mwaa_async: CommandLine, *, is_removed: bool
) -> None:
    write_rows("etl", "report", "demo")
    journal = Path("rows.csv.journal")
    async with Emulator(["dev"], command_time=0.5) as emulator:
        led = mwaa_async.led_to(emulator)
        async with led.started("trigger-many", "rows.csv") as process:
            await until(lambda: emulator.commands)
            if is_removed:
                journal.unlink()
            else:
                journal.rename("mine")
            lines = await process.error_lines()
            assert await process.ended() == 4
        said = (
            "removed while it was in use; what is known is written to " if is_removed else "give it its name back, and"
        )
        assert sum(said in line for line in lines) == 1
        if not is_removed:
            Path("mine").rename(journal)
        assert (await led("trigger-many", "rows.csv")).returncode == 0
        assert {*await statuses(led)} <= {"triggered", "already_triggered"}
        runs = emulator.airflow("dev")
        assert isinstance(runs, EmbeddedAirflow)
        assert len(runs.dag_runs()) == 3


async def test_a_journal_in_use_is_refused(mwaa_async: CommandLine) -> None:
    async with Emulator(["dev", "prod"], command_time=600) as emulator:
        led = mwaa_async.led_to(emulator)
        async with led.started("trigger-many", "rows.csv"):
            await until(lambda: emulator.commands)
            done = await led("trigger-many", "rows.csv")
    assert done.returncode == 3
    assert "is in use by another process" in told(done.stderr)[-1]


# The report


@pytest.mark.parametrize("name", ["report.csv", "report.CSV", "report.jsonl", "report"])
async def test_the_report_has_a_line_for_each_row(led: CommandLine, emulator: Emulator, name: str) -> None:
    write_rows("etl", "nosuch", "demo")
    done = await led("trigger-many", "rows.csv", "--report", name)
    assert done.returncode == 1
    with Path(name).open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file)) if "csv" in name.lower() else [json.loads(line) for line in file]
    assert [
        (str(line["row"]), line["environment"], line["dag_id"], line["status"], str(line["attempts"])) for line in lines
    ] == [
        ("1", "dev", "etl", "triggered", "1"),
        ("2", "dev", "nosuch", "failed", "1"),
        ("3", "dev", "demo", "triggered", "1"),
    ]
    assert [bool(line["error"]) for line in lines] == [False, True, False]
    assert "DagNotFound" in lines[1]["error"]
    assert all(line["run_id"].startswith("bulk__rows_") for line in lines)


async def test_the_report_of_a_second_call_has_all_rows_too(led: CommandLine) -> None:
    await led("trigger-many", "rows.csv")
    await led("trigger-many", "rows.csv", "--resume", "--report", "report.jsonl")
    lines = Path("report.jsonl").read_text().splitlines()
    assert [json.loads(line)["status"] for line in lines] == ["already_triggered"] * 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
async def test_a_report_that_cannot_be_written_is_an_error_and_all_rows_are_triggered(
    led: CommandLine, emulator: Emulator
) -> None:
    done = await led("trigger-many", "rows.csv", "--report", "/dev/full")
    assert done.returncode == 1
    _, first, *_, summary, last = told(done.stderr)
    assert first == NO_ROOM
    assert summary == "3 rows: 3 triggered"
    assert (
        last
        == "the report /dev/full is not complete; the same command with --resume writes it again, and sends nothing"
    )
    assert told(done.stderr).count(NO_ROOM) == 1
    assert sorted(triggers(emulator)) == ["demo", "etl", "report"]


# Waiting


class Unlucky(EmbeddedAirflow):
    """An Airflow whose runs of `etl` fail in the end, and forget those of `demo`."""

    def execute(self, words: Sequence[str], /) -> Execution:
        done = super().execute(words)
        if words[:2] != ["dags", "list-runs"]:
            return done
        if any("demo" in word for word in words):
            return Execution(0, "[]\n", "")
        if any("etl" in word for word in words):
            return Execution(0, done.stdout.replace('"success"', '"failed"'), done.stderr)
        return done


async def test_wait_waits_for_all_runs_and_counts_their_ends(led: CommandLine, emulator: Emulator) -> None:
    Path("rows.csv").write_text(
        "environment,dag_id,logical_date\ndev,etl,\ndev,etl,\ndev,demo,2026-01-31T00:00:00.5Z\nprod,report,2026-01-31\n"
    )
    await unpause(led, "demo")
    done = await led("trigger-many", "rows.csv", "--wait")
    assert done.returncode == 0
    assert told(done.stderr)[-2:] == ["4 rows: 4 triggered", "the runs: 4 success"]
    assert "0 of 4 runs have ended" in told(done.stderr)
    assert sum("list-runs" in record.command for record in emulator.commands) == 3  # one for a DAG


async def test_failed_and_lost_runs_are_exit_1(mwaa_async: CommandLine) -> None:
    write_rows("etl", "etl", "demo", "report")
    async with Emulator(["dev"], airflow=Unlucky("2.10.5", dags=("etl", "demo", "report"))) as emulator:
        led = mwaa_async.led_to(emulator)
        done = await led("trigger-many", "rows.csv", "--wait")
    assert done.returncode == 1
    assert told(done.stderr)[-2:] == ["4 rows: 4 triggered", "the runs: 2 failed, 1 gone, 1 success"]


async def test_a_failure_on_the_way_is_told_and_the_waiting_goes_on(led: CommandLine, emulator: Emulator) -> None:
    write_rows("etl")
    async with led.started("trigger-many", "rows.csv", "--wait") as process:
        while "0 of 1 runs have ended" not in await process.error_line():
            pass
        await emulator.stop_web_server("dev")
        assert "no connection to the web server" in await process.error_line()
        await emulator.start_web_server("dev")
        lines = await process.error_lines()
        assert await process.ended() == 0
    assert lines[-1] == "mwaa-async: the runs: 1 success"


async def test_wait_of_a_second_call_waits_for_the_runs_of_the_first(led: CommandLine, emulator: Emulator) -> None:
    Path("rows.csv").write_text(
        "environment,dag_id,logical_date\ndev,etl,2026-01-31\ndev,etl,2026-01-30T01:00:00.5+01:00\n"
    )
    await led("trigger-many", "rows.csv")
    done = await led("trigger-many", "rows.csv", "--wait", "--resume")
    assert done.returncode == 0
    assert told(done.stderr)[-2:] == ["2 rows: 2 triggered already", "the runs: 2 success"]


async def test_failed_runs_are_told_with_their_tasks_and_a_paused_dag_once(mwaa_async: CommandLine) -> None:
    write_rows("broken", "broken", "new", "new")
    async with Emulator(["dev"], dags=["broken:fails", "new:paused"]) as emulator:
        led = mwaa_async.led_to(emulator)
        done = await led("trigger-many", "rows.csv", "--wait", "--timeout", "5")
        looks = [record.command for record in emulator.commands if "next-execution" in record.command]
    assert done.returncode == 1
    lines = told(done.stderr)
    failed = [line for line in lines if "of DAG 'broken' has failed; failed tasks: extract; see https://" in line]
    assert len(set(failed)) == 2
    assert lines.count("dev: the DAG 'new' is paused, and its runs stay queued until it is unpaused") == 1
    assert lines[-1] == "the runs: 2 failed, 2 not ended yet"
    assert looks == ["dags next-execution new"]


async def test_runs_that_have_not_ended_in_time_are_124(led: CommandLine, emulator: Emulator) -> None:
    write_rows("etl", "demo")  # which is paused
    done = await led("trigger-many", "rows.csv", "--wait", "--timeout", "4")
    assert done.returncode == 124
    *_, ends, last = told(done.stderr)
    assert ends == "the runs: 1 not ended yet, 1 success"
    program, *arguments = shlex.split(last.removeprefix("to go on waiting: "))
    await unpause(led, "demo")
    again = await led(*arguments)
    assert (program, again.returncode) == ("mwaa-async", 0)
    assert told(again.stderr)[-1] == "the runs: 2 success"


async def test_of_very_many_failed_runs_some_are_told(mwaa_async: CommandLine) -> None:
    write_rows(*["broken"] * 14)
    async with Emulator(["dev"], dags=["broken:fails"]) as emulator:
        done = await mwaa_async.led_to(emulator)("trigger-many", "rows.csv", "--wait")
    assert done.returncode == 1
    lines = told(done.stderr)
    assert sum("has failed; failed tasks: extract" in line for line in lines) == 10
    assert lines[-1] == "the runs: 14 failed"


async def test_a_timeout_is_how_long_wait_waits(led: CommandLine, emulator: Emulator) -> None:
    write_rows("etl")
    done = await led("trigger-many", "rows.csv", "--timeout", "5")
    assert done.returncode == 2
    assert "--timeout is how long --wait waits: give both" in told(done.stderr)[0]
    assert not emulator.commands


# Ctrl-C


async def go_on(process: Running, status: int = INTERRUPTED) -> tuple[list[str], list[str]]:
    """Return what an interrupted program says at its end, and the arguments with which it goes on."""
    lines = await process.error_lines()
    assert await process.ended() == status
    program, *arguments = shlex.split(lines[-1].partition("To go on: ")[2])
    assert program == "mwaa-async"
    return lines, arguments


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_interrupted_it_finishes_the_request_on_the_wire_and_says_how_to_go_on(
    mwaa_async: CommandLine, number: signal.Signals
) -> None:
    write_rows("etl", "demo", "report", "etl")
    async with Emulator(["dev"], command_time=1) as emulator:
        led = mwaa_async.led_to(emulator)
        async with led.started("trigger-many", "rows.csv", "--journal", "it's mine") as process:
            await until(lambda: emulator.commands)
            process.send(number)
            assert "the journal is it's mine" in await process.error_line()
            assert "finishing what is on the wire" in await process.error_line()
            lines, arguments = await go_on(process, 128 + number)
        assert lines[-2] == "mwaa-async: 4 rows: 1 triggered, 3 not begun"
        assert lines[-1].startswith("mwaa-async: interrupted; no command is running any more, and the journal is kept")
        assert triggers(emulator) == ["etl"]
        assert await statuses(led, "it's mine") == ["triggered", "planned", "planned", "planned"]
        again = await led(*arguments)
        assert again.returncode == 0
        assert told(again.stderr)[-1] == "4 rows: 3 triggered, 1 triggered already"
        assert triggers(emulator) == ["etl", "demo", "report", "etl"]


async def test_interrupted_twice_it_ends_at_once_and_says_what_may_be_running(mwaa_async: CommandLine) -> None:
    write_rows("etl", "demo")
    async with Emulator(["dev"], command_time=600) as emulator:
        led = mwaa_async.led_to(emulator)
        async with led.started("trigger-many", "rows.csv") as process:
            await until(lambda: emulator.commands)
            process.press_ctrl_c()
            while "finishing what is on the wire" not in await process.error_line():
                pass
            process.press_ctrl_c()
            with anyio.fail_after(5):  # half of the time that it would wait otherwise
                lines, _ = await go_on(process)
        assert "row 1 (dev) may still be running, and the journal is kept" in lines[-1]
        assert (await statuses(led))[0] == "sent"


async def test_interrupted_while_another_process_has_its_turn_it_sends_nothing_more(mwaa_async: CommandLine) -> None:
    write_rows("etl", "demo")
    async with Emulator(["dev"], command_time=600) as emulator:
        led = mwaa_async.led_to(emulator)
        async with led.started("run", "dev", "version"):
            await until(lambda: emulator.commands)
            async with led.started("trigger-many", "rows.csv") as process:
                assert "the journal is" in await process.error_line()
                while (await statuses(led))[0] != "sent":
                    pass
                process.press_ctrl_c()
                with anyio.fail_after(10):
                    lines, _ = await go_on(process)
        assert lines[-2] == "mwaa-async: 2 rows: 2 not begun"
        assert await statuses(led) == ["planned", "planned"]
        assert [record.command for record in emulator.commands] == ["version"]


async def test_interrupted_it_says_what_it_does_not_know(mwaa_async: CommandLine) -> None:
    write_rows("etl", "demo")
    async with Emulator(["dev"]) as emulator:
        emulator.faults.commands.extend([SlowAnswer(1), *[StatusAnswer(504, ran=True, runs_on_for=60)] * 2])
        led = mwaa_async.led_to(emulator)
        async with led.started("trigger-many", "rows.csv") as process:
            await until(lambda: len(emulator.commands) == 2)
            process.press_ctrl_c()
            lines, _ = await go_on(process)
    assert "interrupted; 1 of the rows may still be running, and the journal is kept" in lines[-1]


async def test_ctrl_c_twice_ends_it_also_when_nobody_reads_what_it_says(mwaa_async: CommandLine) -> None:
    write_rows("etl", "demo")
    async with Emulator(["dev"], command_time=600) as emulator:
        command = [*PROGRAM, "trigger-many", "rows.csv"]
        process = await anyio.open_process(command, env=mwaa_async.led_to(emulator).environ)
        async with process:
            await until(lambda: emulator.commands)
            assert process.stderr is not None
            await process.stderr.aclose()
            with anyio.fail_after(10):
                while process.returncode is None:
                    process.send_signal(signal.SIGINT)
                    await anyio.sleep(0.2)


async def test_interrupted_while_it_waits_the_runs_go_on(led: CommandLine, emulator: Emulator) -> None:
    write_rows("demo", "demo")  # which is paused
    async with led.started("trigger-many", "rows.csv", "--wait") as process:
        while "0 of 2 runs have ended" not in await process.error_line():
            pass
        process.press_ctrl_c()
        lines, arguments = await go_on(process)
    assert "mwaa-async: the runs: 2 not ended yet" in lines
    await unpause(led, "demo")
    done = await led(*arguments)
    assert (done.returncode, told(done.stderr)[-1]) == (0, "the runs: 2 success")


# Plain lines


def test_now_and_then_there_is_a_line_for_each_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    entries = [Entry(number, "planned", environment="dev") for number in range(1, 5000)]
    entries += [Entry(5000, "triggered", environment="prod"), Entry(5001, "unknown", environment="prod")]
    lines = progress.Lines(progress.Standing(entries))
    for row in range(1, 102):
        now[0] += 0.25
        status = "failed" if row == 3 else "triggered"
        lines.count(TriggerOutcome(TriggerRequest("dev", "etl"), status, row=row))  # type: ignore[arg-type]
    lines.count(TriggerOutcome(TriggerRequest("prod", "etl"), "already_triggered", row=5000))
    assert capsys.readouterr().err.splitlines() == [
        "mwaa-async: dev: 41 of 4999, 1 failed, 4.0/s, 20:40 left",
        "mwaa-async: prod: 1 of 2, 0 failed",
        "mwaa-async: dev: 82 of 4999, 1 failed, 4.0/s, 20:29 left",
        "mwaa-async: prod: 1 of 2, 0 failed",
    ]


def test_what_was_just_said_is_not_said_again_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    standing = progress.Standing([Entry(1, "planned", environment="dev"), Entry(2, "triggered", environment="prod")])
    with progress.shown_progress(standing, running=dict[str, RunRow]) as lines:
        now[0] += 20
        lines.count(TriggerOutcome(TriggerRequest("dev", "etl"), "triggered", row=1))
    assert capsys.readouterr().err.splitlines() == [
        "mwaa-async: dev: 1 of 1, 0 failed, 3/min",
        "mwaa-async: prod: 1 of 1, 0 failed",
    ]


@pytest.mark.parametrize(
    ("sent", "seconds", "rate", "left"),
    [(0, 0.0, "-", "-"), (100, 1.0, "100.0/s", "0:09"), (1, 8.0, "7.5/min", "2:13:12"), (999, 999.0, "1.0/s", "0:01")],
)
def test_rates_and_times_are_short(sent: int, seconds: float, rate: str, left: str) -> None:
    one = progress.EnvironmentProgress("dev", 1000, sent, 0, sent, seconds)
    assert (one.rate, one.left) == (rate, left)


# What cannot be written


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
async def test_without_its_report_a_batch_that_fails_has_the_exit_status_of_the_batch(led: CommandLine) -> None:
    write_rows("nosuch", "etl")
    done = await led("trigger-many", "rows.csv", "--report", "/dev/full")
    assert (done.returncode, told(done.stderr)[-1]) == (1, "2 rows: 1 triggered, 1 failed")
    assert NO_ROOM in told(done.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
async def test_the_report_that_was_not_complete_is_written_by_the_same_command_with_resume(
    led: CommandLine, emulator: Emulator
) -> None:
    Path("report").symlink_to("/dev/full")
    assert (await led("trigger-many", "rows.csv", "--report", "report")).returncode == 1
    Path("report").unlink()
    assert (await led("trigger-many", "rows.csv", "--report", "report", "--resume")).returncode == 0
    lines = Path("report").read_text().splitlines()
    assert [json.loads(line)["status"] for line in lines] == ["already_triggered"] * 3
    assert len(emulator.commands) == 3


@pytest.mark.parametrize(("dag_id", "status"), [("etl", 0), ("nosuch", 1)])
async def test_without_a_stderr_all_rows_are_triggered(
    led: CommandLine, emulator: Emulator, dag_id: str, status: int
) -> None:
    write_rows("demo", dag_id)
    done = await led.without_stderr("-v", "trigger-many", "rows.csv", "--report", "report.jsonl")
    assert (done.returncode, done.stdout) == (status, b"")
    assert [row["status"] for row in map(json.loads, Path("report.jsonl").read_text().splitlines())] == [
        "triggered",
        "failed" if status else "triggered",
    ]
    assert await statuses(led) == ["triggered", "failed" if status else "triggered"]


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="the names of files are text")
async def test_files_may_have_names_that_are_no_text(led: CommandLine, emulator: Emulator) -> None:
    rows, report = os.fsdecode(b"gr\xf6\xdfe.csv"), os.fsdecode(b"\xff.jsonl")
    Path(rows).write_text(ROWS)
    first = await led("trigger-many", rows, "--report", report)
    assert (first.returncode, b"the journal is gr\xf6\xdfe.csv.journal\n" in first.stderr) == (0, True)
    second = await led("trigger-many", rows, "--report", report, "--resume")
    assert (second.returncode, second.stderr.splitlines()[-1]) == (0, b"mwaa-async: 3 rows: 3 triggered already")
    assert len(emulator.commands) == len(Path(report).read_text().splitlines()) == 3
    assert await statuses(led, f"{rows}.journal") == ["triggered"] * 3
    Path(rows).write_text("dag_id\n,\n")
    wrong = await led("trigger-many", rows)
    assert (wrong.returncode, b"see above" in wrong.stderr) == (2, True)


async def test_standard_input_may_begin_with_blank_lines(led: CommandLine, emulator: Emulator) -> None:
    done = await led("trigger-many", "-", "--environment", "dev", stdin=b'\n\r\n{"dag_id": "etl"}\n')
    assert (done.returncode, triggers(emulator)) == (0, ["etl"])
    wrong = await led("trigger-many", "-", "--environment", "dev", stdin=b'\n\n{"dag_id": "a b"}\n')
    assert told(wrong.stderr)[0].startswith("standard input, line 3, column 'dag_id': ")


async def test_a_directory_that_is_missing_is_told_and_not_made(led: CommandLine, here: Path) -> None:
    done = await led("trigger-many", "rows.csv", "--journal", "missing/x.journal")
    assert done.returncode == 3
    assert "the journal 'missing/x.journal' cannot be used: there is no directory" in told(done.stderr)[-1]
    assert files(here) == {"rows.csv"}
