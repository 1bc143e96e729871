"""From the rows that Airflow prints to values with types."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar

import pytest

from mwaa_async import CommandResult, OutputError
from mwaa_async._commands.rows import read_row, read_rows, read_value, rows


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A row with a field of every type."""

    ALIASES: ClassVar[Mapping[str, str]] = {"old-name": "name", "Name": "name"}

    name: str
    note: str | None = None
    number: int = 0
    some_number: int | None = None
    share: float = 0.0
    is_on: bool = False
    may_be_on: bool | None = None
    date: datetime | None = None
    took: timedelta | None = None
    tags: tuple[str, ...] = ()
    anything: Any = None
    owner: "str | None" = field(default=None, compare=False)
    extra: Mapping[str, Any] = field(default_factory=dict)


def printed(stdout: str) -> CommandResult:
    return CommandResult("prod", "dags list --output json", stdout, "", 200, 0.0, 0.0)


def printed_json(document: object) -> CommandResult:
    return printed(json.dumps(document) + "\n")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("note", "text", "text"),
        ("note", "", None),
        ("note", "None", None),
        ("note", None, None),
        ("number", "4", 4),
        ("number", 4, 4),
        ("number", "-1", -1),
        ("some_number", "None", None),
        ("some_number", "", None),
        ("some_number", "7", 7),
        ("share", "2.5", 2.5),
        ("is_on", "True", True),
        ("is_on", "False", False),
        ("is_on", "false", False),
        ("is_on", True, True),
        ("may_be_on", None, None),
        ("may_be_on", "None", None),
        ("may_be_on", "False", False),
        ("date", "", None),
        ("date", "None", None),
        ("date", None, None),
        ("date", "2026-11-22T10:33:37.694931+00:00", datetime(2026, 11, 22, 10, 33, 37, 694931, UTC)),
        ("date", "2026-11-22 10:34:16+00:00", datetime(2026, 11, 22, 10, 34, 16, 0, UTC)),
        ("date", "2026-11-22T10:34:16Z", datetime(2026, 11, 22, 10, 34, 16, 0, UTC)),
        ("date", "2026-11-22T10:34:16+02:00", datetime(2026, 11, 22, 10, 34, 16, 0, timezone(timedelta(hours=2)))),
        ("date", "2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("took", "0:00:00.002373", timedelta(microseconds=2373)),
        ("took", "12:34:56", timedelta(hours=12, minutes=34, seconds=56)),
        ("took", "1 day, 0:00:01", timedelta(days=1, seconds=1)),
        ("took", "-1 day, 23:59:59", timedelta(seconds=-1)),
        ("took", "3 days, 1:00:00.5", timedelta(days=3, hours=1, milliseconds=500)),
        ("tags", ["a", "b"], ("a", "b")),
        ("tags", "airflow, me", ("airflow", "me")),
        ("tags", "airflow", ("airflow",)),
        ("tags", "", ()),
        ("tags", [], ()),
        ("anything", ["integer", "null"], ["integer", "null"]),
        ("anything", "None", "None"),
    ],
)
def test_a_value_gets_the_type_of_its_field(name: str, text: object, value: object) -> None:
    read = getattr(read_row(Thing, {"name": "x", name: text}), name)
    assert read == value
    assert type(read) is type(value)


def test_a_date_without_a_time_zone_is_one_in_utc() -> None:
    date = read_row(Thing, {"name": "x", "date": "2026-11-22 10:34:16"}).date
    assert date == datetime(2026, 11, 22, 10, 34, 16, tzinfo=UTC)


def test_a_field_that_airflow_leaves_out_keeps_its_default() -> None:
    assert read_row(Thing, {"name": "x"}) == Thing(name="x")


def test_a_text_that_must_be_there_is_empty_where_airflow_prints_nothing_and_stays_none_where_it_prints_that() -> None:
    assert read_row(Thing, {"name": None}).name == ""
    assert read_row(Thing, {"name": "None"}).name == "None"


@pytest.mark.parametrize("name", ["old-name", "Name", "name"])
def test_the_name_that_another_version_gives_to_a_field_is_understood(name: str) -> None:
    assert read_row(Thing, {name: "x"}) == Thing(name="x")


def test_what_has_no_field_is_kept_as_it_is() -> None:
    row = {"name": "x", "new": {"a": [1]}, "other": "None"}
    assert read_row(Thing, row).extra == {"new": {"a": [1]}, "other": "None"}


def test_a_column_called_extra_is_one_more_that_has_no_field() -> None:
    assert read_row(Thing, {"name": "x", "extra": "{}"}).extra == {"extra": "{}"}


def test_a_field_can_be_given_that_airflow_does_not_print() -> None:
    assert read_row(Thing, {"name": "x"}, owner="me").owner == "me"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("number", "four"),
        ("number", "2.5"),
        ("number", ""),
        ("number", "None"),
        ("some_number", "x"),
        ("share", "much"),
        ("is_on", "yes"),
        ("is_on", ""),
        ("is_on", "1"),
        ("may_be_on", "perhaps"),
        ("date", "yesterday"),
        ("date", "2026-13-01"),
        ("took", "5 s"),
        ("took", "0:00"),
    ],
)
def test_a_value_that_is_not_of_its_fields_type_is_refused(name: str, text: object) -> None:
    with pytest.raises(ValueError):
        read_row(Thing, {"name": "x", name: text})


def test_a_row_without_a_field_that_must_be_there_is_refused() -> None:
    with pytest.raises(TypeError, match="name"):
        read_row(Thing, {"number": "1"})


def test_rows_are_read_wherever_log_records_stand() -> None:
    record = "[2026-11-22T10:34:00.927+0000] {plugins.py:37} INFO - setup plugin alembic.autogenerate.schemas\n"
    result = printed(f'{record}[{{"name": "x"}}, {{"name": "y", "number": "2"}}]\n{record}')
    assert read_rows(Thing, result) == [Thing(name="x"), Thing(name="y", number=2)]
    assert read_rows(Thing, printed("[]\n")) == []


def test_every_row_is_given_what_airflow_does_not_print() -> None:
    read = read_rows(Thing, printed_json([{"name": "x"}, {"name": "y"}]), owner="me")
    assert [thing.owner for thing in read] == ["me", "me"]


@pytest.mark.parametrize("document", [{}, {"name": "x"}, [1], ["name"], [{"name": "x"}, None], "text", 7, None])
def test_another_shape_of_json_is_no_rows(document: object) -> None:
    for read in (rows, lambda result: read_rows(Thing, result)):
        with pytest.raises(OutputError, match=r"prod: 'dags list --output json' ran, but printed no rows") as raised:
            read(printed_json(document))
        assert raised.value.ran is True
        assert raised.value.result is not None
        assert raised.value.result.stdout == json.dumps(document) + "\n"


@pytest.mark.parametrize("stdout", ["", "No data found\n", "name\n====\nx   \n", '[{"name": "x"}'])
def test_output_without_json_is_no_rows(stdout: str) -> None:
    with pytest.raises(OutputError, match="printed no JSON document"):
        read_rows(Thing, printed(stdout))


@pytest.mark.parametrize("row", [{"number": "1"}, {"name": "x", "number": "x"}, {"name": "x", "tags": None}])
def test_a_row_that_cannot_be_read_is_an_error_that_says_what_it_should_have_been(row: dict[str, object]) -> None:
    with pytest.raises(OutputError, match="printed no Thing that can be read"):
        read_rows(Thing, printed_json([{"name": "good"}, row]))


def test_one_value_gets_its_type_or_is_an_error() -> None:
    assert read_value(datetime | None, "2026-11-21T00:00:00+00:00", printed("")) == datetime(2026, 11, 21, tzinfo=UTC)
    assert read_value(datetime | None, "None", printed("")) is None
    with pytest.raises(OutputError, match=r"printed no .*datetime"):
        read_value(datetime | None, "soon", printed("soon\n"))
