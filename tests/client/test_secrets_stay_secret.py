"""Promise 6: no token, credential, password or variable's value in a log line, a `repr`, an exception or a trace."""

import asyncio
import logging
import traceback

import pytest

from mwaa_async import CommandResult, MwaaClient, MwaaError
from mwaa_async.emulator import CutConnection, Emulator, StatusAnswer, WrongAnswer

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


def _all_that_is_shown_of(outcome: CommandResult | BaseException) -> list[str]:
    if isinstance(outcome, CommandResult):
        return [repr(outcome)]
    assert isinstance(outcome, MwaaError)
    everything = "".join(traceback.TracebackException.from_exception(outcome, capture_locals=False).format())
    return [str(outcome), repr(outcome), str(outcome.command), repr(outcome.result), everything]
