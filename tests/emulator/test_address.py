"""At which address the web server of a version takes commands, and where it redirects from the other one."""

from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiobotocore.config import AioConfig
from aiohttp import ClientSession

from mwaa_async.emulator import AirflowBinary, Emulator, RecordedAirflow, StatusAnswer

pytestmark = pytest.mark.anyio

WITHOUT_SLASH = "/aws_mwaa/cli"
WITH_SLASH = "/aws_mwaa/cli/"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    location: str | None
    body: bytes


async def issue_token(emulator: Emulator) -> str:
    session = emulator.client_options()["session"]
    options = {"verify": emulator.environ()["AWS_CA_BUNDLE"], "config": AioConfig(inject_host_prefix=False)}
    async with session.create_client("mwaa", endpoint_url=emulator.endpoint_url, **options) as mwaa:
        return str((await mwaa.create_cli_token(Name="demo"))["CliToken"])


async def post(emulator: Emulator, path: str, token: str = "", *, follow: bool = False) -> Answer:
    connector = aiohttp.TCPConnector(ssl=emulator.client_options()["ssl_context"])
    async with ClientSession(emulator.web_server_url("demo"), connector=connector) as session:
        headers = {"Authorization": f"Bearer {token}"}
        async with session.post(path, data="version", headers=headers, allow_redirects=follow) as response:
            return Answer(response.status, response.headers.get("Location"), await response.read())


@pytest.mark.parametrize("version", ["3.0.6", "3.3.1"])
async def test_airflow_3_redirects_to_the_address_with_a_slash_whatever_the_token(version: str) -> None:
    async with Emulator(airflow=version) as emulator:
        token = await issue_token(emulator)
        for any_token in (token, "made-up"):
            answer = await post(emulator, WITHOUT_SLASH, any_token)
            assert (answer.status, answer.body) == (307, b"")
            assert answer.location == f"{emulator.web_server_url('demo')}/aws_mwaa/cli/"
        assert (emulator.redirects("demo"), emulator.commands, emulator.tokens[0].uses) == (2, [], 0)


async def test_a_redirect_spends_no_token_that_is_taken_once() -> None:
    async with Emulator(airflow="3.0.6", single_use_tokens=True) as emulator:
        token = await issue_token(emulator)
        assert (await post(emulator, WITHOUT_SLASH, token)).status == 307
        assert (await post(emulator, WITH_SLASH, token)).status == 200
        assert [command.command for command in emulator.commands] == ["version"]


async def test_a_client_that_follows_the_redirect_has_its_command_run() -> None:
    async with Emulator(airflow="3.0.6") as emulator:
        answer = await post(emulator, WITHOUT_SLASH, await issue_token(emulator), follow=True)
        assert (answer.status, len(emulator.commands), emulator.tokens[0].uses) == (200, 1, 1)


@pytest.mark.parametrize("path", [WITHOUT_SLASH, WITH_SLASH])
@pytest.mark.parametrize("version", ["1.10.12", "2.10.3"])
async def test_airflow_1_and_2_take_commands_at_both_addresses(version: str, path: str) -> None:
    async with Emulator(airflow=version) as emulator:
        assert (await post(emulator, path, await issue_token(emulator))).status == 200
        assert emulator.redirects("demo") == 0


@pytest.mark.parametrize(
    ("chosen", "location"),
    [
        ("/aws_mwaa/cli/", "/aws_mwaa/cli/"),
        ("http://{host}/aws_mwaa/cli/", "http://HOST/aws_mwaa/cli/"),
        ("https://elsewhere.example/aws_mwaa/cli/", "https://elsewhere.example/aws_mwaa/cli/"),
    ],
)
async def test_the_location_of_the_redirect_can_be_chosen(chosen: str, location: str) -> None:
    async with Emulator(airflow="3.0.6", redirect_location=chosen) as emulator:
        host = emulator.web_server_url("demo").removeprefix("https://")
        answer = await post(emulator, WITHOUT_SLASH)
        assert answer.location == location.replace("HOST", host)


@pytest.mark.parametrize(
    ("printed", "status"),
    [("3.0.6", 307), ("2.10.3", 200), ("no version", 200), ("2.10.3\\n[2026-01-01T00:00:00] DEBUG - 3.0.6 ends", 200)],
)
async def test_the_version_of_a_real_airflow_decides(printed: str, status: int, tmp_path: Path) -> None:
    program = tmp_path / "airflow"
    program.write_text(f"#!/bin/sh\nprintf 'a log line\\n{printed}\\n'\n")
    program.chmod(0o755)
    async with Emulator(airflow=AirflowBinary(program)) as emulator:
        assert (await post(emulator, WITHOUT_SLASH, await issue_token(emulator))).status == status


async def test_the_version_of_recorded_answers_decides() -> None:
    async with Emulator(airflow=RecordedAirflow("3.0.6")) as emulator:
        assert (await post(emulator, WITHOUT_SLASH)).status == 307


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_any_redirect_can_come_as_a_fault_that_spends_no_token(status: int) -> None:
    async with Emulator(single_use_tokens=True) as emulator:
        token = await issue_token(emulator)
        emulator.faults.commands.append(StatusAnswer(status, location="/aws_mwaa/cli"))
        answer = await post(emulator, WITH_SLASH, token)
        assert (answer.status, answer.location, answer.body) == (status, "/aws_mwaa/cli", b"")
        assert (await post(emulator, WITH_SLASH, token)).status == 200
        assert (emulator.redirects("demo"), len(emulator.commands)) == (1, 1)


async def test_other_faults_wait_for_the_request_that_is_not_redirected() -> None:
    async with Emulator(airflow="3.0.6") as emulator:
        emulator.faults.commands.append(StatusAnswer(504))
        assert (await post(emulator, WITHOUT_SLASH)).status == 307
        assert (await post(emulator, WITH_SLASH, await issue_token(emulator))).status == 504
