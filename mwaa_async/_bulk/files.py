"""Rows of a batch from a file: CSV or JSON Lines, and everything that is wrong with them."""

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TextIO, TypeVar

from mwaa_async._bulk.rows import TriggerRequest
from mwaa_async._commands.call import aware, json_text
from mwaa_async._identity import check_name
from mwaa_async._protocol.run_ids import RUN_ID_PATTERN, check_run_id, run_id_pattern

_COLUMNS = ("environment", "dag_id", "conf", "run_id", "logical_date")
DELIMITERS = (",", ";", "\t", "|")  # of CSV
_LARGEST_CELL = 16 << 20  # characters; the csv module's own limit is shorter than a conf may be
_LONGEST_REASON = 500  # characters
_DAG_ID = re.compile(r"[\w.-]{1,250}")  # KEY_REGEX of airflow/utils/helpers.py, in every version

Cells = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that cannot be sent; `line` counts from 1."""

    line: int
    column: str | None
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", column {self.column!r}" if self.column is not None else "")
        return f"{where}: {self.reason}"


class BadRowError(ValueError):
    """A row with problems."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class Input:
    """A file with rows, and what is said of all of them.

    `environment` is that of rows that name none. With `conf_columns` the columns that are not known are keys of `conf`,
    with text for values; otherwise they are problems.
    """

    path: Path
    environment: str | None = None
    conf_columns: bool = False
    run_id_pattern: re.Pattern[str] = run_id_pattern(RUN_ID_PATTERN)  # noqa: RUF009  # a pattern never changes
    delimiter: str = ","

    def requests(self) -> Iterator[TriggerRequest]:
        """Yield the rows as requests. Raises `BadRowError` at the first bad one."""
        with self._opened() as file:
            for line, cells in self._rows(file):
                yield _Reading(line, self).request(cells)

    def problems(self) -> Iterator[Problem]:
        """Yield everything that is wrong with the file, in its order."""
        seen: dict[tuple[object, ...], int] = {}
        with self._opened() as file:
            rows = self._rows(file)
            while True:
                try:
                    line, cells = next(rows)
                    yield from _twins(line, _Reading(line, self).request(cells), seen)
                except StopIteration:
                    return
                except BadRowError as error:
                    yield from error.problems

    def _opened(self) -> TextIO:
        # What is no UTF-8 becomes a character of its own kind, and a problem of its cell.
        return self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")

    def _rows(self, file: TextIO) -> Iterator[tuple[int, Cells]]:
        start = [file.readline()]
        # A line that is blank does not show which of the two it is, but counts in both.
        while start[-1] and not start[-1].strip():
            start.append(file.readline())
        lines = chain(start, file)
        if self._is_json(start[-1]):
            return _JsonLines(lines)
        return _Csv(lines, self.conf_columns, self.delimiter, _hint(start[-1], self.delimiter))

    def _is_json(self, start: str) -> bool:
        suffix = self.path.suffix.lower()
        return suffix in (".jsonl", ".ndjson", ".json") or (suffix != ".csv" and start.lstrip().startswith("{"))


def _hint(header: str, delimiter: str) -> str:
    """Return what to say of a header that would be one with another delimiter."""
    for other in DELIMITERS:
        names = [name.strip().strip('"') for name in header.split(other)]
        if other != delimiter and len(names) > 1 and "dag_id" in names:
            what, option = ("a tab", "tab") if other == "\t" else (repr(other), repr(other))
            return f". Between its cells is {what}, which --delimiter {option} says"
    return ""


class _Csv(Iterator[tuple[int, Cells]]):
    """The rows of a CSV file by their columns' names. A bad one is an error, after which the next one may follow."""

    def __init__(self, lines: Iterator[str], conf_columns: bool, delimiter: str, hint: str) -> None:
        csv.field_size_limit(_LARGEST_CELL)
        self._rows = csv.reader(lines, strict=True, delimiter=delimiter)
        self._conf_columns = conf_columns
        self._hint = hint
        self._names: list[str] | None = None

    def __next__(self) -> tuple[int, Cells]:
        if self._names is None:
            self._names = self._header()
        if not self._names:
            raise StopIteration
        line, cells = self._cells()
        if len(cells) != len(self._names):
            raise BadRowError(Problem(line, None, f"it has {len(cells)} cells, and the header {len(self._names)}"))
        row = zip(self._names, cells, strict=True)
        return line, {name: cell for name, cell in row if self._is_read(name)}

    def _header(self) -> list[str]:
        self._names = []  # where it is wrong, nothing can be said about the rows
        try:
            line, cells = self._cells()
        except BadRowError as error:
            raise BadRowError(
                *(Problem(one.line, one.column, one.reason + self._hint) for one in error.problems)
            ) from None
        if "dag_id" not in map(str.strip, cells) and self._hint:  # what else is wrong with it is that, too
            raise BadRowError(Problem(line, "dag_id", _NO_DAG_ID + self._hint))
        names = [name.strip() for name in cells]
        twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        problems = [Problem(line, name, "there are two columns of this name") for name in twice]
        if "dag_id" not in names:
            problems.append(Problem(line, "dag_id", _NO_DAG_ID))
        if not problems:
            self._names = names
        problems += [Problem(line, name, _UNKNOWN) for name in dict.fromkeys(names) if not self._is_read(name)]
        if problems:
            raise BadRowError(*problems)
        return names

    def _is_read(self, name: str) -> bool:
        return name in _COLUMNS or (self._conf_columns and name != "" and _is_utf8(name))

    def _cells(self) -> tuple[int, list[str]]:
        """Return the next row that has cells, and its first line."""
        while True:
            line = self._rows.line_num + 1
            try:
                if cells := next(self._rows):
                    return line, cells
            except csv.Error as error:
                raise BadRowError(Problem(line, None, f"no CSV: {error}")) from None


class _JsonLines(Iterator[tuple[int, Cells]]):
    """The objects of a JSON Lines file."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = enumerate(lines, 1)

    def __next__(self) -> tuple[int, Cells]:
        line, text = next((line, text) for line, text in self._lines if text.strip())
        try:
            return line, _json_object(text, "a row")
        except ValueError as error:
            raise BadRowError(Problem(line, None, str(error))) from None


@dataclass
class _Reading:
    """The reading of one row; it collects what is wrong."""

    line: int
    input: Input
    problems: list[Problem] = field(default_factory=list)

    def request(self, cells: Cells) -> TriggerRequest:
        """Return the row as a request. Raises `BadRowError`."""
        environment = self._read(cells, "environment", self._environment)
        dag_id = self._read(cells, "dag_id", _dag_id)
        conf = self._conf(cells)
        run_id = self._read(cells, "run_id", self._run_id)
        logical_date = self._read(cells, "logical_date", _date)
        if self.problems:
            raise BadRowError(*self.problems)
        assert environment is not None and dag_id is not None
        return TriggerRequest(environment, dag_id, conf, run_id, logical_date)

    def _read(self, cells: Cells, column: str, read: Callable[[Any], T]) -> T | None:
        try:
            return read(cells.get(column))
        except ValueError as error:
            self.problems.append(Problem(self.line, column, _shortened(str(error))))
            return None

    def _environment(self, value: object) -> str:
        name = _text(value) or self.input.environment
        if not name:
            raise ValueError("it is empty, and no --environment is given")
        return check_name(name)

    def _run_id(self, value: object) -> str | None:
        run_id = _text(value)
        return check_run_id(run_id, self.input.run_id_pattern) if run_id else None

    def _conf(self, cells: Cells) -> Mapping[str, Any] | None:
        conf = self._read(cells, "conf", _conf)
        others = [name for name in cells if name not in _COLUMNS]
        for name in others:
            self._read(cells, name, partial(self._check_other, name, conf or {}))
        return {**(conf or {}), **{name: cells[name] for name in others}} if others else conf

    def _check_other(self, name: str, conf: Mapping[str, Any], value: object) -> None:
        if not self.input.conf_columns:
            raise ValueError(_UNKNOWN)
        if name in conf:
            raise ValueError("the conf has a key of this name, too")
        if isinstance(value, str):
            _text(value)
        _conf({name: value})


_NO_DAG_ID = "the first line must name the columns, and this one among them"
_UNKNOWN = f"there are only {', '.join(_COLUMNS)}; --conf-columns makes others keys of conf"
_TOO_DEEP = "no JSON that can be read: it is nested too deeply"


def _text(value: object) -> str:
    """Return the text of a cell without the space around it. Raises `ValueError`, as all that follow here."""
    if value is not None and not isinstance(value, str):
        raise ValueError("it must be text, in quotes")
    if value and not _is_utf8(value):
        raise ValueError("it is no UTF-8")
    return (value or "").strip()


def _dag_id(value: object) -> str:
    dag_id = _text(value)
    if not dag_id:
        raise ValueError("it is empty")
    if not _DAG_ID.fullmatch(dag_id):
        raise ValueError("a DAG id has letters, digits, '_', '-' and '.', at most 250 in all")
    return dag_id


def _date(value: object) -> datetime | None:
    text = _text(value)
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError(f"{text!r} is no date in ISO 8601, such as 2026-01-31T00:00:00+00:00") from None


def _conf(value: object) -> Mapping[str, Any] | None:
    if isinstance(value, str):
        value = _json_object(value, "a conf") if _text(value) else None
    if value is not None and not isinstance(value, dict):
        raise ValueError("a conf is a JSON object: {…}")
    try:
        json_text(value)
    except ValueError:
        raise ValueError("no JSON: it has neither NaN nor Infinity") from None
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    return value


def _json_object(text: str, what: str) -> dict[str, Any]:
    try:
        document = json.loads(text, object_pairs_hook=_without_twins)
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error.msg}, at character {error.pos + 1}") from None
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if not isinstance(document, dict):
        raise ValueError(f"{what} is a JSON object: {{…}}")
    if not _is_utf8(text):
        raise ValueError("it is no UTF-8")
    return document


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("no JSON: a key is there twice")
    return found


def _shortened(reason: str) -> str:
    """Return the reason without the middle of a very long one: some quote the cell."""
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:200]} … {reason[-200:]}"


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _twins(line: int, request: TriggerRequest, seen: dict[tuple[object, ...], int]) -> Iterator[Problem]:
    """Find what Airflow would take for one run: the second of them would never run."""
    of_dag = (request.environment, request.dag_id)
    # Airflow drops the microseconds of a date that it is given.
    date = request.logical_date and aware(request.logical_date).replace(microsecond=0)
    for column, value in (("run_id", request.run_id), ("logical_date", date)):
        if value and (first := seen.setdefault((*of_dag, column, value), line)) != line:
            yield Problem(line, column, f"line {first} has the same one for this DAG, and a DAG has one run of it")
