"""Building the line that is sent."""

import shlex
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mwaa_async import MwaaClient, OutcomeUnknownError
from mwaa_async._protocol.command_line import asks_for_json, command_line
from mwaa_async._protocol.words import first_words, split_words
from mwaa_async.emulator import Emulator

# What an argument can hold: no NUL (nor can a process's), no lone surrogate (nor can UTF-8).
ARGUMENTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
# A first word "airflow" is dropped, and no arguments at all are no command.
COMMANDS = st.lists(ARGUMENTS, min_size=1).filter(lambda words: words[0] != "airflow")


@given(COMMANDS)
@example(["dags", "trigger", "etl", "--conf", '{"text": "it\'s \\"quoted\\" $HOME"}'])
@example(["", "''", '"', "\\", "\n", "\r\n", "a b", "名 🎉", "\x85\u2028", "~", "*", "#x", "!"])
def test_a_shell_splits_a_quoted_sequence_into_exactly_its_arguments(arguments: list[str]) -> None:
    assert shlex.split(command_line(arguments)) == arguments
    assert split_words(command_line(arguments)) == arguments


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(commands=st.lists(COMMANDS.filter(any), min_size=1, max_size=3))
@pytest.mark.anyio
async def test_the_web_server_gets_exactly_the_arguments_of_a_sequence(
    emulator: Emulator, commands: list[list[str]]
) -> None:
    async with MwaaClient(**emulator.client_options(), allow_unlisted=True, settle_time=0.0) as client:
        for arguments in commands:
            with suppress(OutcomeUnknownError):  # of what MWAA does not offer
                await client.environment("demo").run(arguments, check=False)
            assert shlex.split(emulator.commands[-1].command) == arguments


@pytest.mark.parametrize(
    "line",
    [
        "dags list -o json",
        "  dags   list\t-o json ",
        "dags trigger etl -c '{\"day\": 1}'",
        'dags trigger etl -c "{\\"day\\": 1}"',
        "variables set k 'two\nlines'",
        'variables set k "two\r\nlines"',
        'variables set k "an escaped \\"\nline"',
        "variables set k a\\ b\\'",
        "airflowx list",
        "airflow-info",
        "'airflow' version",
        "dags list airflow",
        "variables set 名 🎉",
    ],
)
def test_a_string_is_sent_as_it_is(line: str) -> None:
    assert command_line(line) == line


@pytest.mark.parametrize(
    "command",
    [
        "airflow dags list",
        "  airflow dags list",
        "airflow\tdags list",
        " \tairflow \t dags list",
        ["airflow", "dags", "list"],
    ],
)
def test_a_leading_word_airflow_is_dropped(command: str | list[str]) -> None:
    assert shlex.split(command_line(command)) == ["dags", "list"]


def test_only_one_word_airflow_is_dropped() -> None:
    assert command_line("airflow airflow version") == "airflow version"
    assert command_line(["airflow", "airflow", "version"]) == "airflow version"


@pytest.mark.parametrize("command", ["", " ", "\t \t", "\n", "airflow", " airflow ", "airflow\t", [], (), ["airflow"]])
def test_an_empty_command_is_refused(command: str | list[str]) -> None:
    with pytest.raises(ValueError, match="empty"):
        command_line(command)


@pytest.mark.parametrize("command", ["a\0b", "'a\0b'", ["a\0b"], ["variables", "set", "k", "\0"]])
def test_a_nul_is_refused(command: str | list[str]) -> None:
    with pytest.raises(ValueError, match="NUL"):
        command_line(command)


@pytest.mark.parametrize(
    "line",
    ["dags\nlist", "dags\rlist", "dags \\\nlist", "'a'\n'b'", "\nairflow version", "dags list\nversion\n"],
)
def test_a_line_break_outside_quotes_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"line break outside quotes.*: quote an argument that has one, or pass a seq"):
        command_line(line)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n", "\n  ", "\n \t\r\n"])
@pytest.mark.parametrize(
    "line", ["dags list", "dags list -o json ", "variables set k 'two\nlines'", "variables set k a\\ "]
)
def test_line_breaks_at_the_end_of_a_string_are_dropped(line: str, end: str) -> None:
    assert command_line(line + end) == line


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_break_at_the_end_of_an_argument_is_the_arguments(end: str) -> None:
    assert split_words(command_line(["variables", "set", "k", f"v{end}"])) == ["variables", "set", "k", f"v{end}"]


@pytest.mark.parametrize("line", ["dags list \\\n", "variables set k 'v\n"])
def test_a_line_break_that_belongs_to_something_is_not_dropped_in_silence(line: str) -> None:
    with pytest.raises(ValueError, match=r"backslash|never closed"):
        command_line(line)


def test_line_breaks_are_dropped_in_linear_time() -> None:
    started = time.process_time()
    with pytest.raises(ValueError, match="line break"):
        command_line("dags" + "\n \n" * 500_000 + "list")
    assert time.process_time() - started < 2


@pytest.mark.parametrize("body", ['{\n  "conf": {}\n}', '\n[\n{"dag_id": "etl"}]'])
def test_a_json_document_over_several_lines_is_named_as_that(body: str) -> None:
    with pytest.raises(ValueError, match="this is JSON, and the endpoint is no REST API"):
        command_line(body)


@pytest.mark.parametrize("line", ["'a", '"a', "a'", "'a'b'", '"a\\"', "a 'b\"", "it's", "'a\nb"])
def test_a_quote_that_is_never_closed_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"never closed|line break"):
        command_line(line)


@pytest.mark.parametrize("line", ["a\\", "a \\", "a \\\\\\"])
def test_a_backslash_at_the_end_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="ends in a backslash"):
        command_line(line)


@pytest.mark.parametrize("command", ["dags list \udc80", "'\ud800'", ["\udfff"], ["名", "\udc80"]])
def test_what_utf_8_cannot_express_is_refused(command: str | list[str]) -> None:
    with pytest.raises(ValueError, match="UTF-8"):
        command_line(command)


@pytest.mark.parametrize(
    "command", [b"dags list", b"", bytearray(), [b"dags"], ["dags", 1], ["dags", None], [["dags"]]]
)
def test_what_is_no_text_is_a_type_error(command: Any) -> None:
    with pytest.raises(TypeError, match="sequence of strings"):
        command_line(command)


@settings(max_examples=1000)
@given(st.text(alphabet="'\"\\ \tab#$"))
@example('"a\\"\'"\'')
@example("\\'\\\"\\\\")
def test_a_string_in_one_line_is_refused_exactly_where_a_shell_cannot_split_it(line: str) -> None:
    assert _is_taken(line) == bool(line.strip() and _words(line) is not None)


@settings(max_examples=1000)
@given(st.text(alphabet="'\"\\ \n\r\tab"))
def test_a_line_break_in_a_string_that_is_taken_is_a_part_of_an_argument(line: str) -> None:
    if _is_taken(line):
        sent = command_line(line)  # without the line breaks at its end
        assert split_words(sent) == _words(line)
        # A shell splits at a line break, but not at a letter.
        assert _words(_with_letters(sent)) == [_with_letters(word) for word in split_words(sent)]


@settings(max_examples=2000)
@given(st.text(alphabet="'\"\\ \n\r\tab\0\u00a0#") | st.text())
@example("''\"\"a'b'\"c\\\"\\\\\\d\"\\e'f'")
@example("a\\ ")
@example("'' a'\"'")
def test_a_line_is_split_exactly_as_shlex_splits_it(line: str) -> None:
    wanted = _words(line)
    if wanted is None:
        with pytest.raises(ValueError, match="a quote is not closed, or nothing follows a backslash"):
            split_words(line)
    else:
        assert split_words(line) == wanted
        assert first_words(line, 2) == wanted[:2]


def test_of_the_first_words_only_what_they_need_is_looked_at() -> None:
    assert first_words("dags list 'open", 2) == ["dags", "list"]
    with pytest.raises(ValueError, match="a quote is not closed"):
        first_words("dags list'open", 2)


@pytest.mark.parametrize("line", ["airflowx  airflow dags list", "airflow-x", "x airflow"])
def test_only_a_leading_word_airflow_is_dropped(line: str) -> None:
    assert command_line(line) == line


def _with_letters(text: str) -> str:
    return text.replace("\n", "N").replace("\r", "R")


def _is_taken(line: str) -> bool:
    try:
        return bool(command_line(line))
    except ValueError:
        return False


def _words(line: str) -> list[str] | None:
    try:
        return shlex.split(line)
    except ValueError:
        return None


@pytest.mark.parametrize("option", ["-o json", "-ojson", "--output json", "--output=json", "'--output' 'json'"])
def test_a_command_asks_for_json_in_every_spelling(option: str) -> None:
    assert asks_for_json(f"dags list {option}")
    assert asks_for_json(f"dags list-runs {option} etl")
    for other in (option.replace("json", "yaml"), f'"{option}"' if " " in option else f"x{option}"):
        assert not asks_for_json(f"dags list {other}")
