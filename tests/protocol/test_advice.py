"""What somebody is told whose command Airflow refuses, for the mistakes that public reports show."""

import json

import pytest

from mwaa_async._protocol.advice import advice, json_advice
from mwaa_async._protocol.command_line import command_line
from mwaa_async._protocol.confs import QUOTED, wrong_with
from mwaa_async._protocol.verdicts import failure

from . import RECORDED, records

NO_JSON = "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
EOF = "EOFError: EOF when reading a line"


def unrecognized(arguments: str) -> str:
    return f"airflow command error: unrecognized arguments: {arguments}, see help above."


def required(command: str, arguments: str) -> str:
    return f"airflow {command} command error: the following arguments are required: {arguments}, see help above."


def invalid(argument: str, choice: str) -> str:
    return f"airflow command error: argument {argument}: invalid choice: {choice!r} (choose from 'x'), see help above."


LOST = "its double quotes were lost on the way"


@pytest.mark.parametrize(
    ("conf", "wrong"),
    [
        ("{day: 1}", LOST),
        ("{day:", LOST),
        (" { day:1}", LOST),
        ("{'day': 1}", "its quotes are single ones, as Python writes a dict"),
        ("'{day:", "it has single quotes around it, which Windows' cmd"),
        ("'{\"day\": 1}'", "it has single quotes around it, which Windows' cmd"),
        (r"{\"day\": 1}", "it has backslashes before its quotes"),
        ('{"day":', "it ends too early, as if it was split at a blank"),
        ('{"day": "the', "it ends too early, as if it was split at a blank"),
        ('{"day": 1 "n": 2}', "no JSON: Expecting ',' delimiter: line 1 column 11 (char 10)"),
        ("@conf.json", "only 'mwaa-async trigger' reads a file"),
        ("[1]", "a conf is a JSON object"),
        ("null", "a conf is a JSON object"),
        ("day=1", "no JSON: "),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_wrong_with_a_conf_is_told_by_its_beginning(conf: str, wrong: str) -> None:
    assert wrong in (wrong_with(conf) or "")


@pytest.mark.parametrize("conf", ["{}", '{"a": "{\'b\': 1}"}', ' {"n": [1, null]}\n', '{"名": "🎉"}'])
def test_nothing_is_wrong_with_a_json_object(conf: str) -> None:
    assert wrong_with(conf) is None


def test_the_quoting_that_is_named_is_the_right_one() -> None:
    line = "dags trigger etl " + QUOTED.partition(" in ")[0]
    assert json.loads(command_line(line).split("'")[1]) == {"day": "2026-01-01"}


@pytest.mark.parametrize(
    "reason", [NO_JSON, unrecognized("1}"), "TypeError: x", "ValueError: DagRun conf must be a JS"]
)
@pytest.mark.parametrize("option", ["-c ", "-c", "--conf ", "--conf="])
@pytest.mark.parametrize("command", ["dags trigger", "trigger_dag", "dags backfill", "backfill", "dags test"])
def test_a_conf_that_is_none_is_told_with_the_quoting_for_each_shell(command: str, option: str, reason: str) -> None:
    told = advice(f'{command} demo {option}{{"day": 1}}', reason) or ""
    assert LOST in told
    for way in ("in sh", "PowerShell from 7.3", "older PowerShells", "cmd", "json.dumps(conf)", "--conf @FILE"):
        assert way in told


def test_the_conf_of_a_backfill_of_3_is_one_too() -> None:
    reason = "ValueError: Invalid JSON in --dag-run-conf: Expecting property name"
    assert LOST in (advice("backfill create --dag-id etl --dag-run-conf {a:1}", reason) or "")


@pytest.mark.parametrize(
    "line", ["dags trigger demo -c '{\"a\": 1}'", "dags trigger demo", "dags trigger demo -c", "clear -c x"]
)
def test_a_conf_that_is_right_is_not_what_went_wrong(line: str) -> None:
    assert advice(line, NO_JSON) is None


def test_a_wrong_conf_is_not_told_of_where_something_else_failed() -> None:
    assert advice("dags trigger nosuch -c {a}", "airflow.exceptions.DagNotFound: Dag id nosuch not found") is None


def test_advice_has_no_value_of_the_conf() -> None:
    for conf in ("{s3cr3t: 1}", "{'s3cr3t': 1}", '{"s3cr3t":', '["s3cr3t"]', '{"a": "s3cr3t" 1}', "@s3cr3t", "s3cr3t"):
        assert "s3cr3t" not in (advice(command_line(["dags", "trigger", "d", "-c", conf]), NO_JSON) or "s3cr3t")


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("dags delete demo", "--yes"),
        ("tasks clear demo", "--yes"),
        ("db clean --clean-before-timestamp 2020-01-01", "--yes"),
        ("dags unpause --treat-dag-id-as-regex d.*", "--yes"),
        ("dags backfill demo --reset-dagruns", "--yes"),
        ("delete_dag demo", "--yes"),
        ("backfill demo --reset_dagruns", "--yes"),
        ("clear demo", "--no_confirm"),
    ],
)
def test_a_command_that_asks_is_told_the_option_that_answers(line: str, option: str) -> None:
    assert (advice(line, EOF) or "").endswith(f"add {option}")


def test_a_command_that_asks_something_else_is_told_that_nobody_answers() -> None:
    assert "nobody can answer" in (advice("tasks test demo extract r --post-mortem", EOF) or "")
    assert "--yes" not in (advice("tasks test demo extract r --post-mortem", EOF) or "")


@pytest.mark.parametrize(
    ("line", "reason", "told"),
    [
        ("dags list-runs -d demo", unrecognized("-d"), "dags list-runs DAG_ID"),
        ("dags list-runs --dag-id=demo", unrecognized("--dag-id=demo"), "dags list-runs DAG_ID"),
        ("dags list-runs demo", unrecognized("demo"), "dags list-runs -d DAG_ID"),
        (
            "dags list-runs demo",
            "airflow dags list-runs command error: the following arguments are required: -d/--dag-id, see help above.",
            "dags list-runs -d DAG_ID",
        ),
        ("dags trigger demo -e 2024-01-01", unrecognized("-e 2024-01-01"), "Airflow 3 calls it --logical-date"),
        ("dags trigger demo --exec-date=x", unrecognized("--exec-date=x"), "Airflow 3 calls it --logical-date"),
        ("dags trigger demo -l x", unrecognized("-l x"), "it is called --exec-date"),
        ("dags trigger demo --run_id x", unrecognized("--run_id x"), "spelled with dashes"),
        ("connections add c --conn_uri x", unrecognized("--conn_uri ***"), "spelled with dashes"),
        ("trigger_dag demo --run-id x", unrecognized("--run-id x"), "spelled with underscores"),
        ("clear demo -y", unrecognized("-y"), "--no_confirm"),
        ("tasks clear demo -c", unrecognized("-c"), "--yes"),
        ("tasks list demo --tree", unrecognized("--tree"), "dags show DAG_ID"),
        ("dags list -r", unrecognized("-r"), "dags report"),
        ("dags trigger demo -S /x", unrecognized("-S /x"), "leave it out"),
        ("dags trigger demo -o json", unrecognized("-o json"), "it knows --output from Airflow 2.6 on"),
        ("dags unpause demo -o json", unrecognized("-o json"), "it knows --output from Airflow 2.9 on"),
        ("dags list -o json | jq .", unrecognized("| jq ."), "no shell reads the line"),
        ("dags list && version", unrecognized("&& version"), "no shell reads the line"),
        ("dags list ; version", unrecognized("; version"), "no shell reads the line"),
        ("dags trigger etl; version", unrecognized("version"), "no shell reads the line"),
        ("dags trigger etl ;version", unrecognized(";version"), "no shell reads the line"),
        ("dags list -o json |jq .", unrecognized("|jq ."), "no shell reads the line"),
        ("dags list >x", unrecognized(">x"), "no shell reads the line"),
        ("dags list 2>x", unrecognized("2>x"), "no shell reads the line"),
        ("dags list || version", unrecognized("|| version"), "no shell reads the line"),
        ("variables get k; version", unrecognized("version"), "no shell reads the line"),
        ("dags list -o json|jq .", invalid("-o/--output", "json|jq"), "no shell reads the line"),
        ("dags list -o json; version", invalid("-o/--output", "json;"), "no shell reads the line"),
        ("variables set k a b", unrecognized("b"), "goes into quotes"),
        ("variables set k 'select 1;' b", unrecognized("b"), "a value with blanks"),
        ("variables get x", unrecognized("get x"), "variables --get KEY"),
        ("variables gt x", unrecognized("gt x"), "variables --get KEY"),
        ("dags trigger -d etl", unrecognized("-d"), "the DAG's id stands by itself: dags trigger DAG_ID"),
        ("dags trigger --dag-id etl", unrecognized("--dag-id"), "dags trigger DAG_ID"),
        ("dags trigger --dag-id=etl", required("dags trigger", "dag_id"), "dags trigger DAG_ID"),
        ("trigger_dag --dag_id etl", unrecognized("--dag_id"), "trigger_dag DAG_ID"),
        ("tasks list --dag-id etl", unrecognized("--dag-id"), "tasks list DAG_ID"),
        ("dags list --json", unrecognized("--json"), "-o json"),
        ("providers triggerer", invalid("COMMAND", "triggerer"), "the command is 'providers triggers'"),
    ],
)
def test_an_option_of_another_version_is_told_its_name_here(line: str, reason: str, told: str) -> None:
    assert told in (advice(line, reason) or "")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("dags list --bogus", unrecognized("--bogus")),
        ("dags list --dag-id etl", unrecognized("--dag-id etl")),
        ("dags trigger", required("dags trigger", "dag_id")),
        ("variables set k v ''", unrecognized("")),
        ("dags list -o xml", invalid("-o/--output", "xml")),
        ("dags trigger etl --note 'a; b' --bogus", unrecognized("--bogus")),
        ("dags trigger etl --note a&b --bogus", unrecognized("--bogus")),
        ("dags trigger nosuch", "airflow.exceptions.DagNotFound: Dag id nosuch not found in DagModel"),
        ("variables get k", "Variable k does not exist"),
        ("dags list", ""),
    ],
)
def test_nothing_is_advised_where_nobody_knows(line: str, reason: str) -> None:
    assert advice(line, reason) is None


@pytest.mark.parametrize("version", RECORDED)
def test_each_recorded_conf_that_is_no_json_gets_advice(version: str) -> None:
    wrong = [record for record in records(version) if record.argv[-1] == "{not json"]
    assert wrong
    for record in wrong:
        reason = failure(record.stdout, record.stderr)
        assert reason
        assert LOST in (advice(command_line(record.argv), reason) or "")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("dags list", "it prints one with '--output json'"),
        ("dags trigger etl", "it prints one with '--output json' (Airflow 2.6 and later)"),
        ("assets list", "it prints one with '--output json'"),
        ("dags list -o json", "it was asked for JSON"),
        ("dags list -ojson", "it was asked for JSON"),
        ("dags list --output json", "it was asked for JSON"),
        ("dags list --output=json", "it was asked for JSON"),
        ("dags list --out json", "it was asked for JSON"),
        ("dags list '-o' \"json\"", "it was asked for JSON"),
        ("dags list -o yaml", "it prints one with '--output json'"),
        ("dags test etl", "it never prints one"),
        ("variables get k", "it never prints one"),
        ("version", "it never prints one"),
        ("list_dags", "it never prints one"),
        ("list_dag_runs etl", "it never prints one"),
        ("bogus", "commands that can print one"),
    ],
)
def test_json_is_asked_for_only_where_it_was_not_and_where_it_can_be(line: str, told: str) -> None:
    assert json_advice(line).startswith(told)
