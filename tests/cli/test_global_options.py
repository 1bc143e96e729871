"""What is said before the command, after it, or by environment variables."""

import shlex
import sys
import time
from collections.abc import Iterator
from typing import cast

import anyio
import click
import pytest

from mwaa_async._cli import program
from mwaa_async._cli.options import global_options
from mwaa_async.emulator import CutConnection, Emulator
from tests.cli.program import CommandLine, only_line, until
from tests.ways import forwarder, load_balancer, proxy_server

pytestmark = pytest.mark.anyio

NAME = "123456a0-vpce.c2.us-east-1.airflow.invalid"
GLOBAL = global_options(program)


def given(mwaa_async: CommandLine, option: str, value: str) -> Iterator[tuple[CommandLine, list[str]]]:
    """Yield the two ways in which an option can be given."""
    yield mwaa_async, [option, value]
    yield mwaa_async.but_with(**{f"MWAA_ASYNC_{option[2:].replace('-', '_').upper()}": value}), []


@pytest.mark.parametrize("columns", ["80", "200"])
async def test_every_global_option_has_its_environment_variable_in_the_help(
    mwaa_async: CommandLine, columns: str
) -> None:
    done = await mwaa_async.but_with(COLUMNS=columns)("--help")
    shown = " ".join(done.stdout.decode().split())
    assert not [one.name for one in GLOBAL if f"env var: MWAA_ASYNC_{str(one.name).upper()}" not in shown]


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        *[("--settle-time", value, "a number of seconds is 0 or more") for value in ("-1", "nan", "inf", "soon")],
        *[("--queue-timeout", value, "a number of seconds is 0 or more") for value in ("-0.1", "nan", "1s")],
        *[("--command-timeout", value, "a number of seconds is 0 or more") for value in ("-1", "NaN", "1,5")],
        ("--command-timeout", "0", "more than 0 seconds"),
        ("--proxy", "host:3128", "http://HOST:PORT or socks5h://HOST:PORT"),
        ("--proxy", "ftp://user:hush@host:21", "http://HOST:PORT or socks5h://HOST:PORT, not ftp://…"),
        ("--proxy", "http://user:hu/sh@host:3128", "percent-encoded"),
        ("--proxy", "socks5h://user:hush@host:hush", "percent-encoded"),
        ("--connect-to", "localhost", "HOST:PORT, such as localhost:8443 or [::1]:8443, not 'localhost'"),
        ("--connect-to", "::1:8443", "HOST:PORT"),
        ("--guard", "memcached://user:hush@host", "memcached:// is not available in this version"),
        ("--endpoint-url", "nonsense", "endpoint_url must be a URL"),
    ],
)
async def test_a_bad_value_is_exit_2_and_says_what_is_wrong(
    mwaa_async: CommandLine, option: str, value: str, said: str
) -> None:
    done = await mwaa_async(option, value, "--region", "us-east-1", "run", "demo", "version")
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in only_line(done.stderr)
    assert b"hush" not in done.stderr and b"hu/sh" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SETTLE_TIME", "soon", "a number of seconds is 0 or more"),
        ("QUEUE_TIMEOUT", "-1", "a number of seconds is 0 or more"),
        ("COMMAND_TIMEOUT", "nan", "a number of seconds is 0 or more"),
        ("PROXY", "ftp://user:hush@host:21", "not ftp://…"),
        ("CONNECT_TO", "localhost", "not 'localhost'"),
        ("VERBOSE", "perhaps", "is not a valid boolean"),
    ],
)
async def test_a_bad_environment_variable_is_exit_2_and_named(
    mwaa_async: CommandLine, name: str, value: str, said: str
) -> None:
    done = await mwaa_async.but_with(**{f"MWAA_ASYNC_{name}": value})("run", "demo", "version")
    assert (done.returncode, done.stdout) == (2, b"")
    line = only_line(done.stderr)
    assert f"MWAA_ASYNC_{name}" in line and said in line and "hush" not in line


async def test_a_redis_that_cannot_be_reached_is_exit_3_and_its_password_is_not_shown(mwaa_async: CommandLine) -> None:
    done = await mwaa_async(
        "--region", "us-east-1", "--guard", "redis://user:hush@127.0.0.1:1/0", "run", "demo", "version"
    )
    assert (done.returncode, done.stdout) == (3, b"")
    assert "127.0.0.1:1" in only_line(done.stderr) and "nothing was sent" in only_line(done.stderr)
    assert b"hush" not in done.stderr


async def test_a_url_that_is_none_of_redis_is_exit_2_and_its_password_is_not_shown(mwaa_async: CommandLine) -> None:
    done = await mwaa_async("--guard", "redis://user:hush@host:port", "run", "demo", "version")
    assert done.returncode == 2
    assert "is no URL of a Redis server" in only_line(done.stderr) and b"hush" not in done.stderr


async def test_a_guard_of_the_environment_variable_that_is_not_there_is_exit_2(mwaa_async: CommandLine) -> None:
    done = await mwaa_async.but_with(MWAA_ASYNC_GUARD="memcached://user:hush@host")("run", "demo", "version")
    assert done.returncode == 2
    assert "memcached:// is not available" in only_line(done.stderr)
    assert b"hush" not in done.stderr


async def test_the_command_line_outdoes_the_environment_variable(mwaa_async: CommandLine, emulator: Emulator) -> None:
    led = mwaa_async.led_to(emulator).but_with(MWAA_ASYNC_PROXY="http://127.0.0.1:1")
    async with proxy_server("http") as (_, address):
        done = await led("--proxy", f"http://{address}", "run", "demo", "version")
    assert (done.returncode, done.stdout) == (0, b"2.10.3\n")


async def test_an_empty_environment_variable_says_nothing(mwaa_async: CommandLine, emulator: Emulator) -> None:
    empty = {f"MWAA_ASYNC_{str(option.name).upper()}": "" for option in GLOBAL}
    done = await mwaa_async.led_to(emulator).but_with(**empty)("run", "demo", "version")
    assert (done.returncode, done.stdout) == (0, b"2.10.3\n")
    assert b"mwaa-async" not in done.stderr


def commands(group: click.Group, *before: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command, also of those that are commands of a command."""
    context = click.Context(group)
    for name in group.list_commands(context):
        one = group.get_command(context, name)
        if isinstance(one, click.Group):
            yield from commands(one, *before, name)
        else:
            yield (*before, name)


@pytest.mark.parametrize("words", list(commands(program)), ids=" ".join)
def test_every_command_takes_every_global_option_and_names_them_in_its_help(words: tuple[str, ...]) -> None:
    context, one = click.Context(program, info_name="mwaa-async"), cast(click.Command, program)
    for word in words:
        assert isinstance(one, click.Group)
        one = cast(click.Command, one.get_command(context, word))
    own = [name for option in one.params if option not in GLOBAL for name in (*option.opts, str(option.name))]
    assert not {name for option in GLOBAL for name in (*option.opts, str(option.name))} & set(own)
    assert [option for option in one.params if option in GLOBAL] == GLOBAL
    shown = one.get_help(click.Context(one, info_name=words[-1], parent=context))
    assert all(name in shown for option in GLOBAL for name in option.opts)
    assert "MWAA_ASYNC_" not in shown


@pytest.mark.parametrize("command", ["run demo version", "trigger demo etl", "token demo", "environments"])
async def test_an_option_means_the_same_before_and_after_the_command(
    mwaa_async: CommandLine, emulator: Emulator, command: str
) -> None:
    name, *others = command.split()
    led = mwaa_async.led_to(emulator).but_with(AWS_MAX_ATTEMPTS="1")
    nowhere = ["--endpoint-url", "https://127.0.0.1:1"]
    before, after = await led(*nowhere, name, *others), await led(name, *nowhere, *others)
    assert before.returncode == after.returncode == 3
    assert only_line(before.stderr) == only_line(after.stderr)


@pytest.mark.parametrize("line", ["trigger {} demo etl", "trigger demo {} etl", "trigger demo etl {}"])
async def test_an_option_may_stand_anywhere_after_the_command(mwaa_async: CommandLine, line: str) -> None:
    done = await mwaa_async(*line.replace("{}", "--settle-time soon").split())
    assert done.returncode == 2
    assert "'--settle-time'" in only_line(done.stderr) and "mwaa-async trigger --help" in only_line(done.stderr)


async def test_the_last_word_on_the_command_line_counts(mwaa_async: CommandLine, emulator: Emulator) -> None:
    led = mwaa_async.led_to(emulator).but_with(MWAA_ASYNC_PROFILE="of-the-variable")
    for before, after, counts in (
        ([], [], "of-the-variable"),
        (["--profile", "first"], [], "first"),
        (["--profile", "first"], ["--profile", "second"], "second"),
        ([], ["--profile", "second"], "second"),
        ([], ["--profile", "second", "--profile", "third"], "third"),
    ):
        assert f"({counts})" in only_line((await led(*before, "token", *after, "demo")).stderr)


async def test_what_stands_after_the_environment_of_run_is_airflows(
    mwaa_async: CommandLine, emulator: Emulator
) -> None:
    done = await mwaa_async.led_to(emulator)("run", "-v", "demo", "version", "--region", "x", "-v")
    assert emulator.commands[0].command == "version --region x -v"
    assert b"mwaa-async: demo: version #1: queued\n" in done.stderr


async def test_what_stands_after_the_command_of_the_emulator_is_that_commands(mwaa_async: CommandLine) -> None:
    done = await mwaa_async("emulator", "--region", "eu-west-3", "sh", "-c", 'echo "$AWS_REGION" "$@"', "sh", "-v")
    assert done.stdout == b"eu-west-3 -v\n"


async def test_proxy_before_and_connect_to_after_the_command_are_wrong_usage(mwaa_async: CommandLine) -> None:
    done = await mwaa_async("--proxy", "http://127.0.0.1:3128", "run", "--connect-to", "127.0.0.1:1", "demo", "version")
    assert done.returncode == 2
    assert "--proxy and --connect-to" in only_line(done.stderr)


@pytest.mark.parametrize("kind", ["socks5", "http"])
async def test_the_proxy_leads_to_a_web_server_that_only_the_proxy_knows(
    mwaa_async: CommandLine, emulator: Emulator, kind: str
) -> None:
    # What the program trusts is a file, so that the emulator's own certificate has to do: it is localhost's, too.
    environment = emulator._environments["demo"]
    environment.hostname = environment.hostname.replace("127.0.0.1", "localhost")
    for led, arguments in given(mwaa_async.led_to(emulator), "--proxy", "{}://{}"):
        async with proxy_server(kind) as (proxy, address):
            url = f"{'socks5h' if kind == 'socks5' else kind}://{address}"
            called = CommandLine({name: value.replace("{}://{}", url) for name, value in led.environ.items()})
            done = await called(*[word.replace("{}://{}", url) for word in arguments], "run", "demo", "version")
            assert (done.returncode, done.stdout) == (0, b"2.10.3\n")
            assert await proxy.asked_for() == [environment.hostname]


async def test_connect_to_leads_to_the_other_address(mwaa_async: CommandLine, emulator: Emulator) -> None:
    async with forwarder(int(emulator.web_server_url("demo").rpartition(":")[2])) as tunnel:
        emulator._environments["demo"].hostname = "localhost:1"
        for led, arguments in given(mwaa_async.led_to(emulator), "--connect-to", f"127.0.0.1:{tunnel.port}"):
            done = await led(*arguments, "run", "demo", "version")
            assert (done.returncode, done.stdout) == (0, b"2.10.3\n")
    assert tunnel.connections == 2


async def test_proxy_and_connect_to_at_once_are_wrong_usage(mwaa_async: CommandLine) -> None:
    led = mwaa_async.but_with(MWAA_ASYNC_PROXY="http://127.0.0.1:3128")
    done = await led("--connect-to", "127.0.0.1:8443", "run", "demo", "version")
    assert done.returncode == 2
    assert "--proxy and --connect-to" in only_line(done.stderr)


async def test_a_private_web_server_is_told_with_the_options_that_help(
    mwaa_async: CommandLine, emulator: Emulator
) -> None:
    async with load_balancer(emulator, NAME):
        done = await mwaa_async.led_to(emulator)("run", "demo", "version")
    assert done.returncode == 3
    line = only_line(done.stderr)
    assert NAME in line and "'version' has not run" in line and "--proxy socks5h://…" in line and "--connect-to" in line


@pytest.mark.parametrize(
    ("environ", "arguments", "status"),
    [({}, ["--proxy", "socks5h://127.0.0.1:1"], 2), ({"HTTPS_PROXY": "socks5h://u:hush@127.0.0.1:1"}, [], 3)],
)
async def test_a_socks_proxy_without_the_extra_is_told(
    mwaa_async: CommandLine, emulator: Emulator, environ: dict[str, str], arguments: list[str], status: int
) -> None:
    without = "import sys; sys.modules['aiohttp_socks'] = None; from mwaa_async.__main__ import main; sys.exit(main())"
    led = mwaa_async.led_to(emulator).but_with(NO_PROXY="", no_proxy="", **environ)
    command = [sys.executable, "-c", without, *arguments, "run", "demo", "version"]
    done = await anyio.run_process(command, check=False, env=led.environ)
    assert done.returncode == status
    assert "pip install 'mwaa-async[socks]'" in only_line(done.stderr)
    assert b"hush" not in done.stderr


async def test_queue_timeout_is_how_long_a_command_waits_for_its_turn(mwaa_async: CommandLine) -> None:
    async with Emulator(command_time=600) as emulator:
        led = mwaa_async.led_to(emulator)
        async with led.started("run", "demo", "version"):
            await until(lambda: emulator.commands)
            for called, arguments in given(led, "--queue-timeout", "0.2"):
                done = await called(*arguments, "run", "demo", "version")
                assert done.returncode == 3
                assert "within 0.2 s" in only_line(done.stderr)


async def test_command_timeout_is_how_long_a_request_may_be_open(mwaa_async: CommandLine) -> None:
    async with Emulator(command_time=600) as emulator:
        for led, arguments in given(mwaa_async.led_to(emulator), "--command-timeout", "3"):
            done = await led(*arguments, "--settle-time", "0", "run", "demo", "variables", "set", "key", "value")
            assert done.returncode == 4
            assert "no answer in time" in only_line(done.stderr)


@pytest.mark.parametrize(
    ("environ", "arguments", "status"),
    [({"MWAA_ASYNC_SETTLE_TIME": "600"}, [], 3), ({}, ["--settle-time", "0"], 0)],
)
async def test_settle_time_is_how_long_nothing_is_sent_after_a_lost_command(
    mwaa_async: CommandLine, emulator: Emulator, environ: dict[str, str], arguments: list[str], status: int
) -> None:
    write = shlex.split("run demo variables set key value")
    led = mwaa_async.led_to(emulator).but_with(**environ)
    emulator.faults.commands.append(CutConnection())
    assert (await led(*arguments, *write)).returncode == 4
    assert (await led("--queue-timeout", "3", *write)).returncode == status


async def test_timeout_of_run_gives_up_waiting_for_the_answer(mwaa_async: CommandLine) -> None:
    async with Emulator(command_time=600) as emulator:
        before = time.monotonic()
        done = await mwaa_async.led_to(emulator)(
            *("--settle-time", "0.2", "run", "--timeout", "0.5", "demo", "variables", "set", "key", "value")
        )
        assert time.monotonic() - before < 60
    assert done.returncode == 4
    assert "no answer within 0.5 s" in only_line(done.stderr)


async def test_verbose_can_be_said_by_the_environment(mwaa_async: CommandLine, emulator: Emulator) -> None:
    done = await mwaa_async.led_to(emulator).but_with(MWAA_ASYNC_VERBOSE="1")("run", "demo", "version")
    assert done.stdout == b"2.10.3\n"
    assert b"demo: version #1: done" in done.stderr


async def test_region_and_profile_can_be_said_by_the_environment(mwaa_async: CommandLine, emulator: Emulator) -> None:
    done = await mwaa_async.but_with(MWAA_ASYNC_REGION="eu-west-1")("emulator", "sh", "-c", 'echo "$AWS_REGION"')
    assert done.stdout == b"eu-west-1\n"
    done = await mwaa_async.led_to(emulator).but_with(MWAA_ASYNC_PROFILE="nope")("run", "demo", "version")
    assert done.returncode == 3
    assert "nope" in only_line(done.stderr)
