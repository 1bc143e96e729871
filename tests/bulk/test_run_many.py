"""Promise: every idempotent command of a batch is done, whatever happens in between, and no value is kept or shown."""

import asyncio
import json
import logging
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import aclosing, closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mwaa_async import (
    BatchFinishedError,
    CommandOutcome,
    CommandRequest,
    DagNotFoundError,
    JournalError,
    MwaaClient,
    OutcomeUnknownError,
    TriggerRequest,
)
from mwaa_async._bulk.journal import read_journal
from mwaa_async._protocol.catalogue import catalogue
from mwaa_async._protocol.repeats import WHY_NOT, why_not_repeated
from mwaa_async.emulator import CutConnection, Emulator, StatusAnswer
from tests.bulk.rows import ENVIRONMENTS, SETTLE_TIME, one_by_one, requests, triggered, until
from tests.crashes import CrashingAirflow

pytestmark = pytest.mark.anyio

CANARY = "s3cr3t-c4n4ry"


def each_command(count: int, environments: tuple[str, ...] = ENVIRONMENTS) -> Iterator[CommandRequest]:
    """Yield that many commands that each set a variable, for each environment in turn."""
    for number in range(count):
        environment = environments[number % len(environments)]
        yield CommandRequest(environment, ["variables", "set", f"key-{number}", f"{CANARY}-{number}"])


async def run(client: MwaaClient, commands: Any, **options: Any) -> list[CommandOutcome]:
    """Run them all and return the outcomes in the order of the commands."""
    async with aclosing(client.run_many(commands, **options)) as outcomes:
        return sorted([outcome async for outcome in outcomes], key=lambda outcome: outcome.row)


def statuses(outcomes: list[CommandOutcome]) -> Counter[str]:
    return Counter(outcome.status for outcome in outcomes)


async def variables(client: MwaaClient, environment: str = "one") -> dict[str, str]:
    handle = client.environment(environment)
    return {key: await handle.variables.get(key) for key in await handle.variables.list()}


@pytest.mark.parametrize("as_given", [list, iter, one_by_one])
@pytest.mark.parametrize("with_journal", [True, False])
async def test_every_command_of_any_iterable_is_run_and_tells_what_it_printed(
    client: MwaaClient, emulator: Emulator, tmp_path: Path, as_given: Any, with_journal: bool
) -> None:
    wanted = [
        *each_command(20),
        CommandRequest("one", "variables get key-0"),
        CommandRequest("two", "dags list -o json"),
    ]
    outcomes = await run(client, as_given(wanted), journal=tmp_path / "journal" if with_journal else None)
    assert statuses(outcomes) == {"done": 22}
    assert [outcome.request for outcome in outcomes] == wanted
    assert all(outcome.attempts == 1 and outcome.error is None for outcome in outcomes)
    got, listed = outcomes[-2].result, outcomes[-1].result
    assert got is not None and listed is not None
    assert (got.text, len(listed.json())) == (f"{CANARY}-0\n", 3)
    assert await variables(client, "two") == {f"key-{number}": f"{CANARY}-{number}" for number in range(1, 20, 2)}
    assert all(emulator.max_running(name) == 1 for name in ENVIRONMENTS)


async def test_environments_go_in_parallel_and_each_in_the_order_of_its_commands(tmp_path: Path) -> None:
    async with Emulator(ENVIRONMENTS, command_time=0.05) as emulator, MwaaClient(**emulator.client_options()) as client:
        await run(client, each_command(12), journal=tmp_path / "journal")
        keys = [record.command.split()[2] for record in emulator.commands if record.environment == "one"]
        assert keys == [f"key-{number}" for number in range(0, 12, 2)]
        spans = [(record.start, record.end or 0.0) for record in emulator.commands]
    assert any(start < other < end for start, end in spans for other, _ in spans)


async def test_what_does_more_when_it_runs_twice_is_refused_with_the_reason_and_what_to_use(
    client: MwaaClient, emulator: Emulator
) -> None:
    adding = [f"{words} --x" for words, command in catalogue().items() if command.effect == "adds"]
    *refused, done = await run(client, [CommandRequest("one", line) for line in (*adding, "dags pause etl")])
    assert done.status == "done"
    for line, outcome in zip(adding, refused, strict=True):
        assert (outcome.status, outcome.attempts) == ("failed", 0)
        assert WHY_NOT[line.removesuffix(" --x")] in str(outcome.error)
    assert [record.command for record in emulator.commands] == ["dags pause etl"]


def test_the_catalogue_knows_of_every_command_whether_it_is_for_a_batch() -> None:
    for words, command in catalogue().items():
        assert (words in WHY_NOT) == (command.effect == "adds"), words
        for spelling in command.spellings(None):
            assert (why_not_repeated(spelling) is None) == (command.effect != "adds"), spelling


NO_COMMANDS = ("variables import x", "no such", "", "'", "variables -i file", "variables -s k v -e file", "users list")


async def test_what_nobody_knows_is_refused_and_the_others_are_sent(client: MwaaClient, emulator: Emulator) -> None:
    others: list[Any] = [7, [7], b"dags list", None]
    *refused, done = await run(
        client, [CommandRequest("one", command) for command in (*NO_COMMANDS, *others, "dags pause etl")]
    )
    assert done.status == "done"
    for outcome in refused:
        assert (outcome.status, outcome.attempts) == ("failed", 0)
        assert isinstance(outcome.error, ValueError | TypeError)
    assert len(emulator.commands) == 1


@pytest.mark.parametrize("line", ["variables -s k v", "variables --get k -d x", "variables -x k", "pool -s p 1 text"])
def test_what_1_10_chooses_by_options_is_known_too(line: str) -> None:
    assert why_not_repeated(line) is None


async def test_an_unknown_outcome_is_settled_in_the_end(client: MwaaClient, emulator: Emulator, tmp_path: Path) -> None:
    emulator.faults.commands.extend([StatusAnswer(504, ran=True)] * 3)  # one more than it is sent by itself
    outcomes = await run(client, each_command(3, ("one",)), journal=tmp_path / "journal")
    assert statuses(outcomes) == {"done": 3}
    assert outcomes[0].attempts > 2
    assert len(await variables(client)) == 3


async def test_an_outcome_that_stays_unknown_says_so_and_the_next_call_goes_on(
    client: MwaaClient, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.commands.extend([CutConnection(ran=True)] * 100)
    [outcome] = await run(client, each_command(1, ("one",)), journal=tmp_path / "journal")
    assert (outcome.status, type(outcome.error)) == ("unknown", OutcomeUnknownError)
    emulator.faults.commands.clear()
    [outcome] = await run(client, each_command(1, ("one",)), journal=tmp_path / "journal")
    assert outcome.status == "done"


@pytest.mark.parametrize("add", [True, False])
async def test_who_deletes_what_an_attempt_before_may_have_deleted_is_done(
    client: MwaaClient, emulator: Emulator, add: bool
) -> None:
    if add:
        await client.environment("one").connections.add("mine", conn_type="http")
        emulator.faults.commands.append(CutConnection(ran=True))
    [outcome] = await run(client, [CommandRequest("one", "connections delete mine")])
    assert (outcome.status, outcome.error is None) == (("already_done", True) if add else ("failed", False))


async def test_a_command_that_crashes_is_sent_again_and_one_that_airflow_refuses_is_not(tmp_path: Path) -> None:
    crashing = CrashingAirflow("variables set", before=(0,), after=(1,))
    async with Emulator(["one"], crashing) as emulator, MwaaClient(**emulator.client_options()) as client:
        wanted = [
            *each_command(1, ("one",)),
            CommandRequest("one", "dags state nosuch 2026-01-01"),
            CommandRequest("one", "tasks state etl"),
        ]
        outcomes = await run(client, wanted, journal=tmp_path / "journal")
        assert [outcome.status for outcome in outcomes] == ["done", "failed", "failed"]
        assert isinstance(outcomes[1].error, DagNotFoundError)
        sent = len(emulator.commands)
        with pytest.raises(BatchFinishedError):
            await run(client, wanted, journal=tmp_path / "journal")
        told = await run(client, wanted, journal=tmp_path / "journal", resume=True)
        assert [outcome.status for outcome in told] == ["already_done", "failed", "failed"]
        assert len(emulator.commands) == sent


async def test_on_error_stop_sends_nothing_after_the_first_that_fails(client: MwaaClient, emulator: Emulator) -> None:
    wanted = [CommandRequest("one", f"dags state {dag_id} 2026-01-01") for dag_id in ("etl", "nosuch", "demo")]
    assert [outcome.status for outcome in await run(client, wanted, on_error="stop")] == ["done", "failed"]
    refused = [CommandRequest("one", "dags trigger etl"), CommandRequest("one", "dags pause demo")]
    before = len(emulator.commands)
    assert [outcome.status for outcome in await run(client, refused, on_error="stop")] == ["failed"]
    assert len(emulator.commands) == before


# The journal


async def test_a_batch_goes_on_where_it_was_and_a_new_one_begins_on_request(
    client: MwaaClient, emulator: Emulator, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    async with aclosing(client.run_many(each_command(40), journal=journal)) as outcomes:
        async for _ in outcomes:
            break
    assert len(await run(client, each_command(40), journal=journal)) == 40
    assert len(emulator.commands) < 60
    with pytest.raises(BatchFinishedError, match="new_batch=True sends its rows once more"):
        await run(client, each_command(40), journal=journal)
    assert statuses(await run(client, each_command(40), journal=journal, resume=True)) == {"already_done": 40}
    assert statuses(await run(client, each_command(40), journal=journal, new_batch=True)) == {"done": 40}
    assert len(list(tmp_path.glob("*.journal"))) == 1


async def test_the_same_command_may_be_there_twice(client: MwaaClient, emulator: Emulator, tmp_path: Path) -> None:
    wanted = [CommandRequest("one", "dags pause etl")] * 2
    assert statuses(await run(client, wanted, journal=tmp_path / "journal")) == {"done": 2}
    assert len(emulator.commands) == 2


async def test_a_value_that_has_changed_is_noticed_and_not_told(client: MwaaClient, tmp_path: Path) -> None:
    await run(client, each_command(3), journal=tmp_path / "journal")
    changed = [*each_command(2), CommandRequest("one", ["variables", "set", "key-2", "another"])]
    with pytest.raises(
        JournalError, match="in row 3: a value, of which only a digest is kept, is another one"
    ) as caught:
        await run(client, changed, journal=tmp_path / "journal", resume=True)
    assert CANARY not in str(caught.value) and "another'" not in str(caught.value)
    with pytest.raises(JournalError, match=r"row 1: command was 'variables set key-0 \*\*\*', and is 'dags pause etl'"):
        await run(client, [CommandRequest("one", "dags pause etl")], journal=tmp_path / "journal", resume=True)


async def test_journals_of_the_same_values_have_nothing_in_common(client: MwaaClient, tmp_path: Path) -> None:
    digests = set()
    for name in ("first", "second"):
        await run(client, each_command(1), journal=tmp_path / name)
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
        with closing(read_journal(tmp_path / name)) as journal:
            digests.add(journal._connection.execute("SELECT digest FROM rows").fetchone())
    assert len(digests) == 2


async def test_a_journal_of_the_other_kind_is_refused(client: MwaaClient, emulator: Emulator, tmp_path: Path) -> None:
    runs, commands = tmp_path / "runs", tmp_path / "commands"
    await triggered(client, requests(2), journal=runs)
    await run(client, each_command(2), journal=commands)
    before = len(emulator.commands)
    for options in ({}, {"resume": True}, {"new_batch": True}):
        with pytest.raises(
            JournalError, match="is of a batch of DAG runs, and this is one of commands; nothing was sent"
        ):
            await run(client, each_command(2), journal=runs, **options)
        with pytest.raises(JournalError, match="is of a batch of commands, and this is one of DAG runs"):
            await triggered(client, requests(2), journal=commands, **options)
    assert len(emulator.commands) == before


async def test_other_things_are_no_commands(client: MwaaClient) -> None:
    with pytest.raises(TypeError, match="commands is an iterable of CommandRequest, and not None"):
        await run(client, None)
    with pytest.raises(
        TypeError, match=r"request 1 is of the type TriggerRequest, and not a CommandRequest\(environment"
    ):
        await run(client, [TriggerRequest("one", "etl")])
    with pytest.raises(ValueError, match="resume and new_batch say what to do with a journal"):
        await run(client, [], resume=True)


WORKER = """
import asyncio, sys
from pathlib import Path
from mwaa_async import HostGuard, MwaaClient
from tests.bulk.test_run_many import each_command

async def main(journal):
    async with MwaaClient(guard=HostGuard(journal.parent / "locks"), settle_time=0.02) as client:
        async for outcome in client.run_many(each_command(60), journal=journal):
            assert outcome.status in ("done", "already_done"), outcome

asyncio.run(main(Path(sys.argv[1])))
"""


def _has_run(emulator: Emulator, commands: int) -> bool:
    return len(emulator.commands) >= commands


async def test_killed_in_the_middle_it_goes_on_and_all_is_done(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    async with Emulator(ENVIRONMENTS, command_time=0.005) as emulator:
        for enough in (5, 25, None):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", WORKER, str(journal)), env={**os.environ, **emulator.environ()}
            )
            if enough is not None:
                await until(partial(_has_run, emulator, enough))
                process.send_signal(signal.SIGKILL)
            assert await process.wait() == (0 if enough is None else -signal.SIGKILL)
        assert len(emulator.commands) <= 60 + 2 * 2 * 34  # what two kills leave as sent in each environment
        assert all(emulator.max_running(name) == 1 for name in ENVIRONMENTS)
        async with MwaaClient(**emulator.client_options()) as client:
            found = {**await variables(client, "one"), **await variables(client, "two")}
        with closing(read_journal(journal)) as opened:
            assert {status for _, status in opened.counts()} <= {"done", "already_done"}
    assert found == {f"key-{number}": f"{CANARY}-{number}" for number in range(60)}


# Values


async def test_no_value_is_in_anything_that_is_kept_shown_or_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    events: list[object] = []
    async with Emulator(ENVIRONMENTS) as emulator:
        emulator.faults.commands.extend([None, *[CutConnection(ran=True)] * 100])
        async with MwaaClient(**emulator.client_options(), settle_time=SETTLE_TIME, on_event=events.append) as client:
            wanted = [
                *each_command(4, ("one",)),
                CommandRequest("one", f"variables set broken '{CANARY}"),
                CommandRequest("one", ["connections", "add", "mine", f"--conn-uri=http://u:{CANARY}@h"]),
                CommandRequest("one", f"variables sett key {CANARY}"),
            ]
            outcomes = await run(client, wanted, journal=tmp_path / "journal")
    assert statuses(outcomes) == {"done": 1, "unknown": 3, "failed": 3}
    told = [*map(repr, outcomes), *(json.dumps(outcome.to_dict()) for outcome in outcomes), *map(repr, events)]
    told += [f"{outcome.error}{outcome.error!r}" for outcome in outcomes] + [caplog.text]
    assert not [text for text in told if CANARY in text]
    assert not [path for path in tmp_path.iterdir() if CANARY.encode() in path.read_bytes()]


async def test_what_was_read_of_values_is_in_the_result_and_not_in_its_json(client: MwaaClient) -> None:
    await client.environment("one").variables.set("key", CANARY)
    [outcome] = await run(client, [CommandRequest("one", "variables get key")])
    assert outcome.result is not None and outcome.result.text == f"{CANARY}\n"
    assert CANARY not in json.dumps(outcome.to_dict())
    [outcome] = await run(client, [CommandRequest("one", "dags list -o json")])
    assert "etl" in outcome.to_dict()["result"]["stdout"]


def test_a_request_is_as_it_was_when_it_was_made() -> None:
    words = ["dags", "pause", "etl"]
    request = CommandRequest("one", words)
    words.append("demo")
    assert request.command == ("dags", "pause", "etl")
    assert repr(request) == "CommandRequest(environment='one', command='dags pause etl')"
