"""Promise: secrets stay secret, and the rest stays readable."""

import html
import json
import re
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mwaa_async import CommandFailedError, CommandResult, MwaaError, OutputError
from mwaa_async._attempts import AttemptError, LostError, NotSentError, StatusError
from mwaa_async._outcomes import check, error_after
from mwaa_async._protocol.command_line import command_line
from mwaa_async._protocol.secrets import HIDDEN, called, may_print_secrets, redacted, without_secrets

S = "s3cr3t"
ARGUMENTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
ROW = f'[{{"key": "{S}"}}]'

SECRET_COMMANDS = [
    ["variables", "set", "key", S],
    ["variables", "set", "-j", "key", json.dumps({"token": S})],
    ["variables", "set", "key", S, "--json"],
    ["variables", "set", "--description", "why", "key", S],
    ["variables", "set", "key", S, "--description", S],
    ["variables", "set", f"--description={S}", "key", "value"],
    ["variables", "set", "key", f"-{S}"],
    ["variables", "set", "key", f"--{S}"],
    ["variables", "set", "key", f"--{S}=="],
    ["variables", "set", "key", f"--conn-{S}"],
    ["variables", "set", "--", "key", f"--{S}"],
    ["variables", "set", "--", "-key", S],
    ["variables", "set", "-key", S],
    ["variables", "set", "--nosuch", "value", S],
    ["variables", "set", f"-d{S}", "key"],
    ["variables", "set", "key", "one", S],
    ["variables", "set", "--json", S],
    ["variables", "set", "--", S],
    ["variables", "set", "--output", S],
    ["variables", "-s", "-j", S],
    ["variables", "get", "key", "-d", S],
    ["variables", "get", "-d", S, "key"],
    ["variables", "get", "--def", S, "key"],
    ["variables", "get", f"--default={S}", "key"],
    ["airflow", "variables", "set", "key", S],
    ["--nosuch", "variables", "set", "key", S],
    ["variables", "-s", "key", S],  # 1.10
    ["variables", "--set", "key", S],
    ["variables", "-j", "-s", "key", json.dumps([S])],
    ["variables", "--get", "key", "--default", S],
    ["connections", "add", "c", "--conn-uri", f"postgres://user:{S}@host:5432/db"],
    ["connections", "add", "c", f"--conn-uri=postgres://user:{S}@host:5432/db"],
    ["connections", "add", "--conn-uri", f"https://host?token={S}", "c"],
    ["connections", "add", "c", "--conn-type", "http", "--conn-password", S],
    ["connections", "add", "--conn-password", S, "--conn-type", "http", "c"],
    ["connections", "add", "c", f"--conn-password={S}"],
    ["connections", "add", "c", "--conn-pass", S],
    ["connections", "add", "c", f"--conn-pass={S}"],
    ["connections", "add", "--conn-p", S, "c"],
    ["connections", "add", "c", "--conn-password", f"-{S}"],
    ["connections", "add", "c", "--conn-host", f"--conn-password={S}"],
    ["connections", "add", "c", "--conn-extra", json.dumps({"key": S})],
    ["connections", "add", "c", "--conn-json", json.dumps({"conn_type": "http", "password": S})],
    ["connections", "add", "c", "--conn-j", json.dumps({"extra": [{"key": S}]})],
    ["connections", "add", "c", "--conn-description", S],
    ["connections", "--add", "--conn_id", "c", "--conn_uri", f"http://u:{S}@h"],  # 1.10
    ["connections", "-a", "--conn_id", "c", "--conn_password", S],
    ["users", "create", "--username", "admin", "--password", S],
    ["create_user", "-u", "admin", "-p", S],
    ["variables", "--set=key", S],  # 1.10
    ["variables", "-s=key", S],
    ["variables", "-skey", S],
    ["variables", f"-s{S}"],
    ["variables", "--set", f"key={S}"],
    ["variables", "--se", "key", S],
    ["variables", "--se=key", S],
    ["variables", "-js", "key", S],
    ["variables", "--get=key", S],
    ["connections", "--add=c", S],
]
# What somebody may write who means one of these.
MISSPELLED = [
    ["variable", "set", "key", S],
    ["VARIABLES", "set", "key", S],
    ["variables", "sett", "key", S],
    ["variables", S],
    ["variables", f"set={S}", "x"],
    ["var", S],
    ["vars", "--set", "key", S],
    ["variables\u00a0set", "key", S],
    ["variables", f"set\u00a0key\u00a0{S}"],
    [f"variables\u00a0set\u00a0key\u00a0{S}"],
    ["variables", "set", f"key\u00a0{S}"],
    [f"variables:set:key={S}"],
    ["set", "variables", S],
    ["-x", "variable", "set", "key", S],
    [f"-{S}", "variable"],
    ["connection", "add", "x", "--conn-password", S],
    ["connections-add", "x", "--conn-uri", f"http://u:{S}@h"],
    ["user", "create", "-p", S],
]
SECRET_COMMANDS += MISSPELLED
SECRET = pytest.mark.parametrize("arguments", SECRET_COMMANDS, ids=" ".join)


@SECRET
def test_no_secret_is_in_a_redacted_command(arguments: list[str]) -> None:
    shown = redacted(command_line(arguments))
    assert S not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize("arguments", MISSPELLED, ids=" ".join)
def test_what_a_command_is_called_is_told_without_any_secret(arguments: list[str]) -> None:
    assert S not in called(command_line(arguments))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("variable set key v", "variable set"),
        ("connection add x --conn-password v", "connection add"),
        ("VARIABLES set key v", "VARIABLES set"),
        ("variables\u00a0set key v", "variables*** ***"),
        ("dags lst -o json", "dags lst"),
        ("dags 'two words'", "dags two***"),
        ("scheduler", "scheduler"),
        ("users create -p v", "users create"),
        ("webserver -p 8080", "webserver ***"),
        ("x" * 40, HIDDEN),
        ("''", ""),
        ("dags 'open", "dags ***"),
        ("variables 'open", "variables ***"),
        ("variables set'open", "variables ***"),
        ("'variables set key v", "*** set"),
        ("dags " + "l" * 10_000, "dags ***"),
        ("'" + "v" * 10_000 + "'", HIDDEN),
        (" ", ""),
    ],
)
def test_of_an_unknown_command_the_words_by_which_it_is_called_are_told(line: str, shown: str) -> None:
    assert called(line) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"variables set key '{S} and more'", "variables set key ***"),
        (f'variables set key "{S} and \\"more\\""', "variables set key ***"),
        (f"variables set key {S}\\ more", "variables set key ***"),
        (f"variables  set\tkey {S}", "variables set key ***"),
        (f"variables set 'two words' {S}", "variables set 'two words' ***"),
        (f"'variables' \"set\" key {S}", "variables set key ***"),
        (f"variables set key '{S}", HIDDEN),
        (f"variables --set={S} '", HIDDEN),
    ],
)
def test_quotes_do_not_hide_a_secret_from_being_found(line: str, shown: str) -> None:
    assert redacted(line) == shown


@SECRET
def test_no_secret_is_in_what_a_command_printed(arguments: list[str]) -> None:
    line = command_line(arguments)
    assert S not in without_secrets(f"unrecognized arguments: {' '.join(arguments[2:])}, see help above.", line)
    assert S not in without_secrets(f"invalid value: {arguments!r}", line)


@pytest.mark.parametrize("value", [[S], ["--description", "x", f"-{S}"], [f"-d{S}"], [f"--nosuch={S}"]], ids=" ".join)
def test_a_secret_is_blanked_out_within_other_words(value: list[str]) -> None:
    assert without_secrets(f"at x{S}x", command_line(["variables", "set", "key", *value])) == "at x***x"


@SECRET
@pytest.mark.parametrize("status", [200, 400])
def test_no_secret_is_in_a_result_or_in_an_error(arguments: list[str], status: int) -> None:
    line = command_line(arguments)
    stderr = f"airflow command error: unrecognized arguments: {' '.join(arguments)}, see help above.\n"
    result = CommandResult("demo", line, ROW, stderr, status, 0.0, 0.0)
    with pytest.raises(CommandFailedError) as failed:
        check(result)
    with pytest.raises(OutputError) as unusable:
        CommandResult("demo", line, S, S, status, 0.0, 0.0).json()
    body = f"<html>{' '.join(arguments)} {arguments!r}</html>".encode()
    faileds: list[AttemptError] = [LostError("connection lost"), NotSentError("no connection")]
    statuses = (302, 401, 403, 404, 405, 413, 429, 500, 503, 504)
    faileds += [StatusError(code, body, None) for code in statuses]
    errors = [failed.value, unusable.value, *(error_after(failed, line, "demo") for failed in faileds)]
    assert S not in repr(result)
    assert not any(S in text for error in errors for text in _texts(error))


def _texts(error: MwaaError) -> list[str]:
    return [str(error), repr(error), repr(error.args), repr(error.command), repr(error.result)]


@given(ARGUMENTS, ARGUMENTS, ARGUMENTS)
@example("--", "one", "another")
@example("-o", "one", "another")
def test_of_two_values_a_redacted_command_shows_no_difference(key: str, one: str, other: str) -> None:
    # What begins with a dash is no value to Airflow, and stars are shown as they are.
    if not any(value.startswith("-") or value == HIDDEN for value in (one, other)):
        assert redacted(command_line(["variables", "set", key, one])) == redacted(
            command_line(["variables", "set", key, other])
        )


@given(ARGUMENTS, ARGUMENTS.filter(lambda value: len(value) >= 4), st.booleans())
def test_no_value_of_any_variable_is_shown(key: str, value: str, literal: bool) -> None:
    # Without "--" Airflow takes what begins with a dash for an option.
    options = ["--"] if literal or value.startswith("-") else []
    shown = redacted(command_line(["variables", "set", *options, key, value]))
    if value not in redacted(command_line(["variables", "set", *options, key, "another"])):
        assert value not in shown


@given(ARGUMENTS.filter(lambda value: len(value.strip()) >= 4), ARGUMENTS, ARGUMENTS)
def test_no_value_is_in_what_a_command_printed_wherever_it_stands(value: str, before: str, after: str) -> None:
    shown = without_secrets(f"{before}{value}{after}", command_line(["variables", "set", "--", "key", value]))
    if value not in before + HIDDEN + after:
        assert value not in shown


@pytest.mark.parametrize(
    "password",
    ["p@ss/word", "p%40ss", "two  words", "tab\tand\nlines", 'a"quote', "it's", "a&b<c>", "pässwörd", "back\\slash"],
)
def test_a_secret_is_found_however_it_is_spelled(password: str) -> None:
    uri = f"postgres://user:{quote(password, safe='')}@host/db"
    commands = [["connections", "add", "c", "--conn-uri", uri], ["variables", "set", "key", password]]
    spellings = [password, repr(password), json.dumps(password), html.escape(password), " ".join(password.split())]
    for arguments in commands:
        shown = without_secrets(f"one: {', two: '.join(spellings)}", command_line(arguments))
        assert not re.search(r"p@ss|p%40|p.*ss.*rd|words|tab|lines|quote|it.s|b.*c|slash", shown.removeprefix("one: "))
    assert quote(password, safe="") not in without_secrets(f"at {quote(password, safe='')}", command_line(commands[0]))


@pytest.mark.parametrize(
    "arguments",
    [
        ["variables", "set", "-j", "key", json.dumps([{"deep": [S]}])],
        ["connections", "add", "c", "--conn-json", json.dumps({"password": S})],
        ["connections", "add", "c", f"--conn-extra={json.dumps({'token': S})}"],
        ["connections", "add", "c", "--conn-uri", f"http://h?token={S}&x=1"],
        ["connections", "add", "c", "--conn-uri", f"http://u:{S}@h"],
        ["connections", "add", "c", "--conn-uri", f"http://u:{S}/b@h"],
        ["connections", "add", "c", "--conn-uri", f"http://u:{S}#b?@h/?x=a@b"],
        ["connections", "add", "c", "--conn-json", json.dumps({"extra": json.dumps({"deep": [S]})})],
    ],
    ids=" ".join,
)
def test_a_part_of_a_value_is_a_secret_by_itself(arguments: list[str]) -> None:
    assert without_secrets(f"refused {S}!", command_line(arguments)) == "refused ***!"


def test_no_line_of_a_secret_in_several_lines_is_shown_alone() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----"
    line = command_line(["connections", "add", "c", "--conn-extra", key])
    assert without_secrets("bad: MIIEvQIBADANBg", line) == "bad: ***"


@pytest.mark.parametrize(
    ("line", "text", "shown"),
    [
        ("variables set key a", "a Variable has a name", "*** Variable has *** name"),
        ("variables set key abc", "abcd abc", "abcd ***"),
        ("variables set key ''", "nothing", "nothing"),
        ("variables set key '  '", "two  blanks", "two  blanks"),
        ("variables set key '***'", "a *** b", "a *** b"),
        ('dags trigger etl -c \'{"a": "long"}\'', "long", "long"),
        ("variables set key 'open", "open", HIDDEN),
    ],
)
def test_what_a_command_printed_stays_readable(line: str, text: str, shown: str) -> None:
    assert without_secrets(text, line) == shown


@pytest.mark.parametrize(
    "line",
    [
        'dags trigger etl --conf \'{"day": "2026-01-01"}\' -r run1',
        "dags list  -o json",
        "variables get KEY",
        "variables get -j KEY",
        "variables get 'two words'",
        "variables list -o json",
        "variables list --output yaml",
        "variables delete KEY",
        "variables --get KEY -j",
        "variables",
        "variables import variables.json",
        "connections delete ID",
        "connections list",
        "connections add ID --conn-type http --conn-host h --conn-port 80 --conn-login me --conn-schema https",
        "connections add --conn-type=http --conn-host=h ID",
        "tasks test etl load 2026-01-01",
        "dags trigger variables -c secret",
        "version",
    ],
)
def test_what_is_no_secret_stays_readable(line: str) -> None:
    assert redacted(line) == line


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"dags trigger etl -c '{'x' * 1000}'", f"dags trigger etl -c '{'x' * 179}… (1022 characters)"),
        (f"dags trigger {'x' * 187}", f"dags trigger {'x' * 187}"),
        (f"variables get {'x' * 1000}", f"variables get {'x' * 186}… (1014 characters)"),
        (f"variables set {'x' * 1000} {S}", f"variables set {'x' * 186}… (1018 characters)"),
        (f"variables set key {S * 1000}", "variables set key ***"),
        (f"variables set key {'v ' * 1001}", "variables set ***"),
        (f"variables delete -- {'-s ' * 1001}", "variables delete ***"),
        (f"dags trigger {'v ' * 1001}", f"dags trigger {'v ' * 93}v… (2015 characters)"),
    ],
)
def test_a_long_command_is_cut_after_its_secrets_are_taken_out(line: str, shown: str) -> None:
    assert redacted(line) == shown


@pytest.mark.parametrize("before", [0, 500, 990, 999, 1000, 1001, 1500])
@pytest.mark.parametrize("length", [4, 10, 300, 999, 1000, 1001, 5000])
def test_no_part_of_a_secret_is_left_where_a_text_is_cut(before: int, length: int) -> None:
    secret = "Q7" * (length // 2) + "Q" * (length % 2)
    shown = without_secrets("." * before + secret + "." * 2000, command_line(["variables", "set", "key", secret]))
    assert "Q" not in shown
    assert shown.startswith("." * min(before, 1000))
    assert shown.endswith(f"… ({before + length + 2000} characters)")


@pytest.mark.parametrize(
    "line",
    [
        *("variables get k", "variables list", "variables -g k", "variables export -", "connections list", "variables"),
        *("connections add c --conn-uri u", "'variables' get k", "airflow variables get k", "-x variables get k"),
        *("tasks render d t x", "render d t x", "tasks test d t x", "test d t x", "dags test d", "tasks run d t x"),
        *("users list", "config get-value a b", "variable get k", "", "'dags list"),
    ],
)
def test_what_a_command_prints_may_be_a_secret(line: str) -> None:
    assert may_print_secrets(line)


@pytest.mark.parametrize(
    "line", ["dags list -o json", "version", "dags trigger variables", "tasks list d", "providers get"]
)
def test_what_a_command_prints_is_no_secret(line: str) -> None:
    assert not may_print_secrets(line)


def test_a_text_that_is_short_enough_is_not_cut() -> None:
    assert without_secrets("x" * 1000, "variables set key v") == "x" * 1000


def test_where_there_are_too_many_secrets_to_look_for_nothing_is_shown() -> None:
    few, many = ({f"secret-{number}": f"value-{number}" for number in range(count)} for count in (900, 1001))
    assert (
        without_secrets("a value-17 of it", command_line(["variables", "set", "k", json.dumps(few)])) == "a *** of it"
    )
    assert without_secrets("a value-17 of it", command_line(["variables", "set", "k", json.dumps(many)])) == HIDDEN
    assert without_secrets("a value-17 of it", command_line(["variables", "set", "k", "v\n" * 1001])) == HIDDEN
    assert without_secrets("a value-17 of it", command_line(["dags", "trigger", *map(str, few)])) == "a value-17 of it"


@pytest.mark.parametrize("secret", ["it's", 'a "quoted" one', 'it\'s "both"'])
def test_of_a_secret_that_is_cut_the_quotes_are_found_however_python_writes_them(secret: str) -> None:
    text = secret * 200 + "'\"tail"
    assert without_secrets(f"invalid: {text!r}", command_line(["variables", "set", "key", text])) in (
        f"invalid: '{HIDDEN}… ({len(repr(text)) + 9} characters)",
        f'invalid: "{HIDDEN}… ({len(repr(text)) + 9} characters)',
    )


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("variables set KEY v", "variables set KEY ***"),
        ("variables set -- -KEY -v", "variables set -- -KEY ***"),
        ("variables set -j KEY '{}'", "variables set -j KEY ***"),
        ("variables get KEY --default v", "variables get KEY --default ***"),
        ("connections add ID --conn-uri=u", "connections add ID --conn-uri=***"),
        ("connections add --conn-password p ID --conn-host h", "connections add --conn-password *** ID --conn-host h"),
        ("connections add --conn-password=p ID", "connections add --conn-password=*** ID"),
        ("connections -a --conn_id ID --conn_uri u", "connections -a --conn_id ID --conn_uri ***"),
        ("variables --set=KEY v", "variables --set=*** ***"),
        ("variable set KEY v", "variable set *** ***"),
        ("config get-value core key", "config *** *** ***"),
    ],
)
def test_around_a_secret_the_command_stays_readable(line: str, shown: str) -> None:
    assert redacted(line) == shown


@pytest.mark.parametrize("start", ["[parameters: ('conn', ", ""])
def test_no_half_of_a_secret_is_shown_where_the_database_library_cuts_it(start: str) -> None:
    secret = "a1" * 400
    printed = f"Error: (sqlite3.Error)\n{start}'{secret[:150]} ... (510 characters truncated) ... {secret[-140:]}')]\n"
    shown = without_secrets(printed, f"connections add c --conn-password {secret}")
    assert shown == "Error: (sqlite3.Error)\n***"
