"""Promise 6: no token, credential, password or variable's value in a log line, a `repr`, an exception or a trace."""

import asyncio
import logging
import re
import traceback
from typing import Any

import pytest
from aiobotocore.session import AioSession

from mwaa_async import CommandResult, MwaaClient, MwaaError, TokenError
from mwaa_async.emulator import CutConnection, Emulator, StatusAnswer, WrongAnswer
from tests.raw_server import raw_web_server, response, says

pytestmark = pytest.mark.anyio

PASSWORD = "correct-horse-battery"
COMMANDS = [
    ["variables", "set", "key", PASSWORD],
    ["connections", "add", "c1", "--conn-uri", f"postgres://user:{PASSWORD}@host/db"],
    ["connections", "add", "c2", "--conn-type", "http", "--conn-password", PASSWORD],
    ["variables", "set", "key", PASSWORD, "--bogus"],
    ["variable", "set", "key", PASSWORD],
    ["connection", "add", "c1", "--conn-password", PASSWORD],
    ["VARIABLES", "set", "key", PASSWORD],
    f"variables\u00a0set key {PASSWORD}",
    f"variables set\u00a0key\u00a0{PASSWORD}",
    f"variables --set=key {PASSWORD}",
]
FAULTS = [None, CutConnection(), StatusAnswer(500), StatusAnswer(429), WrongAnswer(PASSWORD.encode())]


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
async def test_nothing_that_is_shown_holds_a_secret(
    emulator: Emulator, caplog: pytest.LogCaptureFixture, fault: CutConnection | StatusAnswer | WrongAnswer | None
) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    async with MwaaClient(**emulator.client_options(), settle_time=0.0) as client:
        demo = client.environment("demo")
        for command in COMMANDS:
            emulator.faults.commands.append(fault)
            (outcome,) = await asyncio.gather(demo.run(command), return_exceptions=True)
            shown += _all_that_is_shown_of(outcome)
        shown += [repr(client), repr(demo), repr(client._queues)]
    text = "\n".join([*shown, *(record.getMessage() for record in caplog.records)])
    assert "***" in text
    assert PASSWORD not in text
    assert not [token.value for token in emulator.tokens if token.value in text]


async def test_the_session_token_of_the_credentials_is_not_logged_by_this_package(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with MwaaClient(**emulator.client_options()) as client:
        await client.environment("demo").run("version")
    own = [record.getMessage() for record in caplog.records if record.name.startswith("mwaa_async")]
    assert not [line for line in own if "Bearer" in line or "Credential" in line]


async def test_a_session_token_is_in_no_log_of_the_sdk_either(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    session = AioSession()
    session.set_credentials("test", "test", PASSWORD)
    session.set_config_variable("region", "eu-west-1")
    async with MwaaClient(**(emulator.client_options() | {"session": session})) as client:
        await asyncio.gather(client.environment("demo").run("version"), return_exceptions=True)
    assert any(record.name.startswith("botocore") for record in caplog.records)
    assert not [record for record in caplog.records if PASSWORD in record.getMessage()]


async def test_what_came_instead_of_an_answer_of_aws_is_in_no_log_of_the_sdk(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """The errors of aiohttp quote it, and the SDK logs them with their traceback."""
    caplog.set_level(logging.DEBUG)
    async with raw_web_server(emulator) as (server, trust):
        server.answers.extend([says(b"HTTP/1.1 200 OK\r\n%s\r\n\r\n" % PASSWORD.encode())] * 5)
        options = emulator.client_options()
        options["endpoint_url"], options["ssl_context"] = emulator.web_server_url("demo"), trust
        async with MwaaClient(**options) as client:
            with pytest.raises(TokenError, match="not HTTP"):
                await client.environment("demo", airflow_version="2.10.3").run("version")
    assert server.requests
    assert "Exception received when sending" in caplog.text
    assert PASSWORD not in caplog.text  # with the tracebacks


@pytest.mark.parametrize("cut", [0, 20])
async def test_a_token_that_an_answer_repeats_is_not_shown(emulator: Emulator, cut: int) -> None:
    """A gateway's page for developers shows the headers of the request."""
    async with raw_web_server(emulator) as (server, trust):

        async def repeat(writer: asyncio.StreamWriter) -> None:
            token = re.search(rb"(?i)authorization: Bearer ([^\r]*)", server.requests[-1])
            assert token
            page = b"Bearer " + token[1][: len(token[1]) - cut]
            location = b"Location: https://sso.example/" + token[1]
            writer.write(response(page, location.decode(), status=next(statuses)))

        statuses = iter(["502 Bad Gateway", "200 OK", "302 Found"])
        options: dict[str, Any] = {
            **emulator.client_options(),
            "ssl_context": trust,
            "settle_time": 0.0,
            "retry_reads": False,
        }
        async with MwaaClient(**options) as client:
            server.answers.extend([repeat] * 3)
            demo = client.environment("demo", airflow_version="2.10.3")
            errors = [(await asyncio.gather(demo.run("dags list"), return_exceptions=True))[0] for _ in range(3)]
    text = "\n".join(part for error in errors for part in _all_that_is_shown_of(error))
    assert text.count("***") >= 3
    assert not [token.value for token in emulator.tokens if token.value[:12] in text]


def _all_that_is_shown_of(outcome: CommandResult | BaseException) -> list[str]:
    if isinstance(outcome, CommandResult):
        return [repr(outcome)]
    assert isinstance(outcome, MwaaError)
    everything = "".join(traceback.TracebackException.from_exception(outcome, capture_locals=False).format())
    return [str(outcome), repr(outcome), str(outcome.command), repr(outcome.result), everything]
