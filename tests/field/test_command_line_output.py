"""What `mwaa-async run` prints when it is piped into another program."""

import json

import pytest

from tests.cli.program import CommandLine
from tests.field import TWELVE_LINES, answer, recorded

pytestmark = pytest.mark.anyio

WARNING = "/usr/local/lib/airflow/models/dag.py:3 DeprecationWarning: schedule_interval is deprecated\n"
RECORD = "[2026-11-25T04:01:20.336+0000] {dagbag.py:588} INFO - Filling up the DagBag from /usr/local/airflow/dags\n"


async def test_json_on_the_command_line_is_a_document_for_jq(mwaa_async: CommandLine) -> None:
    rows = '[{"dag_id": "etl", "is_paused": "True"}]\n'
    async with recorded(answer(TWELVE_LINES + RECORD + rows)) as emulator:
        done = await mwaa_async.led_to(emulator)("run", "demo", "dags", "list", "-o", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == json.loads(rows)
    assert "CloudWatch logging is disabled" in done.stderr.decode()
    assert "Filling up the DagBag" in done.stderr.decode()


@pytest.mark.parametrize("option", [["-o", "json"], ["--output", "json"], ["--output=json"], ["-ojson"]])
@pytest.mark.parametrize(("before", "after"), [("hello from my DAG file\n{'a': 1}\n", ""), (WARNING, RECORD + "bye\n")])
async def test_what_dag_files_print_does_not_stand_before_the_document(
    mwaa_async: CommandLine, option: list[str], before: str, after: str
) -> None:
    # https://github.com/apache/airflow/issues/37228
    rows = '[{"dag_id": "etl", "is_paused": "True"}]\n'
    async with recorded(answer(before + TWELVE_LINES + RECORD + before + rows + after)) as emulator:
        done = await mwaa_async.led_to(emulator)("run", "demo", "dags", "list", *option)
    assert done.returncode == 0
    assert done.stdout.decode() == rows
    assert done.stderr.decode().startswith(before + TWELVE_LINES + RECORD + before + after)


async def test_what_was_not_asked_for_as_json_stays_as_it_is(mwaa_async: CommandLine) -> None:
    async with recorded(answer("hello\n[]\n"), answer("hello\nno document\n")) as emulator:
        run = mwaa_async.led_to(emulator)
        assert (await run("run", "demo", "dags", "list")).stdout == b"hello\n[]\n"
        assert (await run("run", "demo", "dags", "list", "-o", "json")).stdout == b"hello\nno document\n"


async def test_the_bytes_are_there_as_they_came_for_who_wants_them(mwaa_async: CommandLine) -> None:
    async with recorded(answer(TWELVE_LINES + "2.10.3\n")) as emulator:
        done = await mwaa_async.led_to(emulator)("run", "--raw", "demo", "version")
    assert done.stdout.decode() == TWELVE_LINES + "2.10.3\n"
