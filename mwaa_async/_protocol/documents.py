"""Finding the JSON document that Airflow printed among its log lines."""

import json
import re
from collections.abc import Iterator
from typing import Any

# A document starts a line. So does "[2026-11-22 …] {dagbag.py:417} INFO", which no JSON parser gets past.
_LINE_START = re.compile(r"""^[ \t]*(?=[\[{"\-0-9tfnN])""", re.MULTILINE)
_END_OF_LINE = re.compile(r"[ \t\r]*(?:\n|\Z)")
_DECODER = json.JSONDecoder()


def find_json(text: str) -> Any:
    """Return the JSON document in `text`, wherever log lines stand before, after or around it.

    A document is what parses from the start of a line to the end of one. Where several do, log records hold JSON too:
    then rows (what `--output json` prints) count more than other lists and objects, these more than bare values, and
    among equals the last one, since Airflow logs before it answers. `NaN` is read as Airflow's Python wrote it.
    Raises `ValueError` where there is none.
    """
    best: tuple[int, Any] | None = None
    for document in _documents(text):
        rank = _rank(document)
        if best is None or rank >= best[0]:
            best = rank, document
    if best is None:
        raise ValueError("no JSON document")
    return best[1]


def _documents(text: str) -> Iterator[Any]:
    position = 0
    while start := _LINE_START.search(text, position):
        try:
            document, end = _DECODER.raw_decode(text, start.end())
        except (ValueError, RecursionError):
            end = -1
        if end >= 0 and (line_end := _END_OF_LINE.match(text, end)):
            yield document
            position = line_end.end()
        else:
            position = _next_line(text, start.end())
        if position >= len(text):
            return


def _next_line(text: str, position: int) -> int:
    line_break = text.find("\n", position)
    return len(text) if line_break < 0 else line_break + 1


def _rank(document: Any) -> int:
    if isinstance(document, list) and all(isinstance(row, dict) for row in document):
        return 2
    return 1 if isinstance(document, list | dict) else 0
