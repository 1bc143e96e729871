"""Every typed command on a real Airflow, with good and with bad arguments, and with MWAA's kind of logs and without.

tox runs it on six versions.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import mwaa_async
from mwaa_async import (
    CommandFailedError,
    DagNotFoundError,
    DagRunAlreadyExistsError,
    DagRunFailedError,
    DagRunNotFoundError,
    Environment,
    UnsupportedCommandError,
    VariableNotFoundError,
)
from mwaa_async._protocol.catalogue import catalogue
from mwaa_async._protocol.versions import Version
from mwaa_async.emulator import Emulator

from .checks import DATE, NO_DATE, RUN_ID, dags, others, providers, tasks
from .conftest import RealAirflow, with_logs

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]


@dataclass(frozen=True, slots=True)
class Bad:
    """A call with bad arguments, the error that it ends in, and the first version that says so."""

    call: Callable[[Environment], Awaitable[object]]
    error: type[CommandFailedError]
    since: Version = (1, 10, 0)


@dataclass(frozen=True, slots=True)
class Case:
    """A typed command: what it does with good arguments, and with bad ones; where it takes none, there are no bad ones.

    `other_words` is how the method's command is called on versions that do not offer `words`.
    """

    words: str
    good: Callable[[RealAirflow, Environment], Awaitable[None]]
    bad: tuple[Bad, ...] = ()
    other_words: str | None = None

    def spelling(self, version: Version) -> list[str] | None:
        """Return the command's words in this version, `None` where MWAA does not offer it there."""
        commands = [catalogue()[words] for words in (self.words, self.other_words) if words]
        spellings = [spelled for command in commands for spelled in command.spellings(version)]
        return spellings[0].split() if spellings else None


def unknown_dag(call: Callable[[Environment], Awaitable[object]]) -> tuple[Bad, ...]:
    return (Bad(call, DagNotFoundError),)


def fails(call: Callable[[Environment], Awaitable[object]]) -> tuple[Bad, ...]:
    return (Bad(call, CommandFailedError),)


# Deleting a DAG comes last: others need it.
TABLE = (
    Case("version", others.version),
    Case("variables set", others.variables_set),
    Case(
        "variables get",
        others.variables_get,
        (Bad(lambda demo: demo.variables.get("nosuch"), VariableNotFoundError),),
    ),
    Case("variables list", others.variables_list),
    Case("variables delete", others.variables_delete),
    Case(
        "connections add",
        others.connections_add,
        (
            *fails(lambda demo: demo.connections.add("typeless")),
            *fails(lambda demo: demo.connections.add("twice", conn_type="fs")),
        ),
    ),
    Case("connections delete", others.connections_delete, fails(lambda demo: demo.connections.delete("nosuch"))),
    Case("roles list", others.roles_list),
    Case("roles create", others.roles_create),
    Case(
        "roles add-perms",
        others.roles_add_perms,
        fails(lambda demo: demo.roles.add_perms("nosuch", resource=["Books"], action=["can_read"])),
    ),
    Case(
        "roles del-perms",
        others.roles_del_perms,
        fails(lambda demo: demo.roles.del_perms("Admin", resource=["nosuch"], action=["can_read"])),
    ),
    Case("providers list", providers.providers_list),
    Case("providers get", providers.providers_get, fails(lambda demo: demo.providers.get("nosuch"))),
    Case("providers hooks", providers.providers_hooks),
    Case("providers widgets", providers.providers_widgets),
    Case("providers triggers", providers.providers_triggers),
    Case("providers behaviours", providers.providers_behaviours),
    Case("providers links", providers.providers_links),
    Case("providers notifications", providers.providers_notifications),
    Case("providers secrets", providers.providers_secrets),
    Case("assets list", others.assets_list),
    Case("assets details", others.assets_details, fails(lambda demo: demo.assets.details(name="nosuch"))),
    Case("assets materialize", others.assets_materialize, fails(lambda demo: demo.assets.materialize(uri="nosuch"))),
    Case("tasks list", tasks.tasks_list, unknown_dag(lambda demo: demo.tasks.list("nosuch"))),
    Case("tasks state", tasks.tasks_state, unknown_dag(lambda demo: demo.tasks.state("nosuch", "extract", DATE))),
    Case(
        "tasks states-for-dag-run",
        tasks.tasks_states_for_dag_run,
        (
            Bad(lambda demo: demo.tasks.states_for_dag_run("etl", NO_DATE), DagRunNotFoundError),
            Bad(lambda demo: demo.tasks.states_for_dag_run("etl", "nosuch"), DagRunNotFoundError),
        ),
    ),
    Case(
        "tasks failed-deps",
        tasks.tasks_failed_deps,
        unknown_dag(lambda demo: demo.tasks.failed_deps("nosuch", "load", DATE)),
    ),
    Case("tasks render", tasks.tasks_render, unknown_dag(lambda demo: demo.tasks.render("nosuch", "extract", DATE))),
    Case("tasks test", tasks.tasks_test, unknown_dag(lambda demo: demo.tasks.test("nosuch", "extract", DATE))),
    Case("dags list", dags.dags_list),
    Case("dags list-import-errors", dags.dags_list_import_errors),
    Case("dags list-jobs", dags.dags_list_jobs, unknown_dag(lambda demo: demo.dags.list_jobs(dag_id="nosuch"))),
    Case("dags report", dags.dags_report),
    Case("dags show", dags.dags_show, unknown_dag(lambda demo: demo.dags.show("nosuch"))),
    Case("dags state", dags.dags_state, unknown_dag(lambda demo: demo.dags.state("nosuch", DATE))),
    Case("dags list-runs", dags.dags_list_runs, unknown_dag(lambda demo: demo.dags.list_runs("nosuch"))),
    Case("dags next-execution", dags.dags_next_execution, unknown_dag(lambda demo: demo.dags.next_execution("nosuch"))),
    Case("dags unpause", dags.dags_unpause, unknown_dag(lambda demo: demo.dags.unpause("nosuch"))),
    Case("dags pause", dags.dags_pause, unknown_dag(lambda demo: demo.dags.pause("nosuch"))),
    Case(
        "dags trigger",
        dags.dags_trigger,
        (
            *unknown_dag(lambda demo: demo.dags.trigger("nosuch")),
            Bad(lambda demo: demo.dags.trigger("etl", run_id=RUN_ID), DagRunAlreadyExistsError),
            Bad(lambda demo: demo.dags.trigger("etl", logical_date=DATE), DagRunAlreadyExistsError),
        ),
    ),
    Case("dags test", dags.dags_test, unknown_dag(lambda demo: demo.dags.test("nosuch", DATE))),
    Case("tasks clear", tasks.tasks_clear, unknown_dag(lambda demo: demo.tasks.clear("nosuch"))),
    Case("dags reserialize", dags.dags_reserialize),
    Case(
        "dags backfill",
        dags.dags_backfill,
        unknown_dag(lambda demo: demo.dags.backfill("nosuch", start_date=DATE, end_date=DATE)),
        other_words="backfill create",
    ),
    Case(
        "db clean",
        others.db_clean,
        (
            *fails(lambda demo: demo.run(["db", "clean", "--clean-before-timestamp", "no date"])),
            # Before 2.6 a table that does not exist is passed over.
            Bad(lambda demo: demo.db.clean(DATE, tables=["nosuch"]), CommandFailedError, since=(2, 6, 0)),
        ),
    ),
    Case("dags delete", dags.dags_delete, unknown_dag(lambda demo: demo.dags.delete("nosuch"))),
)
BAD = [pytest.param(case, bad, id=case.words) for case in TABLE for bad in case.bad]
# What is read line by line, with log records among the lines, one command that only has to answer, and two with rows.
AMONG_RECORDS = """
version, variables get, variables set, roles add-perms, tasks list, tasks state, tasks failed-deps, tasks render,
dags show, dags state, dags next-execution, db clean, dags list, dags trigger, dags delete
"""
AT_MOST = [pytest.param(case, id=case.words) for case in TABLE if case.words in re.split(r",\s", AMONG_RECORDS.strip())]
WITHOUT_BAD = [pytest.param(case, id=case.words) for case in TABLE if not case.bad]


@pytest.fixture(scope="module", autouse=True)
def twice(airflow: RealAirflow) -> None:
    """Store the connection that is added a second time."""
    others.store_connection(airflow, "twice")


@pytest.fixture(scope="module", autouse=True)
def etl_run(airflow: RealAirflow) -> None:
    """Make a run whose first task has failed: without a scheduler only the database can say so."""
    version = airflow.parsed_version
    words, date = ("trigger_dag" if version < (2, 0, 0) else "dags trigger"), ("-e" if version < (3, 0, 0) else "-l")
    airflow.run(*words.split(), "etl", "-r", RUN_ID, date, DATE.isoformat())
    started = "state = 'running', start_date = '2024-05-02 03:04:05.678901'"
    airflow.query(f"UPDATE dag_run SET {started} WHERE run_id = :run_id", run_id=RUN_ID)
    tasks.fail_extract(airflow)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.words) for case in TABLE])
async def test_a_command_does_what_it_says_and_where_mwaa_does_not_offer_it_is_not_sent(
    case: Case, airflow: RealAirflow, demo: Environment, emulator: Emulator
) -> None:
    if case.spelling(airflow.parsed_version):
        await case.good(airflow, demo)
        return
    with pytest.raises(UnsupportedCommandError) as caught:
        await case.good(airflow, demo)
    assert caught.value.ran is False
    assert emulator.commands == []


@with_logs("mwaa at most")
@pytest.mark.parametrize("case", AT_MOST)
async def test_an_answer_is_read_among_as_many_log_records_as_there_can_be(
    case: Case, airflow: RealAirflow, demo: Environment
) -> None:
    await case.good(airflow, demo)


@with_logs("mwaa", "mwaa at most")
@pytest.mark.parametrize(
    ("call", "error"),
    [
        pytest.param(lambda demo: demo.dags.trigger("nosuch"), DagNotFoundError, id="unknown DAG"),
        pytest.param(lambda demo: demo.dags.trigger("etl", run_id=RUN_ID), DagRunAlreadyExistsError, id="run id"),
        pytest.param(lambda demo: demo.tasks.state("etl", "load", NO_DATE), DagRunNotFoundError, id="unknown run"),
        pytest.param(lambda demo: demo.variables.get("nosuch"), VariableNotFoundError, id="unknown variable"),
        pytest.param(lambda demo: demo.run("dags list --bogus"), CommandFailedError, id="unknown option"),
    ],
)
async def test_a_failure_is_told_among_the_lines_of_mwaa(
    call: Callable[[Environment], Awaitable[object]], error: type[CommandFailedError], demo: Environment
) -> None:
    with pytest.raises(error) as caught:
        await call(demo)
    assert caught.value.ran is True


@with_logs("plain")
@pytest.mark.parametrize(("case", "bad"), BAD)
async def test_bad_arguments_are_the_error_that_says_so(
    case: Case, bad: Bad, airflow: RealAirflow, demo: Environment
) -> None:
    if not case.spelling(airflow.parsed_version) or airflow.parsed_version < bad.since:
        pytest.skip(f"Airflow {airflow.version} does not say so")
    with pytest.raises(bad.error) as caught:
        await bad.call(demo)
    assert caught.value.ran is True


@with_logs("plain")
@pytest.mark.parametrize("case", WITHOUT_BAD)
async def test_an_option_that_does_not_exist_is_a_failed_command(
    case: Case, airflow: RealAirflow, demo: Environment
) -> None:
    words = case.spelling(airflow.parsed_version)
    if words is None:
        pytest.skip(f"MWAA does not offer it on Airflow {airflow.version}")
    with pytest.raises(CommandFailedError, match=re.escape("command error: ")) as caught:
        await demo.run([*words, "--bogus"])
    assert caught.value.ran is True


def test_the_table_has_every_command_that_has_a_method() -> None:
    modules = Path(mwaa_async.__file__).parent.glob("_commands/*.py")
    source = "".join(module.read_text(encoding="utf-8") for module in modules)
    named = {words for words in catalogue() if f'"{words}"' in source}
    tested = {words for case in TABLE for words in (case.words, case.other_words) if words}
    assert tested == named | {"version"}


@with_logs("mwaa")
async def test_a_run_is_waited_for_until_it_has_ended(
    airflow: RealAirflow, demo: Environment, emulator: Emulator
) -> None:
    run = await demo.dags.trigger("demo")
    # The DAG is paused: without a time-out that would be an error, at once.
    waiting = asyncio.create_task(run.wait(poll_interval=0, timeout=200))
    while len(emulator.commands) < 4:  # the trigger, a look at the run, one at the DAG, and the next look
        await asyncio.sleep(0.05)
    assert not waiting.done()
    airflow.query("UPDATE dag_run SET state = 'success' WHERE run_id = :run_id", run_id=run.run_id)
    ended = await waiting
    assert (ended.run_id, ended.state, ended.conf) == (run.run_id, "success", None)
    airflow.query("UPDATE dag_run SET state = 'failed' WHERE run_id = :run_id", run_id=run.run_id)
    with pytest.raises(DagRunFailedError):
        await run.wait(poll_interval=0)
    airflow.query("DELETE FROM dag_run WHERE run_id = :run_id", run_id=run.run_id)
    with pytest.raises(DagRunNotFoundError):
        await run.wait(poll_interval=0)
