"""What the TAB key completes, in a real bash, and by the protocol that zsh and fish speak, too."""

import json
import os
import socket
import stat
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from mwaa_async.emulator import Emulator
from tests.cli.program import CommandLine
from tests.cli.terminal import terminal

pytestmark = pytest.mark.anyio

SHELLS = ("bash", "zsh", "fish")
COMMANDS = [
    "completion",
    "connections",
    "dags",
    "doctor",
    "emulator",
    "environments",
    "guard",
    "journal",
    "run",
    "token",
    "trigger",
    "trigger-many",
    "variables",
]


@pytest.fixture
def installed(mwaa_async: CommandLine, tmp_path: Path) -> CommandLine:
    """The program in a directory of the search path, as an installer puts it there."""
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "mwaa-async"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mwaa_async "$@"\n')
    script.chmod(0o700)
    return mwaa_async.but_with(PATH=f"{script.parent}:{os.environ['PATH']}")


async def completed(led: CommandLine, *words: str) -> list[str]:
    """Return what a real bash offers when TAB is pressed after the last word; it must not have printed anything."""
    press = (
        'source <("$0" completion bash)\nCOMP_WORDS=("$@") COMP_CWORD=$(($# - 1))\n'
        '_mwaa_async_completion "$0"\nprintf "%s\\n" "${COMPREPLY[@]}"'
    )
    bash = ["bash", "-c", press, "mwaa-async", "mwaa-async", *words]
    done = await anyio.run_process(bash, check=False, env=led.environ)
    assert done.stderr == b""
    return done.stdout.decode().split()


async def listed(led: CommandLine, *words: str) -> list[str]:
    """Return what is offered of the environments that AWS lists, as soon as the machine is not too busy for that."""
    while not (names := await completed(led, *words)):
        forget(led)
    return names


async def answer(led: CommandLine, shell: str, words: Sequence[str], **environ: str) -> str:
    """Return what the program tells a shell; fish asks with what is typed in the place of its number."""
    place = words[-1] if shell == "fish" else str(len(words) - 1)
    asked = {"_MWAA_ASYNC_COMPLETE": f"{shell}_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": place}
    done = await led.but_with(**asked, **environ)()
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def cached(led: CommandLine) -> list[Path]:
    return sorted(Path(led.environ["XDG_CACHE_HOME"], "mwaa-async").glob("*"))


def forget(led: CommandLine) -> None:
    for path in cached(led):
        path.unlink()


async def test_bash_completes_commands_options_and_environments(installed: CommandLine) -> None:
    async with Emulator(["dev", "demo", "prod"]) as emulator:
        led = installed.led_to(emulator)
        assert await completed(led, "") == COMMANDS
        assert await completed(led, "trig") == ["trigger", "trigger-many"]
        assert await completed(led, "trigger", "--ru") == ["--run-id"]
        assert await completed(led, "trigger", "--conn") == ["--connect-to"]
        assert await listed(led, "trigger", "de") == ["demo", "dev"]
        assert await listed(led, "--guard", "local", "token", "--region", "us-east-1", "") == ["demo", "dev", "prod"]
        assert await listed(led, "trigger-many", "--environment", "p") == ["prod"]


async def test_bash_completes_the_commands_of_a_command_and_their_environments(installed: CommandLine) -> None:
    async with Emulator(["dev", "prod"]) as emulator:
        led = installed.led_to(emulator)
        assert await completed(led, "dags", "") == ["pause", "unpause"]
        assert await listed(led, "variables", "import", "--environment", "p") == ["prod"]


async def test_bash_completes_the_words_of_airflow_after_the_environment(installed: CommandLine) -> None:
    assert await completed(installed, "run", "demo", "dags", "tr") == ["trigger"]
    assert "variables" in await completed(installed, "run", "demo", "")
    assert await completed(installed, "run", "--ra") == ["--raw"]
    assert await completed(installed, "run", "demo", "--ra") == []  # which would go to Airflow


@pytest.mark.parametrize("seen", [["trigger", "demo", "etl"], ["run", "demo", "dags", "list"]])
async def test_dags_are_those_that_were_seen_at_a_terminal(
    installed: CommandLine, emulator: Emulator, seen: list[str]
) -> None:
    led = installed.led_to(emulator)
    await led(*seen)  # as a cron job
    assert await completed(led, "trigger", "demo", "") == []
    async with terminal(led.environ, *seen) as screen:
        assert await screen.ended() == 0
    commands = len(emulator.commands)
    assert await completed(led, "trigger", "demo", "e") == ["etl"]
    assert await completed(led, "run", "demo", "dags", "pause", "e") == ["etl"]
    assert await completed(led, "trigger", "--region", "eu-west-1", "demo", "e") == []  # another demo
    assert len(emulator.commands) == commands


@pytest.mark.parametrize("form", [["-o", "json"], ["-o", "table"]])
async def test_what_dags_list_shows_is_what_is_completed(
    installed: CommandLine, emulator: Emulator, form: list[str]
) -> None:
    led = installed.led_to(emulator)
    async with terminal(led.environ, "run", "demo", "dags", "list", *form, lines=100) as screen:
        assert await screen.ended() == 0
    assert await completed(led, "trigger", "demo", "") == ["demo", "etl", "report"]


@pytest.mark.parametrize("shell", SHELLS)
async def test_every_shell_gets_its_script_and_an_answer(
    installed: CommandLine, emulator: Emulator, shell: str
) -> None:
    led = installed.led_to(emulator)
    await listed(led, "token", "")
    done = await led("completion", shell)
    assert (done.returncode, done.stderr) == (0, b"")
    assert f"_MWAA_ASYNC_COMPLETE={shell}_complete".encode() in done.stdout
    assert "demo" in (await answer(led, shell, ["mwaa-async", "token", "d"])).replace(",", "\n").split("\n")


async def test_aws_is_asked_once_in_a_while_and_nobody_else_reads_what_it_said(
    installed: CommandLine, emulator: Emulator
) -> None:
    led = installed.led_to(emulator)
    assert await listed(led, "token", "") == ["demo"]
    [path] = cached(led)
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    assert led.environ["AWS_SECRET_ACCESS_KEY"] not in path.read_text()
    kept = json.loads(path.read_text())
    assert kept["names"] == ["demo"] and 200 < kept["until"] - time.time() < 400
    path.write_text(json.dumps({**kept, "names": ["remembered"]}))
    assert await completed(led, "token", "") == ["remembered"]
    path.write_text(json.dumps({"names": ["old"], "until": time.time() - 1}))
    assert await listed(led, "token", "") == ["demo"]


@pytest.mark.parametrize("broken", ["", "null", "[]", "{}", '{"until": "x", "names": 3}', "\0"])
async def test_a_broken_cache_is_none(installed: CommandLine, emulator: Emulator, broken: str) -> None:
    led = installed.led_to(emulator)
    await listed(led, "token", "")
    cached(led)[0].write_text(broken)
    assert await listed(led, "token", "") == ["demo"]


async def test_a_cache_that_cannot_be_written_is_done_without(installed: CommandLine, emulator: Emulator) -> None:
    led = installed.led_to(emulator).but_with(XDG_CACHE_HOME=os.devnull)
    assert await listed(led, "token", "") == ["demo"]


async def test_what_a_shell_would_run_is_not_completed(installed: CommandLine, emulator: Emulator) -> None:
    led = installed.led_to(emulator)
    await listed(led, "token", "")
    [path] = cached(led)
    path.write_text(json.dumps({"until": time.time() + 60, "names": ["good", "$(reboot)", "a b", "\x1b[2J", "a,b"]}))
    assert await completed(led, "token", "") == ["good"]


async def test_an_aws_that_refuses_is_silence_and_is_not_asked_at_each_key(
    installed: CommandLine, emulator: Emulator
) -> None:
    led = installed.led_to(emulator)
    assert await completed(led.but_with(AWS_SECRET_ACCESS_KEY="wrong"), "token", "") == []
    assert await completed(led, "token", "") == []
    [path] = cached(led)
    assert json.loads(path.read_text())["until"] - time.time() < 30


async def test_an_aws_that_does_not_answer_holds_nobody_up(installed: CommandLine, emulator: Emulator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        words = ["mwaa-async", "token", ""]
        before = time.monotonic()
        assert (await answer(installed.led_to(emulator), "bash", words, MWAA_ASYNC_ENDPOINT_URL=url)).strip() == ""
        assert time.monotonic() - before < 10  # the SDK would take minutes


async def test_a_user_at_bash_presses_tab(installed: CommandLine, emulator: Emulator) -> None:
    environ = {**installed.led_to(emulator).environ, "PS1": "$ "}
    command = ("bash", "--norc", "--noprofile", "-i")
    async with terminal(environ, command=command) as screen:
        await screen.shows(r"(?m)^\$")
        screen.press('eval "$(mwaa-async completion bash)"; echo rea""dy\r')
        await screen.shows("(?m)^ready")
        screen.press("mwaa-async tok\t")
        await screen.shows("mwaa-async token(?m:$)")
        await listed(installed.led_to(emulator), "token", "")
        screen.press("d\t")
        await screen.shows("mwaa-async token demo")


@pytest.mark.parametrize("environ", [{"MWAA_ASYNC_SETTLE_TIME": "soon"}, {"AWS_CA_BUNDLE": "/nowhere"}])
async def test_what_is_set_wrong_is_no_noise_at_the_prompt(
    installed: CommandLine, emulator: Emulator, environ: dict[str, str]
) -> None:
    led = installed.led_to(emulator).but_with(**environ)
    assert await answer(led, "bash", ["mwaa-async", "tok"]) == "plain,token\n"
    await answer(led, "bash", ["mwaa-async", "token", ""])
