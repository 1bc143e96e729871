"""Commands that people typed for real environments, and what they are told now."""

import pytest

from mwaa_async import DagRun, UnsupportedCommandError
from mwaa_async.emulator import Emulator
from tests.cli.program import CommandLine
from tests.field import environment, refusal

pytestmark = pytest.mark.anyio

QUOTING = """Write --conf '{"day": "2026-01-01"}' in a command line, in sh and in PowerShell from 7.3 on"""


async def test_a_conf_without_quotes_around_it_is_told_how_it_is_quoted() -> None:
    told = await refusal("2.10.3", 'dags trigger demo --conf {"test_key": "test_value"}')
    assert "its double quotes were lost on the way. " + QUOTING in told


async def test_a_conf_without_blanks_and_quotes_is_told_so_too() -> None:
    told = await refusal("2.10.3", 'dags trigger --conf {"force":true} demo')
    assert "JSONDecodeError" in told
    assert "its double quotes were lost on the way. " + QUOTING in told


async def test_a_conf_copied_from_airflows_user_interface_is_known_as_pythons() -> None:
    told = await refusal("1.10.12", ["trigger_dag", "demo", "--conf", "{'date': '2020-12-11'}"])
    assert "its quotes are single ones, as Python writes a dict" in told


async def test_a_dict_in_an_f_string_is_told_to_be_passed_as_json() -> None:
    conf = {"BUCKET": "landing", "OBJECT_KEY": "a b.csv"}
    told = await refusal("2.5.3", f"dags trigger demo -c '{conf}'")
    assert "pass json.dumps(conf) in a sequence of arguments" in told


@pytest.mark.parametrize("conf", ['{"n": [1], "text": "it\'s a b"}'])
async def test_a_program_that_joins_its_arguments_loses_quotes_and_this_one_does_not(
    mwaa_async: CommandLine,
    conf: str,
) -> None:
    async with Emulator(airflow="2.10.5") as emulator:
        arguments = ("run", "demo", "dags", "trigger", "demo", "--conf", conf)
        done = await mwaa_async.led_to(emulator)(*arguments)
        assert done.returncode == 0, done.stderr
        joined = await mwaa_async.led_to(emulator)(*arguments[:2], " ".join(arguments[2:]))
    assert joined.returncode == 2 or b"about its conf: " in joined.stderr


async def test_the_command_line_tells_what_to_do_after_what_airflow_says(mwaa_async: CommandLine) -> None:
    async with Emulator(airflow="2.10.5") as emulator:
        done = await mwaa_async.led_to(emulator)("run", "demo", "dags", "trigger", "demo", "-c", "{day:1}")
    assert done.returncode == 1
    assert b"JSONDecodeError" in done.stderr
    assert QUOTING in done.stderr.decode().splitlines()[-1]


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("{day:", "its double quotes were lost on the way"),  # PowerShell 5
        ("'{day:", "Windows' cmd"),
        ("{'day': 1}", "as Python writes a dict"),
    ],
)
async def test_a_conf_that_a_windows_shell_has_taken_apart_is_told_how_it_is_quoted_there(
    mwaa_async: CommandLine,
    argument: str,
    told: str,
) -> None:
    async with Emulator() as emulator:
        done = await mwaa_async.led_to(emulator)("trigger", "demo", "etl", "--conf", argument)
        assert not emulator.tokens
    assert done.returncode == 2
    said = done.stderr.decode()
    assert told in said
    assert """--conf "{\\"day\\": \\"2026-01-01\\"}" in Windows' cmd; or put it into a file: --conf @FILE""" in said


@pytest.mark.parametrize(
    ("version", "command", "option"),
    [
        ("2.10.3", "dags delete demo", "--yes"),
        ("2.10.3", "db clean --clean-before-timestamp 2020-01-01", "--yes"),
        ("1.10.12", "delete_dag demo", "--yes"),
    ],
)
async def test_a_command_that_asks_is_told_to_have_yes(version: str, command: str, option: str) -> None:
    told = await refusal(version, command)
    assert "EOFError" in told
    assert f"nobody can answer over MWAA's endpoint: add {option}" in told


async def test_the_option_that_cleared_without_asking_has_another_name() -> None:
    assert "from Airflow 2 on it is called --yes" in await refusal("2.10.3", "tasks clear -c demo")


@pytest.mark.parametrize("command", ["dags trigger demo --run_id r", "dags trigger demo --exec_date 2021-03-01"])
async def test_options_of_1_10_are_spelled_with_dashes_on_2(command: str) -> None:
    told = await refusal("2.2.5", command)
    assert "dashes" in told or "--logical-date" in told


@pytest.mark.parametrize("version", ["2.2.5", "2.10.3"])
async def test_runs_are_listed_with_an_option_on_2(version: str) -> None:
    assert "dags list-runs -d DAG_ID" in await refusal(version, "dags list-runs demo")


async def test_json_that_trigger_printed_from_2_6_on_is_no_option_before() -> None:
    assert "it knows --output from Airflow 2.6 on" in await refusal("2.5.3", "dags trigger demo -o json")


@pytest.mark.parametrize("version", ["2.5.3", "2.10.3"])
async def test_a_trigger_is_read_whether_it_prints_a_sentence_or_a_table(version: str) -> None:
    async with Emulator(airflow=version) as emulator, environment(emulator) as demo:
        run = await demo.dags.trigger("etl", run_id="r1")
    assert isinstance(run, DagRun)
    assert run.run_id == "r1"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("pools import pools.json", "/pools of Airflow's REST API"),
        ("roles delete analyst", "Airflow's user interface does it"),
        ("connections get dri_aws_conn", "BaseHook.get_connection"),
        ("variables import variables.json", "'mwaa-async variables import FILE' sets each"),
        ("db upgrade", "MWAA keeps the metadata database itself"),
        ("dags details etl", "/dags/DAG_ID/details"),
    ],
)
async def test_what_mwaa_does_not_offer_is_told_with_a_way_around(command: str, told: str) -> None:
    message = await refusal("2.10.3", command)
    assert told in message
    assert not any(f"is {harmful!r}" in message for harmful in ("connections delete", "dags delete", "roles del-perms"))


@pytest.mark.parametrize(
    ("command", "told"),
    [("trigger_dag poc-meraki-airflow", "there it is 'dags trigger'"), ("list_dags", "there it is 'dags list'")],
)
async def test_words_of_1_10_are_told_their_successor(command: str, told: str) -> None:
    assert told in await refusal("2.10.3", command)


@pytest.mark.parametrize(
    ("version", "command", "told"),
    [
        ("3.0.6", "backfill list", "/backfills of Airflow's REST API"),
        ("3.0.6", "backfill pause 1", "/backfills of Airflow's REST API"),
        ("1.10.12", "variables get x", "there it is 'variables --get KEY'"),
        ("1.10.12", "backfill create --dag-id etl", "there it is 'backfill DAG_ID -s DATE -e DATE'"),
        ("2.10.3", "dags list; version", "no shell reads the line"),
        ("3.0.6", "run etl load 2024-05-01", "'tasks test' tries it"),
        ("2.10.3", "dags trigger -d demo", "dags trigger DAG_ID"),
        ("3.0.6", "dags trigger --dag-id=demo", "dags trigger DAG_ID"),
        ("2.10.3", "dags list --json", "-o json"),
        ("3.0.6", "providers triggerer", "'providers triggers'"),
    ],
)
async def test_a_neighbour_that_is_named_is_what_was_meant(version: str, command: str, told: str) -> None:
    message = await refusal(version, command)
    assert told in message
    assert "there it is 'backfill create" not in message


async def test_the_body_of_a_rest_request_is_known_as_that() -> None:
    told = await refusal("2.10.3", '{"dag_run_id": "r1", "conf": {"day": "2026-01-01"}}')
    assert "this is JSON, and the endpoint is no REST API" in told
    assert "dags trigger DAG_ID --conf" in told


async def test_a_command_read_from_a_file_has_a_line_break_that_does_no_harm() -> None:
    async with Emulator(airflow="2.10.5") as emulator, environment(emulator) as demo:
        for line in ("variables set a 1\r\n", "variables set b 2\n"):
            await demo.run(line)
        assert [record.command for record in emulator.commands] == ["variables set a 1", "variables set b 2"]


async def test_a_value_that_was_split_at_its_blanks_is_told_to_be_quoted_and_not_shown() -> None:
    told = await refusal("2.10.3", "variables set MYSQL_PASSWORD two words9")
    assert "a value with blanks in it goes into quotes" in told
    assert "words9" not in told


async def test_a_pipe_is_no_part_of_a_command() -> None:
    assert "no shell reads the line" in await refusal("2.10.3", "dags list --output json | jq .")


async def test_a_command_that_is_not_offered_is_refused_before_it_costs_anything() -> None:
    async with Emulator(airflow="2.10.3") as emulator, environment(emulator) as demo:
        with pytest.raises(UnsupportedCommandError):
            await demo.run("pools import pools.json")
        assert not emulator.tokens
