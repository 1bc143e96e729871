"""The library's commands as a real Airflow carries them out, and what its database says afterwards."""

import asyncio
import json
import re
from itertools import pairwise

import pytest

from mwaa_async import CommandFailedError, Environment, MwaaClient
from mwaa_async.emulator import Emulator

from .conftest import DagRun, RealAirflow, with_logs

# Every command starts an Airflow, which takes seconds; the first test prepares the database as well. What MWAA's logs
# change is how answers read: that is tested where they are read.
pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240), with_logs("plain")]

NASTY_CONF = {
    "quotes": """it's "quoted" 'twice' """,
    "expansions": "$HOME ${HOME} $(id) `id` ~ * ? !! \\ %s {{ ds }}",
    "lines": "one\ntwo\r\n\tthree\n",
    "unicode": "名前 🎉 \u2028 \u00a0",
    "--conf": "-v; rm -rf / # & | > <",
    "nested": {"list": [1, -2.5, None, True, [], {"deep": {"deeper": '{"not": "parsed"}'}}], "empty": {}},
}


@pytest.mark.parametrize(
    ("run_id", "conf"),
    [
        ("nasty-one-line", json.dumps(NASTY_CONF)),
        ("nasty-many-lines", json.dumps(NASTY_CONF, indent=2, ensure_ascii=False)),
    ],
)
async def test_a_triggered_run_is_in_the_database_with_its_conf_unchanged(
    airflow: RealAirflow, demo: Environment, run_id: str, conf: str
) -> None:
    result = await demo.run(["dags", "trigger", "etl", "--run-id", run_id, "--conf", conf, "-o", "json"])
    assert airflow.dag_runs(run_id) == [DagRun("etl", run_id, NASTY_CONF)]
    (row,) = result.json()
    assert (row["dag_id"], row["dag_run_id"]) == ("etl", run_id)


async def test_a_command_line_in_one_string_is_split_as_a_shell_would(airflow: RealAirflow, demo: Environment) -> None:
    await demo.run("""airflow dags trigger --run-id one-string -c '{"key": "a $HOME \\"b\\""}' demo""")
    assert airflow.dag_runs("one-string") == [DagRun("demo", "one-string", {"key": 'a $HOME "b"'})]


async def test_a_second_trigger_with_the_same_run_id_fails_and_adds_no_run(
    airflow: RealAirflow, demo: Environment
) -> None:
    command = ["dags", "trigger", "report", "--run-id", "twice"]
    await demo.run(command)
    with pytest.raises(CommandFailedError, match="DagRunAlreadyExists") as caught:
        await demo.run([*command, "--conf", '{"second": true}'])
    assert caught.value.ran is True
    assert airflow.dag_runs("twice") == [DagRun("report", "twice", {})]


async def test_dags_list_gives_the_dags_in_spite_of_the_log_lines(demo: Environment) -> None:
    rows = (await demo.run("dags list -o json")).json()
    assert [row["dag_id"] for row in rows] == ["demo", "etl", "report"]


async def test_unpause_and_pause_change_the_dag(airflow: RealAirflow, demo: Environment) -> None:
    assert airflow.is_paused("report")
    await demo.run(["dags", "unpause", "report"])
    assert not airflow.is_paused("report")
    await demo.run(["dags", "pause", "report"])
    assert airflow.is_paused("report")


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("""one line, 'single' and "double" quotes\nanother, with $HOME and \\ and 🎉\n""", id="quotes"),
        pytest.param("--dashes -o json", id="dashes"),
    ],
)
async def test_a_variable_comes_back_as_it_was_set(airflow: RealAirflow, demo: Environment, value: str) -> None:
    # What follows `--` is no option, whatever it begins with.
    await demo.run(["variables", "set", "--", "greeting", value])
    assert (await demo.run(["variables", "get", "greeting"])).stdout == f"{value}\n"
    await demo.run(["variables", "delete", "greeting"])
    assert not airflow.has_variable("greeting")


async def test_commands_asked_for_at_once_run_one_after_the_other_in_their_order(
    airflow: RealAirflow, emulator: Emulator, demo: Environment
) -> None:
    dags = ["demo", "etl", "report", "demo"]
    run_ids = [f"at-once-{number}" for number in range(len(dags))]
    commands = [["dags", "trigger", dag, "--run-id", run_id] for dag, run_id in zip(dags, run_ids, strict=True)]
    await asyncio.gather(*(demo.run(command) for command in commands))

    assert [airflow.dag_runs(run_id)[0].dag_id for run_id in run_ids] == dags
    assert emulator.max_running("demo") == 1
    assert [record.command.split() for record in emulator.commands] == commands
    assert all(before.end is not None and before.end <= after.start for before, after in pairwise(emulator.commands))


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param("dags trigger nosuch", r"DagNotFound: Dag id nosuch not found", id="unknown DAG"),
        pytest.param("dags trigger", r"airflow dags trigger command error: .*dag_id", id="usage error"),
        pytest.param("dags list --bogus", r"command error: unrecognized arguments: --bogus", id="unknown option"),
        pytest.param("variables get nosuch", r"Variable nosuch does not exist", id="unknown variable"),
    ],
)
async def test_a_failed_command_is_the_same_error_whether_answered_with_200_or_400(
    airflow: RealAirflow, command: str, reason: str
) -> None:
    errors = [await failure(airflow, command, failed_status) for failed_status in (200, 400)]
    assert re.search(reason, str(errors[0]))
    assert str(errors[0]) == str(errors[1])
    assert [error.ran for error in errors] == [True, True]
    assert [error.result and error.result.http_status for error in errors] == [200, 400]


async def failure(airflow: RealAirflow, command: str, failed_status: int) -> CommandFailedError:
    async with (
        Emulator(["demo"], airflow.binary(), failed_status=failed_status) as emulator,
        MwaaClient(**emulator.client_options()) as client,
    ):
        with pytest.raises(CommandFailedError) as caught:
            await client.environment("demo", airflow_version=airflow.version).run(command)
    assert emulator.commands[0].exit_code
    return caught.value


async def test_a_failed_command_is_a_result_where_the_caller_looks_for_himself(demo: Environment) -> None:
    result = await demo.run(["variables", "get", "nosuch"], check=False)
    assert "does not exist" in result.stderr


async def test_the_emulator_tells_the_real_airflows_version(airflow: RealAirflow) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", await airflow.binary().version())
