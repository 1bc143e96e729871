"""Promise 3: a token is never stale and never wasted."""

import asyncio
import itertools
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from mwaa_async import (
    AccessDeniedError,
    ConnectError,
    EnvironmentNotFoundError,
    Guard,
    HostGuard,
    LocalGuard,
    MwaaClient,
    RequestRejectedError,
    ThrottledError,
    TokenError,
)
from mwaa_async.emulator import Emulator, RefusedByAws, SlowToken, StatusAnswer, WrongAwsAnswer

pytestmark = pytest.mark.anyio


async def test_no_token_is_fetched_before_a_command_needs_one(emulator: Emulator, client: MwaaClient) -> None:
    client.environment("demo")
    assert not emulator.tokens
    await client.environment("demo").run("version")
    assert len(emulator.tokens) == 1


async def test_a_token_is_never_sent_when_it_may_have_expired() -> None:
    async with (
        Emulator(token_lifetime=1.2, command_time=0.1) as emulator,
        MwaaClient(**emulator.client_options(), token_lifetime=1.2) as client,
    ):
        demo = client.environment("demo")
        await asyncio.gather(*(demo.run("version") for _ in range(40)))
        assert len(emulator.commands) == 40
        assert max(record.token_age for record in emulator.commands) < 1.2
        # No more than their lifetime demands: each serves for half a second at the least, and mostly for a whole one.
        worked = (emulator.commands[-1].end or 0.0) - emulator.commands[0].start
        assert 3 <= len(emulator.tokens) <= worked / 0.5 + 2


async def test_the_next_token_is_fetched_while_the_command_before_is_still_running() -> None:
    async with (
        Emulator(token_lifetime=1.2, command_time=0.3, token_time=0.1) as emulator,
        MwaaClient(**emulator.client_options(), token_lifetime=1.2) as client,
    ):
        demo = client.environment("demo")
        await asyncio.gather(*(demo.run("version") for _ in range(12)))
        later = [token.issued for token in emulator.tokens[1:]]
        running = [(record.start, record.end or 0.0) for record in emulator.commands]
    assert later
    assert all(any(start < issued < end for start, end in running) for issued in later)


@pytest.mark.parametrize("guard", [LocalGuard, HostGuard])
async def test_in_a_long_queue_a_token_is_fetched_when_the_client_is_next(
    guard: Callable[[], Guard],
) -> None:
    """Fetched as early as it is asked for, it would be too old, and another one would be needed."""
    async with (
        Emulator(token_lifetime=1.5, command_time=0.7, token_time=0.3) as emulator,
        AsyncExitStack() as stack,
    ):
        options: dict[str, Any] = {**emulator.client_options(), "guard": guard(), "token_lifetime": 1.5}
        clients = [await stack.enter_async_context(MwaaClient(**options)) for _ in range(4)]
        handles = [client.environment("demo", airflow_version="2.10.3") for client in clients]
        first = asyncio.create_task(handles[0].run("version"))
        while not emulator.commands:
            await asyncio.sleep(0.01)
        await asyncio.gather(first, *(handle.run("version") for handle in handles[1:]))
        assert [handle.statistics().tokens_fetched for handle in handles] == [1, 1, 1, 1]
        gaps = [later.start - (earlier.end or 0.0) for earlier, later in itertools.pairwise(emulator.commands)]
        assert max(gaps) < 0.25, "nobody waits for a token in the slot"


async def test_no_token_is_fetched_ahead_when_nobody_waits_for_it() -> None:
    async with (
        Emulator(token_lifetime=1.2, command_time=1.5) as emulator,
        MwaaClient(**emulator.client_options(), token_lifetime=1.2) as client,
    ):
        await client.environment("demo").run("version")
        assert len(emulator.tokens) == 1


async def test_a_service_that_takes_tokens_once_only_is_learnt_after_the_first_refusal() -> None:
    async with (
        Emulator(single_use_tokens=True, command_time=0.01) as emulator,
        MwaaClient(**emulator.client_options()) as client,
    ):
        demo = client.environment("demo")
        await asyncio.gather(*(demo.run("version") for _ in range(10)))
        assert len(emulator.commands) == 10
        assert [token.uses for token in emulator.tokens] == [1] * 10
        # From the third command on it is known, and tokens are fetched while the command before is running.
        ends = [record.end or 0.0 for record in emulator.commands]
        assert all(token.issued < end for token, end in zip(emulator.tokens[3:], ends[2:], strict=False))


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_token_is_replaced_once_since_nothing_has_run(
    emulator: Emulator, client: MwaaClient, status: int
) -> None:
    emulator.faults.commands.append(StatusAnswer(status))
    result = await client.environment("demo").run("dags trigger demo")
    assert result.http_status == 200
    assert len(emulator.commands) == 1
    assert len(emulator.tokens) == 2


@pytest.mark.parametrize("status", [401, 403])
async def test_two_tokens_refused_are_a_rejected_request(emulator: Emulator, client: MwaaClient, status: int) -> None:
    emulator.faults.commands.extend([StatusAnswer(status)] * 2)
    with pytest.raises(RequestRejectedError, match="refused a fresh CLI token") as caught:
        await client.environment("demo").run("dags trigger demo")
    assert (caught.value.ran, caught.value.http_status) == (False, status)
    assert not emulator.commands
    assert len(emulator.tokens) == 2


async def test_a_host_that_cannot_be_reached_is_asked_for_again(emulator: Emulator, client: MwaaClient) -> None:
    wrong = json.dumps({"CliToken": "token", "WebServerHostname": "127.0.0.1:1"}).encode()
    emulator.faults.tokens.append(WrongAwsAnswer(wrong))
    with pytest.raises(ConnectError):
        await client.environment("demo").run("version")
    assert await client.environment("demo").run("version")


async def test_an_unknown_environment_is_told_with_its_name(client: MwaaClient) -> None:
    with pytest.raises(EnvironmentNotFoundError, match="nosuch: there is no environment of this name") as caught:
        await client.environment("nosuch").run("version")
    assert (caught.value.ran, caught.value.environment) == (False, "nosuch")


@pytest.mark.parametrize(
    ("fault", "kind", "remedy"),
    [
        (RefusedByAws("AccessDeniedException", 403), AccessDeniedError, "airflow:CreateCliToken"),
        (RefusedByAws("UnrecognizedClientException", 403), AccessDeniedError, "AWS_PROFILE"),
        (RefusedByAws("ExpiredTokenException", 403), AccessDeniedError, "aws sso login"),
        (RefusedByAws("ThrottlingException", 429), ThrottledError, "try again later"),
        (RefusedByAws("InternalServerException", 500), TokenError, "No token for you"),
    ],
    ids=lambda value: value.code if isinstance(value, RefusedByAws) else "",
)
async def test_what_aws_says_instead_of_a_token_is_told_with_a_remedy(
    emulator: Emulator, client: MwaaClient, fault: RefusedByAws, kind: type[TokenError], remedy: str
) -> None:
    emulator.faults.tokens.extend(itertools.repeat(fault, 5))  # the SDK tries five times
    with pytest.raises(kind, match=remedy) as caught:
        await client.environment("demo").run("version")
    assert type(caught.value) is kind
    assert (caught.value.ran, caught.value.environment, caught.value.command) == (False, "demo", "version")
    emulator.faults.tokens.clear()
    assert await client.environment("demo").run("version")


async def test_a_passing_throttle_is_left_to_the_sdks_own_retries(emulator: Emulator, client: MwaaClient) -> None:
    emulator.faults.tokens.append(RefusedByAws())
    assert await client.environment("demo").run("version")


async def test_a_token_that_aws_took_too_long_for_is_not_used(emulator: Emulator) -> None:
    emulator.faults.tokens.append(SlowToken(0.4))
    async with MwaaClient(**emulator.client_options(), token_lifetime=0.3) as client:
        with pytest.raises(TokenError, match="AWS took longer for a token") as caught:
            await client.environment("demo").run("version")
        assert caught.value.ran is False
        assert not emulator.commands


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> pytest.MonkeyPatch:
    """Take away everything from which AWS's SDKs learn credentials and region."""
    nothing = str(tmp_path_factory.mktemp("aws") / "nothing")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", nothing)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", nothing)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


@pytest.mark.usefixtures("bare_environment")
async def test_a_missing_region_is_told_with_the_ways_to_name_one() -> None:
    async with MwaaClient() as client:
        with pytest.raises(TokenError, match="AWS_REGION") as caught:
            await client.environment("demo").run("version")
    assert (caught.value.ran, caught.value.environment) == (False, "demo")


@pytest.mark.usefixtures("bare_environment")
async def test_missing_credentials_are_told_with_the_ways_to_give_some(emulator: Emulator) -> None:
    options = emulator.client_options()
    async with MwaaClient(
        region_name="eu-west-1", endpoint_url=options["endpoint_url"], ssl_context=options["ssl_context"]
    ) as client:
        with pytest.raises(TokenError, match="AWS_PROFILE") as caught:
            await client.environment("demo").run("version")
    assert caught.value.ran is False


@pytest.mark.usefixtures("bare_environment")
async def test_an_unknown_profile_is_told_by_name() -> None:
    async with MwaaClient(profile_name="nosuch", region_name="eu-west-1") as client:
        with pytest.raises(TokenError, match="nosuch"):
            await client.environment("demo").run("version")


async def test_everything_can_come_from_environment_variables(
    emulator: Emulator, bare_environment: pytest.MonkeyPatch
) -> None:
    for name, value in emulator.environ().items():
        bare_environment.setenv(name, value)
    async with MwaaClient() as client:
        assert (await client.environment("demo").run("version")).text == "2.10.3\n"
