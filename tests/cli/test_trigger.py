"""`mwaa-async trigger`."""

import base64
import json
import re
import shlex
import signal
from bisect import bisect
from collections.abc import Callable
from pathlib import Path

import anyio
import click
import pytest

from mwaa_async._cli.trigger import conf_from, waiting_again
from mwaa_async.emulator import CutConnection, EmbeddedAirflow, Emulator, SlowAnswer, StatusAnswer, WrongAnswer
from mwaa_async.emulator._faults import CommandFault
from tests.cli.program import INTERRUPTED, PROGRAM, CommandLine, only_line, told, until

pytestmark = pytest.mark.anyio


async def test_it_prints_the_run(mwaa_async: CommandLine, emulator: Emulator) -> None:
    done = await mwaa_async.led_to(emulator)("trigger", "demo", "etl", "--run-id", "mine")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"etl queued: mine\n", b"")


async def test_it_prints_where_airflow_shows_the_run_as_json(mwaa_async: CommandLine, emulator: Emulator) -> None:
    done = await mwaa_async.led_to(emulator)("trigger", "demo", "etl", "--run-id", "a+b:c", "--json")
    run = json.loads(done.stdout)
    page = f"{emulator.web_server_url('demo')}/dags/etl/grid?dag_run_id=a%2Bb%3Ac"
    assert (run["run_id"], run["url"], run["failed_tasks"]) == ("a+b:c", page, None)


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
    ("conf", "said"),
    [
        ("{", "it ends too early"),
        ('{"a": 1 "b": 2}', "no JSON: Expecting ',' delimiter"),
        ("[1]", "a conf is a JSON object"),
        ("@nosuch", "cannot be read"),
        ('{"a": NaN}', "no JSON: it has neither NaN nor Infinity"),
        ('{"a": -1e999}', "no JSON: it has neither NaN nor Infinity"),
        ("@deep.json", "nested too deeply"),
    ],
    ids=["cut", "comma", "list", "no file", "NaN", "infinite", "deep"],
)
async def test_a_conf_that_is_none_is_wrong_usage(
    mwaa_async: CommandLine, emulator: Emulator, conf: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("deep.json").write_text("[" * 100_000 + "]" * 100_000, encoding="utf-8")
    done = await mwaa_async.led_to(emulator)("trigger", "demo", "etl", "--json", "--conf", conf)
    assert (done.returncode, done.stdout) == (2, b"")
    line = only_line(done.stderr)
    assert "'--conf': " in line
    assert said in line
    assert not emulator.tokens


async def test_a_conf_from_a_standard_input_that_is_closed_is_wrong_usage(mwaa_async: CommandLine) -> None:
    without_stdin = ["bash", "-c", 'exec "$@" <&-', "bash", *PROGRAM, "trigger", "demo", "etl", "--conf", "@-"]
    done = await anyio.run_process(without_stdin, check=False, env=mwaa_async.environ)
    assert done.returncode == 2
    assert "'-' cannot be read: there is no standard input" in only_line(done.stderr)


@pytest.mark.parametrize(
    "conf", ['{"a": ' + "[" * 400 + "]" * 400 + "}", '{"half of a pair": "\\ud83c"}'], ids=["deep", "half"]
)
async def test_a_conf_that_can_be_sent_can_be_printed(mwaa_async: CommandLine, emulator: Emulator, conf: str) -> None:
    done = await mwaa_async.led_to(emulator)("trigger", "demo", "etl", "--json", "--conf", conf)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["conf"] == json.loads(conf)


def nested(depth: int) -> str:
    return '{"a": ' + "[" * depth + "]" * depth + "}"


def is_taken(depth: int) -> bool:
    try:
        return bool(conf_from(nested(depth)))
    except click.BadParameter as error:
        assert error.message == "it is nested too deeply"
        return False


def called_by(levels: int, work: Callable[[], str]) -> str:
    return called_by(levels - 1, work) if levels else work()


async def test_the_deepest_conf_that_is_taken_can_be_printed_wherever_the_program_does_that() -> None:
    # Pythons differ in how deep they read, and how deep they print.
    deepest = bisect(range(1, 1500), False, key=lambda depth: not is_taken(depth))
    conf = conf_from(nested(deepest))
    assert called_by(50, lambda: json.dumps({"conf": conf}, indent=4)).count("[") == deepest


async def test_wait_tells_each_state_once_and_ends_with_the_run(mwaa_async: CommandLine, emulator: Emulator) -> None:
    done = await mwaa_async.led_to(emulator)("trigger", "demo", "etl", "--run-id", "mine", "--wait")
    assert (done.returncode, done.stdout) == (0, b"etl success: mine\n")
    assert told(done.stderr) == ["etl queued: mine", f"Airflow shows it at {page_of(emulator)}"]


def page_of(emulator: Emulator, dag_id: str = "etl", run_id: str = "mine") -> str:
    return f"{emulator.web_server_url('demo')}/dags/{dag_id}/grid?dag_run_id={run_id}"


async def test_a_failed_run_is_exit_1_with_its_failed_tasks_and_where_to_look(mwaa_async: CommandLine) -> None:
    async with Emulator(dags=["etl:fails"]) as emulator:
        led = mwaa_async.led_to(emulator)
        done = await led("trigger", "demo", "etl", "--run-id", "mine", "--wait", "--json")
        run = json.loads(done.stdout)
        assert done.returncode == 1
        assert (run["state"], run["failed_tasks"], run["url"]) == ("failed", ["extract"], page_of(emulator))
        assert told(done.stderr)[-1] == (
            f"demo: the run 'mine' of DAG 'etl' has failed; failed tasks: extract; see {page_of(emulator)}"
        )


async def test_a_run_of_a_paused_dag_is_told_at_once_and_is_124_when_the_time_is_over(
    mwaa_async: CommandLine, emulator: Emulator
) -> None:
    led = mwaa_async.led_to(emulator)
    async with led.started("trigger", "demo", "demo", "--run-id", "mine", "--wait", "--timeout", "4") as process:
        assert await process.error_line() == "mwaa-async: demo queued: mine"
        assert await process.error_line() == f"mwaa-async: Airflow shows it at {page_of(emulator, 'demo')}"
        assert await process.error_line() == (
            "mwaa-async: the DAG 'demo' is paused, and its runs stay queued until it is unpaused"
        )
        last = await process.error_line()
        assert last.startswith(
            "mwaa-async: demo: the run 'mine' of DAG 'demo' has not ended within 4 s: it is queued, and goes on"
        )
        assert last.endswith(page_of(emulator, "demo"))
        assert await process.line() == "demo queued: mine"
        assert await process.ended() == 124


async def test_waiting_goes_on_when_the_dag_is_unpaused(mwaa_async: CommandLine, emulator: Emulator) -> None:
    led = mwaa_async.led_to(emulator)
    async with led.started("trigger", "demo", "demo", "--run-id", "mine", "--wait") as process:
        while "is paused" not in await process.error_line():
            pass
        await led("run", "demo", "dags", "unpause", "demo")
        assert await process.ended() == 0
        assert await process.line() == "demo success: mine"


async def test_a_timeout_of_wait_limits_the_wait_for_the_turn_too(mwaa_async: CommandLine) -> None:
    async with Emulator(command_time=600) as emulator:
        led = mwaa_async.led_to(emulator)
        async with led.started("run", "demo", "version"):
            await until(lambda: emulator.commands)
            done = await led("trigger", "demo", "etl", "--wait", "--timeout", "1")
    assert done.returncode == 3
    assert "its turn did not come within 1 s" in only_line(done.stderr)


@pytest.mark.parametrize("options", [("--timeout", "5"), ("--wait", "--timeout", "0"), ("--wait", "--timeout", "2h")])
async def test_a_timeout_is_a_number_of_seconds_that_wait_waits(
    mwaa_async: CommandLine, options: tuple[str, ...]
) -> None:
    done = await mwaa_async("trigger", "demo", "etl", *options)
    assert done.returncode == 2
    assert "timeout" in only_line(done.stderr)


async def test_an_existing_run_is_printed_and_waited_for_where_that_is_ok(mwaa_async: CommandLine) -> None:
    async with Emulator(dags=["etl:fails"]) as emulator:
        led = mwaa_async.led_to(emulator)
        triggering = ("trigger", "demo", "etl", "--run-id", "mine", "--conf", '{"a": 1}')
        await led(*triggering, "--exists-ok")
        refused = await led(*triggering)
        assert (refused.returncode, refused.stdout) == (1, b"")
        assert "DagRunAlreadyExists" in only_line(refused.stderr)
        waited = await led(*triggering, "--exists-ok", "--wait")
        assert (waited.returncode, waited.stdout) == (1, b"etl failed: mine\n")
        done = await led(*triggering, "--exists-ok", "--json")
        run = json.loads(done.stdout)
        assert (done.returncode, run["run_id"], run["state"], run["conf"]) == (0, "mine", "failed", None)
        assert only_line(done.stderr) == "mwaa-async: the run mine of etl exists already; nothing was triggered"


async def test_exists_ok_needs_a_run_id(mwaa_async: CommandLine) -> None:
    done = await mwaa_async("trigger", "demo", "etl", "--exists-ok")
    assert done.returncode == 2
    assert "--exists-ok needs a --run-id" in only_line(done.stderr)


async def test_a_lost_answer_makes_no_second_run(mwaa_async: CommandLine, emulator: Emulator) -> None:
    emulator.faults.commands.append(CutConnection(ran=True))
    done = await mwaa_async.led_to(emulator)("trigger", "demo", "demo", "--run-id", "mine")
    assert (done.returncode, done.stdout) == (0, b"demo queued: mine\n")
    assert [record.exit_code for record in emulator.commands[:2]] == [0, 1]


async def test_what_airflow_refuses_is_exit_1(mwaa_async: CommandLine, emulator: Emulator) -> None:
    done = await mwaa_async.led_to(emulator)("trigger", "demo", "nosuch")
    assert (done.returncode, done.stdout) == (1, b"")
    assert "DagNotFound" in only_line(done.stderr)


async def test_a_run_id_that_airflow_would_not_take_is_wrong_usage(mwaa_async: CommandLine, emulator: Emulator) -> None:
    done = await mwaa_async.led_to(emulator)("trigger", "demo", "etl", "--run-id", "has space")
    assert done.returncode == 2
    line = only_line(done.stderr)
    assert "give it to --allowed-run-id-pattern" in line
    assert "MwaaClient" not in line
    assert not emulator.commands


UNREACHABLE = StatusAnswer(404)
NO_DATABASE = WrongAnswer(
    json.dumps(
        {"stdout": "", "stderr": base64.b64encode(b"Traceback (most recent call last):\nOSError: gone").decode()}
    ).encode()
)


@pytest.mark.parametrize("fault", [UNREACHABLE, NO_DATABASE], ids=["not sent", "failed"])
async def test_an_error_while_it_waits_says_that_the_run_was_triggered_and_goes_on(
    mwaa_async: CommandLine, emulator: Emulator, fault: CommandFault
) -> None:
    emulator.faults.commands.extend([None, fault])
    done = await mwaa_async.led_to(emulator)("trigger", "demo", "etl", "--run-id", "mine", "--wait", "--json")
    assert done.returncode == 4
    run = json.loads(done.stdout)
    assert (run["dag_id"], run["run_id"], run["state"]) == ("etl", "mine", "queued")
    shown, where, told_last = told(done.stderr)
    assert shown == "etl queued: mine"
    assert told_last.startswith("the run mine of etl was triggered, and goes on. To wait for it again: ")
    assert "; how it ends could not be seen: demo: " in told_last
    assert page_of(emulator) in where


async def test_an_error_while_it_waits_leaves_the_state_that_was_seen_last(
    mwaa_async: CommandLine, emulator: Emulator
) -> None:
    led = mwaa_async.led_to(emulator)
    emulator.faults.commands.extend([None, None, None, UNREACHABLE])
    done = await led("trigger", "demo", "demo", "--run-id", "mine", "--wait")
    assert (done.returncode, done.stdout) == (4, b"demo queued: mine\n")


async def test_a_run_that_is_deleted_while_it_waits_does_not_go_on(mwaa_async: CommandLine, emulator: Emulator) -> None:
    led = mwaa_async.led_to(emulator)
    async with led.started("trigger", "demo", "demo", "--run-id", "mine", "--wait", "--json") as process:
        while "is paused" not in await process.error_line():
            pass
        await led("run", "demo", "dags", "delete", "demo", "--yes")
        line = await process.error_line()
        assert "goes on" not in line
        assert "DAG: demo does not exist" in line
        assert await process.ended() == 1


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, INTERRUPTED), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("run_id", [("--run-id=it's mine",), ()], ids=["given", "ours"])
async def test_interrupted_while_it_waits_it_says_that_the_run_goes_on_and_how_to_look_at_it(
    mwaa_async: CommandLine, run_id: tuple[str, ...], number: signal.Signals, status: int
) -> None:
    async with Emulator(airflow="2.5.3") as emulator:  # which takes every run id
        led = mwaa_async.led_to(emulator)
        triggering = ("--guard", "local", "trigger", "demo", "demo", *run_id, "--conf", '{"a": 1}', "--wait")
        async with led.started(*triggering) as process:
            while "is paused" not in await process.error_line():
                pass
            process.send(number)
            line = await process.error_line()
            assert re.search(
                r"interrupted; the run (it's mine|mwaa_async__\S+) of demo was triggered, and goes on\. ", line
            )
            assert await process.ended() == status
        [again] = re.findall(r"To wait for it again: mwaa-async (.*); Airflow shows it at https://", line)
        await led("run", "demo", "dags", "unpause", "demo")
        done = await led(*shlex.split(again))
        assert done.returncode == 0
        assert done.stdout.startswith(b"demo success: ")
        airflow = emulator.airflow("demo")
        assert isinstance(airflow, EmbeddedAirflow)
        assert [run.conf for run in airflow.dag_runs()] == [{"a": 1}]


@pytest.mark.parametrize(
    ("words", "again"),
    [
        ("trigger prod etl", "trigger --run-id ours --exists-ok --wait prod etl"),
        ("--region r trigger prod etl -c {} --wait", "--region r trigger --run-id ours --exists-ok prod etl --wait"),
        ("trigger prod etl --conf={} -r mine", "trigger --exists-ok --wait prod etl -r mine"),
        ("trigger -c{} --run-id=mine -- prod etl", "trigger --exists-ok --wait --run-id=mine -- prod etl"),
        ("trigger prod etl --conf -r --exists-ok", "trigger --run-id ours --wait prod etl --exists-ok"),
    ],
)
def test_the_same_command_waits_again_with_the_run_id_and_without_the_conf(words: str, again: str) -> None:
    assert waiting_again(words.split(), "ours") == again.split()


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
