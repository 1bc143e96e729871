"""`mwaa-async run`: the answer goes to stdout, so that it can be piped, and every log line to stderr."""

import json

import anyio
import pytest

from mwaa_async.emulator import Emulator, RecordedAirflow
from tests.cli.program import PROGRAM, CommandLine
from tests.protocol import RECORDED_IN_JSON, RECORDED_ON_MWAA, Record, record, records

pytestmark = pytest.mark.anyio

BLOCK = "CloudWatch logging is disabled for SubprocessLogHandler\n" * 12


def answering(*answers: Record | dict[str, object]) -> Emulator:
    """Return an emulator whose Airflow gives these recorded answers."""
    given = [answer._asdict() if isinstance(answer, Record) else answer for answer in answers]
    return Emulator(airflow=RecordedAirflow("2.10.3", given))


@pytest.mark.parametrize("recording", [*RECORDED_ON_MWAA, RECORDED_IN_JSON])
async def test_json_comes_to_stdout_alone_and_all_that_was_logged_to_stderr(
    mwaa_async: CommandLine, recording: str
) -> None:
    answers = [answer for answer in records(recording) if answer.argv == ["dags", "list", "-o", "json"]]
    async with answering(*answers) as emulator:
        for answer in answers:
            done = await mwaa_async.led_to(emulator)("run", "demo", "dags", "list", "-o", "json")
            assert {row["dag_id"] for row in json.loads(done.stdout)} >= {"demo", "etl"}
            assert sorted(done.stdout.decode() + done.stderr.decode()) == sorted(answer.stdout + answer.stderr)
            assert done.returncode == 0


async def test_a_pipe_gets_the_answer_alone(mwaa_async: CommandLine) -> None:
    async with answering(record("mwaa-debug-2.10.3", "variables get -j j")) as emulator:
        script = '"$@" run demo variables get -j j 2>/dev/null | cat'
        environ = mwaa_async.led_to(emulator).environ
        done = await anyio.run_process(["sh", "-c", script, "sh", *PROGRAM], env=environ)
    assert done.stdout == b'{"a": [1, true]}\n'


async def test_a_failed_command_is_told_with_its_log_on_stderr(mwaa_async: CommandLine) -> None:
    failed = record("mwaa-debug-2.10.3", "variables get nosuch")
    usage = record("mwaa-2.10.3", "dags list --bogus")
    async with answering(failed, usage) as emulator:
        done = await mwaa_async.led_to(emulator)("run", "demo", "variables", "get", "nosuch")
        assert (done.returncode, done.stdout, done.stderr.decode()) == (1, b"", failed.stdout + failed.stderr)
        done = await mwaa_async.led_to(emulator)("run", "demo", "dags", "list", "--bogus")
    assert (done.returncode, done.stdout.decode()) == (1, usage.stdout.removeprefix(BLOCK))
    assert done.stderr.decode() == BLOCK + usage.stderr


async def test_raw_leaves_every_byte_where_it_came(mwaa_async: CommandLine) -> None:
    answers = [record("mwaa-debug-2.10.3", "version"), record("mwaa-debug-2.10.3", "variables get nosuch")]
    async with answering(*answers) as emulator:
        for answer in answers:
            done = await mwaa_async.led_to(emulator)("run", "--raw", "demo", *answer.argv)
            assert (done.stdout.decode(), done.stderr.decode()) == (answer.stdout, answer.stderr)
            assert done.returncode == answer.exit


async def test_a_variable_keeps_what_looks_like_a_log_record_in_its_midst(
    mwaa_async: CommandLine,
) -> None:
    value = "first\n[2024-05-01 10:00:00,000] {dagbag.py:417} INFO - Filling up the DagBag\nlast\n"
    async with answering({"exit": 0, "stdout": BLOCK + value, "stderr": ""}) as emulator:
        done = await mwaa_async.led_to(emulator)("run", "demo", "variables", "get", "k")
    assert (done.stdout.decode(), done.stderr.decode()) == (value, BLOCK)
