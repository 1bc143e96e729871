"""`mwaa-async doctor`: every check can fail, says so, and says what to do."""

import asyncio
import json
import os
import pty
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import pytest
import trustme

from mwaa_async._doctor.findings import Check
from mwaa_async._doctor.network import name_found
from mwaa_async._transport.connections import Way
from mwaa_async.emulator import (
    CutConnection,
    Emulator,
    RefusedByAws,
    SlowAnswer,
    StatusAnswer,
    WrongAnswer,
    WrongAwsAnswer,
)
from tests.cli.program import PROGRAM, CommandLine, told, until
from tests.cli.terminal import terminal
from tests.raw_server import body, raw_web_server, response, says
from tests.ways import forwarder, proxy_server

pytestmark = pytest.mark.anyio

CHECKS = list(Check.__args__)  # type: ignore[attr-defined]
UNKNOWN_NAME = "123456a0-vpce.c2.us-east-1.airflow.invalid"  # which nobody can resolve (RFC 6761)
DENIED = RefusedByAws("AccessDeniedException", 403)


class Seen(NamedTuple):
    """What doctor has found."""

    exit_status: int
    findings: Mapping[str, Mapping[str, Any]]
    stderr: str

    def all_of(self, status: str) -> list[str]:
        return [check for check, finding in self.findings.items() if finding["status"] == status]

    def failure(self, check: str) -> str:
        """Return what the one check that has failed has found, and what to do about it."""
        assert (self.exit_status, self.all_of("failed")) == (3, [check])
        assert self.findings[check]["remedy"]
        return "{found} | {remedy}".format(**self.findings[check])


async def seen(program: CommandLine, *arguments: str, environment: str = "demo") -> Seen:
    done = await program(*arguments, "doctor", environment, "--json")
    document = json.loads(done.stdout)
    findings = {finding["check"]: finding for finding in document["checks"]}
    assert list(findings) == CHECKS
    assert document["ok"] is (done.returncode == 0)
    return Seen(done.returncode, findings, done.stderr.decode())


@pytest.fixture
def led(mwaa_async: CommandLine, emulator: Emulator) -> CommandLine:
    return mwaa_async.led_to(emulator)


def leads_to(emulator: Emulator, hostname: str) -> None:
    """Let AWS name this web server."""
    emulator._environments["demo"].hostname = hostname


def describe(emulator: Emulator, **members: Any) -> None:
    """Let AWS describe the environment so."""
    description = {
        "Name": "demo",
        "Status": "AVAILABLE",
        "AirflowVersion": "2.10.3",
        "WebserverAccessMode": "PUBLIC_ONLY",
        "WebserverUrl": emulator.web_server_url("demo"),
        **members,
    }
    emulator.faults.descriptions.append(WrongAwsAnswer(json.dumps({"Environment": description}).encode()))


# good


@pytest.mark.parametrize(("version", "path"), [("2.10.3", "/aws_mwaa/cli"), ("3.0.6", "/aws_mwaa/cli/")])
async def test_where_all_is_well_every_check_says_what_it_has_found(
    mwaa_async: CommandLine, version: str, path: str
) -> None:
    async with Emulator(airflow=version) as emulator:
        found = await seen(mwaa_async.led_to(emulator))
    assert (found.exit_status, found.all_of("ok")) == (0, CHECKS)
    assert found.findings["credentials"]["found"].startswith(
        "arn:aws:iam::123456789012:user/emulator (credentials: env"
    )
    assert found.findings["region"]["found"].startswith("us-east-1 (from AWS_REGION)")
    assert found.findings["version"]["found"] == f"Airflow {version}"
    assert found.findings["endpoint"]["found"].split()[0] == path
    assert f"'version' prints {version} after" in found.findings["command"]["found"]
    assert [command.command for command in emulator.commands] == ["version"]


async def test_no_secret_is_shown(led: CommandLine, emulator: Emulator) -> None:
    done = await led("-v", "doctor", "demo")
    [token] = emulator.tokens
    output = (done.stdout + done.stderr).decode()
    assert done.returncode == 0
    assert token.value not in output and emulator.environ()["AWS_SECRET_ACCESS_KEY"] not in output


async def test_a_profile_that_takes_a_role_is_who_calls(mwaa_async: CommandLine, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile prod]\nrole_arn = arn:aws:iam::123456789012:role/deployer\ncredential_source = Environment\n"
        "region = eu-west-1\n"
    )
    async with Emulator(region="eu-west-1") as emulator:
        led = mwaa_async.led_to(emulator).but_with(
            AWS_CONFIG_FILE=str(config), AWS_REGION="", AWS_DEFAULT_REGION="", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=""
        )
        found = await seen(led, "--profile", "prod")
    assert found.all_of("ok") == CHECKS
    assert "(credentials: assume-role)" in found.findings["credentials"]["found"]
    assert found.findings["region"]["found"].startswith("eu-west-1 (from the profile 'prod')")


# AWS


@pytest.mark.parametrize(
    ("environ", "arguments", "says"),
    [
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, (), "You must specify a region | Name one with AWS_REGION"),
        ({}, ("--profile", "nobody"), "nobody"),
        (
            {"AWS_CA_BUNDLE": "/no/such/file"},
            (),
            "No such file or directory | Name a file of certificates in AWS_CA_BU",
        ),
    ],
)
async def test_where_the_sdk_cannot_be_set_up_nothing_else_can_be_checked(
    led: CommandLine, environ: Mapping[str, str], arguments: tuple[str, ...], says: str
) -> None:
    found = await seen(led.but_with(**environ), *arguments)
    assert says in found.failure("region")
    assert found.all_of("not checked") == CHECKS[1:]


@pytest.mark.parametrize("offset", [3600.0, -3600.0])
async def test_a_clock_that_is_wrong_is_the_one_thing_that_is_wrong(mwaa_async: CommandLine, offset: float) -> None:
    async with Emulator(clock_offset=offset) as emulator:
        found = await seen(mwaa_async.led_to(emulator))
    side = "ahead of" if offset > 0 else "behind"
    assert f"AWS's clock is 60 minutes {side} this machine's" in (failure := found.failure("clock"))
    assert "NTP" in failure
    assert {"credentials", "permission", "environment", "command"} <= set(found.all_of("not checked"))
    assert found.findings["guard"]["status"] == "ok"


async def test_a_clock_that_is_still_good_enough_is_a_warning(mwaa_async: CommandLine) -> None:
    async with Emulator(clock_offset=150.0) as emulator:
        found = await seen(mwaa_async.led_to(emulator))
    assert (found.exit_status, found.all_of("warning")) == (0, ["clock"])


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "Unable to locate credentials | Give some with"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "InvalidSignatureException"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "Partial credentials found"),
    ],
)
async def test_without_credentials_that_aws_accepts_it_is_not_asked_for_more(
    led: CommandLine, emulator: Emulator, keys: Mapping[str, str], says: str
) -> None:
    found = await seen(led.but_with(**keys))
    assert says in found.failure("credentials")
    assert found.findings["permission"] == {
        "check": "permission",
        "status": "not checked",
        "found": "needs credentials",
        "remedy": "",
        "causes": ["credentials"],
    }
    assert found.findings["tls"]["found"] == found.findings["command"]["found"] == "needs credentials"
    assert not emulator.tokens


async def test_credentials_that_have_expired_are_told_as_that(led: CommandLine, emulator: Emulator) -> None:
    emulator.faults.callers.append(RefusedByAws("ExpiredToken", 403))
    failure = (await seen(led)).failure("credentials")
    assert failure.startswith("they have expired (credentials: env): ExpiredToken: ") and "aws sso login" in failure


async def test_who_calls_need_not_be_known(led: CommandLine) -> None:
    found = await seen(led.but_with(AWS_ENDPOINT_URL_STS="https://127.0.0.1:1"))
    assert (found.exit_status, found.all_of("warning")) == (0, ["credentials"])
    assert "Could not connect" in found.findings["credentials"]["found"]


async def test_a_missing_permission_comes_with_the_policy_and_the_way_is_checked_all_the_same(
    led: CommandLine, emulator: Emulator
) -> None:
    emulator.faults.tokens.append(DENIED)
    found = await seen(led)
    _, _, policy = found.failure("permission").partition("Let the caller have this policy: ")
    [statement] = json.loads(policy)["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": "airflow:CreateCliToken",
        "Resource": "arn:aws:airflow:us-east-1:123456789012:environment/demo",
    }
    assert found.findings["tls"]["status"] == "ok"
    assert found.all_of("not checked") == ["endpoint", "command"]


async def test_an_environment_that_is_not_there_is_the_one_thing_that_is_wrong(led: CommandLine) -> None:
    found = await seen(led, environment="nosuch")
    assert "'nosuch' in us-east-1 | " in (failure := found.failure("environment"))
    assert "mwaa-async environments" in failure
    assert found.findings["aws"]["status"] == "ok"
    for check in ("permission", "name", "version", "command"):
        assert found.findings[check]["found"] == "needs environment"


async def test_an_environment_that_is_not_there_is_told_where_it_may_not_be_described(
    led: CommandLine, emulator: Emulator
) -> None:
    emulator.faults.descriptions.append(DENIED)
    found = await seen(led, environment="nosuch")
    assert "there is no environment 'nosuch'" in found.failure("environment")


@pytest.mark.parametrize(
    ("fault", "check", "says"),
    [
        (RefusedByAws("ThrottlingException", 429), "aws", "ThrottlingException"),
        (RefusedByAws("ExpiredTokenException", 403), "aws", "aws sso login"),
        (WrongAwsAnswer(b"{}"), "aws", "without a usable token"),
    ],
)
async def test_whatever_aws_answers_instead_of_a_token_is_told(
    led: CommandLine, emulator: Emulator, fault: RefusedByAws | WrongAwsAnswer, check: str, says: str
) -> None:
    emulator.faults.tokens.append(fault)
    assert says in (await seen(led)).failure(check)


async def test_a_token_api_that_cannot_be_reached_is_told_with_the_network(led: CommandLine) -> None:
    found = await seen(led.but_with(AWS_ENDPOINT_URL_MWAA="https://127.0.0.1:1"))
    assert "Could not connect" in (failure := found.failure("aws"))
    assert "network" in failure
    for check in ("permission", "environment", "version", "name"):
        assert found.findings[check]["found"] == "needs aws"


@pytest.mark.parametrize(
    ("environ", "remedy"),
    [
        ({"AWS_CA_BUNDLE": None, "SSL_CERT_FILE": None}, "Name the authority to trust with AWS_CA_BUNDLE"),
        ({"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "", "no_proxy": ""}, "Look at HTTPS_PROXY and NO_PROXY"),
        (
            {"HTTPS_PROXY": "nonsense://x", "NO_PROXY": "", "no_proxy": ""},
            "Look at HTTPS_PROXY, ALL_PROXY and NO_PROXY",
        ),
        (
            {"AWS_ENDPOINT_URL_MWAA": "https://127.0.0.1:1", "AWS_ENDPOINT_URL_STS": "https://127.0.0.1:1"},
            "Look at the region, the network and the proxy",
        ),
    ],
    ids=["untrusted", "no proxy there", "no proxy at all", "unreachable"],
)
async def test_what_keeps_aws_from_being_reached_is_no_matter_of_permissions(
    led: CommandLine, environ: Mapping[str, str | None], remedy: str
) -> None:
    # An empty AWS_CA_BUNDLE is a mistake to a newer SDK, and so it is taken away.
    changed = {**led.environ, **environ}
    found = await seen(CommandLine({name: value for name, value in changed.items() if value is not None}))
    assert found.all_of("failed")[0] == "aws"
    for check in ("aws", "credentials"):
        assert found.findings[check]["remedy"].startswith(remedy)
    assert not {"permission", "environment"} & {*found.all_of("failed"), *found.all_of("warning")}
    assert "airflow:" not in str(found.findings)


async def test_a_description_that_does_not_come_is_no_missing_permission(led: CommandLine, emulator: Emulator) -> None:
    emulator.faults.descriptions.append(RefusedByAws("ThrottlingException", 429))
    found = await seen(led)
    assert (found.exit_status, found.all_of("warning")) == (0, ["environment"])
    assert found.findings["environment"]["remedy"] == "Commands run without it. Try again later"


@pytest.mark.parametrize("state", ["CREATING", "CREATE_FAILED", "DELETED", "UNAVAILABLE"])
async def test_an_environment_that_is_not_available_fails(led: CommandLine, emulator: Emulator, state: str) -> None:
    describe(emulator, Status=state, LastUpdate={"Error": {"ErrorMessage": "no subnet"}})
    assert f"{state} | Wait until it is AVAILABLE. Its last update says: no subnet" == (
        (await seen(led)).failure("environment")
    )


async def test_an_update_that_has_failed_leaves_an_environment_that_is_in_use(
    led: CommandLine, emulator: Emulator
) -> None:
    describe(emulator, Status="UPDATE_FAILED")
    found = await seen(led)
    assert (found.exit_status, found.all_of("warning")) == (0, ["environment"])


async def test_what_need_not_be_known_of_an_environment_is_a_warning(led: CommandLine, emulator: Emulator) -> None:
    emulator.faults.descriptions.append(DENIED)
    found = await seen(led)
    assert (found.exit_status, found.all_of("warning")) == (0, ["environment"])
    assert "airflow:GetEnvironment" in found.findings["environment"]["remedy"]
    assert found.all_of("not checked") == ["access mode", "version"]


async def test_a_private_environment_of_a_new_version_that_is_updated_is_no_failure(
    led: CommandLine, emulator: Emulator
) -> None:
    describe(emulator, Status="UPDATING", WebserverAccessMode="PRIVATE_ONLY", AirflowVersion="4.0.0")
    found = await seen(led)
    assert (found.exit_status, found.all_of("warning")) == (0, ["environment", "version"])
    assert "by a VPN, --proxy, or --connect-to" in found.findings["access mode"]["found"]


# the guard


async def test_a_lock_directory_that_cannot_be_used_fails_and_nothing_is_sent(
    led: CommandLine, emulator: Emulator, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    found = await seen(led.but_with(MWAA_ASYNC_LOCK_DIRECTORY=str(tmp_path / "file")))
    assert "the lock directory cannot be used" in (failure := found.failure("guard"))
    assert "MWAA_ASYNC_LOCK_DIRECTORY" in failure.partition(" | ")[2]
    assert found.all_of("not checked") == ["endpoint", "command"]
    assert not emulator.commands


async def test_a_slot_that_others_have_is_waited_for_and_told(mwaa_async: CommandLine) -> None:
    async with Emulator(command_time=20.0) as emulator:
        led = mwaa_async.led_to(emulator)
        async with led.started("run", "demo", "version") as process:
            await until(lambda: emulator.commands)
            process.send(signal.SIGSTOP)
            found = await seen(led, "--queue-timeout", "0.2")
    holder = f"process {process.pid} of this host"
    assert found.findings["guard"]["status"] == "warning"
    assert f"{holder} has the slot" in found.findings["guard"]["found"]
    assert f"its turn has not come within 0.2 s: {holder} has the slot | See what" in found.failure("command")
    assert len(emulator.commands) == 1


async def test_a_guard_of_one_program_says_that_nobody_shares_it(led: CommandLine) -> None:
    assert (await seen(led, "--guard", "local")).findings["guard"]["found"].startswith("shared with nobody")


# the way


async def test_a_name_that_does_not_resolve_ends_the_way(led: CommandLine, emulator: Emulator) -> None:
    leads_to(emulator, UNKNOWN_NAME)
    found = await seen(led)
    assert f"the name of {UNKNOWN_NAME} does not resolve here" in (failure := found.failure("name"))
    assert "PRIVATE_ONLY" in failure and "--connect-to" in failure
    assert found.all_of("not checked") == ["connection", "tls", "endpoint", "command"]


@pytest.mark.parametrize(
    ("addresses", "private"),
    [(["10.0.3.7"], True), (["52.1.2.3", "10.0.3.7"], True), (["fd00::1"], True), (["52.1.2.3"], False)],
)
def test_a_private_address_comes_with_what_it_needs(addresses: list[str], private: bool) -> None:
    found = name_found(Way("web.example"), addresses).found
    assert found.startswith(f"web.example is {', '.join(addresses)}")
    assert ("by a VPN, --proxy, or --connect-to" in found) is private


async def test_a_proxy_of_the_environment_variables_that_is_none_fails(led: CommandLine) -> None:
    # AWS's SDK does not know this variable.
    found = await seen(led.but_with(ALL_PROXY="ftp://user:hush@host", NO_PROXY="", no_proxy=""))
    assert "ALL_PROXY must be http://HOST:PORT" in (failure := found.failure("name"))
    assert "hush" not in failure


@pytest.mark.parametrize("arguments", [(), ("--connect-to", "127.0.0.1:1"), ("--proxy", "http://127.0.0.1:1")])
async def test_a_closed_port_fails_at_the_connection(
    led: CommandLine, emulator: Emulator, arguments: tuple[str, ...]
) -> None:
    if not arguments:
        leads_to(emulator, "127.0.0.1:1")
    found = await seen(led, *arguments)
    assert "127.0.0.1:1 cannot be reached (Connection refused)" in found.failure("connection")
    assert found.findings["tls"]["found"] == "needs connection"


async def test_who_takes_the_connection_and_never_answers_fails_at_tls(led: CommandLine, emulator: Emulator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        leads_to(emulator, address)
        found = await seen(led, "--command-timeout", "0.5")
    assert f"{address} did not answer within 0.5 s" in found.failure("tls")


async def test_a_certificate_that_nobody_vouches_for_fails_at_tls(led: CommandLine, emulator: Emulator) -> None:
    async with _tls_server("127.0.0.1") as address:
        leads_to(emulator, address)
        found = await seen(led)
    assert "nobody who is trusted vouches for the certificate" in (failure := found.failure("tls"))
    assert "AWS_CA_BUNDLE" in failure
    assert found.findings["command"]["found"] == "needs tls"


async def test_a_certificate_of_somebody_else_fails_at_tls(led: CommandLine, emulator: Emulator) -> None:
    port = emulator.web_server_url("demo").rpartition(":")[2]
    leads_to(emulator, UNKNOWN_NAME)
    found = await seen(led, "--connect-to", f"127.0.0.1:{port}")
    assert f"is not {UNKNOWN_NAME}" in (failure := found.failure("tls"))
    assert "--connect-to" in failure


async def test_a_way_through_a_tunnel_or_a_proxy_is_checked_as_that(led: CommandLine, emulator: Emulator) -> None:
    port = int(emulator.web_server_url("demo").rpartition(":")[2])
    async with forwarder(port) as tunnel:
        assert (await seen(led, "--connect-to", f"127.0.0.1:{tunnel.port}")).all_of("ok") == CHECKS
    assert tunnel.connections
    for kind, scheme in (("socks5", "socks5h"), ("http", "http")):
        async with proxy_server(kind) as (_, address):
            found = await seen(led, "--proxy", f"{scheme}://{address}")
        assert found.all_of("ok") == CHECKS
        assert f"it looks up 127.0.0.1:{port} by itself" in found.findings["name"]["found"]


async def test_a_proxy_for_everything_is_used_for_aws_too(led: CommandLine, emulator: Emulator) -> None:
    api = emulator.endpoint_url.removeprefix("https://")
    async with proxy_server("http") as (proxy, address):
        found = await seen(led.but_with(HTTPS_PROXY=f"http://{address}", NO_PROXY="", no_proxy=""))
        asked_for = await proxy.asked_for()
    assert found.all_of("ok") == CHECKS
    assert {api, emulator.web_server_url("demo").removeprefix("https://")} == set(asked_for)


@pytest.mark.parametrize(
    ("login", "says"), [("user:hush", "wants another login"), (":", f"does not connect to {UNKNOWN_NAME}")]
)
async def test_a_proxy_that_refuses_fails_at_the_connection(
    led: CommandLine, emulator: Emulator, login: str, says: str
) -> None:
    leads_to(emulator, f"{UNKNOWN_NAME}:443")
    async with proxy_server("socks5", login=login) as (_, address):
        found = await seen(led, "--proxy", f"socks5h://user:guess@{address}")
    assert says in (failure := found.failure("connection"))
    assert "guess" not in failure


# the endpoint and the command


@pytest.mark.parametrize(
    "answer",
    [StatusAnswer(404), StatusAnswer(405), StatusAnswer(302, location="https://sso.example/login")],
    ids=lambda answer: str(answer.status),
)
async def test_what_is_no_endpoint_fails_as_that(led: CommandLine, emulator: Emulator, answer: StatusAnswer) -> None:
    emulator.faults.commands.append(answer)
    found = await seen(led)
    assert f"HTTP {answer.status}" in (failure := found.failure("endpoint"))
    assert "--connect-to" in failure
    assert found.findings["command"]["found"] == "needs endpoint"


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (StatusAnswer(401), "HTTP 401"),
        (StatusAnswer(403), "HTTP 403"),
        (StatusAnswer(429), "HTTP 429"),
        (StatusAnswer(504, ran=True), "HTTP 504"),
        (CutConnection(), "closed the connection before it had answered"),
        (WrongAnswer(), "what answers is not Airflow"),
        (SlowAnswer(5.0), "no answer in time"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_command_that_brings_no_output_fails(
    led: CommandLine, emulator: Emulator, fault: StatusAnswer | CutConnection | WrongAnswer | SlowAnswer, says: str
) -> None:
    emulator.faults.commands.append(fault)
    found = await seen(led, "--command-timeout", "2", "--settle-time", "0")
    assert says in found.failure("command")
    assert len(emulator.commands) <= 1


async def test_a_command_that_prints_something_else_fails(led: CommandLine, emulator: Emulator, tmp_path: Path) -> None:
    async with raw_web_server(emulator) as (server, trusted):
        server.answers.append(says(response(body("Traceback: no such module\n"))))
        bundle = tmp_path / "bundle.pem"
        bundle.write_text("".join(map(ssl.DER_cert_to_PEM_cert, trusted.get_ca_certs(binary_form=True))))
        found = await seen(led.but_with(AWS_CA_BUNDLE=str(bundle), SSL_CERT_FILE=str(bundle)))
    assert "prints no version, but 'Traceback: no such module'" in found.failure("command")


async def test_the_slot_stays_closed_where_the_end_of_the_command_was_not_seen(
    led: CommandLine, emulator: Emulator
) -> None:
    emulator.faults.commands.append(CutConnection(runs_on_for=1.0))
    await seen(led, "--settle-time", "2")
    assert (await led("run", "demo", "version")).returncode == 0
    assert (emulator.max_running("demo"), len(emulator.commands)) == (1, 2)


# the screen


async def test_without_a_terminal_every_finding_is_a_line_and_so_is_its_remedy(
    led: CommandLine, emulator: Emulator
) -> None:
    emulator.faults.tokens.append(DENIED)
    done = await led("doctor", "demo")
    lines = done.stdout.decode().splitlines()
    assert [line[0] for line in lines] == [*"✓✓✓✓✗", " ", *"✓✓✓✓✓✓✓--"]
    assert lines[5].startswith(" " * 14 + "→ Let the caller have this policy: {")
    assert told(done.stderr) == ["demo: 'permission' is wrong"]
    assert done.returncode == 3


async def test_marks_that_the_locale_cannot_show_are_written_plainly(led: CommandLine) -> None:
    done = await led.but_with(PYTHONIOENCODING="ascii", AWS_REGION="", AWS_DEFAULT_REGION="")("doctor", "demo")
    lines = done.stdout.decode("ascii").splitlines()
    assert lines[0].startswith("x region")
    assert lines[1].strip().startswith("-> Name one")


@pytest.mark.parametrize("columns", [40, 80, 200])
async def test_lines_end_at_words_and_no_mark_depends_on_colour(
    led: CommandLine, emulator: Emulator, columns: int
) -> None:
    leads_to(emulator, UNKNOWN_NAME)
    led = led.but_with(MWAA_ASYNC_LOCK_DIRECTORY=os.environ["MWAA_ASYNC_LOCK_DIRECTORY"])
    async with terminal(led.environ, "doctor", "demo", columns=columns, lines=60) as screen:
        assert await screen.ended() == 3
    shown = "\n".join(screen.lines)
    assert shown.count("\n- ") == 4 and shown.count("✗") == 1
    words = "A private web server (access mode PRIVATE_ONLY) is reached from inside its VPC only"
    assert words in " ".join(shown.split())
    assert all(word in shown for word in words.split())


@pytest.mark.parametrize(
    ("environ", "is_styled"),
    [({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"NO_COLOR": ""}, True), ({}, True)],
    ids=repr,
)
async def test_no_color_means_no_styling_at_all(led: CommandLine, environ: Mapping[str, str], is_styled: bool) -> None:
    screen, other_end = pty.openpty()
    kept = {name: value for name, value in led.environ.items() if name not in ("NO_COLOR", "TERM")}
    await anyio.run_process([*PROGRAM, "doctor", "demo"], stdout=other_end, env={**kept, **environ})
    os.close(other_end)
    shown = os.read(screen, 1 << 16)
    os.close(screen)
    assert b"region" in shown
    assert (b"\x1b[" in shown) is is_styled


@asynccontextmanager
async def _tls_server(name: str) -> AsyncIterator[str]:
    """Serve TLS with a certificate of an authority that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(name).configure_cert(context)

    async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(close, "127.0.0.1", 0, ssl=context) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
