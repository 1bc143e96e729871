"""`mwaa-async trigger`."""

import json
from pathlib import Path

import pytest

from mwaa_async.emulator import CutConnection, Emulator, SlowAnswer
from tests.cli.program import INTERRUPTED, CommandLine, only_line, until

pytestmark = pytest.mark.anyio


async def test_it_prints_the_run(mwaa_async: CommandLine, emulator: Emulator) -> None:
    done = await mwaa_async.led_to(emulator)("trigger", "demo", "etl", "--run-id", "mine")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"etl queued: mine\n", b"")


@pytest.mark.parametrize("text", ['{"a": [1, true, null]}', "@conf.json"])
async def test_the_conf_is_json_or_a_files(
    mwaa_async: CommandLine, emulator: Emulator, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("conf.json").write_text('\ufeff{"a": [1, true, null]}', encoding="utf-8")
    done = await mwaa_async.led_to(emulator)("trigger", "demo", "etl", "--conf", text, "--json")
    run = json.loads(done.stdout)
    assert run["conf"] == {"a": [1, True, None]}
    assert run["run_id"].startswith("mwaa_async__")
    assert run["logical_date"].endswith("+00:00")


@pytest.mark.parametrize(
    ("conf", "said"), [("{", "no JSON"), ("[1]", "a conf is a JSON object"), ("@nosuch", "cannot be read")]
)
async def test_a_conf_that_is_none_is_wrong_usage(
    mwaa_async: CommandLine, emulator: Emulator, conf: str, said: str
) -> None:
    done = await mwaa_async.led_to(emulator)("trigger", "demo", "etl", "--conf", conf)
    assert done.returncode == 2
    assert said in only_line(done.stderr)
    assert not emulator.tokens


async def test_wait_tells_each_state_once_and_ends_with_the_run(mwaa_async: CommandLine, emulator: Emulator) -> None:
    led = mwaa_async.led_to(emulator)
    await led("run", "demo", "dags", "unpause", "etl")
    done = await led("trigger", "demo", "etl", "--run-id", "mine", "--wait")
    assert (done.returncode, done.stdout) == (0, b"etl success: mine\n")
    assert done.stderr.decode().splitlines() == ["mwaa-async: etl queued: mine", "mwaa-async: etl success: mine"]


async def test_a_lost_answer_makes_no_second_run(mwaa_async: CommandLine, emulator: Emulator) -> None:
    emulator.faults.commands.append(CutConnection(ran=True))
    done = await mwaa_async.led_to(emulator)("trigger", "demo", "etl", "--run-id", "mine")
    assert (done.returncode, done.stdout) == (0, b"etl queued: mine\n")
    assert [record.exit_code for record in emulator.commands[:2]] == [0, 1]


async def test_what_airflow_refuses_is_exit_1(mwaa_async: CommandLine, emulator: Emulator) -> None:
    done = await mwaa_async.led_to(emulator)("trigger", "demo", "nosuch")
    assert (done.returncode, done.stdout) == (1, b"")
    assert "DagNotFound" in only_line(done.stderr)


async def test_a_run_id_that_airflow_would_not_take_is_wrong_usage(mwaa_async: CommandLine, emulator: Emulator) -> None:
    done = await mwaa_async.led_to(emulator)("trigger", "demo", "etl", "--run-id", "has space")
    assert done.returncode == 2
    assert "allowed_run_id_pattern" in only_line(done.stderr)
    assert not emulator.commands


async def test_interrupted_while_it_waits_it_says_that_the_run_goes_on(
    mwaa_async: CommandLine, emulator: Emulator
) -> None:
    led = mwaa_async.led_to(emulator)
    async with led.started("trigger", "demo", "etl", "--run-id", "mine", "--wait") as process:  # of a paused DAG
        assert await process.error_line() == "mwaa-async: etl queued: mine\n".rstrip("\n")
        process.press_ctrl_c()
        assert "the run mine of etl was triggered, and goes on" in await process.error_line()
        assert await process.ended() == INTERRUPTED


async def test_interrupted_while_it_triggers_it_waits_for_the_web_server(
    mwaa_async: CommandLine, emulator: Emulator
) -> None:
    emulator.faults.commands.append(SlowAnswer(1.0))
    async with mwaa_async.led_to(emulator).started("trigger", "demo", "etl") as process:
        await until(lambda: emulator.commands)
        process.press_ctrl_c()
        assert "waiting for the web server" in await process.error_line()
        assert "not running any more" in await process.error_line()
        assert await process.ended() == INTERRUPTED
