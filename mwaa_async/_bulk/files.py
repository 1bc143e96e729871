"""Rows of a batch from a file: CSV or JSON Lines, and everything that is wrong with them."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from mwaa_async._bulk.rows import TriggerRequest
from mwaa_async._commands.call import iso
from mwaa_async._identity import check_name
from mwaa_async._protocol.run_ids import RUN_ID_PATTERN, check_run_id, run_id_pattern

_COLUMNS = ("environment", "dag_id", "conf", "run_id", "logical_date")
_LARGEST_CELL = 16 << 20  # characters; the csv module's own limit is shorter than a conf may be

Cells = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that cannot be sent; `line` counts from 1."""

    line: int
    column: str | None
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", column {self.column!r}" if self.column else "")
        return f"{where}: {self.reason}"


class BadRowError(Exception):
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

    def requests(self) -> Iterator[TriggerRequest]:
        """Yield the rows as requests. Raises `BadRowError` at the first bad one."""
        with self._opened() as file:
            for line, cells in self._rows(file):
                yield _Reading(line, self).request(cells)

    def problems(self) -> Iterator[Problem]:
        """Yield everything that is wrong with the file, in its order."""
        seen: dict[tuple[str, ...], int] = {}
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
        start = file.readline()
        lines = chain([start], file)
        return _JsonLines(lines) if self._is_json(start) else _Csv(lines, self.conf_columns)

    def _is_json(self, start: str) -> bool:
        suffix = self.path.suffix.lower()
        return suffix in (".jsonl", ".ndjson", ".json") or (suffix != ".csv" and start.lstrip().startswith("{"))


class _Csv(Iterator[tuple[int, Cells]]):
    """The rows of a CSV file by their columns' names. A bad one is an error, after which the next one may follow."""

    def __init__(self, lines: Iterator[str], conf_columns: bool) -> None:
        csv.field_size_limit(_LARGEST_CELL)
        self._rows = csv.reader(lines, strict=True)
        self._conf_columns = conf_columns
        self._names: list[str] | None = None

    def __next__(self) -> tuple[int, Cells]:
        if self._names is None:
            self._names = self._header()
        if not self._names:
            raise StopIteration
        while not (cells := self._cells()):
            pass
        line = self._line
        if len(cells) != len(self._names):
            raise BadRowError(Problem(line, None, f"it has {len(cells)} cells, and the header {len(self._names)}"))
        row = dict(zip(self._names, cells, strict=True))
        return line, {name: row[name] for name in row if self._conf_columns or name in _COLUMNS}

    def _header(self) -> list[str]:
        self._names = []  # where it is wrong, nothing can be said about the rows
        names = [name.strip() for name in self._cells()]
        problems = [
            Problem(1, name, "there are two columns of this name") for name in {*names} if names.count(name) > 1
        ]
        if "dag_id" not in names:
            problems.append(Problem(1, "dag_id", "the first line must name the columns, and this one among them"))
        if not problems:
            self._names = names
        if not self._conf_columns:
            problems += [Problem(1, name, _UNKNOWN_COLUMN) for name in names if name not in _COLUMNS]
        if problems:
            raise BadRowError(*problems)
        return names

    def _cells(self) -> list[str]:
        self._line = self._rows.line_num + 1
        try:
            return next(self._rows)
        except csv.Error as error:
            raise BadRowError(Problem(self._line, None, f"no CSV: {error}")) from None


class _JsonLines(Iterator[tuple[int, Cells]]):
    """The objects of a JSON Lines file."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = enumerate(lines, 1)

    def __next__(self) -> tuple[int, Cells]:
        line, text = next((line, text) for line, text in self._lines if text.strip())
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BadRowError(Problem(line, None, f"no JSON: {error}")) from None
        if not isinstance(document, dict):
            raise BadRowError(Problem(line, None, "a row is a JSON object: {…}"))
        return line, document


@dataclass
class _Reading:
    """The reading of one row; it collects what is wrong."""

    line: int
    input: Input
    problems: list[Problem] = field(default_factory=list)

    def request(self, cells: Cells) -> TriggerRequest:
        """Return the row as a request. Raises `BadRowError`."""
        request = TriggerRequest(
            self._environment(cells),
            self._dag_id(cells),
            self._conf(cells),
            self._run_id(cells),
            self._date(cells),
        )
        if self.problems:
            raise BadRowError(*self.problems)
        return request

    def _bad(self, column: str, reason: str) -> str:
        self.problems.append(Problem(self.line, column, reason))
        return ""

    def _text(self, cells: Cells, column: str) -> str:
        value = cells.get(column)
        if value is None:
            return ""
        if not isinstance(value, str):
            return self._bad(column, f"it must be text, not {value!r}")
        text = value.strip()
        try:
            text.encode()
        except UnicodeEncodeError:
            return self._bad(column, "it is no UTF-8")
        return text

    def _dag_id(self, cells: Cells) -> str:
        dag_id = self._text(cells, "dag_id")
        return dag_id or ("" if cells.get("dag_id") else self._bad("dag_id", "it is empty"))

    def _environment(self, cells: Cells) -> str:
        name = self._text(cells, "environment") or self.input.environment
        if not name:
            return self._bad("environment", "it is empty, and no --environment is given")
        try:
            return check_name(name)
        except ValueError as error:
            return self._bad("environment", str(error))

    def _run_id(self, cells: Cells) -> str | None:
        run_id = self._text(cells, "run_id")
        try:
            return check_run_id(run_id, self.input.run_id_pattern) if run_id else None
        except ValueError as error:
            self._bad("run_id", str(error))
            return None

    def _conf(self, cells: Cells) -> Mapping[str, Any] | None:
        conf = cells.get("conf")
        if isinstance(conf, str):
            conf = self._json(conf) if self._text(cells, "conf") else None
        if conf is not None and not isinstance(conf, dict):
            self._bad("conf", "a conf is a JSON object: {…}")
            return None
        others = [name for name in cells if name not in _COLUMNS]
        return {**(conf or {}), **self._others(cells, others, conf or {})} if others else conf

    def _others(self, cells: Cells, names: list[str], conf: Mapping[str, Any]) -> Mapping[str, Any]:
        for name in names:
            if not self.input.conf_columns:
                self._bad(name, _UNKNOWN_COLUMN)
            elif name in conf:
                self._bad(name, "the conf has a key of this name, too")
        return {name: cells[name] for name in names}

    def _json(self, text: str) -> Any:
        try:
            return json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            self._bad("conf", f"no JSON: {error}")
            return None

    def _date(self, cells: Cells) -> datetime | None:
        text = self._text(cells, "logical_date")
        try:
            return datetime.fromisoformat(text) if text else None
        except ValueError:
            self._bad("logical_date", f"{text!r} is no date in ISO 8601, such as 2026-01-31T00:00:00+00:00")
            return None


_UNKNOWN_COLUMN = f"there are only {', '.join(_COLUMNS)}; --conf-columns makes others keys of conf"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not in JSON")


def _twins(line: int, request: TriggerRequest, seen: dict[tuple[str, ...], int]) -> Iterator[Problem]:
    """Find what Airflow would take for one run: the second of them would never run."""
    of_dag = (request.environment, request.dag_id)
    date = request.logical_date and iso(request.logical_date)
    for column, value in (("run_id", request.run_id), ("logical_date", date)):
        if value and (first := seen.setdefault((*of_dag, column, value), line)) != line:
            yield Problem(line, column, f"line {first} has the same one for this DAG, and a DAG has one run of it")
