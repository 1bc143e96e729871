"""Finding the JSON document that Airflow printed among its log lines."""

import json
import re
from collections.abc import Iterator
from typing import Any

# A document starts a line. So does "[2026-11-22 …] {dagbag.py:417} INFO", which no JSON parser gets past.
_LINE_START = re.compile(r"""^[ \t]*(?=[\[{"\-0-9tfnNI])""", re.MULTILINE)
_BLANKS = re.compile(r"[ \t\r]*")
_BLANK_LINES = re.compile(r"\s*")
_NESTING = re.compile(r"[\[\s]*")
_DECODER = json.JSONDecoder()


def find_json(text: str) -> Any:
    """Return the JSON document in `text`, wherever log lines stand before, after or around it.

    A document is what parses from the start of a line to the end of one. Where several do, log records hold JSON too.
    Airflow logs before it answers, so a document that ends the text is the answer; only with `--verbose` records come
    after it. Then rows (what `--output json` prints) count more than other lists and objects, these more than bare
    values, and among equals the last one. `NaN` is read as Airflow's Python wrote it.
    Raises `ValueError` where there is none, or only the beginning of one.
    """
    best: tuple[int, Any] | None = None
    for document, end in _documents(text):
        rank = 3 if _ends_at(text, end) else _rank(document)
        if best is None or rank >= best[0]:
            best = rank, document
    if best is None:
        raise ValueError("no JSON document")
    return best[1]


def _documents(text: str) -> Iterator[tuple[Any, int]]:
    """Yield every document with the position of its end."""
    position = 0
    while start := _LINE_START.search(text, position):
        try:
            document, end = _document(text, start.end())
        except json.JSONDecodeError as error:
            if _ends_at(text, error.pos):
                return  # a document that was cut off; what its lines hold is no answer
            end = -1
        except (ValueError, RecursionError):  # more digits or deeper nesting than Python reads
            end = -1
            start = _NESTING.match(text, start.end()) or start
        if end >= 0 and _line_ends_at(text, end):
            yield document, end
        position = _next_line(text, max(end, start.end()))
        if position >= len(text):
            return


def _document(text: str, start: int) -> tuple[Any, int]:
    """Return the document at `start`, and where it ends.

    The line is tried for itself first: an error counts the lines before it, which in a large text, once for every log
    line, takes minutes. Only what fails at the very end of its line can go on in the next one.
    """
    line = text[start : _next_line(text, start)]
    try:
        document, end = _DECODER.raw_decode(line)
    except json.JSONDecodeError as error:
        if not _ends_at(line, error.pos):
            raise ValueError("no JSON") from None
        return _DECODER.raw_decode(text, start)
    return document, start + end


def _next_line(text: str, position: int) -> int:
    line_break = text.find("\n", position)
    return len(text) if line_break < 0 else line_break + 1


def _line_ends_at(text: str, position: int) -> bool:
    blanks = _BLANKS.match(text, position)
    assert blanks
    return text[blanks.end() : blanks.end() + 1] in ("\n", "")


def _ends_at(text: str, position: int) -> bool:
    blanks = _BLANK_LINES.match(text, position)
    assert blanks
    return blanks.end() == len(text)


def _rank(document: Any) -> int:
    if isinstance(document, list) and all(isinstance(row, dict) for row in document):
        return 2
    return 1 if isinstance(document, list | dict) else 0
