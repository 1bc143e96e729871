"""403 for a command, although the token is good: real environments answer so to some that AWS lists as offered."""

import pytest

from mwaa_async import MwaaClient, RequestRejectedError
from mwaa_async.emulator import Emulator, StatusAnswer

pytestmark = pytest.mark.anyio

FORBIDDEN = StatusAnswer(403)


async def test_a_refused_command_is_named_and_the_tokens_stay_in_use(emulator: Emulator, client: MwaaClient) -> None:
    demo = client.environment("demo")
    await demo.run("version")
    emulator.faults.commands.extend([FORBIDDEN, FORBIDDEN])
    with pytest.raises(RequestRejectedError, match="'dags report'") as caught:
        await demo.run("dags report -o json")
    assert (caught.value.ran, caught.value.http_status) == (False, 403)
    await demo.run("version")
    await demo.run("dags list")
    assert len(emulator.tokens) == 2


async def test_the_same_command_costs_no_second_token_each_time(emulator: Emulator, client: MwaaClient) -> None:
    demo = client.environment("demo")
    await demo.run("version")
    emulator.faults.commands.extend([FORBIDDEN] * 2)
    for number in range(5):
        with pytest.raises(RequestRejectedError):
            await demo.run(f"dags report --subdir {number}")
        await demo.run("version")
        emulator.faults.commands.append(FORBIDDEN)
    assert len(emulator.tokens) == 2


@pytest.mark.parametrize("single_use_tokens", [False, True])
async def test_a_command_that_a_good_token_could_not_help_is_what_is_refused(single_use_tokens: bool) -> None:
    refusing = Emulator(single_use_tokens=single_use_tokens, refused_commands=["dags report"])
    async with refusing as emulator, MwaaClient(**emulator.client_options()) as client:
        demo = client.environment("demo")
        await demo.run("version")
        for _ in range(2):
            with pytest.raises(RequestRejectedError, match="for other commands, and refuses 'dags report'"):
                await demo.run("dags report")
            await demo.run("version")


async def test_401_is_about_the_token_whatever_was_refused_before(emulator: Emulator, client: MwaaClient) -> None:
    demo = client.environment("demo")
    await demo.run("version")
    emulator.faults.commands.extend([FORBIDDEN, FORBIDDEN])
    with pytest.raises(RequestRejectedError):
        await demo.run("dags report")
    emulator.faults.commands.append(StatusAnswer(401))
    assert await demo.run("dags report")


async def test_where_no_token_was_ever_accepted_each_command_gets_a_fresh_one(
    emulator: Emulator, client: MwaaClient
) -> None:
    demo = client.environment("demo")
    emulator.faults.commands.extend([FORBIDDEN] * 3)
    with pytest.raises(RequestRejectedError, match="see whether 'version' runs"):
        await demo.run("dags report")
    assert await demo.run("dags report")
    assert len(emulator.tokens) == 3


async def test_a_command_that_was_refused_is_sent_again_when_it_is_asked_for_again(
    emulator: Emulator, client: MwaaClient
) -> None:
    demo = client.environment("demo")
    emulator.faults.commands.extend([FORBIDDEN] * 2)
    with pytest.raises(RequestRejectedError):
        await demo.run("dags report")
    assert await demo.run("dags report")
    # It is allowed now, and so a refusal is the token's again.
    emulator.faults.commands.append(FORBIDDEN)
    assert await demo.run("dags report")
    assert len(emulator.tokens) == 3


async def test_another_command_gets_a_fresh_token_after_a_refused_one(emulator: Emulator, client: MwaaClient) -> None:
    demo = client.environment("demo")
    emulator.faults.commands.extend([FORBIDDEN] * 3)
    with pytest.raises(RequestRejectedError):
        await demo.run("dags report")
    assert await demo.run("dags list")
    assert len(emulator.tokens) == 3
