"""One client belongs to one event loop, which may rest between calls."""

import asyncio
from collections.abc import Iterator
from typing import TypeVar

import pytest

from mwaa_async import EventLoopError, MwaaClient
from mwaa_async.emulator import Emulator

T = TypeVar("T", Emulator, MwaaClient)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def test_one_client_serves_call_after_call_in_a_loop_that_rests_in_between(runner: asyncio.Runner) -> None:
    """So a Lambda function keeps its client, token and connection over warm invocations."""
    emulator = runner.run(_opened(Emulator()))
    client = runner.run(_opened(MwaaClient(**emulator.client_options())))
    for _ in range(3):
        assert runner.run(client.environment("demo").run("version"))
    runner.run(client.aclose())
    assert (len(emulator.tokens), emulator.connections("demo")) == (1, 1)
    runner.run(emulator.__aexit__(None, None, None))


def test_a_client_of_another_event_loop_is_told_what_to_do_before_anything_is_sent(runner: asyncio.Runner) -> None:
    emulator = runner.run(_opened(Emulator()))
    client = runner.run(_opened(MwaaClient(**emulator.client_options())))
    runner.run(client.environment("demo").run("version"))
    with asyncio.Runner() as other:
        for command in (client.environment("demo").run("version"), client.environment("demo").dags.list()):
            with pytest.raises(EventLoopError, match="Open one client in each event loop") as caught:
                other.run(command)
            assert (caught.value.ran, caught.value.environment) == (False, "demo")
    assert len(emulator.commands) == 1
    assert runner.run(client.environment("demo").run("version"))
    runner.run(client.aclose())
    runner.run(emulator.__aexit__(None, None, None))


def test_a_client_is_closed_in_its_own_event_loop_only(runner: asyncio.Runner) -> None:
    emulator = runner.run(_opened(Emulator()))
    client = runner.run(_opened(MwaaClient(**emulator.client_options())))
    runner.run(client.environment("demo").run("version"))
    with asyncio.Runner() as other, pytest.raises(EventLoopError, match="nothing was closed"):
        other.run(client.aclose())
    assert runner.run(client.environment("demo").run("version"))
    runner.run(client.aclose())
    runner.run(emulator.__aexit__(None, None, None))


def test_a_client_whose_event_loop_was_closed_can_be_closed_in_another_one() -> None:
    loop = asyncio.new_event_loop()
    client = loop.run_until_complete(_opened(MwaaClient(region_name="eu-west-1")))
    loop.close()
    with asyncio.Runner() as other:
        other.run(client.aclose())


async def _opened(resource: T) -> T:
    await resource.__aenter__()
    return resource
