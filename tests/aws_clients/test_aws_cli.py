"""The AWS CLI's own commands, boto3 and bare curl against the emulator's token API."""

import json

import pytest

from mwaa_async.emulator import Emulator

from .conftest import Programs

pytestmark = pytest.mark.anyio

# The AWS CLI's exit status where the service answered with an error: 254 for its second version, 255 for the first one,
# which is the one on PyPI.
SERVICE_ERROR = (254, 255)

HTTP_STATUS = ("curl", "--silent", "--show-error", "--output", "/dev/null", "--write-out", "%{http_code}")


async def test_create_cli_token_prints_a_token_that_the_web_server_takes(
    programs: Programs, emulator: Emulator
) -> None:
    finished = await programs.run(emulator, ["aws", "mwaa", "create-cli-token", "--name", "demo"])
    assert finished.status == 0, finished.stderr
    answer = json.loads(finished.stdout)
    assert answer.keys() == {"CliToken", "WebServerHostname"}
    assert answer["CliToken"] == emulator.tokens[0].value

    url = f"https://{answer['WebServerHostname']}/aws_mwaa/cli"
    bearer = f"Authorization: Bearer {answer['CliToken']}"
    posted = await programs.run(emulator, [*HTTP_STATUS, "--header", bearer, "--data-raw", "dags list", url])
    assert posted.stdout == "200"
    assert [command.command for command in emulator.commands] == ["dags list"]


async def test_a_token_that_was_never_issued_runs_nothing(programs: Programs, emulator: Emulator) -> None:
    answer = await programs.run(emulator, ["aws", "mwaa", "create-cli-token", "--name", "demo"])
    url = f"https://{json.loads(answer.stdout)['WebServerHostname']}/aws_mwaa/cli"
    bearer = "Authorization: Bearer made-up"
    posted = await programs.run(emulator, [*HTTP_STATUS, "--header", bearer, "--data-raw", "dags list", url])
    assert posted.stdout == "403"
    assert not emulator.commands


async def test_get_environment_tells_status_version_and_web_server(programs: Programs, emulator: Emulator) -> None:
    finished = await programs.run(emulator, ["aws", "mwaa", "get-environment", "--name", "demo"])
    assert finished.status == 0, finished.stderr
    environment = json.loads(finished.stdout)["Environment"]
    assert environment["Name"] == "demo"
    assert environment["Status"] == "AVAILABLE"
    assert environment["AirflowVersion"] == "2.10.3"
    assert environment["WebserverUrl"]


async def test_list_environments_gives_them_all_over_several_pages(programs: Programs) -> None:
    names = [f"environment-{number:02}" for number in range(30)]  # one answer holds 25
    async with Emulator(names) as emulator:
        finished = await programs.run(emulator, ["aws", "mwaa", "list-environments"])
    assert finished.status == 0, finished.stderr
    assert json.loads(finished.stdout)["Environments"] == names


async def test_a_page_size_that_aws_would_refuse_is_refused(programs: Programs, emulator: Emulator) -> None:
    command = ["aws", "mwaa", "list-environments", "--no-paginate", "--max-results", "99"]
    finished = await programs.run(emulator, command)
    assert finished.status in SERVICE_ERROR
    assert "(ValidationException)" in finished.stderr


async def test_a_web_login_token_is_no_cli_token(programs: Programs, emulator: Emulator) -> None:
    finished = await programs.run(emulator, ["aws", "mwaa", "create-web-login-token", "--name", "demo"])
    assert finished.status == 0, finished.stderr
    answer = json.loads(finished.stdout)
    url, bearer = f"https://{answer['WebServerHostname']}/aws_mwaa/cli", f"Authorization: Bearer {answer['WebToken']}"
    posted = await programs.run(emulator, [*HTTP_STATUS, "--header", bearer, "--data-raw", "version", url])
    assert posted.stdout == "403"


@pytest.mark.parametrize("operation", ["create-cli-token", "create-web-login-token", "get-environment"])
async def test_an_environment_that_does_not_exist_is_not_found(
    programs: Programs, emulator: Emulator, operation: str
) -> None:
    finished = await programs.run(emulator, ["aws", "mwaa", operation, "--name", "nosuch"])
    assert finished.status in SERVICE_ERROR
    assert "(ResourceNotFoundException)" in finished.stderr
    assert not finished.stdout


async def test_boto3_raises_its_own_exception_for_an_environment_that_does_not_exist(
    programs: Programs, emulator: Emulator
) -> None:
    program = """
import boto3
client = boto3.client("mwaa")
try:
    client.create_cli_token(Name="nosuch")
except client.exceptions.ResourceNotFoundException as error:
    print(error.response["ResponseMetadata"]["HTTPStatusCode"])
"""
    finished = await programs.run(emulator, ["python3", "-c", program])
    assert (finished.status, finished.stdout) == (0, "404\n"), finished.stderr


async def test_the_aws_cli_is_refused_where_it_does_not_sign(programs: Programs, emulator: Emulator) -> None:
    command = ["aws", "--no-sign-request", "mwaa", "create-cli-token", "--name", "demo"]
    finished = await programs.run(emulator, command)
    assert finished.status in SERVICE_ERROR
    assert "(MissingAuthenticationTokenException)" in finished.stderr
    assert not emulator.tokens


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/clitoken/demo"), ("GET", "/environments/demo"), ("GET", "/environments")]
)
async def test_an_unsigned_request_is_answered_with_403(
    programs: Programs, emulator: Emulator, method: str, path: str
) -> None:
    finished = await programs.run(emulator, [*HTTP_STATUS, "--request", method, f"{emulator.endpoint_url}{path}"])
    assert finished.stdout == "403", finished.stderr
    assert not emulator.tokens


async def test_the_right_key_with_a_wrong_secret_is_refused(programs: Programs, emulator: Emulator) -> None:
    command = ["aws", "mwaa", "create-cli-token", "--name", "demo"]
    finished = await programs.run(emulator, command, {"AWS_SECRET_ACCESS_KEY": "not-the-secret"})
    assert finished.status in SERVICE_ERROR
    assert "(InvalidSignatureException)" in finished.stderr
    assert not emulator.tokens


async def test_curl_does_not_trust_the_emulator_without_its_variables(programs: Programs, emulator: Emulator) -> None:
    elsewhere = dict.fromkeys(("SSL_CERT_FILE", "CURL_CA_BUNDLE"), "/dev/null")
    finished = await programs.run(emulator, [*HTTP_STATUS, emulator.endpoint_url], elsewhere)
    assert finished.status != 0
    assert "certificate" in finished.stderr
