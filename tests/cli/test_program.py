"""The program `mwaa-async`, run as a process of its own against a running emulator."""

import json
import os
import shlex
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import anyio
import pytest

from mwaa_async import (
    AccessDeniedError,
    CommandFailedError,
    EnvironmentNotFoundError,
    GuardError,
    MwaaError,
    OutcomeUnknownError,
    OutputError,
    UnsupportedCommandError,
)
from mwaa_async._cli.exits import exit_status
from mwaa_async.emulator import AirflowBinary, Emulator, StatusAnswer
from tests.cli.program import INTERRUPTED, PROGRAM, CommandLine, Running, only_line, until

pytestmark = pytest.mark.anyio

# What an installer makes of the entry point.
CONSOLE_SCRIPT = (sys.executable, "-c", "import sys; from mwaa_async.__main__ import main; sys.exit(main())")
MISLEADING = (
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
    *("MWAA_ASYNC_REGION", "MWAA_ASYNC_PROFILE", "MWAA_ASYNC_ENDPOINT_URL"),
    *("MWAA_ASYNC_PROXY", "MWAA_ASYNC_CONNECT_TO"),
)


@pytest.fixture
def airflow_that(tmp_path: Path) -> Callable[[str], AirflowBinary]:
    """A program in the place of Airflow that does what a shell script says."""

    def make(script: str) -> AirflowBinary:
        path = tmp_path / "airflow"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)
        return AirflowBinary(path)

    return make


async def variables_of(emulator: Running) -> str:
    lines = [await emulator.line()]
    while not lines[-1].startswith("unset"):
        lines.append(await emulator.line())
    return "\n".join(lines)


# run


@pytest.mark.parametrize("first", ["--help", "--", "dags"])
async def test_everything_after_the_environment_goes_to_airflow_untouched(
    mwaa_async: CommandLine, emulator: Emulator, first: str
) -> None:
    words = [first, "-h", "--version", "-v", "--", "--guard", "local", "", "a  b", "it's", "$HOME", "*", "--help", "--"]
    await mwaa_async.led_to(emulator)("run", "demo", *words)
    assert [shlex.split(record.command) for record in emulator.commands] == [words]


async def test_one_argument_with_spaces_is_a_command_line(mwaa_async: CommandLine, emulator: Emulator) -> None:
    done = await mwaa_async.led_to(emulator)("run", "demo", "dags trigger etl --conf '{\"a\": 1}'")
    assert done.returncode == 0
    assert emulator.commands[0].command == "dags trigger etl --conf '{\"a\": 1}'"


@pytest.mark.parametrize("locale", [{}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
async def test_output_comes_byte_for_byte_whatever_the_locale(
    mwaa_async: CommandLine, airflow_that: Callable[[str], AirflowBinary], locale: dict[str, str]
) -> None:
    airflow = airflow_that(r"printf 'gr\303\274n\r\n\tno line end'; printf '2026-01-01 00:00:00 \342\202\254' >&2")
    async with Emulator(airflow=airflow) as emulator:
        done = await mwaa_async.led_to(emulator).but_with(**locale)("run", "demo", "version")
    assert done.stdout == "grün\r\n\tno line end".encode()
    assert done.stderr == "2026-01-01 00:00:00 €".encode()
    assert done.returncode == 0


async def test_a_failed_command_is_exit_1_and_airflow_says_why(mwaa_async: CommandLine, emulator: Emulator) -> None:
    done = await mwaa_async.led_to(emulator)("run", "demo", "dags", "trigger", "nonsense")
    assert done.returncode == 1
    assert b"nonsense" in done.stderr
    assert b"mwaa-async:" not in done.stderr


async def test_a_failure_of_which_airflow_says_nothing_is_told_in_one_line(
    mwaa_async: CommandLine, airflow_that: Callable[[str], AirflowBinary]
) -> None:
    async with Emulator(airflow=airflow_that("echo half; exit 3"), failed_status=400) as emulator:
        done = await mwaa_async.led_to(emulator)("run", "demo", "version")
    assert (done.returncode, done.stdout) == (1, b"half\n")
    assert "failed" in only_line(done.stderr)


@pytest.mark.parametrize(
    ("environment", "options"),
    [("nope", []), ("demo", ["--profile", "nope"]), ("demo", ["--endpoint-url", "https://127.0.0.1:1"])],
    ids=["environment", "profile", "endpoint"],
)
async def test_what_keeps_a_command_from_running_is_exit_3(
    mwaa_async: CommandLine, emulator: Emulator, environment: str, options: list[str]
) -> None:
    # The SDK tries several times where it gets no connection.
    done = await mwaa_async.led_to(emulator).but_with(AWS_MAX_ATTEMPTS="1")(*options, "run", environment, "version")
    assert done.returncode == 3
    assert environment in only_line(done.stderr)


async def test_not_knowing_whether_a_command_ran_is_exit_4(mwaa_async: CommandLine, emulator: Emulator) -> None:
    emulator.faults.commands.append(StatusAnswer(504, ran=True))
    done = await mwaa_async.led_to(emulator)("run", "demo", "dags", "delete", "etl")
    assert done.returncode == 4
    assert "unknown" in only_line(done.stderr)


async def test_a_reader_that_has_gone_is_no_noise(mwaa_async: CommandLine, emulator: Emulator) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = await anyio.run_process(
            [*PROGRAM, "run", "demo", "version"],
            stdout=writer,
            check=False,
            env=mwaa_async.led_to(emulator).environ,
        )
    finally:
        os.close(writer)
    assert done.returncode == 141
    # What MWAA's logging set-up prints with 2.10.3; nothing of this program's own.
    assert b"mwaa-async" not in done.stderr and b"Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
async def test_output_that_cannot_be_written_is_an_error(mwaa_async: CommandLine, emulator: Emulator) -> None:
    with Path("/dev/full").open("wb") as full:
        done = await anyio.run_process(
            [*PROGRAM, "run", "demo", "version"], stdout=full, check=False, env=mwaa_async.led_to(emulator).environ
        )
    assert done.returncode == 74
    [said] = [line for line in done.stderr.decode().splitlines() if line.startswith("mwaa-async: ")]
    assert "cannot be written: No space left" in said
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.parametrize(
    ("line", "status", "printed"),
    [
        ("run demo version", 0, b"2.10.3\n"),
        ("-v run demo version", 0, b"2.10.3\n"),
        ("run demo dags trigger nosuch", 1, b""),
        ("run nope version", 3, b""),
        ("run", 2, b""),
        ("trigger demo etl --run-id mine --wait", 0, b"etl success: mine\n"),
        ("trigger demo nosuch --wait", 1, b""),
        ("emulator -- sh -c 'exit 7'", 7, b""),
    ],
)
async def test_without_a_stderr_everything_is_done_and_only_the_messages_are_lost(
    mwaa_async: CommandLine, emulator: Emulator, line: str, status: int, printed: bytes
) -> None:
    led = mwaa_async.led_to(emulator)
    await led("run", "demo", "dags", "unpause", "etl")
    done = await led.without_stderr(*shlex.split(line))
    assert done.returncode == status
    assert done.stdout.endswith(printed)


# Ctrl-C


@pytest.mark.parametrize("program", [PROGRAM, CONSOLE_SCRIPT], ids=["module", "script"])
async def test_interrupted_while_it_is_loaded_it_says_that_nothing_is_running(
    mwaa_async: CommandLine, tmp_path: Path, program: Sequence[str]
) -> None:
    # Ctrl-C comes as an exception wherever Python is at that moment.
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt\n")
    environ = mwaa_async.but_with(PYTHONPATH=str(tmp_path)).environ
    done = await anyio.run_process([*program, "run", "demo", "version"], check=False, env=environ)
    assert (done.returncode, done.stdout) == (INTERRUPTED, b"")
    assert only_line(done.stderr) == "mwaa-async: interrupted; nothing is running"


async def test_interrupted_while_the_command_runs_it_waits_and_says_so(mwaa_async: CommandLine) -> None:
    async with (
        Emulator(command_time=3) as emulator,
        mwaa_async.led_to(emulator).started("run", "demo", "version") as process,
    ):
        await until(lambda: emulator.commands)
        process.press_ctrl_c()
        assert "waiting for the web server" in await process.error_line()
        assert "not running any more" in await process.error_line()
        assert await process.ended() == INTERRUPTED
        assert emulator.commands[0].exit_code == 0


async def test_interrupted_twice_it_ends_at_once_and_says_what_may_be_running(mwaa_async: CommandLine) -> None:
    async with (
        Emulator(command_time=600) as emulator,
        mwaa_async.led_to(emulator).started("run", "demo", "version") as process,
    ):
        await until(lambda: emulator.commands)
        process.press_ctrl_c()
        assert "waiting for the web server" in await process.error_line()
        process.press_ctrl_c()
        with anyio.fail_after(5):  # half of the time that it would wait otherwise
            assert "may still be running" in await process.error_line()
            assert await process.ended() == INTERRUPTED
        assert emulator.commands[0].end is None


async def test_interrupted_in_the_queue_it_says_that_nothing_has_run(mwaa_async: CommandLine) -> None:
    async with (
        Emulator(command_time=600) as emulator,
        mwaa_async.led_to(emulator).started("run", "demo", "version"),
    ):
        await until(lambda: emulator.commands)
        async with mwaa_async.led_to(emulator).started("-v", "run", "demo", "version") as second:
            assert await second.error_line() == "mwaa-async: demo: version #1: queued"
            second.press_ctrl_c()
            said = [await second.error_line() for _ in range(2)]
            assert said[0].startswith("mwaa-async: demo: version #1: cancelled, it has not run; queued for ")
            assert "the command has not run" in said[1]
            assert await second.ended() == INTERRUPTED


# token


async def test_token_prints_what_the_aws_cli_prints(mwaa_async: CommandLine, emulator: Emulator) -> None:
    done = await mwaa_async.led_to(emulator)("token", "demo")
    [issued] = emulator.tokens
    answer = json.loads(done.stdout)
    assert answer["CliToken"] == issued.value
    assert done.stdout.decode() == json.dumps(answer, indent=4) + "\n"
    assert list(answer) == ["CliToken", "WebServerHostname"]
    assert (done.returncode, done.stderr) == (0, b"")


async def test_no_token_for_an_unknown_environment_is_exit_3(mwaa_async: CommandLine, emulator: Emulator) -> None:
    done = await mwaa_async.led_to(emulator)("token", "nope")
    assert (done.returncode, done.stdout) == (3, b"")
    assert only_line(done.stderr).startswith("mwaa-async: nope: there is no environment of this name")


async def test_interrupted_token_is_exit_130(mwaa_async: CommandLine) -> None:
    async with Emulator() as emulator:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            led = mwaa_async.led_to(emulator)
            async with led.started("--endpoint-url", url, "token", "demo") as process:
                connection, _ = await anyio.to_thread.run_sync(silent.accept)
                with connection:
                    process.press_ctrl_c()
                    assert "nothing is running" in await process.error_line()
                    assert await process.ended() == INTERRUPTED


# emulator


@pytest.mark.parametrize("way", ["MWAA_ASYNC_PROXY=http://127.0.0.1:1", "MWAA_ASYNC_CONNECT_TO=127.0.0.1:1"])
async def test_a_command_beside_the_emulator_reaches_it_and_gives_the_exit_status(
    mwaa_async: CommandLine, way: str
) -> None:
    own = {"MWAA_ASYNC_PROFILE": "nonsense", "MWAA_ASYNC_ENDPOINT_URL": "https://127.0.0.1:1"}
    led_astray = mwaa_async.but_with(**dict.fromkeys(MISLEADING[:4], "nonsense"), **own, **dict([way.split("=")]))
    done = await led_astray(
        "emulator", "--environment", "a", "--environment", "b", "--", *PROGRAM, "run", "b", "version"
    )
    assert (done.returncode, done.stdout) == (0, b"2.10.3\n")
    done = await led_astray("emulator", "--", *PROGRAM, "run", "b", "version")
    assert done.returncode == 3


async def test_the_version_and_the_region_are_the_chosen_ones(mwaa_async: CommandLine) -> None:
    show = 'mwaa_async() { "$0" -m mwaa_async "$@"; }; echo "$AWS_REGION"; mwaa_async run demo version'
    done = await mwaa_async(
        *("--region", "eu-west-1", "emulator", "--airflow-version", "3.0.6", "sh", "-c", show, sys.executable)
    )
    assert done.stdout.decode().splitlines()[0] == "eu-west-1"
    assert done.stdout.decode().splitlines()[-1] == "3.0.6"


async def test_an_installed_airflow_answers(
    mwaa_async: CommandLine, airflow_that: Callable[[str], AirflowBinary]
) -> None:
    path = airflow_that('echo "real: $*"').path
    done = await mwaa_async("emulator", "--airflow-binary", str(path), *PROGRAM, "run", "demo", "dags", "list")
    assert (done.returncode, done.stdout) == (0, b"real: dags list\n")


@pytest.mark.parametrize(
    ("command", "status"),
    [("exit 7", 7), ("kill -TERM $$", 128 + signal.SIGTERM), ("kill -KILL $$", 128 + signal.SIGKILL)],
)
async def test_the_exit_status_is_the_commands_own(mwaa_async: CommandLine, command: str, status: int) -> None:
    done = await mwaa_async("emulator", "--", "sh", "-c", command)
    assert (done.returncode, done.stderr) == (status, b"")


@pytest.mark.parametrize(("program", "status"), [("no-such-program", 127), ("/dev/null", 126)])
async def test_a_program_that_cannot_be_run_is_told(mwaa_async: CommandLine, program: str, status: int) -> None:
    done = await mwaa_async("emulator", "--", program)
    assert done.returncode == status
    assert program in only_line(done.stderr)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
async def test_it_serves_until_it_is_stopped(
    mwaa_async: CommandLine, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    async with mwaa_async.started("emulator", "--environment", "it-s") as process:
        assert await process.error_line() == "mwaa-async: serving it-s (Airflow 2.10.3) until interrupted"
        variables = tmp_path / "variables.sh"
        variables.write_text(await variables_of(process))
        token = f'. {variables}; exec "$0" -m mwaa_async token it-s'
        done = await anyio.run_process(["sh", "-c", token, sys.executable], env=mwaa_async.environ)
        assert json.loads(done.stdout)["CliToken"]
        process.send(number)
        assert await process.ended() == status


async def test_the_variables_survive_every_shell_quoting(mwaa_async: CommandLine) -> None:
    async with mwaa_async.but_with(NO_PROXY="it's; $(exit) \"").started("emulator") as process:
        variables = await variables_of(process)
    shown = await anyio.run_process(["sh", "-c", f'{variables}\nprintf %s "$NO_PROXY"'], env={"AWS_PROFILE": "x"})
    assert shown.stdout == b"it's; $(exit) \",127.0.0.1,localhost"
    assert variables.splitlines()[-1] == f"unset {' '.join(MISLEADING)}"


async def test_ctrl_c_is_left_to_the_command(mwaa_async: CommandLine) -> None:
    patient = 'trap "echo caught; exit 5" INT; echo ready; while :; do sleep 0.05; done'
    async with mwaa_async.started("emulator", "--", "sh", "-c", patient) as process:
        assert await process.line() == "ready"
        process.press_ctrl_c()
        assert await process.line() == "caught"
        assert await process.ended() == 5


async def test_sigterm_is_passed_on_to_the_command(mwaa_async: CommandLine) -> None:
    patient = 'trap "echo caught; exit 6" TERM; echo ready; while :; do sleep 0.05; done'
    async with mwaa_async.started("emulator", "--", "sh", "-c", patient) as process:
        assert await process.line() == "ready"
        process.send(signal.SIGTERM)
        assert await process.line() == "caught"
        assert await process.ended() == 6


async def test_a_port_in_use_is_told_in_one_line(mwaa_async: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        done = await mwaa_async("emulator", "--port", port, "--", "true")
    assert done.returncode == 3
    assert port in only_line(done.stderr)


# usage


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("trigers", "No such command 'trigers'. Did you mean 'trigger'? (see 'mwaa-async --help')"),
        ("frobnicate", "No such command 'frobnicate'; there are: completion, connections, dags, doctor, emulator, "),
        ("help frobnicate", "No such command 'frobnicate'; there are: "),
        ("run demo", "Missing argument 'COMMAND...'"),
        ("run -x demo version", "-x"),
        ("run 1x version", "cannot be the name of an MWAA environment"),
        ("run demo ''", "the command is empty"),
        ('run demo "it\'s one"', "a quote that is never closed"),
        ("--region us-east-1 --endpoint-url nonsense run demo version", "endpoint_url must be a URL, not 'nonsense'"),
        (
            "--guard memcached://user:hush@host run demo version",
            "memcached:// is not available in this version; there are",
        ),
        ("emulator --environment 1x", "cannot be the name of an MWAA environment"),
        ("emulator --airflow-version 9", "'9'"),
        ("emulator --airflow-binary /nowhere", "'/nowhere' does not exist"),
        ("emulator --airflow-version 3.0.6 --airflow-binary /bin/sh", "give either --airflow-version or"),
        ("emulator --port 65536", "not in the range"),
    ],
)
async def test_wrong_usage_is_exit_2_and_one_line(mwaa_async: CommandLine, line: str, said: str) -> None:
    done = await mwaa_async(*shlex.split(line))
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in only_line(done.stderr)
    assert b"hush" not in done.stderr


async def test_without_a_command_it_shows_what_there_is(mwaa_async: CommandLine) -> None:
    done = await mwaa_async()
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"run " in done.stderr and b"token " in done.stderr and b"emulator " in done.stderr


@pytest.mark.parametrize("command", [[], ["run"], ["trigger-many"]])
async def test_help_can_be_asked_for_in_every_way(mwaa_async: CommandLine, command: list[str]) -> None:
    first, *others = [
        await mwaa_async(*words) for words in ([*command, "--help"], [*command, "-h"], ["help", *command])
    ]
    assert first.returncode == 0 and first.stdout.startswith(b"Usage: mwaa-async ")
    assert all((one.returncode, one.stdout) == (0, first.stdout) for one in others)


@pytest.mark.parametrize(
    "command", [[], ["run"], ["token"], ["emulator"], ["completion"], ["trigger"], ["environments"]]
)
async def test_help_fits_the_terminal_and_is_quick(mwaa_async: CommandLine, command: list[str]) -> None:
    slow = "aioboto3", "aiohttp", "botocore", "rich", "mwaa_async.emulator"
    program = (
        "import sys\nfrom mwaa_async.__main__ import main\nstatus = main()\n"
        f"print(status, [name for name in {slow!r} if name in sys.modules], file=sys.stderr)"
    )
    done = await anyio.run_process(
        [sys.executable, "-c", program, *command, "--help"], env={**mwaa_async.environ, "COLUMNS": "80"}
    )
    assert done.stderr == b"0 []\n"
    assert max(map(len, done.stdout.decode().splitlines())) <= 80


async def test_version(mwaa_async: CommandLine) -> None:
    done = await mwaa_async("--version")
    assert done.stdout.startswith(b"mwaa-async 0.")


@pytest.mark.parametrize(("missing", "extra"), [("click", "cli"), ("trustme", "emulator")])
async def test_a_missing_extra_is_named(mwaa_async: CommandLine, missing: str, extra: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; from mwaa_async.__main__ import main; sys.exit(main())"
    done = await anyio.run_process([sys.executable, "-c", program, "emulator"], check=False, env=mwaa_async.environ)
    assert done.returncode == 2
    assert f"pip install 'mwaa-async[{extra}]'" in only_line(done.stderr)


async def test_verbose_tells_what_the_library_does_but_no_secrets(mwaa_async: CommandLine, emulator: Emulator) -> None:
    done = await mwaa_async.led_to(emulator)("--guard", "local", "-v", "run", "demo", "version")
    assert done.stdout == b"2.10.3\n"
    assert b"botocore" not in done.stderr
    assert emulator.tokens[0].value.encode() not in done.stderr


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (CommandFailedError, 1),
        (OutputError, 1),
        (AccessDeniedError, 3),
        (EnvironmentNotFoundError, 3),
        (GuardError, 3),
        (UnsupportedCommandError, 3),
        (OutcomeUnknownError, 4),
    ],
)
def test_the_exit_status_says_whether_it_ran(error: type[MwaaError], status: int) -> None:
    assert exit_status(error("said")) == status
