"""Rows from CSV and JSON Lines: what is read, and what is told of what cannot be."""

import csv
import json
import re
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mwaa_async import TriggerRequest
from mwaa_async._bulk.dag_runs import row_of
from mwaa_async._bulk.files import BadRowError, Input, Problem

DAY = datetime(2026, 1, 31, tzinfo=UTC)
JSON_OR_CSV = pytest.mark.parametrize("suffix", [".csv", ".jsonl"])

Rows = list[TriggerRequest]
Places = list[tuple[int, str | None]]


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Input]:
    """A file with this content, as it would be read."""

    def write(content: str | bytes, suffix: str = ".csv", **options: Any) -> Input:
        path = tmp_path / f"rows{suffix}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Input(path, **{"environment": "prod", **options})

    return write


def read(rows: Input) -> Rows:
    """Read rows with which nothing is wrong."""
    assert list(rows.problems()) == []
    return list(rows.requests())


def places(rows: Input) -> Places:
    return [(problem.line, problem.column) for problem in rows.problems()]


def only_problem(rows: Input) -> Problem:
    """Return the one problem of the file, with which it also ends when it is read."""
    [problem] = rows.problems()
    with pytest.raises(BadRowError, match=re.escape(str(problem))):
        list(rows.requests())
    return problem


def lines(*documents: object) -> str:
    return "".join(f"{json.dumps(document)}\n" for document in documents)


# What is read


def test_csv_has_the_columns_of_a_request_in_any_order(written: Callable[..., Input]) -> None:
    rows = written(
        "conf,run_id,dag_id,logical_date,environment\n"
        '"{""a"": [1, null]}",mine,etl,2026-01-31T00:00:00Z,dev\n'
        ",,report,,\n"
    )
    assert read(rows) == [
        TriggerRequest("dev", "etl", {"a": [1, None]}, "mine", DAY),
        TriggerRequest("prod", "report"),
    ]


def test_json_lines_have_the_same_as_keys(written: Callable[..., Input]) -> None:
    rows = written(
        lines(
            {
                "conf": {"a": [1, None]},
                "run_id": "mine",
                "dag_id": "etl",
                "logical_date": "2026-01-31T00:00:00Z",
                "environment": "dev",
            },
            {"dag_id": "report", "conf": None, "run_id": None, "logical_date": None, "environment": None},
        ),
        ".jsonl",
    )
    assert read(rows) == [
        TriggerRequest("dev", "etl", {"a": [1, None]}, "mine", DAY),
        TriggerRequest("prod", "report"),
    ]


@pytest.mark.parametrize("suffix", ["", ".txt", ".jsonl", ".NDJSON", ".json"])
def test_json_lines_are_known_by_the_name_or_by_the_first_character(written: Callable[..., Input], suffix: str) -> None:
    assert read(written('{"dag_id": "etl"}\n', suffix)) == [TriggerRequest("prod", "etl")]


@pytest.mark.parametrize("suffix", ["", ".txt", ".jsonl"])
@pytest.mark.parametrize("blank", ["\n", "\r\n\n", " \t\n"])
def test_json_lines_are_known_by_the_first_line_that_is_not_blank(
    written: Callable[..., Input], blank: str, suffix: str
) -> None:
    assert read(written(blank + ' {"dag_id": "etl"}\n', suffix)) == [TriggerRequest("prod", "etl")]
    assert places(written(blank + '{"dag_id": "etl"}\n\n{"dag_id": "a b"}\n', suffix)) == [
        (blank.count("\n") + 3, "dag_id")
    ]


@pytest.mark.parametrize("suffix", ["", ".csv"])
def test_blank_lines_before_the_header_of_csv_count_as_lines(written: Callable[..., Input], suffix: str) -> None:
    assert read(written("\n\r\ndag_id\netl\n", suffix)) == [TriggerRequest("prod", "etl")]
    assert places(written("\n\r\ndag_id,day\na b,\n", suffix)) == [(3, "day"), (4, "dag_id")]
    assert places(written("\n  \ndag_id\n", suffix)) == [(2, "dag_id"), (2, "")]  # space is a cell


@pytest.mark.parametrize("suffix", ["", ".txt", ".csv", ".CSV"])
def test_everything_else_is_csv(written: Callable[..., Input], suffix: str) -> None:
    assert read(written("dag_id\netl\n", suffix)) == [TriggerRequest("prod", "etl")]


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_csv_may_have_a_bom_and_any_line_ends(written: Callable[..., Input], bom: bytes, end: str, last: bool) -> None:
    text = end.join(["dag_id,environment", "etl,dev", "report,"]) + end * last
    assert read(written(bom + text.encode())) == [TriggerRequest("dev", "etl"), TriggerRequest("prod", "report")]


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_json_lines_may_have_a_bom_and_any_line_ends(
    written: Callable[..., Input], bom: bytes, end: str, last: bool
) -> None:
    text = end.join(['{"dag_id": "etl"}', '{"dag_id": "report"}']) + end * last
    assert read(written(bom + text.encode(), "")) == [TriggerRequest("prod", "etl"), TriggerRequest("prod", "report")]


@JSON_OR_CSV
def test_blank_lines_are_no_rows_and_count_as_lines(written: Callable[..., Input], suffix: str) -> None:
    [header, row, bad] = ["dag_id", "etl", "a b"] if suffix == ".csv" else ["", '{"dag_id":"etl"}', '{"dag_id":"a b"}']
    rows = written(f"{header}\n\n{row}\n\r\n\n{bad}\n\n", suffix)
    assert places(rows) == [(6, "dag_id")]


def test_cells_may_be_quoted_and_have_line_breaks(written: Callable[..., Input]) -> None:
    rows = written('"dag_id",conf\n"etl","{\n  ""a"": ""x,y""\n}"\n')
    assert read(rows) == [TriggerRequest("prod", "etl", {"a": "x,y"})]


def test_the_line_of_a_row_is_its_first(written: Callable[..., Input]) -> None:
    rows = written('dag_id,conf\n"etl","{\n\n}"\n"re port","{\r\n}"\n,\n')
    assert places(rows) == [(5, "dag_id"), (7, "dag_id")]


def test_space_around_names_and_cells_has_no_meaning(written: Callable[..., Input]) -> None:
    rows = written(" dag_id , environment , conf , run_id , logical_date\n etl , dev , {} , mine , 2026-01-31 \n")
    assert read(rows) == [TriggerRequest("dev", "etl", {}, "mine", datetime(2026, 1, 31))]


@JSON_OR_CSV
def test_a_row_without_an_environment_takes_the_one_that_is_given(written: Callable[..., Input], suffix: str) -> None:
    content = "dag_id\netl\n" if suffix == ".csv" else '{"dag_id": "etl"}'
    assert read(written(content, suffix, environment="other")) == [TriggerRequest("other", "etl")]
    assert only_problem(written(content, suffix, environment=None)).reason == (
        "it is empty, and no --environment is given"
    )


@JSON_OR_CSV
def test_a_conf_may_have_a_megabyte(written: Callable[..., Input], suffix: str, tmp_path: Path) -> None:
    conf = {"text": 'ü"' * (1 << 19)}
    path = tmp_path / f"large{suffix}"
    write_rows(path, [TriggerRequest("prod", "etl", conf)])
    assert read(Input(path)) == [TriggerRequest("prod", "etl", conf)]


def test_a_conf_in_json_lines_may_be_text_too(written: Callable[..., Input]) -> None:
    assert read(written(lines({"dag_id": "etl", "conf": '{"a": 1}'}), ".jsonl")) == [
        TriggerRequest("prod", "etl", {"a": 1})
    ]


def test_a_run_id_may_be_what_the_environment_allows(written: Callable[..., Input]) -> None:
    assert only_problem(written("dag_id,run_id\netl,a b\n")).column == "run_id"
    assert read(written("dag_id,run_id\netl,a b\n", run_id_pattern=re.compile("[a-z ]+"))) == [
        TriggerRequest("prod", "etl", run_id="a b")
    ]


def test_a_header_alone_has_no_rows(written: Callable[..., Input]) -> None:
    assert read(written("dag_id,conf\n")) == []


# Conf columns


def test_conf_columns_make_other_columns_keys_of_conf(written: Callable[..., Input]) -> None:
    rows = written('dag_id,day,conf,size\netl,2026-01-31,"{""a"": 1}",7\nreport,,,\n', conf_columns=True)
    assert read(rows) == [
        TriggerRequest("prod", "etl", {"a": 1, "day": "2026-01-31", "size": "7"}),
        TriggerRequest("prod", "report", {"day": "", "size": ""}),
    ]


def test_conf_columns_of_json_lines_keep_their_types(written: Callable[..., Input]) -> None:
    rows = written(lines({"dag_id": "etl", "size": 7, "on": None}), ".jsonl", conf_columns=True)
    assert read(rows) == [TriggerRequest("prod", "etl", {"size": 7, "on": None})]


def test_a_column_that_the_conf_has_too_is_a_problem(written: Callable[..., Input]) -> None:
    rows = written('dag_id,conf,day\netl,"{""day"": 1}",2\nreport,,3\n', conf_columns=True)
    assert only_problem(rows) == Problem(2, "day", "the conf has a key of this name, too")


@pytest.mark.parametrize("row", [b'{"dag_id": "etl", "x": NaN}', b'{"dag_id": "etl", "x": [1e999]}'])
def test_a_column_that_json_cannot_express_is_a_problem(written: Callable[..., Input], row: bytes) -> None:
    assert only_problem(written(row, ".jsonl", conf_columns=True)).column == "x"


def test_a_column_without_a_name_is_no_key(written: Callable[..., Input]) -> None:
    assert places(written("dag_id,\netl,x\n", conf_columns=True)) == [(1, "")]


# What is wrong


@pytest.mark.parametrize(
    ("header", "problems"),
    [
        ("environment,conf", [(1, "dag_id")]),
        ("dag_id,dag_id", [(1, "dag_id")]),
        ("dag_id,conf,conf,environment,conf,environment", [(1, "conf"), (1, "environment")]),
        ("dag_id,day", [(1, "day")]),
        ("dag_id,day,day,size", [(1, "day"), (1, "day"), (1, "size")]),
        ('"dag_id', [(1, None)]),
        ("\0dag_id", [(1, "dag_id"), (1, "\0dag_id")]),
    ],
)
@pytest.mark.parametrize("row", ["\na b\n", ""])
def test_what_is_wrong_with_the_header_is_told_of_each_column(
    written: Callable[..., Input], header: str, row: str, problems: Places
) -> None:
    # Where it is not clear what the columns are, nothing is said about the rows.
    assert [place for place in places(written(header + row)) if place[0] == 1] == problems


def test_the_rows_are_looked_at_although_a_column_is_unknown(written: Callable[..., Input]) -> None:
    assert places(written("dag_id,day\netl,x\na b,x\n")) == [(1, "day"), (3, "dag_id")]


def test_the_header_may_come_after_blank_lines(written: Callable[..., Input]) -> None:
    assert read(written("\n\ndag_id\netl\n")) == [TriggerRequest("prod", "etl")]
    assert places(written("\n\ndag_id,day\na b,\n")) == [(3, "day"), (4, "dag_id")]


@pytest.mark.parametrize("content", ["", "\n", "\r\n\r\n"])
@JSON_OR_CSV
def test_an_empty_file_has_no_rows(written: Callable[..., Input], content: str, suffix: str) -> None:
    assert read(written(content, suffix)) == []


def test_too_many_and_too_few_cells_are_counted(written: Callable[..., Input]) -> None:
    rows = written("dag_id,conf\netl\netl,\netl,,\n")
    assert [str(problem) for problem in rows.problems()] == [
        "line 2: it has 1 cells, and the header 2",
        "line 4: it has 3 cells, and the header 2",
    ]


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("conf", "{", "no JSON: Expecting property name"),
        ("conf", "{'a': 1}", "no JSON: Expecting property name enclosed in double quotes, at character 2"),
        ("conf", "[1]", "a conf is a JSON object"),
        ("conf", "1", "a conf is a JSON object"),
        ("conf", "null", "a conf is a JSON object"),
        ("conf", '{"a": NaN}', "neither NaN nor Infinity"),
        ("conf", '{"a": [-Infinity]}', "neither NaN nor Infinity"),
        ("conf", '{"a": 1e999}', "neither NaN nor Infinity"),
        ("conf", '{"a": 1, "a": 2}', "a key is there twice"),
        ("conf", '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ("conf", f'{{"a": {"9" * 5000}}}', "limit"),
        ("conf", '{"a": "\0"}', "no JSON: Invalid control character"),
        ("logical_date", "yesterday", "'yesterday' is no date in ISO 8601"),
        ("logical_date", "2026-02-30", "no date"),
        ("logical_date", "31.1.2026", "no date"),
        ("run_id", "a b", "it must match"),
        ("run_id", "a\nb", "it must match"),
        ("run_id", "x" * 251, "1 to 250 characters, not 251"),
        ("environment", "1a", "cannot be the name of an MWAA environment"),
        ("environment", "a/b", "cannot be the name"),
        ("environment", "x" * 81, "cannot be the name"),
        ("dag_id", "", "it is empty"),
        ("dag_id", "  ", "it is empty"),
        ("dag_id", "a b", "a DAG id has letters"),
        ("dag_id", "a\0b", "a DAG id has letters"),
        ("dag_id", "x" * 251, "at most 250"),
    ],
)
@JSON_OR_CSV
def test_a_bad_cell_is_told_with_its_line_column_and_reason(
    written: Callable[..., Input], tmp_path: Path, suffix: str, column: str, cell: str, reason: str
) -> None:
    path = tmp_path / f"bad{suffix}"
    write_cells(path, [{"dag_id": "etl"}, {"dag_id": "etl", column: cell}, {"dag_id": "etl"}])
    problem = only_problem(Input(path, "prod"))
    assert (problem.line, problem.column) == (3 if suffix == ".csv" else 2, column)
    assert reason in problem.reason
    assert len(problem.reason) < 1000


@pytest.mark.parametrize("value", [0, 1, False, True, 1.5, [], ["etl"], {}, {"a": 1}])
@pytest.mark.parametrize("column", ["dag_id", "environment", "run_id", "logical_date"])
def test_what_must_be_text_is_told_once(written: Callable[..., Input], column: str, value: object) -> None:
    rows = written(lines({"dag_id": "etl", column: value}), ".jsonl", environment=None)
    expected = ["environment"] if column == "environment" else ["environment", column]
    assert [problem.column for problem in rows.problems()] == expected
    assert (
        only_problem(written(lines({"dag_id": "etl", "environment": "dev", column: value}), ".jsonl")).reason
        == "it must be text, in quotes"
    )


@pytest.mark.parametrize("value", [0, False, 1.5, [], ["a"]])
def test_a_conf_in_json_lines_is_an_object(written: Callable[..., Input], value: object) -> None:
    assert only_problem(written(lines({"dag_id": "etl", "conf": value}), ".jsonl")).column == "conf"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "no JSON: Expecting property name"),
        ("etl", "no JSON: Expecting value, at character 1"),
        ('["etl"]', "a row is a JSON object: {…}"),
        ("null", "a row is a JSON object: {…}"),
        ('{"dag_id": "etl", "dag_id": "etl"}', "a key is there twice"),
        ('{"dag_id": "etl"} {"dag_id": "etl"}', "no JSON: Extra data"),
        ('{"dag_id": "e\0tl"}', "no JSON: Invalid control character"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_line_that_is_no_json_object_is_told(written: Callable[..., Input], line: str, reason: str) -> None:
    problem = only_problem(written(f'{{"dag_id": "etl"}}\n{line}\n{{"dag_id": "etl"}}', ".jsonl"))
    assert (problem.line, problem.column) == (2, None)
    assert reason in problem.reason


def test_an_unknown_key_is_told(written: Callable[..., Input]) -> None:
    rows = written(lines({"dag_id": "etl"}, {"dag_id": "etl", "day": 1, "dag": "x"}), ".jsonl")
    assert places(rows) == [(2, "day"), (2, "dag")]
    assert "--conf-columns" in next(rows.problems()).reason


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (b"\xff,,,,", "environment"),
        (b",\xff,,,", "dag_id"),
        (b',etl,"{""a"": ""\xc3""}",,', "conf"),
        (b",etl,,\xff,", "run_id"),
        (b",etl,,,\xff", "logical_date"),
    ],
)
def test_a_cell_that_is_no_utf_8_is_told(written: Callable[..., Input], row: bytes, column: str) -> None:
    content = b"environment,dag_id,conf,run_id,logical_date\n" + row + b"\n"
    expected = ["environment", "dag_id"] if column == "environment" else [column]
    assert [problem.column for problem in written(content).problems()] == expected
    assert any(problem.reason == "it is no UTF-8" for problem in written(content).problems())


def test_text_in_another_encoding_is_told_wherever_it_is(written: Callable[..., Input]) -> None:
    content = "dag_id,größe\netl,klein\netl,groß\n".encode("latin-1")
    assert places(written(content, conf_columns=True)) == [(1, "gr\udcf6\udcdfe")]
    assert places(written(content.replace(b"gr\xf6\xdfe", b"size"), conf_columns=True)) == [(3, "size")]
    assert only_problem(written('{"dag_id": "etl", "conf": {"a": ["ü"]}}'.encode("latin-1"), ".jsonl")).reason == (
        "it is no UTF-8"
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
@JSON_OR_CSV
def test_another_unicode_is_no_rows(written: Callable[..., Input], encoding: str, suffix: str) -> None:
    content = "dag_id\netl\n" if suffix == ".csv" else '{"dag_id": "etl"}\n'
    assert places(written(content.encode(encoding), suffix))


def test_half_a_character_in_json_is_told(written: Callable[..., Input]) -> None:
    assert only_problem(written(r'{"dag_id": "\ud800"}', ".jsonl")).reason == "it is no UTF-8"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('"etl"x,dev', "no CSV: ',' expected after '\"'"),
        ('etl,"dev', "no CSV: unexpected end of data"),
        ("x" * (17 << 20) + ",dev", "no CSV: field larger than field limit"),
    ],
    ids=["behind the quote", "never closed", "too large"],
)
def test_broken_csv_is_told_with_the_line_where_the_row_begins(
    written: Callable[..., Input], row: str, reason: str
) -> None:
    problem = only_problem(written(f"dag_id,environment\netl,dev\n{row}\n"))
    assert (problem.line, problem.column) == (3, None)
    assert problem.reason.startswith(reason)


def test_what_follows_a_broken_row_is_looked_at(written: Callable[..., Input]) -> None:
    assert places(written('dag_id\n"etl"x\netl\na b\n"x"y\n,\n')) == [(2, None), (4, "dag_id"), (5, None), (6, None)]


def test_everything_that_is_wrong_is_told_each_once_and_in_order(written: Callable[..., Input]) -> None:
    rows = written(
        "dag_id,environment,conf,run_id,logical_date,day\n"
        "etl,dev,{},mine,2026-01-31,\n"
        " ,1a,[],a b,never,\n"
        "etl,dev,{},,,\n"
        "etl,dev\n"
        ',,x,,,"\n"\n'
        "etl,dev,{},mine,2026-01-31,\n"
    )
    expected = {
        (1, "day"),
        *((3, column) for column in ("environment", "dag_id", "conf", "run_id", "logical_date")),
        (5, None),
        *((6, column) for column in ("dag_id", "conf")),
        *((8, column) for column in ("run_id", "logical_date")),
    }
    told = places(rows)
    assert set(told) == expected
    assert len(told) == len(expected)
    assert [line for line, _ in told] == sorted(line for line, _ in told)


# Twins


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31T00:00:00+00:00", "2026-01-31T01:00:00+01:00"),
        ("2026-01-31T00:00:00Z", "2026-01-31T00:00:00.000001Z"),  # Airflow drops the microseconds
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_two_runs_of_one_date_are_a_problem(written: Callable[..., Input], first: str, second: str) -> None:
    [problem] = written(f"dag_id,logical_date\netl,{first}\nreport,{first}\netl,{second}\n").problems()
    assert (problem.line, problem.column) == (4, "logical_date")
    assert "line 2 has the same one" in problem.reason


def test_two_runs_of_one_id_are_a_problem(written: Callable[..., Input]) -> None:
    [problem] = written("dag_id,run_id\netl,mine\nreport,mine\netl,mine\n").problems()
    assert (problem.line, problem.column) == (4, "run_id")
    assert "line 2 has the same one" in problem.reason


def test_no_twins_are_runs_of_other_environments_dags_and_dates(written: Callable[..., Input]) -> None:
    rows = written(
        "environment,dag_id,run_id,logical_date\n"
        "dev,etl,mine,2026-01-31\n"
        "prod,etl,mine,2026-01-31\n"
        "dev,report,mine,2026-01-31\n"
        "dev,etl,other,2026-01-31T00:00:01\n"
        "dev,etl,,\n"
        "dev,etl,,\n"
    )
    assert len(read(rows)) == 6


# Whatever there is

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
dates = st.datetimes(timezones=st.none() | st.sampled_from([UTC, timezone(timedelta(hours=-11, minutes=-30))]))
requests = st.builds(
    TriggerRequest,
    st.from_regex(r"\A[a-zA-Z][0-9a-zA-Z_-]{0,79}\Z"),
    st.from_regex(r"\A[\w.-]{1,250}\Z").filter(str.isprintable),
    st.none() | st.dictionaries(st.text(), json_values),
    st.none() | st.from_regex(r"\A[A-Za-z0-9_.~:+-]{1,250}\Z"),
    st.none() | dates,
)


def write_cells(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            table = csv.DictWriter(file, ["conf", "environment", "dag_id", "run_id", "logical_date"])
            table.writeheader()
            table.writerows(rows)
        else:
            file.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def write_rows(path: Path, rows: Iterable[TriggerRequest]) -> None:
    cells = [cells_of(row) for row in rows]
    if path.suffix == ".csv":
        cells = [{**row, "conf": row["conf"] if row["conf"] is None else json.dumps(row["conf"])} for row in cells]
    write_cells(path, cells)


def cells_of(row: TriggerRequest) -> dict[str, Any]:
    return {**asdict(row), "logical_date": row.logical_date and row.logical_date.isoformat()}


def are_twins(rows: Rows) -> bool:
    dated = [
        (row.environment, row.dag_id, (row.logical_date.replace(tzinfo=row.logical_date.tzinfo or UTC, microsecond=0)))
        for row in rows
        if row.logical_date
    ]
    named = [(row.environment, row.dag_id, row.run_id) for row in rows if row.run_id]
    return len({*dated}) < len(dated) or len({*named}) < len(named)


@given(st.lists(requests, max_size=5), st.sampled_from([".csv", ".jsonl"]))
def test_whatever_is_written_comes_back_the_same(rows: Rows, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, f"rows{suffix}")
        write_rows(path, rows)
        if not are_twins(rows):
            assert read(Input(path)) == rows
        else:
            assert list(Input(path).problems())


# More often than of any bytes, these are rows.
LINES = [b'etl,"{""n"": 1}"', b'etl,"{""n"": NaN}"', b"etl,[]", b"etl,", b"a b,", b"\xff,{}", b"", b'{"dag_id": 1}']
LINES += [b'{"dag_id": "etl", "conf": {"n": ' + value + b"}}" for value in (b"1.5", b"NaN", b"[{}]", b'"\xff"')]


@given(
    st.binary()
    | st.binary().map(b"dag_id,conf\n".__add__)
    | st.text("\"',{}[]:\n\r\0 dag_iconf\ufeff1e9").map(str.encode)
    | st.lists(st.sampled_from(LINES)).map(b"\n".join)
    | st.lists(st.sampled_from(LINES)).map(lambda lines: b"\n".join([b"dag_id,conf", *lines])),
    st.sampled_from([".csv", ".jsonl", ""]),
    st.booleans(),
)
@settings(max_examples=300)
def test_whatever_bytes_there_are_they_are_rows_or_problems(content: bytes, suffix: str, conf_columns: bool) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, f"rows{suffix}")
        path.write_bytes(content)
        rows = Input(path, "prod", conf_columns)
        problems = list(rows.problems())
        assert len(set(problems)) == len(problems)
        if not problems:
            found, again = list(rows.requests()), path.with_name("again.jsonl")
            assert all(row_of("batch", number, request).problem is None for number, request in enumerate(found, 1))
            again.write_text(lines(*map(cells_of, found)))
            assert read(Input(again)) == found
