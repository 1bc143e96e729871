"""Finding the JSON document among Airflow's log lines."""

import json
import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mwaa_async._protocol.documents import find_json

from . import RECORDED, RECORDED_IN_JSON, RECORDED_ON_MWAA, Record, record, records

LOG_2 = "[2026-11-22T10:34:04.903+0000] {dagbag.py:588} INFO - Filling up the DagBag from /usr/local/airflow/dags\n"
DISPOSING = "[2026-11-22T10:34:04.990+0000] {settings.py:413} DEBUG - Disposing DB connection pool (PID 17)\n"
CALLING = "[2026-11-22T10:34:04.905+0000] {cli_action_loggers.py:79} DEBUG - Calling callbacks: []\n"
LOG_3 = (
    "2026-11-22T10:33:23.708062Z [warning  ] Could not import graphviz. Rendering is not possible. \n"
    "You might need to install the graphviz package and necessary system packages.\n"
    "Run `pip install graphviz` to attempt to install it. [py.warnings] category=UserWarning lineno=57\n"
)
COLOURED = "[\x1b[34m2026-11-22 10:36:34,850\x1b[0m] {\x1b[34mdagbag.py:\x1b[0m532} INFO\x1b[0m - Filling up\x1b[0m\n"
ROWS = [{"dag_id": "demo", "is_paused": "True"}, {"dag_id": "etl", "is_paused": "False"}]

SUCCEEDED = [
    record
    for version in (*RECORDED, *RECORDED_ON_MWAA, RECORDED_IN_JSON)
    for record in records(version)
    if record.exit == 0 and "json" in record.argv
]


def _name(record: Record) -> str:
    return f"{record.version}: {' '.join(record.argv)}"[:60]


@pytest.mark.parametrize("record", SUCCEEDED, ids=_name)
def test_every_recorded_answer_in_json_is_found(record: Record) -> None:
    # Airflow prints rows as one line; at most log lines stand around it.
    lines = [line for line in record.stdout.splitlines() if line == "[]" or line.startswith("[{")]
    assert len(lines) == 1
    assert find_json(record.stdout) == json.loads(lines[0])


@pytest.mark.parametrize(
    ("version", "command", "column", "expected"),
    [
        ("2.2.5", "dags list -o json", "dag_id", ["demo", "etl", "report"]),
        ("2.5.3", "dags list -v -o json", "dag_id", ["demo", "etl", "report"]),
        ("2.10.5", "dags list -v -o json", "dag_id", ["demo", "etl", "report"]),
        ("3.3.2", "dags list -v -o json", "dag_id", ["demo", "etl", "report"]),
        ("3.3.2", "dags unpause demo -o json", "is_paused", ["True"]),
        ("2.10.5", "dags list-import-errors -o json", "error", []),
        ("3.3.2", "dags list-runs report -o json", "run_id", []),
        ("3.3.2", "variables list -o json", "key", ["j", "k"]),
        ("3.3.2", "tasks states-for-dag-run demo run1 -o json", "task_id", ["extract", "load"]),
    ],
)
def test_recorded_rows_are_those_that_airflow_printed(
    version: str, command: str, column: str, expected: list[str]
) -> None:
    rows = find_json(record(version, command).stdout)
    assert [row[column] for row in rows] == expected


@pytest.mark.parametrize("version", ["2.2.5", "2.5.3", "2.10.5", "3.3.2"])
def test_a_variable_in_json_is_found(version: str) -> None:
    assert find_json(record(version, "variables get -j j").stdout) == {"a": [1, True]}


@pytest.mark.parametrize(
    "command", ["version", "dags state demo 2020-01-01", "variables get k", "tasks list etl", "dags report"]
)
@pytest.mark.parametrize("version", ["2.2.5", "2.5.3", "2.10.5", "3.3.2"])
def test_recorded_output_without_json_has_no_document(version: str, command: str) -> None:
    with pytest.raises(ValueError, match="no JSON document"):
        find_json(record(version, command).stdout)


@pytest.mark.parametrize("logs", [LOG_2 * 3, LOG_3, COLOURED * 2, LOG_3 + LOG_2, "\n\n", "INFO:root:[1] {2}\n"])
@pytest.mark.parametrize("document", [ROWS, [], {}, {"a": [1, True]}, [1, 2], "text", 5, -1.5, True, None])
def test_a_document_is_found_after_log_lines(logs: str, document: Any) -> None:
    assert find_json(f"{logs}{json.dumps(document)}\n") == document
    assert find_json(f"{logs}{json.dumps(document, indent=2)}") == document
    assert find_json(f"{logs}{json.dumps(document, indent=1)}\n".replace("\n", "\r\n")) == document


@pytest.mark.parametrize("logs", [LOG_2, LOG_3, COLOURED, DISPOSING * 5])
def test_a_document_is_found_before_log_lines(logs: str) -> None:
    assert find_json(f"{LOG_2}{json.dumps(ROWS)}\n{logs}") == ROWS
    assert find_json(f"{LOG_2}{json.dumps(ROWS, indent=4)}\n{logs}") == ROWS


@pytest.mark.parametrize("logged", ['[{"a": 1}]', '{"a": 1}', '{\n  "a": 1\n}', "[1, 2]", "17", '"text"', "[]", "null"])
@pytest.mark.parametrize("answer", ['[{"dag_id": "demo"}]', '{"b": 2}', "[3]", "5", "[]", '"x"', "true"])
def test_json_in_a_log_record_never_wins_over_the_answer(logged: str, answer: str) -> None:
    record = LOG_2.replace("Filling up", "Payload:\n" + logged + "\nFilling up")
    assert find_json(record + answer + "\n") == json.loads(answer)
    assert find_json(record + LOG_2 + answer) == json.loads(answer)
    assert find_json(LOG_2.rstrip() + "\n" + logged + "\n" + answer) == json.loads(answer)


@pytest.mark.parametrize("logged", ['{"a": 1}', "[1, 2]", "17", "null"])
def test_json_in_verbose_records_after_the_answer_does_not_win_over_rows(logged: str) -> None:
    assert find_json(f"{json.dumps(ROWS)}\n{DISPOSING}{logged}\n{DISPOSING}") == ROWS
    assert find_json(f"{logged}\n{LOG_2}{json.dumps(ROWS)}\n{DISPOSING}") == ROWS
    assert find_json(f"[{{}}]\n{LOG_2}{CALLING}{json.dumps(ROWS)}\n{DISPOSING}") == ROWS


@pytest.mark.parametrize(
    "after", ["Plugins:\n[]\n", 'Settings:\n{"a": 1}\n', "n:\n3\n", 'Executed:\n[{"q": 1}]\n', "\n[]\n"]
)
@pytest.mark.parametrize("rows", [ROWS, []])
def test_a_record_in_several_lines_that_ends_the_text_does_not_win_over_rows(rows: Any, after: str) -> None:
    record = "[2026-11-22T10:34:04.990+0000] {x.py:1} DEBUG - " + after
    for before in ("", LOG_2, LOG_2 + CALLING, record):
        assert find_json(f"{before}{json.dumps(rows)}\n{record}") == rows
        assert find_json(f"{before}{json.dumps(rows)}\n{DISPOSING}{record}{DISPOSING}") == rows


@pytest.mark.parametrize("logged", ['{"a": 1}', "3", '"text"'])
def test_what_follows_a_record_does_not_win_over_the_rows_before_it(logged: str) -> None:
    for rows in (ROWS, []):
        assert find_json(f"{json.dumps(rows)}\n{LOG_2}{logged}\n") == rows
    assert find_json(f"{json.dumps(ROWS)}\n{logged}\n") == json.loads(logged)


@pytest.mark.parametrize("after", ["", DISPOSING])
@pytest.mark.parametrize("rows", [ROWS, []])
def test_rows_on_both_sides_of_a_record_are_an_error_where_nothing_tells_them_apart(rows: Any, after: str) -> None:
    with pytest.raises(ValueError, match="rows before and after a log record"):
        find_json(f"[{{}}]\n{LOG_2}{json.dumps(rows)}\n{after}")


@pytest.mark.parametrize(
    "record",
    [
        {"timestamp": "2026-11-25T00:00:00Z", "level": "info", "event": "x"},
        {"event": "x", "level": "info", "timestamp": "2026-11-25T00:00:00Z"},
    ],
)
def test_a_log_record_in_json_of_another_writer_does_not_win_over_the_answer(record: dict[str, str]) -> None:
    for answer in (ROWS, [], {"b": 2}, 5):
        for separators in ((",", ":"), (", ", ": ")):
            logged = json.dumps(record, separators=separators)
            assert find_json(f"{json.dumps(answer)}\n{logged}\n") == answer
            assert find_json(f"{logged}\n{json.dumps(answer)}\n{logged}") == answer


JSON_LOG = '{"timestamp":"2026-11-25T10:17:41.956035Z","level":"debug","event":"Disposing","rows":[{"a":1}]}\n'
BLOCK = "CloudWatch logging is disabled for SubprocessLogHandler\n" * 12
THROTTLING = "Throttling _report_logging_error for 59.99 more seconds.\n"


@pytest.mark.parametrize("document", [ROWS, [], {"a": [1, True]}, [1, 2], "text", 5, None])
@pytest.mark.parametrize("logs", [JSON_LOG, JSON_LOG * 3 + DISPOSING, THROTTLING, BLOCK + JSON_LOG + LOG_3])
def test_a_log_record_in_json_is_no_document_before_or_after_the_answer(logs: str, document: Any) -> None:
    for text in (f"{logs}{json.dumps(document)}\n", f"{json.dumps(document)}\n{logs}"):
        assert find_json(text) == document
        assert find_json(BLOCK + JSON_LOG + text + JSON_LOG.rstrip()) == document


@pytest.mark.parametrize("logs", ["", BLOCK, JSON_LOG, BLOCK + JSON_LOG * 2 + THROTTLING])
def test_log_lines_alone_hold_no_document(logs: str) -> None:
    with pytest.raises(ValueError, match="no JSON document"):
        find_json(logs)


def test_what_looks_much_like_a_log_record_is_a_document() -> None:
    document = {"timestamp": "2026-11-25T10:17:41Z", "level": "debug", "event": "e"}
    assert find_json(f"{BLOCK}{json.dumps(document)}\n{JSON_LOG}") == document
    assert find_json(f"{BLOCK}{json.dumps([document])}\n{JSON_LOG}") == [document]


def test_nan_and_infinity_are_read_as_python_wrote_them() -> None:
    assert math.isnan(find_json(f"{LOG_2}NaN\n"))
    assert find_json(f"{LOG_2}-Infinity\n") == -math.inf
    assert find_json(f"{LOG_2}Infinity\n") == math.inf
    assert math.isnan(find_json(f'{LOG_2}[{{"duration": NaN}}]')[0]["duration"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        LOG_2,
        LOG_3,
        COLOURED,
        "No data found\n",
        "None\n",
        "True\n",
        "2026-11-22T00:00:00+00:00\n",
        "2.10.5\n",
        "{'a': [1, True]}\n",  # what 1.10 prints for `variables --get --json`
        "['demo', 'etl']\n",
        "demo   | True\n",
        "[INFO] Please be reminded this DAG is PAUSED now.\n",
        "the answer is [1, 2]\n",
        "[1, 2] is the answer\n",
        "9" * 5000,
    ],
)
def test_text_without_json_has_no_document(text: str) -> None:
    with pytest.raises(ValueError, match="no JSON document"):
        find_json(text)


def test_a_document_that_was_cut_off_is_none() -> None:
    document = json.dumps(ROWS, indent=2)
    for end in range(1, len(document) - 1):
        with pytest.raises(ValueError, match="no JSON document"):
            find_json(LOG_2 + document[:end])


@pytest.mark.parametrize("bomb", ["[", '{"a":', "[\n", '[{"a":\n', " [ \r\n"])
def test_a_nesting_bomb_is_no_document_and_hides_none(bomb: str) -> None:
    with pytest.raises(ValueError, match="no JSON document"):
        find_json(bomb * 5_000)
    assert find_json(f"{bomb * 3_000}\n{LOG_2}{json.dumps(ROWS)}\n") == ROWS


def test_a_nesting_bomb_over_a_million_lines_is_read_in_no_time() -> None:
    assert find_json("[\n" * 1_000_000 + json.dumps(ROWS)) == ROWS


@pytest.mark.parametrize("line", ['{"a":\n', "[1,\n", '[{"a":\n', '{"a":\nx\n', '{"a": "\n', "[[\n1]\n,\n"])
def test_megabytes_of_what_begins_like_documents_are_read_in_no_time(line: str) -> None:
    started = time.thread_time()
    with pytest.raises(ValueError, match=r"no JSON document|nested too deeply"):
        find_json(line * (2_000_000 // len(line)))
    assert time.thread_time() - started < 20


def test_megabytes_of_log_lines_are_read_in_no_time() -> None:
    # A parser that counts the lines before every error takes minutes, far beyond the limit of a test.
    lines = [
        LOG_2,
        LOG_3,
        COLOURED,
        JSON_LOG,
        "{'a': 1}\n",
        '{"a" 1}\n',
        "[1, x]\n",
        "tree\n",
        '"open\n',
        "0:00:00.003\n",
    ]
    noise = "".join(lines) * (10_000_000 // len("".join(lines)))
    assert find_json(f"{noise}{json.dumps(ROWS)}\n{noise}") == ROWS


def test_a_large_document_is_found() -> None:
    rows = [{"dag_id": f"dag{number}", "tags": ["a", "b"]} for number in range(50_000)]
    assert find_json(LOG_3 + json.dumps(rows) + "\n" + DISPOSING) == rows
    assert find_json(LOG_3 + json.dumps(rows, indent=2) + "\n" + DISPOSING) == rows


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
)


@given(VALUES, st.sampled_from([None, 0, 3]), st.sampled_from(["", LOG_2, LOG_3, COLOURED]), st.booleans())
def test_any_document_is_found_after_any_log(document: Any, indent: int | None, logs: str, ascii: bool) -> None:
    assert find_json(logs + json.dumps(document, indent=indent, ensure_ascii=ascii) + "\n") == document
