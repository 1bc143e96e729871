"""What a client tells while it works: `on_event`, and the log that is made of the same events."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

from mwaa_async import (
    CommandFailedError,
    Environment,
    LocalGuard,
    MwaaClient,
    OutcomeUnknownError,
    QueueTimeoutError,
    TokenError,
)
from mwaa_async.emulator import CutConnection, Emulator, RefusedByAws, SlowAnswer, SlowToken, StatusAnswer
from mwaa_async.events import (
    AbandonedCommandEnded,
    CommandEnded,
    CommandQueued,
    CommandStarted,
    CommandWaiting,
    Event,
    RequestEnded,
    RequestRepeated,
    SlotClosed,
    TokenFailed,
    TokenFetched,
    TokenRefused,
)

pytestmark = pytest.mark.anyio

E = TypeVar("E")


@asynccontextmanager
async def listening(emulator: Emulator, **options: Any) -> AsyncIterator[tuple[Environment, list[Event]]]:
    told: list[Event] = []
    async with MwaaClient(**emulator.client_options(), on_event=told.append, **options) as client:
        yield client.environment("demo"), told


def only(kind: type[E], told: list[Event]) -> list[E]:
    return [event for event in told if isinstance(event, kind)]


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


async def test_of_a_command_is_told_when_it_is_asked_for_has_its_turn_was_answered_and_ends(emulator: Emulator) -> None:
    async with listening(emulator) as (demo, told):
        await demo.run("dags list")
        await demo.run(["variables", "get", "nothing"], check=False)
    kinds = [CommandQueued, TokenFetched, CommandStarted, RequestEnded, CommandEnded]
    assert [type(event) for event in told] == [*kinds, CommandQueued, CommandStarted, RequestEnded, CommandEnded]
    first, second = only(CommandEnded, told)
    assert (first.environment, first.command, first.outcome, first.ran, first.attempts) == (
        "demo",
        "dags list",
        "done",
        True,
        1,
    )
    assert (second.command, second.outcome) == ("variables get", "done"), "nobody asked whether it failed"
    assert first.number != second.number
    [request, _] = only(RequestEnded, told)
    assert (request.http_status, request.error, request.attempt) == (200, None, 1)
    assert 0 < request.took <= first.took
    assert re.fullmatch(r"https://127\.0\.0\.1:\d+/aws_mwaa/cli", request.url)


async def test_a_command_that_fails_ends_with_the_name_of_its_error(emulator: Emulator) -> None:
    async with listening(emulator) as (demo, told):
        with pytest.raises(CommandFailedError):
            await demo.run(["variables", "get", "nothing"])
    [ended] = only(CommandEnded, told)
    assert (ended.outcome, ended.ran) == ("VariableNotFoundError", True)


async def test_a_command_whose_turn_does_not_come_ends_without_having_begun(emulator: Emulator) -> None:
    emulator.faults.commands.append(SlowAnswer(0.5))
    async with listening(emulator) as (demo, told):
        before = asyncio.create_task(demo.run("version"))
        await until(lambda: only(CommandStarted, told))
        with pytest.raises(QueueTimeoutError):
            await demo.run("dags list", queue_timeout=0.1)
        await before
    ended = only(CommandEnded, told)[0]
    assert (ended.command, ended.outcome, ended.ran, ended.took) == ("dags list", "QueueTimeoutError", False, 0.0)
    assert ended.queued_for >= 0.1


async def test_a_token_that_the_web_server_refuses_is_told_of(emulator: Emulator) -> None:
    emulator.faults.commands.append(StatusAnswer(401))
    async with listening(emulator) as (demo, told):
        await demo.run("version")
    [refused] = only(TokenRefused, told)
    assert (refused.command, refused.http_status) == ("version", 401)
    assert [request.http_status for request in only(RequestEnded, told)] == [401, 200]


async def test_a_token_that_aws_does_not_give_is_told_of(emulator: Emulator) -> None:
    emulator.faults.tokens.append(RefusedByAws("AccessDeniedException", 403))
    async with listening(emulator) as (demo, told):
        with pytest.raises(TokenError):
            await demo.run("version")
    [failed] = only(TokenFailed, told)
    assert failed.error == "AccessDeniedError"
    assert "AccessDenied" in failed.text


async def test_what_is_sent_again_is_told_of_with_the_reason(emulator: Emulator) -> None:
    emulator.faults.commands.append(CutConnection())
    async with listening(emulator, settle_time=0.2) as (demo, told):
        await demo.run("dags list")
    [repeated] = only(RequestRepeated, told)
    assert (repeated.command, repeated.attempt, repeated.pause) == ("dags list", 1, 0.2)
    [lost, answered] = only(RequestEnded, told)
    assert lost.http_status is None
    assert (lost.error, lost.text) == ("LostError", repeated.cause)
    assert [lost.attempt, answered.attempt] == [1, 2]
    assert only(CommandEnded, told)[0].attempts == 2


async def test_a_slot_that_stays_closed_is_told_of(emulator: Emulator) -> None:
    emulator.faults.commands.append(StatusAnswer(504, ran=True))
    async with listening(emulator, settle_time=0.5) as (demo, told):
        with pytest.raises(OutcomeUnknownError):
            await demo.run("dags trigger demo")
        await until(lambda: only(SlotClosed, told))
    [closed] = only(SlotClosed, told)
    assert closed.command == "dags trigger"
    assert 0.3 < closed.seconds <= 0.5


@pytest.mark.parametrize("way", ["timeout", "cancel"])
async def test_the_end_of_an_abandoned_command_is_told_with_its_number(emulator: Emulator, way: str) -> None:
    emulator.faults.commands.append(SlowAnswer(0.5))
    async with listening(emulator) as (demo, told):
        running = asyncio.create_task(demo.run("dags trigger demo", timeout=0.2 if way == "timeout" else None))
        await until(lambda: len(emulator.commands))
        if way == "cancel":
            running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await until(lambda: only(AbandonedCommandEnded, told))
    [ended], [abandoned] = only(CommandEnded, told), only(AbandonedCommandEnded, told)
    assert (ended.outcome, ended.ran) == ("cancelled" if way == "cancel" else "OutcomeUnknownError", None)
    assert (abandoned.number, abandoned.outcome, abandoned.ran) == (ended.number, "done", True)
    assert abandoned.took >= 0.5


async def test_a_request_that_is_cut_off_by_closing_is_told_of(emulator: Emulator) -> None:
    emulator.faults.commands.append(SlowAnswer(2.0))
    async with listening(emulator, settle_time=0.1) as (demo, told):
        running = asyncio.create_task(demo.run("dags trigger demo"))
        await until(lambda: len(emulator.commands))
    with pytest.raises(OutcomeUnknownError):
        await running
    [request] = only(RequestEnded, told)
    assert (request.error, request.text) == ("CancelledError", "cancelled")


async def test_a_command_of_which_nothing_was_sent_has_no_attempts(emulator: Emulator) -> None:
    emulator.faults.tokens.append(RefusedByAws("AccessDeniedException", 403))
    async with listening(emulator) as (demo, told):
        with pytest.raises(TokenError):
            await demo.run("version")
    assert only(CommandEnded, told)[0].attempts == 0


@pytest.mark.parametrize("mistake", [LookupError("a mistake"), asyncio.CancelledError()], ids=repr)
async def test_whatever_a_listener_raises_the_command_runs_once_and_is_answered(
    emulator: Emulator, mistake: BaseException
) -> None:
    def fail(event: Event) -> None:
        raise mistake

    async with MwaaClient(**emulator.client_options(), on_event=fail) as client:
        assert (await client.environment("demo").run("version")).http_status == 200
    assert len(emulator.commands) == 1


def test_a_listener_that_would_have_to_be_awaited_is_refused() -> None:
    async def listen(event: Event) -> None:
        raise NotImplementedError

    with pytest.raises(TypeError, match="must not be a coroutine function"):
        MwaaClient(on_event=listen)  # type: ignore[arg-type]


async def test_a_long_wait_for_a_token_is_explained(emulator: Emulator) -> None:
    emulator.faults.tokens.append(SlowToken(2.3))
    async with listening(emulator) as (demo, told):
        await demo.run("version")
    first, second = only(CommandWaiting, told)
    assert first.text == "asking AWS for a token, since 1 s"
    assert (first.is_first, second.is_first) == (True, False)


async def test_a_long_wait_for_the_answer_is_told(emulator: Emulator) -> None:
    emulator.faults.commands.append(SlowAnswer(1.2))
    async with listening(emulator) as (demo, told):
        await demo.run("version")
    assert [event.text for event in only(CommandWaiting, told)] == ["waiting for the answer, since 1 s"]


async def test_a_long_wait_for_another_client_of_the_event_loop_is_explained(emulator: Emulator) -> None:
    emulator.faults.commands.append(SlowAnswer(1.5))
    guard = LocalGuard()
    async with listening(emulator, guard=guard) as (demo, told), listening(emulator, guard=guard) as (other, _):
        holding = asyncio.create_task(other.run("version"))
        await until(lambda: len(emulator.commands))
        await demo.run("version")
        await holding
    [waiting] = only(CommandWaiting, told)
    assert waiting.text == "waiting for another client of this event loop, since 1 s"


@pytest.mark.parametrize("guard", [LocalGuard(), None], ids=["LocalGuard", "HostGuard"])
async def test_a_long_wait_for_the_end_of_an_unseen_command_says_how_long(
    emulator: Emulator, guard: LocalGuard | None
) -> None:
    emulator.faults.commands.append(StatusAnswer(504, ran=True))
    async with listening(emulator, settle_time=2.0, guard=guard) as (demo, told):
        with pytest.raises(OutcomeUnknownError):
            await demo.run("dags trigger demo")
        await demo.run("version")
    [waiting] = only(CommandWaiting, told)
    assert waiting.text == "the web server may still be running the command before, 1 s left"
    assert waiting.left is not None and 0.5 < waiting.left < 1.1


async def test_a_long_wait_for_the_next_attempt_says_how_long(emulator: Emulator) -> None:
    emulator.faults.commands.append(CutConnection())
    async with listening(emulator, settle_time=1.6) as (demo, told):
        await demo.run("version")
    assert [event.text for event in only(CommandWaiting, told)] == ["waiting for the next attempt, 1 s left"]


async def test_no_event_and_no_log_line_holds_a_secret(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    emulator.faults.commands.extend([StatusAnswer(403), None, CutConnection(), StatusAnswer(504, ran=True)])
    async with listening(emulator, settle_time=0.1, allow_unlisted=True) as (demo, told):
        for line in (
            "variables set key s3cr3t",
            "connections add c --conn-password s3cr3t",
            "variabels set s3cr3t s3cr3t",
            'dags trigger demo --conf \'{"a": "s3cr3t"}\'',
            "variables s3cr3t",
            "-x s3cr3t",
        ):
            await asyncio.gather(demo.run(line, check=False), return_exceptions=True)
    assert len(only(CommandEnded, told)) == 6
    assert "s3cr3t" not in repr(told)
    assert "s3cr3t" not in caplog.text


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, "mwaa_async"):
        yield caplog


def lines(log: pytest.LogCaptureFixture) -> list[str]:
    return [f"{record.levelname} {record.getMessage()}" for record in log.records if record.name == "mwaa_async"]


async def test_the_log_has_one_line_for_a_command(client: MwaaClient, log: pytest.LogCaptureFixture) -> None:
    await client.environment("demo").run("dags list")
    [line] = lines(log)
    assert re.fullmatch(r"INFO demo: dags list #\d+: done; queued for 0\.\d\d s, took 0\.\d\d s, 1 attempt", line)


async def test_the_log_warns_of_what_is_sent_again_of_a_closed_slot_and_of_an_abandoned_end(
    emulator: Emulator, log: pytest.LogCaptureFixture
) -> None:
    emulator.faults.commands.extend([CutConnection(), SlowAnswer(0.4), StatusAnswer(401), StatusAnswer(504, ran=True)])
    async with MwaaClient(**emulator.client_options(), settle_time=0.2) as client:
        demo = client.environment("demo")
        with pytest.raises(OutcomeUnknownError):
            await demo.run("version", timeout=0.4)
        with pytest.raises(OutcomeUnknownError):
            await demo.run("dags trigger demo")
    told = [re.sub(r"#\d+|\d\.\d+", "N", line) for line in lines(log) if line.startswith("WARNING")]
    assert told == [
        "WARNING demo: version N: sent again in N s, since attempt 1 ended so: the web server closed the "
        "connection before it had answered",
        "WARNING demo: version N: done; took N s, and nobody waited for it any more",
        "WARNING demo: dags trigger N: HTTP 401: the web server refused the CLI token, or the command",
        "WARNING demo: dags trigger N: it may still be running, so no command is sent for N s",
    ]


async def test_a_long_wait_is_one_line_in_the_log(emulator: Emulator, log: pytest.LogCaptureFixture) -> None:
    emulator.faults.tokens.append(SlowToken(2.3))
    async with MwaaClient(**emulator.client_options()) as client:
        await client.environment("demo").run("version")
    waiting, ended = lines(log)
    assert re.fullmatch(r"INFO demo: version #\d+: asking AWS for a token, since 1 s", waiting)
    assert re.search("done; queued for 2", ended)


async def test_a_listener_that_fails_is_told_of_and_no_command_fails_for_it(
    emulator: Emulator, log: pytest.LogCaptureFixture
) -> None:
    def fail(event: Event) -> None:
        raise LookupError("a mistake of the listener")

    async with MwaaClient(**emulator.client_options(), on_event=fail) as client:
        assert (await client.environment("demo").run("version")).http_status == 200
    told = [line for line in lines(log) if line.startswith("ERROR")]
    assert "ERROR on_event failed with a CommandQueued; the client goes on" in told


async def test_a_quiet_run_warns_of_nothing(emulator: Emulator, log: pytest.LogCaptureFixture) -> None:
    async with Emulator(airflow="3.0.6") as other, MwaaClient(**other.client_options()) as client:
        demo = client.environment("demo")  # behind a redirect
        await demo.dags.trigger("etl")
        await demo.run("version")
    assert all(line.startswith("INFO") for line in lines(log))
    assert [record.name for record in log.records if record.name != "mwaa_async" and record.levelno >= 20] == []
