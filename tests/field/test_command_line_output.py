"""What `mwaa-async run` prints when it is piped into another program."""

import json

import pytest

from tests.cli.program import CommandLine
from tests.field import TWELVE_LINES, answer, recorded

pytestmark = pytest.mark.anyio

RECORD = "[2026-11-25T04:01:20.336+0000] {dagbag.py:588} INFO - Filling up the DagBag from /usr/local/airflow/dags\n"


async def test_json_on_the_command_line_is_a_document_for_jq(mwaa_async: CommandLine) -> None:
    rows = '[{"dag_id": "etl", "is_paused": "True"}]\n'
    async with recorded(answer(TWELVE_LINES + RECORD + rows)) as emulator:
        done = await mwaa_async.led_to(emulator)("run", "demo", "dags", "list", "-o", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == json.loads(rows)
    assert "CloudWatch logging is disabled" in done.stderr.decode()
    assert "Filling up the DagBag" in done.stderr.decode()


async def test_the_bytes_are_there_as_they_came_for_who_wants_them(mwaa_async: CommandLine) -> None:
    async with recorded(answer(TWELVE_LINES + "2.10.3\n")) as emulator:
        done = await mwaa_async.led_to(emulator)("run", "--raw", "demo", "version")
    assert done.stdout.decode() == TWELVE_LINES + "2.10.3\n"
