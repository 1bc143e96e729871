"""Promise: every request is triggered once, environments in parallel, and its outcome says what became of it."""

import asyncio
import base64
import itertools
import json
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mwaa_async import (
    AccessDeniedError,
    BatchFinishedError,
    CommandFailedError,
    DagNotFoundError,
    JournalError,
    MwaaClient,
    OutcomeUnknownError,
    QueueTimeoutError,
    TriggerOutcome,
    TriggerRequest,
)
from mwaa_async._bulk.batch import Batch
from mwaa_async._bulk.dag_runs import DAG_RUNS
from mwaa_async._bulk.journal import open_journal, read_journal
from mwaa_async._bulk.sources import source_of
from mwaa_async.emulator import (
    CutConnection,
    EmbeddedAirflow,
    Emulator,
    Execution,
    RefusedByAws,
    SlowAnswer,
    StatusAnswer,
    WrongAnswer,
)
from tests.bulk.rows import (
    ENVIRONMENTS,
    NAN,
    SETTLE_TIME,
    existing,
    expected,
    one_by_one,
    requests,
    sent,
    triggered,
    until,
)
from tests.crashes import CrashingAirflow

pytestmark = pytest.mark.anyio

DENIED = RefusedByAws("AccessDeniedException", 403)


def statuses(outcomes: list[TriggerOutcome]) -> Counter[str]:
    return Counter(outcome.status for outcome in outcomes)


@pytest.mark.parametrize("as_given", [list, iter, one_by_one])
@pytest.mark.parametrize("with_journal", [True, False])
async def test_every_request_of_any_iterable_is_triggered_once_with_its_own_conf(
    client: MwaaClient, emulator: Emulator, tmp_path: Path, as_given: Any, with_journal: bool
) -> None:
    wanted = requests(150)
    journal = tmp_path / "batch.journal" if with_journal else None
    outcomes = await triggered(client, as_given(wanted), journal=journal)
    assert statuses(outcomes) == {"triggered": 150}
    assert sorted(outcome.row for outcome in outcomes) == list(range(1, 151))
    assert [one.request for one in sorted(outcomes, key=lambda one: one.row)] == wanted
    assert existing(emulator) == expected(outcomes)
    assert len(sent(emulator)) == 150


async def test_no_requests_have_no_outcomes(client: MwaaClient, tmp_path: Path) -> None:
    assert await triggered(client, []) == []
    assert await triggered(client, one_by_one([]), journal=tmp_path / "journal") == []


async def test_an_outcome_has_the_row_the_run_id_the_attempts_and_the_run(client: MwaaClient) -> None:
    date = datetime(2024, 5, 1, tzinfo=UTC)
    wanted = [TriggerRequest("one", "etl", {"a": 1}), TriggerRequest("one", "report", None, "mine", date)]
    first, second = await triggered(client, wanted)
    assert (first.row, first.attempts, first.error, first.status) == (1, 1, None, "triggered")
    assert first.run_id.startswith("bulk__")
    assert first.run_id.endswith("__000001")
    assert first.dag_run is not None
    assert (first.dag_run.run_id, first.dag_run.conf) == (first.run_id, {"a": 1})
    assert (second.row, second.run_id) == (2, "mine")
    assert second.dag_run is not None
    assert (second.dag_run.logical_date, second.dag_run.conf) == (date, None)


class Onlooker(EmbeddedAirflow):
    """Looks into the journal whenever a run is triggered."""

    def __init__(self, path: Path) -> None:
        super().__init__("2.10.5")
        self._path = path
        self.seen: list[str] = []

    def execute(self, argv: Sequence[str]) -> Execution:
        with closing(read_journal(self._path)) as journal:
            known = {f"--run-id={entry.run_id}" for entry in journal.entries("sent")}
        self.seen.append("sent" if known & set(argv) else "not known")
        return super().execute(argv)


async def test_a_row_is_in_the_journal_as_sent_before_its_request_goes_out(tmp_path: Path) -> None:
    onlooker = Onlooker(tmp_path / "journal")
    async with Emulator(["one"], onlooker) as emulator, MwaaClient(**emulator.client_options()) as client:
        await triggered(client, requests(100, ("one",)), journal=tmp_path / "journal")
    assert Counter(onlooker.seen) == {"sent": 100}


async def test_a_run_that_is_told_can_be_waited_for_also_after_a_restart(client: MwaaClient, tmp_path: Path) -> None:
    await client.environment("one").dags.unpause("etl")
    wanted = [TriggerRequest("one", "etl", {"a": 1})]
    for is_there in (False, True):
        [outcome] = await triggered(client, wanted, journal=tmp_path / "journal", resume=is_there)
        assert outcome.dag_run is not None
        assert (await outcome.dag_run.wait(poll_interval=0.1)).state == "success"


@pytest.mark.parametrize("version", ["1.10.12", "2.2.5", "2.5.3", "2.10.5", "3.0.6"])
async def test_every_airflow_triggers_each_row_once_also_when_answers_are_lost(version: str, tmp_path: Path) -> None:
    async with Emulator(environments=ENVIRONMENTS, airflow=version) as emulator:
        emulator.faults.commands.extend([None, CutConnection(ran=True), None, CutConnection(ran=False)])
        async with MwaaClient(**emulator.client_options(), settle_time=SETTLE_TIME) as client:
            outcomes = await triggered(client, requests(8), journal=tmp_path / "journal")
        # The environments go in parallel: where the second cut meets what the first one has repeated, that row is
        # settled in the end, by a trigger that finds its run.
        found = statuses(outcomes)
        assert found["triggered"] + found["already_triggered"] == 8 and found["already_triggered"] <= 1
        assert 2 <= max(outcome.attempts for outcome in outcomes) <= 3
        assert existing(emulator) == expected(outcomes)


@pytest.mark.parametrize("version", ["1.10.12", "2.2.5", "2.5.3", "2.10.5", "3.0.6"])
async def test_a_run_that_is_there_already_counts_as_done_on_every_airflow(version: str, tmp_path: Path) -> None:
    async with Emulator(environments=ENVIRONMENTS, airflow=version) as emulator:
        async with MwaaClient(**emulator.client_options(), settle_time=SETTLE_TIME) as client:
            wanted = [replace(one, run_id=f"mine-{number}") for number, one in enumerate(requests(4))]
            assert statuses(await triggered(client, wanted)) == {"triggered": 4}
            outcomes = await triggered(client, wanted, journal=tmp_path / "journal")
        assert statuses(outcomes) == {"already_triggered": 4}
        assert existing(emulator) == expected(outcomes)


async def test_environments_go_in_parallel_and_each_one_at_a_time_in_the_order_of_its_rows(tmp_path: Path) -> None:
    async with Emulator(environments=ENVIRONMENTS, command_time=0.05) as emulator:
        async with MwaaClient(**emulator.client_options()) as client:
            outcomes = await triggered(client, requests(12), journal=tmp_path / "journal")
        for name in ENVIRONMENTS:
            assert emulator.max_running(name) == 1
            assert sent(emulator, name) == sorted(sent(emulator, name))
        both = [(one.start, one.end or 0.0) for one in emulator.commands]
        assert any(start < other < end for start, end in both for other, _ in both)
    assert [one.row for one in outcomes if one.request.environment == "one"] == [1, 3, 5, 7, 9, 11]


async def test_an_environment_that_is_slow_does_not_hold_up_the_outcomes_of_another(
    client: MwaaClient, emulator: Emulator
) -> None:
    emulator.faults.commands.append(SlowAnswer(1.0))
    outcomes = await triggered(client, requests(40))
    assert {one.request.environment for one in outcomes[:10]} != set(ENVIRONMENTS)


@pytest.mark.parametrize("as_given", [iter, one_by_one])
async def test_endless_requests_are_read_only_so_far_ahead_and_leaving_the_loop_ends_everything(
    client: MwaaClient, emulator: Emulator, tmp_path: Path, as_given: Any
) -> None:
    read = 0

    def endless() -> Iterator[TriggerRequest]:
        nonlocal read
        for number in itertools.count():
            read += 1
            yield TriggerRequest(ENVIRONMENTS[number % 2], "etl")

    tasks = asyncio.all_tasks()
    async with aclosing(client.trigger_many(as_given(endless()), journal=tmp_path / "journal")) as outcomes:
        told = [await anext(outcomes) for _ in range(100)]
        await until(lambda: read >= 1000)
    assert len(told) == 100
    assert read <= 1100 + 64
    await until(lambda: asyncio.all_tasks() <= tasks | _of_the_lanes())
    assert not [thread for thread in threading.enumerate() if "journal" in thread.name]
    ran = len(emulator.commands)
    [handle] = {client.environment("one")}
    await handle.run("version")  # the environment is free, and nothing stands in the way
    assert len(emulator.commands) <= ran + 2


def _of_the_lanes() -> set[asyncio.Task[Any]]:
    """Return what goes on by itself: a command that is on the wire, a token that is being fetched, connections."""
    return {task for task in asyncio.all_tasks() if "_bulk" not in repr(task.get_coro())}


async def test_while_nobody_takes_the_outcomes_no_more_is_sent_than_was_read_ahead(
    client: MwaaClient, emulator: Emulator
) -> None:
    async with aclosing(client.trigger_many(requests(1)[0] for _ in itertools.count())) as outcomes:
        await anext(outcomes)
        await until(lambda: len(emulator.commands) >= 900)
        for _ in range(200):  # these take turns with what is left of the batch
            await client.environment("one").run("version")
        assert len(sent(emulator)) <= 1001


@pytest.mark.parametrize("moment", [0.0, 0.005, 0.02, 0.05])
async def test_a_batch_that_is_cancelled_goes_on_where_it_was(
    client: MwaaClient, emulator: Emulator, tmp_path: Path, moment: float
) -> None:
    wanted, journal = requests(60), tmp_path / "journal"
    for _ in range(4):
        batch = asyncio.create_task(triggered(client, wanted, journal=journal))
        await asyncio.sleep(moment)  # any moment will do
        batch.cancel()
        await asyncio.wait([batch])
    outcomes = await triggered(client, wanted, journal=journal)
    assert {*statuses(outcomes)} <= {"triggered", "already_triggered"}
    assert len(outcomes) == 60
    assert existing(emulator) == expected(outcomes)


async def test_after_leaving_the_loop_the_rows_that_were_not_sent_are_planned(
    client: MwaaClient, tmp_path: Path
) -> None:
    async with aclosing(client.trigger_many(requests(50), journal=tmp_path / "journal")) as outcomes:
        async for _ in outcomes:
            break
    journal = read_journal(tmp_path / "journal")
    on_the_wire = list(journal.entries("sent"))
    assert len(on_the_wire) <= len(ENVIRONMENTS)
    assert len(list(journal.entries("planned"))) >= 20
    journal.close()


@pytest.mark.parametrize("row", [1, 30])
async def test_on_error_stop_sends_nothing_after_the_first_failure(
    client: MwaaClient, emulator: Emulator, tmp_path: Path, row: int
) -> None:
    wanted, journal = requests(5000, ("one",)), tmp_path / "journal"
    wanted[row - 1] = replace(wanted[row - 1], dag_id="nosuch")
    outcomes = await triggered(client, wanted, journal=journal, on_error="stop")
    assert [outcome.row for outcome in outcomes] == list(range(1, row + 1))
    assert statuses(outcomes) == Counter({"triggered": row - 1, "failed": 1})
    assert isinstance(outcomes[-1].error, DagNotFoundError)
    assert len(sent(emulator)) == row
    opened = read_journal(journal)
    assert not list(opened.entries("sent"))
    opened.close()


async def test_on_error_stop_lets_the_other_environments_finish_what_is_on_the_wire(
    client: MwaaClient, emulator: Emulator
) -> None:
    wanted = [TriggerRequest("one", "nosuch"), *requests(100, ("two",))]
    emulator.faults.commands.extend([SlowAnswer(0.1), SlowAnswer(0.2)])
    outcomes = await triggered(client, wanted, on_error="stop")
    assert sorted(outcome.status for outcome in outcomes) == ["failed", "triggered"]
    assert len(sent(emulator)) == 2


async def test_on_error_stop_settles_what_is_unknown_before_it_sends_anything_else(
    client: MwaaClient, emulator: Emulator
) -> None:
    emulator.faults.commands.extend([CutConnection(ran=True), CutConnection(ran=True)])
    outcomes = await triggered(client, requests(5, ("one",)), on_error="stop")
    assert [outcome.status for outcome in outcomes] == ["already_triggered", *["triggered"] * 4]
    assert sent(emulator) == [*[outcomes[0].run_id] * 3, *[one.run_id for one in outcomes[1:]]]


async def test_on_error_stop_sends_nothing_after_a_request_that_cannot_be_sent(
    client: MwaaClient, emulator: Emulator, tmp_path: Path
) -> None:
    wanted = [*requests(1200), NAN, *requests(1200)]
    outcomes = await triggered(client, wanted, journal=tmp_path / "journal", on_error="stop")
    assert [outcome.row for outcome in outcomes if outcome.status == "failed"] == [1201]
    assert max(outcome.row for outcome in outcomes) == 1201
    assert existing(emulator) == expected(outcomes)


async def test_on_error_stop_goes_on_after_what_airflow_has_refused_before(
    client: MwaaClient, emulator: Emulator, tmp_path: Path
) -> None:
    wanted = requests(20, ("one",))
    wanted[4] = replace(wanted[4], dag_id="nosuch")
    first = await triggered(client, wanted, journal=tmp_path / "journal", on_error="stop")
    assert len(first) == 5
    again = await triggered(client, wanted, journal=tmp_path / "journal", on_error="stop")
    assert statuses(again) == {"already_triggered": 4, "failed": 1, "triggered": 15}
    assert len(sent(emulator)) == 20


async def test_a_batch_that_stops_cancels_its_own_commands_and_nobody_elses(
    client: MwaaClient, emulator: Emulator, tmp_path: Path
) -> None:
    one = client.environment("one")
    emulator.faults.commands.append(SlowAnswer(0.3))
    holding = asyncio.create_task(one.run("version"))
    await until(lambda: one.statistics().running)
    with closing(open_journal(tmp_path / "journal")) as journal:
        batch = Batch(client.environment, DAG_RUNS, journal)
        outcomes = batch.outcomes(
            source_of([TriggerRequest("one", "etl", {}, "x1"), *requests(10, ("one",))], DAG_RUNS)
        )
        async with aclosing(outcomes), asyncio.TaskGroup() as tasks:
            ended = tasks.create_task(all_of(outcomes))
            await until(lambda: one.statistics().queued == 2)
            own = [
                tasks.create_task(one.dags.trigger("etl", run_id="x10")),
                tasks.create_task(one.dags.trigger("report", run_id="x1")),
                tasks.create_task(one.dags.trigger("etl", run_id="mine", conf={"text": "--run-id=x1 and x1"})),
                tasks.create_task(one.run("dags trigger etl --run-id=x1 --conf '{\"own\": 1}'")),
            ]
            await until(lambda: one.statistics().queued == 6)
            batch.stop()
        assert ended.result() == []
        assert not list(journal.entries("sent"))
    await holding
    assert [task.exception() for task in own] == [None] * 4
    assert sent(emulator) == ["x10", "x1", "mine", "x1"]


async def all_of(outcomes: AsyncIterator[TriggerOutcome]) -> list[TriggerOutcome]:
    return [outcome async for outcome in outcomes]


async def test_queue_timeout_is_about_the_commands_of_others_and_not_about_rows_of_the_same_batch() -> None:
    async with (
        Emulator(environments=["one"], command_time=0.4) as emulator,
        MwaaClient(**emulator.client_options(), queue_timeout=0.2) as client,
    ):
        client.environment("one", airflow_version="2.10.3")
        assert statuses(await triggered(client, requests(4, ("one",)))) == {"triggered": 4}
        emulator.faults.commands.append(SlowAnswer(0.6))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(client.environment("one").run("version"))
            await until(lambda: client.environment("one").statistics().running)
            late = await triggered(client, requests(2, ("one",)))
    assert [type(one.error) for one in late] == [QueueTimeoutError, QueueTimeoutError]


async def test_on_error_continue_goes_on_after_a_failure(client: MwaaClient, emulator: Emulator) -> None:
    wanted = requests(10)
    wanted[3] = replace(wanted[3], dag_id="nosuch")
    outcomes = await triggered(client, wanted)
    [failed] = [outcome for outcome in outcomes if outcome.status == "failed"]
    assert (failed.row, failed.attempts, failed.dag_run) == (4, 1, None)
    assert isinstance(failed.error, DagNotFoundError)
    assert existing(emulator) == expected(outcomes)
    assert len(existing(emulator)) == 9


async def test_another_word_for_on_error_is_refused(client: MwaaClient) -> None:
    with pytest.raises(ValueError, match="'continue' or 'stop'"):
        await triggered(client, [], on_error="panic")


BAD = [
    TriggerRequest("no name", "etl"),
    NAN,
    TriggerRequest("one", ""),
    TriggerRequest("one", None),  # type: ignore[arg-type]
    TriggerRequest("one", "etl", [1]),  # type: ignore[arg-type]
    TriggerRequest("one", "etl", {"o": object()}),
    TriggerRequest("one", "etl", run_id=7),  # type: ignore[arg-type]
    TriggerRequest("one", "etl", logical_date="2024-05-01"),  # type: ignore[arg-type]
    TriggerRequest("one", "et\0l"),
    TriggerRequest("one", "et\udc80l"),
    TriggerRequest("one", "etl", run_id="\udc80"),
    TriggerRequest("one", "etl", run_id="not a run id"),
]
DEEP: dict[str, Any] = {}
for _ in range(100_000):
    DEEP = {"d": DEEP}


@pytest.mark.parametrize("bad", [*BAD, TriggerRequest("one", "etl", DEEP)], ids=range(len(BAD) + 1))
async def test_a_request_that_cannot_be_sent_is_a_failed_row_and_stops_no_other(
    client: MwaaClient, emulator: Emulator, tmp_path: Path, bad: TriggerRequest
) -> None:
    wanted = requests(4)
    wanted[1] = bad
    for status in ("triggered", "already_triggered"):
        outcomes = await triggered(client, wanted, journal=tmp_path / "journal")
        assert statuses(outcomes) == Counter({status: 3, "failed": 1})
        [failed] = [outcome for outcome in outcomes if outcome.status == "failed"]
        assert (failed.row, failed.attempts, failed.request) == (2, 0, bad)
        assert isinstance(failed.error, ValueError | TypeError | RecursionError)
    assert len(sent(emulator)) == 3


async def test_a_bad_row_may_be_mended_but_a_good_one_not_be_spoiled(client: MwaaClient, tmp_path: Path) -> None:
    wanted, journal = requests(4), tmp_path / "journal"
    good, wanted[1] = wanted[1], NAN
    await triggered(client, wanted, journal=journal)
    wanted[1] = good
    assert statuses(await triggered(client, wanted, journal=journal)) == {"already_triggered": 3, "triggered": 1}
    wanted[2] = NAN
    with pytest.raises(JournalError, match="first difference is in row 3: it cannot be sent"):
        await triggered(client, wanted, journal=journal, resume=True)


LOST = (
    CutConnection(ran=True),
    CutConnection(ran=False),
    StatusAnswer(504, ran=True),
    StatusAnswer(504),
    WrongAnswer(),
)


@pytest.mark.parametrize("fault", LOST, ids=repr)
async def test_what_is_unknown_is_settled_in_the_end_by_itself(
    client: MwaaClient, emulator: Emulator, tmp_path: Path, fault: Any
) -> None:
    emulator.faults.commands.extend([None, fault, fault])
    outcomes = await triggered(client, requests(5, ("one",)), journal=tmp_path / "journal")
    assert [outcome.row for outcome in outcomes] == [1, 3, 4, 5, 2]
    settled = outcomes[-1]
    assert settled.status in ("triggered", "already_triggered")
    assert settled.attempts == 3
    assert settled.error is None
    assert settled.dag_run is not None
    assert settled.dag_run.conf == settled.request.conf
    assert existing(emulator) == expected(outcomes)


async def test_an_answer_that_nobody_understands_leaves_a_row_unknown_until_it_is_sent_again(
    client: MwaaClient, emulator: Emulator
) -> None:
    printed = base64.b64encode(b"All is well.").decode()
    emulator.faults.commands.append(WrongAnswer(json.dumps({"stdout": printed, "stderr": ""}).encode()))
    outcomes = await triggered(client, requests(2, ("one",)))
    assert [(one.row, one.status) for one in outcomes] == [(2, "triggered"), (1, "already_triggered")]
    assert existing(emulator) == expected(outcomes)


async def test_what_stays_unknown_is_told_and_sent_again_on_the_restart(
    client: MwaaClient, emulator: Emulator, tmp_path: Path
) -> None:
    wanted, journal = requests(3, ("one",)), tmp_path / "journal"
    emulator.faults.commands.extend([None, *[CutConnection(ran=True)] * 2, None, *[CutConnection(ran=True)] * 6])
    outcomes = await triggered(client, wanted, journal=journal)
    assert [(one.row, one.status) for one in outcomes] == [(1, "triggered"), (3, "triggered"), (2, "unknown")]
    assert isinstance(outcomes[-1].error, OutcomeUnknownError)
    assert outcomes[-1].attempts == 8
    again = await triggered(client, wanted, journal=journal)
    assert statuses(again) == {"already_triggered": 3}
    assert [one.attempts for one in again if one.row == 2] == [9]
    assert existing(emulator) == expected(again)


async def test_all_that_is_unknown_when_the_batch_stops_is_told(client: MwaaClient, emulator: Emulator) -> None:
    async def and_then_trouble() -> AsyncIterator[TriggerRequest]:
        for request in requests(2, ("one",)):
            yield request
        await until(lambda: len(emulator.commands) == 3)
        raise LookupError("no more")

    emulator.faults.commands.extend([CutConnection(ran=True), CutConnection(ran=True), SlowAnswer(0.2)])
    outcomes: list[TriggerOutcome] = []
    with pytest.raises(LookupError):
        async for outcome in client.trigger_many(and_then_trouble()):
            outcomes.append(outcome)
    assert {outcome.row: outcome.status for outcome in outcomes} == {1: "unknown", 2: "triggered"}


async def test_many_environments_with_many_unknown_outcomes_come_to_an_end() -> None:
    names = tuple(f"e{number}" for number in range(14))
    async with Emulator(environments=names) as emulator:
        emulator.faults.commands.extend([WrongAnswer()] * 3000)
        async with MwaaClient(**emulator.client_options(), settle_time=0.0) as client:
            for name in names:
                client.environment(name, airflow_version="2.10.3")
            outcomes = await triggered(client, requests(1400, names))
        assert statuses(outcomes)["triggered"] < 1300
        # Whatever was told of them: all ran, each once.
        assert existing(emulator, names) == expected(replace(one, status="triggered") for one in outcomes)


async def test_rows_without_a_token_are_sent_again_on_the_restart_and_refused_ones_are_not(
    client: MwaaClient, emulator: Emulator, tmp_path: Path
) -> None:
    wanted, journal = requests(3, ("one",)), tmp_path / "journal"
    wanted[1] = replace(wanted[1], dag_id="nosuch")
    emulator.faults.tokens.append(DENIED)
    first = await triggered(client, wanted, journal=journal)
    assert [one.status for one in first] == ["failed", "failed", "triggered"]
    assert isinstance(first[0].error, AccessDeniedError)
    assert len(sent(emulator)) == 2
    again = sorted(await triggered(client, wanted, journal=journal), key=lambda one: one.row)
    assert [one.status for one in again] == ["triggered", "failed", "already_triggered"]
    assert isinstance(again[1].error, CommandFailedError)
    assert "nosuch" in str(again[1].error)
    assert sent(emulator).count(first[1].run_id) == 1
    assert len(sent(emulator)) == 3


async def test_a_look_for_a_run_that_fails_does_not_fail_its_row(client: MwaaClient, emulator: Emulator) -> None:
    # Lost, "exists already", and then a look for the run without an answer; there is another way to look for it.
    emulator.faults.commands.extend([WrongAnswer(), None, StatusAnswer(429)])
    [outcome] = await triggered(client, requests(1, ("one",)))
    assert outcome.status == "triggered"


async def test_a_row_that_may_have_run_is_not_told_as_failed_where_a_later_attempt_gets_nowhere(
    client: MwaaClient, emulator: Emulator, tmp_path: Path
) -> None:
    lost = [CutConnection(ran=True)] * 2
    emulator.faults.commands.extend([*lost, StatusAnswer(429), StatusAnswer(404), StatusAnswer(429)])
    wanted, journal = requests(1), tmp_path / "journal"
    [outcome] = await triggered(client, wanted, journal=journal)
    assert (outcome.status, outcome.attempts) == ("unknown", 2)
    assert isinstance(outcome.error, OutcomeUnknownError)
    assert f"may have triggered the run '{outcome.run_id}'" in str(outcome.error)
    emulator.faults.commands.extend([StatusAnswer(429)] * 4)
    [outcome] = await triggered(client, wanted, journal=journal)
    assert (outcome.status, outcome.attempts) == ("unknown", 2)
    [outcome] = await triggered(client, wanted, journal=journal)
    assert outcome.status == "already_triggered"
    assert existing(emulator) == expected([outcome])


@pytest.mark.parametrize(
    "airflow",
    [
        lambda: CrashingAirflow("dags trigger", before=[1]),
        lambda: CrashingAirflow("dags trigger", after=[1]),
        lambda: CrashingAirflow("dags trigger", after=[1], before=[2, 3]),
    ],
    ids=["before it has run", "when the run is there", "and again"],
)
async def test_a_trigger_that_crashes_is_settled_by_another_one(
    airflow: Callable[[], EmbeddedAirflow], tmp_path: Path
) -> None:
    async with Emulator(["one"], airflow()) as emulator, MwaaClient(**emulator.client_options()) as client:
        outcomes = await triggered(client, requests(3, ("one",)), journal=tmp_path / "journal")
        assert {*statuses(outcomes)} <= {"triggered", "already_triggered"}
        assert existing(emulator, ["one"]) == expected(outcomes)


async def test_a_trigger_that_crashes_each_time_has_failed_and_is_sent_again_by_the_next_call(tmp_path: Path) -> None:
    airflow = CrashingAirflow("dags trigger", before=[0, 1, 2], after=[3])
    async with Emulator(["one"], airflow) as emulator, MwaaClient(**emulator.client_options()) as client:
        [outcome] = await triggered(client, requests(1), journal=tmp_path / "journal")
        assert (outcome.status, outcome.attempts) == ("failed", 4)
        assert isinstance(outcome.error, CommandFailedError)
        assert "server closed the connection" in str(outcome.error)
        [outcome] = await triggered(client, requests(1), journal=tmp_path / "journal")
        assert outcome.status == "already_triggered"


async def test_a_row_is_not_lost_where_the_version_cannot_be_found_out_at_first(tmp_path: Path) -> None:
    airflow = CrashingAirflow("version", before=[0])
    async with Emulator(["one"], airflow) as emulator, MwaaClient(**emulator.client_options()) as client:
        emulator.faults.descriptions.extend([DENIED] * 9)
        outcomes = await triggered(client, requests(3, ("one",)), journal=tmp_path / "journal")
        assert statuses(outcomes) == {"triggered": 3}
        assert existing(emulator, ["one"]) == expected(outcomes)


async def test_a_hundred_and_fifty_unknown_outcomes_in_a_row_are_all_settled(
    client: MwaaClient, emulator: Emulator
) -> None:
    emulator.faults.commands.extend([WrongAnswer()] * 300)
    outcomes = await triggered(client, requests(200, ("one",)))
    assert statuses(outcomes) == {"triggered": 50, "already_triggered": 150}
    assert existing(emulator) == expected(outcomes)


@pytest.mark.parametrize("as_given", [iter, one_by_one])
async def test_a_conf_that_the_program_uses_again_is_sent_as_it_was(
    client: MwaaClient, emulator: Emulator, as_given: Any
) -> None:
    def reusing() -> Iterator[TriggerRequest]:
        conf: dict[str, Any] = {"deep": {}}
        for number in range(5):
            conf["deep"]["n"] = number
            yield TriggerRequest("one", "etl", conf)

    outcomes = await triggered(client, as_given(reusing()))
    assert [one.dag_run and one.dag_run.conf for one in outcomes] == [{"deep": {"n": number}} for number in range(5)]
    assert [run[-1] for run in existing(emulator)] == [repr({"deep": {"n": number}}) for number in range(5)]


async def test_two_rows_with_one_run_id_are_refused_where_there_is_a_journal(
    client: MwaaClient, emulator: Emulator, tmp_path: Path
) -> None:
    wanted = [TriggerRequest("one", "etl", {"n": number}, "mine") for number in range(2)]
    with pytest.raises(ValueError, match="row 2 has the run id 'mine', and so has a row before it"):
        await triggered(client, wanted, journal=tmp_path / "journal")
    assert sent(emulator) == []
    others = [replace(wanted[0], dag_id="report"), replace(wanted[0], environment="two"), wanted[0]]
    assert statuses(await triggered(client, others, journal=tmp_path / "journal")) == {"triggered": 3}


async def test_what_goes_wrong_with_the_requests_is_raised_when_the_rows_before_are_told(
    client: MwaaClient, emulator: Emulator, tmp_path: Path
) -> None:
    async def and_then_trouble() -> AsyncIterator[TriggerRequest]:
        for request in requests(3, ("one",)):
            yield request
        await until(lambda: len(emulator.commands) == 3)
        raise LookupError("no more")

    outcomes = []
    with pytest.raises(LookupError, match="no more"):
        async for outcome in client.trigger_many(and_then_trouble(), journal=tmp_path / "journal"):
            outcomes.append(outcome)
    assert statuses(outcomes) == {"triggered": 3}


async def test_requests_that_are_cancelled_are_an_error_and_no_end(client: MwaaClient) -> None:
    async def cancelled() -> AsyncIterator[TriggerRequest]:
        yield requests(1)[0]
        raise asyncio.CancelledError

    with pytest.raises(RuntimeError, match="cancelled"):
        await triggered(client, cancelled())


async def test_a_client_that_is_not_open_sends_nothing_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="not open"):
        await triggered(MwaaClient(), requests(3), journal=tmp_path / "journal")


async def test_after_a_batch_commands_run_as_before(client: MwaaClient, emulator: Emulator) -> None:
    async for _ in client.trigger_many(requests(20)):
        break
    await until(lambda: not any("_bulk" in repr(task.get_coro()) for task in asyncio.all_tasks()))
    for name in ENVIRONMENTS:
        assert (await client.environment(name).run("version")).stdout.strip().endswith("2.10.3")


async def test_a_journal_remembers_and_finished_rows_are_not_sent_again(
    client: MwaaClient, emulator: Emulator, tmp_path: Path
) -> None:
    wanted, journal = requests(100), tmp_path / "journal"
    first = await triggered(client, wanted[:100], journal=journal)
    again = await triggered(client, iter(wanted), journal=journal, resume=True)
    assert statuses(again) == {"already_triggered": 100}
    assert {one.run_id for one in again} == {one.run_id for one in first}
    assert len(sent(emulator)) == 100


async def test_a_finished_batch_is_told_and_not_taken_for_the_next_one(
    client: MwaaClient, emulator: Emulator, tmp_path: Path
) -> None:
    wanted = [*requests(3), TriggerRequest("one", "nosuch")]
    await triggered(client, wanted, journal=tmp_path / "journal")
    read = 0

    def others() -> Iterator[TriggerRequest]:
        nonlocal read
        read += 1
        yield from requests(3)

    with pytest.raises(BatchFinishedError, match=r"is finished, and nothing was sent.*new_batch=True") as caught:
        await triggered(client, others(), journal=tmp_path / "journal")
    assert caught.value.ran is False
    assert (read, len(emulator.commands)) == (0, 4)
    outcomes = await triggered(client, wanted, journal=tmp_path / "journal", resume=True)
    assert statuses(outcomes) == {"already_triggered": 3, "failed": 1}
    assert len(emulator.commands) == 4


async def test_a_new_batch_triggers_the_rows_once_more_and_the_finished_journal_is_kept(
    client: MwaaClient, emulator: Emulator, tmp_path: Path
) -> None:
    batches = [await triggered(client, requests(3), journal=tmp_path / "journal", new_batch=True) for _ in range(3)]
    assert [statuses(outcomes) for outcomes in batches] == [{"triggered": 3}] * 3
    assert existing(emulator) == sorted(itertools.chain.from_iterable(map(expected, batches)))
    assert len(existing(emulator)) == 9
    kept = sorted(tmp_path.glob("journal_*.journal"))
    assert len(kept) == 2
    for path in kept:
        with closing(read_journal(path)) as journal:
            assert journal.is_finished
            assert path.name == f"{journal.batch}.journal"


async def test_a_batch_that_is_not_finished_is_not_given_up_for_a_new_one(
    client: MwaaClient, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.tokens.extend([DENIED] * 2)
    outcomes = await triggered(client, requests(4, ("one",)), journal=tmp_path / "journal")
    assert statuses(outcomes)["failed"] > 0
    with pytest.raises(JournalError, match="is not finished, and so no new one begins") as caught:
        await triggered(client, requests(4, ("one",)), journal=tmp_path / "journal", new_batch=True)
    assert caught.value.ran is False
    outcomes = await triggered(client, requests(4, ("one",)), journal=tmp_path / "journal")
    assert existing(emulator) == expected(outcomes)


async def test_resume_goes_on_with_a_journal_that_must_be_there(client: MwaaClient, tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is no journal") as caught:
        await triggered(client, requests(4), journal=tmp_path / "journal", resume=True)
    assert caught.value.ran is False
    assert not list(tmp_path.iterdir())


async def test_a_night_without_rows_does_not_finish_a_batch(client: MwaaClient, tmp_path: Path) -> None:
    assert await triggered(client, [], journal=tmp_path / "journal") == []
    assert await triggered(client, [], journal=tmp_path / "journal") == []
    assert statuses(await triggered(client, requests(3), journal=tmp_path / "journal")) == {"triggered": 3}


@pytest.mark.parametrize("options", [{"resume": True}, {"new_batch": True}, {"resume": True, "new_batch": True}])
async def test_what_to_do_with_a_journal_is_said_in_one_word_and_only_where_there_is_one(
    client: MwaaClient, tmp_path: Path, options: dict[str, bool]
) -> None:
    journal = tmp_path / "journal" if len(options) > 1 else None
    with pytest.raises(ValueError, match="resume and new_batch say what to do with a journal"):
        await triggered(client, requests(1), journal=journal, **options)


@pytest.mark.parametrize("as_given", [list, iter, one_by_one])
@pytest.mark.parametrize(
    ("no_request", "kind"),
    [
        ({"environment": "one", "dag_id": "etl", "conf": "hush"}, "of the type dict"),
        (("one", "etl"), "of the type tuple"),
        ("hush", "of the type str"),
        (None, "None"),
        (TriggerRequest, "of the type type"),
    ],
)
async def test_what_is_no_request_is_refused_and_said_where(
    client: MwaaClient, emulator: Emulator, tmp_path: Path, as_given: Any, no_request: Any, kind: str
) -> None:
    wanted = [*requests(2), no_request, *requests(2)]
    with pytest.raises(TypeError, match=f"^request 3 is {kind}, and not a TriggerRequest") as caught:
        await triggered(client, as_given(wanted), journal=tmp_path / "journal")
    assert "hush" not in str(caught.value)
    assert len(emulator.commands) <= 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            TriggerRequest("one", "etl"),
            "^requests is an iterable of TriggerRequest, and not of the type TriggerRequest",
        ),
        (None, "^requests is an iterable of TriggerRequest, and not None"),
        ({"environment": "one"}, "^request 1 is of the type str, and not"),
        ("rows.csv", "^request 1 is of the type str, and not"),
    ],
)
async def test_what_are_no_requests_is_refused(client: MwaaClient, tmp_path: Path, given: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        await triggered(client, given, journal=tmp_path / "journal")


async def test_two_batches_on_one_journal_at_the_same_time_are_refused(client: MwaaClient, tmp_path: Path) -> None:
    async with aclosing(client.trigger_many(requests(100), journal=tmp_path / "journal")) as outcomes:
        await anext(outcomes)
        with pytest.raises(JournalError, match="in use by another process") as caught:
            await triggered(client, requests(100), journal=tmp_path / "journal")
        assert caught.value.ran is False


@pytest.mark.parametrize("version", ["2.10.3", "3.0.6"])
async def test_no_row_stays_unknown_where_real_environments_refuse_every_way_to_look_for_its_run(
    tmp_path: Path, version: str
) -> None:
    refused = ("tasks states-for-dag-run", "dags list-runs", "dags state")
    async with Emulator(["one"], version, refused_commands=refused) as emulator:
        async with MwaaClient(**emulator.client_options(), settle_time=SETTLE_TIME) as client:
            await client.environment("one").airflow_version()
            lost = [CutConnection(ran=True), None, StatusAnswer(504, ran=True), WrongAnswer(), *[None] * 7]
            emulator.faults.commands.extend(lost * 2)
            outcomes = await triggered(client, requests(24, ("one",)), journal=tmp_path / "journal")
        assert statuses(outcomes).keys() <= {"triggered", "already_triggered"}
        assert existing(emulator, ["one"]) == expected(outcomes)
        assert len(outcomes) == 24
        assert len(emulator.tokens) < 24
