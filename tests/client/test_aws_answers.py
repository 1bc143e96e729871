"""Whatever AWS answers: the caller gets a `TokenError` without the token in it, or the command runs all the same."""

import json
import logging
import traceback
from typing import Any

import pytest

from mwaa_async import AccessDeniedError, MwaaClient, TokenError
from mwaa_async._aws import AwsOptions, open_account
from mwaa_async.emulator import Emulator, RefusedByAws, WrongAwsAnswer

pytestmark = pytest.mark.anyio

TOKEN = "eyJhbGciOiJSUzI1NiJ9.s3cr3t"


def answer(token: Any = TOKEN, host: Any = "web.example") -> bytes:
    return json.dumps({"CliToken": token, "WebServerHostname": host}).encode()


ANSWERS = {
    "list": b'["%s"]' % TOKEN.encode(),
    "text": b'"%s"' % TOKEN.encode(),
    "number": b"1",
    "null": b"null",
    "empty object": b"{}",
    "no token": b'{"WebServerHostname": "web.example"}',
    "no host": b'{"CliToken": "%s"}' % TOKEN.encode(),
    "nothing": b"",
    "no JSON": b"<html>" + TOKEN.encode() + b"</html>",
    "cut": answer()[:-5],
    "no UTF-8": b"\xff\xfe" + answer(),
    "nest": b"[" * 100_000,
    "token: line break": answer(f"{TOKEN}\r\nX-Other: 1"),
    "token: not ASCII": answer(f"{TOKEN}é"),
    "token: empty": answer(""),
    "token: number": answer(5),
    "token: list": answer([TOKEN]),
    "token: object": answer({"a": TOKEN}),
    "token: null": answer(None),
    "token: huge": answer(TOKEN * 200_000),
    "host: dots": answer(host="..."),
    "host: port": answer(host="web.example:99999"),
    "host: path": answer(host="web.example/x"),
    "host: user": answer(host="me@web.example"),
    "host: line break": answer(host="web.example\r\n"),
    "host: not ASCII": answer(host="wéb.example"),
    "host: empty": answer(host=""),
    "host: number": answer(host=5),
    "host: list": answer(host=["web.example"]),
    "host: huge": answer(host="a." * 1_000_000),
}


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("kind", ANSWERS)
async def test_what_aws_answers_instead_of_a_token_is_a_token_error(
    emulator: Emulator, client: MwaaClient, kind: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    demo = client.environment("demo", airflow_version="2.10.3")
    emulator.faults.tokens.append(WrongAwsAnswer(ANSWERS[kind], status))
    with pytest.raises(TokenError) as caught:
        await demo.run("variables set k v")
    assert (caught.value.ran, caught.value.environment) == (False, "demo")
    told = "\n".join([*traceback.format_exception(caught.value), repr(caught.value), caplog.text])
    if status == 200:  # with an error no token comes, and what AWS says of it is told
        assert TOKEN not in told
    assert len(str(caught.value)) < 500
    assert not emulator.commands
    assert (await demo.run("variables set k v")).text == "Variable k created\n"


DESCRIPTIONS = [
    b'{"Environment": "a text"}',
    b'{"Environment": ["a list"]}',
    b'{"Environment": 1}',
    b'{"Environment": {"AirflowVersion": 2}}',
    b'{"Environment": {"AirflowVersion": ["2.10.3"]}}',
    b'{"Environment": {"AirflowVersion": {"a": "b"}}}',
    b'{"Environment": {"AirflowVersion": "%s"}}' % (b"9" * 100_000),
    b'{"Environment": {"AirflowVersion": "4.0.0"}}',
    b'{"Environment": {"Tags": ["a"], "AirflowVersion": "2.10.3", "LastUpdate": "b", "CreatedAt": {"c": 1}}}',
    b'["a list"]',
    b'"a text"',
    b"null",
    b"",
    b"<html>",
    b"[" * 100_000,
]


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=lambda body: body[:60].decode())
async def test_a_description_that_is_none_fails_no_command(
    emulator: Emulator, client: MwaaClient, description: bytes
) -> None:
    demo = client.environment("demo")
    emulator.faults.descriptions.append(WrongAwsAnswer(description))
    assert (await demo.run("variables set k v")).text == "Variable k created\n"
    assert await demo.airflow_version() == "2.10.3"  # which Airflow told


async def test_an_error_without_a_body_is_told_by_its_status(emulator: Emulator, client: MwaaClient) -> None:
    emulator.faults.tokens.append(WrongAwsAnswer(b"", 403))
    with pytest.raises(TokenError, match="AWS refused"):
        await client.environment("demo").run("version")
    emulator.faults.tokens.append(RefusedByAws("ValidationException", 400))
    with pytest.raises(TokenError, match="No token for you"):
        await client.environment("demo").run("version")


@pytest.mark.parametrize(
    ("code", "says", "says_not"),
    [
        ("ExpiredTokenException", r"^demo: the AWS credentials have expired .*aws sso login", "airflow:CreateCliToken"),
        ("ExpiredToken", r"^demo: the AWS credentials have expired", "airflow:CreateCliToken"),
        ("UnrecognizedClientException", "AWS does not accept the credentials .*AWS_PROFILE", "airflow:CreateCliToken"),
        ("InvalidSignatureException", "AWS does not accept the credentials", "airflow:CreateCliToken"),
        ("RequestTimeTooSkewed", "does not accept the time .*clock", "airflow:CreateCliToken"),
        ("AccessDeniedException", "the caller needs 'airflow:CreateCliToken' on the environment", "expired"),
    ],
)
async def test_a_refusal_says_first_what_is_wrong_and_only_then_what_to_do(
    emulator: Emulator, client: MwaaClient, code: str, says: str, says_not: str
) -> None:
    emulator.faults.tokens.append(RefusedByAws(code, 403))
    with pytest.raises(AccessDeniedError, match=says) as caught:
        await client.environment("demo").run("version")
    assert says_not not in str(caught.value)


async def test_where_no_token_was_asked_for_none_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(TokenError, match=r"^AWS cannot be asked: You must specify a region; name one with AWS_REGION"):
        await open_account(AwsOptions())
