"""Promise: no line, output or answer is so large, or so nasty, that the event loop stands still over it."""

import base64
import json
import math
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import pytest

from mwaa_async._protocol.advice import advice, json_advice
from mwaa_async._protocol.answers import read_answer, read_large_answer
from mwaa_async._protocol.catalogue import is_offered, misspelled, only_reads
from mwaa_async._protocol.command_line import asks_for_json, command_line
from mwaa_async._protocol.confs import wrong_with
from mwaa_async._protocol.documents import find_json
from mwaa_async._protocol.instead import instead, pasted
from mwaa_async._protocol.log_lines import answer_lines, answered, divided, text_in, without_last_records
from mwaa_async._protocol.named_failures import named_failure
from mwaa_async._protocol.secrets import called, redacted, without_secrets
from mwaa_async._protocol.tables import read_table
from mwaa_async._protocol.verdicts import failure, lists_import_errors, printed_nothing
from mwaa_async._protocol.words import MOST_WORDS, first_words, split_words
from tests.protocol import processor_time

LARGE = 1 << 20
SMALL = LARGE // 10
ENOUGH = 0.05  # seconds for LARGE
# On a machine that is too slow for that: it may take so much longer than SMALL, of which a tenth is linear.
RATIO = 40  # ten times as much takes ten times as long, and a hundred times where it is quadratic
NOW = datetime(2026, 11, 22, tzinfo=UTC)

BEGINNINGS = ["dags trigger etl -c ", "variables set key ", "connections add c --conn-uri ", "nosuch"]
PIECES = {
    "letters": "a",
    "blanks": " ",
    "backslashes": "\\",
    "single quotes": "''",
    "double quotes": '""',
    "quoted letters": "'a'",
    "words": "a ",
    "short secrets": "-a=b ",
    "escaped letters": "\\ab",
    "escaped quotes": '"\\""',
    "lists": "[",
    "texts": '\\"abc\\",',
    "lines": "'abc\n'",
    "addresses": "http://u:p@h?a=b&",
    "escapes of addresses": "%41",
}
OUTPUTS = {
    "letters": "a",
    "blanks": " ",
    "line breaks": "\n",
    "carriage returns": "\r\n",
    "short lines": "a\n",
    "indented lines": "  a\n",
    "brackets": "[",
    "braces": "{",
    "numbers": "1",
    "quotes": '"',
    "rows": '[{"a": "b"}]\n',
    "open rows": '[{"a": "b"},\n',
    "digits": "2026-11-22 ",
    "log lines": "[2026-11-22 10:33:13,100] {dagbag.py:417} INFO - a\n",
    "log lines of version 3": "2026-11-22T10:33:13.100000Z [info     ] a [airflow] loc=a.py:1\n",
    "half of log lines": "2026-11-22T10:33:13.100000Z [info     ] a\n",
    "records": '{"timestamp":"2026-11-22T10:33:13Z","level":"info","event":"a","logger":"b"}\n',
    "critical records": '{"timestamp":"2026-11-22","level":"critical","event":"","logger":"unhandled_exception",\n',
    "lines of MWAA": "CloudWatch logging is disabled for SubprocessLogHandler\n",
    "tracebacks": 'Traceback (most recent call last):\n  File "a.py", line 1, in a\nValueError: a\n',
    "chains": "Traceback (most recent call last):\n  a\nA: a\n\nDuring handling of the above exception, another:\n\n",
    "asides": "Exception ignored in: a\nTraceback (most recent call last):\n",
    "asides of MWAA": 'MWAA logging error: a\nTraceback (most recent call last):\n  File "/mwaa/logging/a"\n',
    "groups": "  + Exception Group Traceback (most recent call last):\n  | a\n",
    "errors": " command error: --conn-uri is invalid: ",
    "arguments": "airflow dags command error: unrecognized arguments: ",
    "required arguments": "the following arguments are required: ",
    "choices": ": invalid choice: '",
    "numbered lines": "A: line 1 column ",
    "integrity": "IntegrityError: duplicate key ",
    "quoted integrity": 'IntegrityError: duplicate key "dag_run_dag_id_',
    "runs": "DAG: Dag id Dag 'a' could not be found",
    "cells": "a |",
    "rows of a table": "a |\n",
    "lists of YAML": "- error: a\n  b: c\n",
    "import errors": '[{"filepath": "a", "error": "',
    "colours": "\x1b[1m",
}

UNKNOWN = "airflow dags command error: unrecognized arguments: {}, see help above."
MISSING = "airflow dags command error: the following arguments are required: dag_id, see help above."
OF_LINES: dict[str, Callable[[str], object]] = {
    "command_line": command_line,
    "first_words": lambda line: first_words(line, MOST_WORDS),
    "redacted": redacted,
    "called": called,
    "without_secrets": lambda line: without_secrets(line, line),
    "asks_for_json": asks_for_json,
    "is_offered": lambda line: is_offered(line, (2, 10, 3)),
    "misspelled": lambda line: misspelled(line, (2, 10, 3)),
    "only_reads": only_reads,
    "advice on a conf": lambda line: advice(line, "ValueError: no JSON"),
    "advice on an option": lambda line: advice(line, UNKNOWN.format("--conf_")),
    "advice on a missing DAG": lambda line: advice(line, MISSING),
    "json_advice": json_advice,
    "instead": lambda line: (pasted(line), instead(line, (2, 10, 3))),
    "wrong_with": wrong_with,
}
OF_OUTPUTS: dict[str, Callable[[str], object]] = {
    "failure on stdout": lambda output: failure(output, ""),
    "failure on stderr": lambda output: failure("", output),
    "failure on both": lambda output: failure(output, output, always_answers=False),
    "printed_nothing": lambda output: printed_nothing("dags list", output),
    "printed_nothing of a text": lambda output: printed_nothing("variables get key", output),
    "lists_import_errors": lists_import_errors,
    "divided": divided,
    "text_in": lambda output: text_in(output, NOW),
    "answered": answered,
    "without_last_records": without_last_records,
    "answer_lines": answer_lines,
    "find_json": find_json,
    "read_table": read_table,
    "named_failure": named_failure,
    "advice": lambda output: advice("dags trigger etl", UNKNOWN.format(output)),
}


def of_size(beginning: str, piece: str, size: int) -> str:
    return beginning + piece * (size // len(piece))


def attempted(does: Callable[[str], object], text: str) -> None:
    with suppress(ValueError):  # nor may it take long to find out that it cannot be done
        does(text)


def check(does: Callable[[str], object], beginning: str, piece: str) -> None:
    """Measure it, and again where it took too long: on a busy machine memory is slow, and slower for a large text."""
    large, small = (partial(attempted, does, of_size(beginning, piece, size)) for size in (LARGE, SMALL))
    took = took_small = math.inf
    for _ in range(10):
        took = min(took, processor_time.of_large(large))
        if took < ENOUGH:
            return
        # Thrice, since too slow a one would hide a square.
        took_small = min(took_small, *(processor_time.of_small(small) for _ in range(3)))
        if took < RATIO * took_small:
            return
    pytest.fail(f"{took * 1000:.0f} ms, and {took_small * 1000:.0f} ms for a tenth of it")


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("function", OF_LINES)
def test_a_line_of_1_mb_takes_50_ms_or_linear_time(function: str, piece: str) -> None:
    for beginning in BEGINNINGS:
        check(OF_LINES[function], beginning, PIECES[piece])


@pytest.mark.parametrize("piece", OUTPUTS)
@pytest.mark.parametrize("function", OF_OUTPUTS)
def test_an_output_of_1_mb_takes_50_ms_or_linear_time(function: str, piece: str) -> None:
    check(OF_OUTPUTS[function], "", OUTPUTS[piece])


@pytest.mark.parametrize("piece", OUTPUTS)
@pytest.mark.parametrize("read", [read_answer, read_large_answer])
def test_an_answer_of_1_mb_takes_50_ms_or_linear_time(read: Callable[[bytes], object], piece: str) -> None:
    def of_text(text: str) -> object:
        encoded = base64.b64encode(text.encode())
        return read(b'{"stdout": "%s", "stderr": ""}' % encoded), _or_none(read, text.encode())

    check(of_text, "", OUTPUTS[piece])


@pytest.mark.parametrize("piece", PIECES)
def test_the_words_of_1_mb_are_split_in_linear_time(piece: str) -> None:
    check(split_words, "", PIECES[piece])


def test_10000_secrets_in_a_text_of_1_mb_are_hidden_in_no_time() -> None:
    for secrets in ([f"s{number}" for number in range(10_000)], ["a"], ["a" * LARGE]):
        line = command_line(["variables", "set", "key", json.dumps(secrets)])
        check(partial(without_secrets, line=line), "", f"{secrets[0]} ")


def _or_none(read: Callable[[bytes], object], body: bytes) -> object:
    try:
        return read(body)
    except ValueError:
        return None
