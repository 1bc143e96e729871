"""Promise 4: who goes away gets control back at once, and the slot stays closed until the web server is done."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable

import anyio
import pytest

from mwaa_async import ConnectError, Environment, MwaaClient, OutcomeUnknownError, QueueTimeoutError
from mwaa_async.emulator import CutConnection, Emulator, SlowAnswer, SlowToken

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[MwaaClient]:
    async with MwaaClient(**emulator.client_options(), settle_time=1.0) as client:
        await client.environment("demo").run("version")  # connects
        yield client


@pytest.fixture
def demo(client: MwaaClient) -> Environment:
    return client.environment("demo")


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


def now() -> float:
    return asyncio.get_running_loop().time()


async def by_cancelling(demo: Environment) -> None:
    running = asyncio.create_task(demo.run("dags trigger demo"))
    await asyncio.sleep(0.1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def by_asyncio_timeout(demo: Environment) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await demo.run("dags trigger demo")


async def by_anyio_fail_after(demo: Environment) -> None:
    with pytest.raises(TimeoutError):
        with anyio.fail_after(0.1):
            await demo.run("dags trigger demo")


async def by_timeout_argument(demo: Environment) -> None:
    with pytest.raises(OutcomeUnknownError, match=r"no answer within 0\.1 s"):
        await demo.run("dags trigger demo", timeout=0.1)


@pytest.mark.parametrize(
    "going_away",
    [by_cancelling, by_asyncio_timeout, by_anyio_fail_after, by_timeout_argument],
    ids=lambda f: f.__name__,
)
async def test_control_comes_back_at_once_and_the_next_command_waits_for_the_web_server(
    emulator: Emulator, demo: Environment, going_away: Callable[[Environment], Awaitable[None]]
) -> None:
    emulator.faults.commands.append(SlowAnswer(1.0))
    await going_away(demo)
    # That it takes no more than 50 ms is what the simulation checks, in virtual time.
    assert emulator.commands[-1].end is None
    assert demo.statistics().running == 1
    await demo.run("version")
    _, abandoned, following = emulator.commands
    assert abandoned.end is not None
    assert following.start >= abandoned.end
    assert emulator.max_running("demo") == 1


async def test_an_abandoned_command_whose_connection_breaks_keeps_the_slot_closed_for_settle_time(
    emulator: Emulator, demo: Environment
) -> None:
    emulator.faults.commands.extend([SlowAnswer(0.2)])
    emulator.faults.commands[-1] = CutConnection(runs_on_for=0.5)
    with pytest.raises(OutcomeUnknownError):
        await demo.run("dags trigger demo")
    start = now()
    assert demo.statistics().settling
    await demo.run("version")
    assert now() - start > 0.9
    assert not demo.statistics().settling
    assert emulator.max_running("demo") == 1


async def test_cancelled_in_the_queue_nothing_is_sent_and_the_others_keep_their_order(
    emulator: Emulator, demo: Environment
) -> None:
    emulator.faults.commands.append(SlowAnswer(0.2))
    tasks = [asyncio.create_task(demo.run(f"variables set key{number} value")) for number in range(9)]
    await until(lambda: demo.statistics().queued == 8)
    for task in tasks[1::2]:
        task.cancel()
    await asyncio.wait(tasks)
    assert [task.cancelled() for task in tasks] == [number % 2 == 1 for number in range(9)]
    assert [record.command for record in emulator.commands[1:]] == [
        f"variables set key{number} value" for number in range(0, 9, 2)
    ]


async def test_cancelled_while_aws_is_asked_for_a_token_nothing_is_sent_and_the_token_serves_the_next(
    emulator: Emulator,
) -> None:
    emulator.faults.tokens.append(SlowToken(0.3))
    async with MwaaClient(**emulator.client_options()) as client:
        demo = client.environment("demo")
        task = asyncio.create_task(demo.run("dags trigger demo"))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait([task])
        await demo.run("version")
    assert [record.command for record in emulator.commands] == ["version"]
    assert len(emulator.tokens) == 1


async def test_a_timeout_before_anything_was_sent_says_that_nothing_ran(emulator: Emulator) -> None:
    emulator.faults.tokens.append(SlowToken(0.5))
    async with MwaaClient(**emulator.client_options()) as client:
        with pytest.raises(ConnectError, match="no token and connection within") as caught:
            await client.environment("demo").run("dags trigger demo", timeout=0.1)
    assert caught.value.ran is False
    assert not emulator.commands


async def test_a_timeout_while_a_lost_command_that_reads_waits_for_its_repeat_does_not_claim_that_nothing_ran(
    emulator: Emulator, demo: Environment
) -> None:
    emulator.faults.commands.append(CutConnection())
    with pytest.raises(OutcomeUnknownError):
        await demo.run("variables list", timeout=0.3)
    start = now()
    await demo.run("version")
    assert now() - start > 0.5, "the slot stays closed for the rest of settle_time"


async def test_the_queue_timeout_leaves_the_command_unsent(emulator: Emulator, demo: Environment) -> None:
    emulator.faults.commands.append(SlowAnswer(0.3))
    ahead = asyncio.create_task(demo.run("version"))
    await until(lambda: len(emulator.commands) == 2)
    with pytest.raises(QueueTimeoutError, match=r"did not come within 0\.1 s") as caught:
        await demo.run("dags trigger demo", queue_timeout=0.1)
    assert caught.value.ran is False
    await ahead
    assert len(emulator.commands) == 2


async def test_the_clients_own_queue_timeout_holds_for_every_command(emulator: Emulator) -> None:
    async with MwaaClient(**emulator.client_options(), queue_timeout=0.1) as client:
        demo = client.environment("demo")
        emulator.faults.commands.append(SlowAnswer(0.4))
        results = await asyncio.gather(demo.run("version"), demo.run("version"), return_exceptions=True)
    assert [type(result).__name__ for result in results] == ["CommandResult", "QueueTimeoutError"]


async def test_closing_waits_for_what_is_on_the_wire(emulator: Emulator) -> None:
    emulator.faults.commands.append(SlowAnswer(0.3))
    async with MwaaClient(**emulator.client_options()) as client:
        task = asyncio.create_task(client.environment("demo").run("version"))
        await until(lambda: emulator.commands)
    assert emulator.commands[0].end is not None
    assert (await task).text == "2.10.3\n"


async def test_closing_lets_go_after_settle_time_and_leaves_the_slot_closed(emulator: Emulator) -> None:
    emulator.faults.commands.append(SlowAnswer(1.0))
    async with MwaaClient(**emulator.client_options(), settle_time=0.6) as client:
        task = asyncio.create_task(client.environment("demo").run("dags trigger demo"))
        await until(lambda: emulator.commands)
        start = now()
    assert 0.5 < now() - start < 0.9
    with pytest.raises(OutcomeUnknownError, match="the client was closed"):
        await task
    async with MwaaClient(**emulator.client_options()) as client:
        await client.environment("demo").run("version")
    assert emulator.max_running("demo") == 1


async def test_closing_sends_away_who_is_queued(emulator: Emulator) -> None:
    emulator.faults.commands.append(SlowAnswer(0.3))
    async with MwaaClient(**emulator.client_options()) as client:
        demo = client.environment("demo")
        tasks = [asyncio.create_task(demo.run("version")) for _ in range(4)]
        await until(lambda: emulator.commands)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome).__name__ for outcome in outcomes] == ["CommandResult"] + ["QueueTimeoutError"] * 3
    assert len(emulator.commands) == 1


async def test_closing_while_a_token_is_fetched_ends_at_once_with_an_error_that_says_nothing_ran(
    emulator: Emulator,
) -> None:
    emulator.faults.tokens.append(SlowToken(5.0))
    async with MwaaClient(**emulator.client_options()) as client:
        task = asyncio.create_task(client.environment("demo").run("version"))
        await until(lambda: client.environment("demo").statistics().running)
        start = now()
    assert now() - start < 1.0
    with pytest.raises(QueueTimeoutError, match="the client was closed") as caught:
        await task
    assert caught.value.ran is False


async def test_nothing_is_left_behind_when_a_client_is_closed_in_the_middle(emulator: Emulator) -> None:
    before = asyncio.all_tasks()
    emulator.faults.commands.append(SlowAnswer(0.2))
    with pytest.raises(TimeoutError):
        async with MwaaClient(**emulator.client_options(), settle_time=0.5) as client, asyncio.timeout(0.3):
            await asyncio.gather(*(client.environment("demo").run("version") for _ in range(300)))
            await asyncio.sleep(1)
    await until(lambda: all(record.end for record in emulator.commands))
    own = {task for task in asyncio.all_tasks() - before if "mwaa_async" in repr(task) and "emulator" not in repr(task)}
    assert not own
    gc.collect()  # an unclosed socket or connection would warn, and a warning fails the test
