"""Promise: every method ends within its `timeout` and `queue_timeout`, whatever it sends and waits for."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from mwaa_async import (
    Environment,
    LocalGuard,
    MwaaClient,
    MwaaError,
    OutcomeUnknownError,
    QueueTimeoutError,
    TriggerRequest,
)
from mwaa_async.emulator import Emulator, RefusedByAws, SlowAnswer, SlowToken

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "time-outs.md"
DATE = datetime(2024, 5, 1, tzinfo=UTC)
DENIED = RefusedByAws("AccessDeniedException", 403)
VERSION = "3.3.2"

# The arguments of every method of `Environment`.
ARGUMENTS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "run": (("cheat-sheet",), {}),
    "version": ((), {}),
    "airflow_version": ((), {}),
    "assets.details": ((), {"name": "a"}),
    "assets.list": ((), {}),
    "assets.materialize": ((), {"name": "a"}),
    "connections.add": (("id",), {"conn_type": "http"}),
    "connections.delete": (("id",), {}),
    "dags.backfill": (("etl",), {"start_date": DATE, "end_date": DATE}),
    "dags.delete": (("etl",), {}),
    "dags.get_run": (("etl", "run-1"), {}),
    "dags.list": ((), {}),
    "dags.list_import_errors": ((), {}),
    "dags.list_jobs": ((), {}),
    "dags.list_runs": (("etl",), {}),
    "dags.next_execution": (("etl",), {}),
    "dags.pause": (("etl",), {}),
    "dags.report": ((), {}),
    "dags.reserialize": ((), {}),
    "dags.show": (("etl",), {}),
    "dags.state": (("etl", DATE), {}),
    "dags.test": (("etl",), {}),
    "dags.trigger": (("etl",), {}),
    "dags.unpause": (("etl",), {}),
    "db.clean": ((DATE,), {}),
    "providers.behaviours": ((), {}),
    "providers.get": (("p",), {}),
    "providers.hooks": ((), {}),
    "providers.links": ((), {}),
    "providers.list": ((), {}),
    "providers.notifications": ((), {}),
    "providers.secrets": ((), {}),
    "providers.triggers": ((), {}),
    "providers.widgets": ((), {}),
    "roles.add_perms": (("r",), {"resource": ["DAGs"], "action": ["can_read"]}),
    "roles.create": (("r",), {}),
    "roles.del_perms": (("r",), {"resource": ["DAGs"]}),
    "roles.list": ((), {}),
    "tasks.clear": (("etl",), {}),
    "tasks.failed_deps": (("etl", "extract", DATE), {}),
    "tasks.list": (("etl",), {}),
    "tasks.render": (("etl", "extract", DATE), {}),
    "tasks.state": (("etl", "extract", DATE), {}),
    "tasks.states_for_dag_run": (("etl", "run-1"), {}),
    "tasks.test": (("etl", "extract"), {}),
    "variables.delete": (("key",), {}),
    "variables.get": (("key",), {}),
    "variables.list": ((), {}),
    "variables.set": (("key", "value"), {}),
}
WITHOUT_A_COMMAND = {"airflow_version"}  # where the version is known


def methods(environment: Environment) -> dict[str, Callable[..., Coroutine[Any, Any, Any]]]:
    """Return every method that may send a command, by its path from the environment's handle."""
    groups = {name: one for name, one in vars(Environment).items() if isinstance(one, cached_property)}
    handles = {"": environment, **{f"{name}.": getattr(environment, name) for name in groups}}
    return {
        f"{start}{name}": getattr(handle, name)
        for start, handle in handles.items()
        for name, one in vars(type(handle)).items()
        if inspect.iscoroutinefunction(one) and not name.startswith("_")
    }


def called(environment: Environment, path: str, **timeouts: Any) -> Coroutine[Any, Any, Any]:
    positional, named = ARGUMENTS[path]
    return methods(environment)[path](*positional, **named, **timeouts)


@asynccontextmanager
async def led_to(emulator: Emulator, **options: Any) -> AsyncIterator[Environment]:
    async with MwaaClient(**emulator.client_options(), settle_time=0.0, **options) as client:
        yield client.environment("demo")


async def ended(*calls: Awaitable[Any]) -> tuple[list[Any], float]:
    """Run all at once, and return what each gave or raised, with the seconds until all had ended."""
    began = asyncio.get_running_loop().time()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    return outcomes, asyncio.get_running_loop().time() - began


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


@asynccontextmanager
async def busy(emulator: Emulator) -> AsyncIterator[LocalGuard]:
    """Keep the web server busy with another client's command, and yield the guard that they share."""
    guard = LocalGuard()
    emulator.faults.commands.append(SlowAnswer(5.0))
    async with led_to(emulator, guard=guard) as other:
        running = asyncio.create_task(other.run("cheat-sheet"))
        await until(lambda: emulator.commands)
        yield guard
        running.cancel()
        await asyncio.wait([running])


def test_every_method_is_called_here() -> None:
    assert set(methods(MwaaClient().environment("demo"))) == set(ARGUMENTS)


async def test_every_method_ends_within_its_timeout_while_its_command_runs() -> None:
    names = {path: f"e{number}" for number, path in enumerate(ARGUMENTS) if path not in WITHOUT_A_COMMAND}
    async with (
        Emulator([*names.values()], VERSION) as emulator,
        MwaaClient(**emulator.client_options(), guard=LocalGuard(), settle_time=0.0) as client,
    ):
        handles = {path: client.environment(name, airflow_version=VERSION) for path, name in names.items()}
        await asyncio.gather(*(handle.run("version") for handle in handles.values()))  # connect, and have a token
        emulator.faults.commands.extend([SlowAnswer(4.0)] * len(handles))
        outcomes, took = await ended(*(called(handle, path, timeout=0.5) for path, handle in handles.items()))
        assert took < 3
    for path, outcome in zip(handles, outcomes, strict=True):
        if path == "dags.get_run":  # which looks in another way where one fails
            assert "the 0.5 s were over before the turn of 'dags list-runs" in str(outcome)
        else:
            assert isinstance(outcome, OutcomeUnknownError), (path, outcome)
            assert "no answer within 0.5 s" in str(outcome)


@pytest.mark.parametrize("version", [VERSION, None], ids=["known version", "unknown version"])
async def test_every_method_ends_within_its_queue_timeout_behind_a_busy_web_server(version: str | None) -> None:
    async with Emulator(airflow=VERSION) as emulator, busy(emulator) as guard, led_to(emulator, guard=guard) as demo:
        if version is None:
            emulator.faults.descriptions.extend([DENIED] * 100)
        else:
            demo.runner.airflow.set_version(version)
        paths = [path for path in ARGUMENTS if version is None or path not in WITHOUT_A_COMMAND]
        outcomes, took = await ended(*(called(demo, path, queue_timeout=0.3) for path in paths))
        assert took < 3
        assert len(emulator.commands) == 1
    for path, outcome in zip(paths, outcomes, strict=True):
        assert isinstance(outcome, QueueTimeoutError), (path, outcome)
        assert outcome.ran is False
        assert "its turn did not come within 0.3 s" in str(outcome)


@pytest.mark.parametrize("name", ["timeout", "queue_timeout"])
@pytest.mark.parametrize(
    ("value", "kind"),
    [(-1, ValueError), (float("nan"), ValueError), (float("inf"), ValueError), (10**400, ValueError)]
    + [(value, TypeError) for value in ("5", True, [5], DATE - DATE)],
    ids=lambda value: str(value)[:20],
)
async def test_what_is_no_number_of_seconds_is_refused_by_every_method_before_anything_is_sent(
    name: str, value: object, kind: type[Exception]
) -> None:
    async with Emulator(airflow=VERSION) as emulator, led_to(emulator) as demo:
        for path in ARGUMENTS:
            with pytest.raises(kind, match=rf"^{name} must be a number of seconds, not "):
                await called(demo, path, **{name: value})
        assert (emulator.commands, emulator.tokens, emulator.descriptions) == ([], [], 0)


async def test_an_argument_that_no_method_has_is_refused_before_anything_is_sent() -> None:
    async with Emulator(airflow=VERSION) as emulator, led_to(emulator) as demo:
        for path, method in methods(demo).items():
            with pytest.raises(TypeError) as caught:
                await called(demo, path, time_out=5)
            told = f"{method.__qualname__}() got an unexpected keyword argument 'time_out'"
            # Python 3.13 goes on with a guess of its own.
            assert str(caught.value).startswith(told)
        assert (emulator.commands, emulator.tokens, emulator.descriptions) == ([], [], 0)


async def test_no_timeout_is_needed(emulator: Emulator) -> None:
    async with led_to(emulator) as demo:
        assert len(await demo.dags.list(timeout=None, queue_timeout=None)) == 3


async def test_the_timeout_is_for_all_commands_of_a_method_together() -> None:
    async with Emulator(command_time=0.4) as emulator, led_to(emulator) as demo:
        await demo.run("version")
        await demo.dags.pause("etl", timeout=10)
        sent = len(emulator.commands)
        with pytest.raises(OutcomeUnknownError, match=r"no answer within 0\.6 s") as caught:
            await demo.dags.pause("etl", timeout=0.6)  # which it is, and so `dags state` is asked as well
    assert caught.value.command is not None
    assert caught.value.command.startswith("dags state")
    assert [record.command.split()[1] for record in emulator.commands[sent:]] == ["pause", "state"]


async def test_the_queue_timeout_is_for_all_commands_of_a_method_together() -> None:
    guard, stop = LocalGuard(), asyncio.Event()

    async def keep_busy(other: Environment) -> None:
        while not stop.is_set():
            await other.run("cheat-sheet")

    async with (
        Emulator(command_time=0.5) as emulator,
        led_to(emulator, guard=guard) as demo,
        led_to(emulator, guard=guard) as other,
    ):
        await demo.dags.pause("etl")
        working = asyncio.create_task(keep_busy(other))
        await until(lambda: emulator.commands[-1].command == "cheat-sheet")
        with pytest.raises(QueueTimeoutError, match=r"did not come within 0\.7 s") as caught:
            await demo.dags.pause("etl", queue_timeout=0.7)
        stop.set()
        await working
    assert caught.value.command is not None
    assert caught.value.command.startswith("dags state")  # after "dags pause" has had its turn


async def test_a_method_whose_timeout_is_over_sends_nothing_more(emulator: Emulator) -> None:
    async with led_to(emulator) as demo:
        with pytest.raises(QueueTimeoutError, match="within 0 s"):
            await demo.dags.list(timeout=0)
        assert not emulator.commands


BEHIND = ["dags.list", "run", "version", "airflow_version", "dags.trigger"]


async def test_the_look_for_the_version_counts_and_goes_on_for_the_others(emulator: Emulator) -> None:
    emulator.faults.descriptions.append(SlowToken(2.0))
    async with led_to(emulator) as demo:
        first = called(demo, "dags.list", timeout=0.3)
        outcomes, took = await ended(first, *(called(demo, path, queue_timeout=0.3) for path in BEHIND))
        assert took < 1.5
        for outcome in outcomes:
            assert isinstance(outcome, QueueTimeoutError)
            assert outcome.ran is False
            assert "within 0.3 s, since the Airflow version is not known yet" in str(outcome)
        assert not emulator.commands
        assert len(await demo.dags.list()) == 3
    assert emulator.descriptions == 1


async def test_who_gives_up_the_look_for_the_version_leaves_the_order_as_it_is(emulator: Emulator) -> None:
    emulator.faults.descriptions.append(SlowToken(1.0))
    async with led_to(emulator) as demo:
        calls = [
            demo.dags.list(queue_timeout=0.2),
            demo.run("dags unpause etl"),
            demo.dags.list(queue_timeout=0.2),
            demo.dags.trigger("report"),
            demo.run("dags pause etl"),
        ]
        outcomes, _ = await ended(*calls)
    assert [isinstance(outcome, QueueTimeoutError) for outcome in outcomes] == [True, False, True, False, False]
    assert [record.command.split()[1] for record in emulator.commands] == ["unpause", "trigger", "pause"]


async def test_closing_the_client_ends_the_wait_for_the_version_at_once(emulator: Emulator) -> None:
    emulator.faults.descriptions.append(SlowToken(4.0))
    client = await MwaaClient(**emulator.client_options()).__aenter__()
    demo = client.environment("demo")
    waiting = [asyncio.create_task(called(demo, path)) for path in BEHIND]
    await until(lambda: emulator.descriptions)
    _, took = await ended(client.aclose())
    outcomes, since = await ended(*waiting)
    assert took + since < 2
    for outcome in outcomes:
        assert isinstance(outcome, MwaaError)
        assert (outcome.ran, "the client was closed" in str(outcome)) == (False, True)
    assert not emulator.commands


async def test_closing_the_client_ends_the_wait_for_who_asks_airflow_for_the_version() -> None:
    async with Emulator(command_time=1.5) as emulator:
        emulator.faults.descriptions.append(DENIED)
        client = await MwaaClient(**emulator.client_options(), settle_time=10).__aenter__()
        demo = client.environment("demo")
        first, *behind = (asyncio.create_task(called(demo, path)) for path in BEHIND)
        await until(lambda: emulator.commands)
        closing = asyncio.create_task(client.aclose())
        outcomes, took = await ended(*behind)
        assert took < 1
        assert all(isinstance(outcome, QueueTimeoutError) for outcome in outcomes), outcomes
        await asyncio.wait([closing, first])
        assert isinstance(first.exception(), QueueTimeoutError)  # of "dags list": "version" was waited for
    assert [record.command for record in emulator.commands] == ["version"]


async def test_a_client_that_is_closed_says_so_and_asks_nobody(emulator: Emulator) -> None:
    async with led_to(emulator) as demo:
        pass
    with pytest.raises(RuntimeError, match="not open, or not any more"):
        await demo.dags.list()
    assert emulator.descriptions == 0


async def test_the_rows_of_a_batch_do_not_lose_their_turn_while_the_first_of_them_finds_out_the_version(
    emulator: Emulator,
) -> None:
    emulator.faults.descriptions.append(SlowToken(1.0))
    async with MwaaClient(**emulator.client_options(), queue_timeout=0.3) as client:
        requests = [TriggerRequest("demo", "etl")] * 3
        assert {outcome.status async for outcome in client.trigger_many(requests)} == {"triggered"}


def test_the_table_of_time_outs_has_every_one_of_the_clients_with_its_default() -> None:
    section = PAGE.read_text()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    told = {name.strip("`"): (default, where) for name, _, default, where, *_ in rows}
    for name, parameter in inspect.signature(MwaaClient).parameters.items():
        if name.endswith(("_time", "_timeout", "_lifetime")):
            default, where = told[name]
            assert default == ("for ever" if parameter.default is None else f"{parameter.default:g}")
            assert f"MwaaClient({name}=…)" in where
