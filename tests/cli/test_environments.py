"""`mwaa-async environments`."""

import json

import pytest

from mwaa_async.emulator import Emulator, RefusedByAws
from tests.cli.program import CommandLine, only_line
from tests.cli.terminal import terminal

pytestmark = pytest.mark.anyio

DENIED = RefusedByAws("AccessDeniedException", 403)


async def test_a_table_shows_name_status_and_version(mwaa_async: CommandLine) -> None:
    async with Emulator(["prod", "a" * 80], airflow="3.0.6") as emulator:
        done = await mwaa_async.led_to(emulator)("environments")
    assert [line.split() for line in done.stdout.decode().splitlines()] == [
        ["NAME", "STATUS", "AIRFLOW", "VERSION", "CLASS"],
        ["a" * 80, "AVAILABLE", "3.0.6", "mw1.small"],
        ["prod", "AVAILABLE", "3.0.6", "mw1.small"],
    ]
    assert done.returncode == 0


async def test_json_is_for_machines_and_has_every_page(mwaa_async: CommandLine) -> None:
    names = [f"env-{number:02}" for number in range(27)]  # AWS lists 25 at once
    async with Emulator(names) as emulator:
        done = await mwaa_async.led_to(emulator)("environments", "--json")
    rows = json.loads(done.stdout)
    assert [row["name"] for row in rows] == names
    assert rows[0] == {
        "name": "env-00",
        "status": "AVAILABLE",
        "airflow_version": "2.10.3",
        "class": "mw1.small",
    }


async def test_an_environment_that_may_not_be_described_is_listed_all_the_same(mwaa_async: CommandLine) -> None:
    async with Emulator(["prod"]) as emulator:
        emulator.faults.descriptions.append(DENIED)
        done = await mwaa_async.led_to(emulator)("environments")
    assert done.stdout.decode().splitlines()[1].split() == ["prod", "-", "-", "-"]
    assert "airflow:GetEnvironment" in only_line(done.stderr)


async def test_with_wrong_credentials_nothing_ran_and_it_is_not_a_permission_that_is_missing(
    mwaa_async: CommandLine, emulator: Emulator
) -> None:
    led = mwaa_async.led_to(emulator).but_with(AWS_SECRET_ACCESS_KEY="wrong")
    done = await led("environments")
    assert done.returncode == 3
    assert "AWS does not accept the credentials (InvalidSignatureException: " in only_line(done.stderr)


async def test_without_credentials_no_token_is_missed(mwaa_async: CommandLine, emulator: Emulator) -> None:
    led = mwaa_async.led_to(emulator).but_with(AWS_SECRET_ACCESS_KEY="", AWS_ACCESS_KEY_ID="")
    done = await led("environments")
    assert done.returncode == 3
    assert "no answer from AWS: Unable to locate credentials; give some" in only_line(done.stderr)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("porduction", ". Did you mean 'production'?"), ("x", ". There are: dev, production")],
)
@pytest.mark.parametrize("command", ["run {} version", "token {}", "trigger {} etl"])
async def test_an_unknown_environment_is_told_with_those_that_there_are(
    mwaa_async: CommandLine, command: str, name: str, hint: str
) -> None:
    async with Emulator(["dev", "production"]) as emulator:
        led = mwaa_async.led_to(emulator)
        await remembered(led)
        done = await led(*command.format(name).split())
    assert done.returncode == 3
    assert only_line(done.stderr).startswith(f"mwaa-async: {name}: there is no environment of this name here; ")
    assert only_line(done.stderr).endswith(hint)


async def remembered(led: CommandLine) -> None:
    """Let the names be known: AWS has two seconds to tell them, which may be too few on a busy machine."""
    async with terminal(led.environ, "environments") as screen:
        assert await screen.ended() == 0
