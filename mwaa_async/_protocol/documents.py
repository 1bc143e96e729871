"""Finding the JSON document that Airflow printed among its log lines."""

import json
import re
from collections.abc import Iterator
from typing import Any

from mwaa_async._protocol.log_lines import without_json_records

# A document starts a line. So does "[2026-11-22 …] {dagbag.py:417} INFO", which no JSON parser gets past.
_LINE_START = re.compile(r"""^[ \t]*(?=[\[{"\-0-9tfnNI])""", re.MULTILINE)
_BLANKS = re.compile(r"[ \t\r]*")
_WHITESPACE = re.compile(r"\s*")
_OPENING_LINES = re.compile(r"(?:[ \t\r\[]*\n)*")
_DECODER = json.JSONDecoder()


def find_json(text: str) -> Any:
    """Return the JSON document in `text`, wherever log lines stand before, after or around it.

    A document is what parses from the start of a line to the end of one, and is no log record. Where several do, log
    records hold JSON in further lines, too. Airflow logs before it answers, so a document that ends the text is the
    answer; only at the level DEBUG records come after it. Then rows (what `--output json` prints) count more than other
    lists and objects, these more than bare values, and among equals the last one. `NaN` is read as Airflow's Python
    wrote it.
    Raises `ValueError` where there is none, or only the beginning of one.
    """
    text = without_json_records(text)
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
        position = start.end()
        try:
            document, position = _document(text, position)
        except json.JSONDecodeError as error:
            if _ends_at(text, error.pos):
                return  # a document that was cut off; what its lines hold is no answer
        except RecursionError:
            # Every line of such a nest would take as long as all of it.
            position = max(position, _end(_OPENING_LINES, text, position) - 1)
        except ValueError:
            pass
        else:
            if text[(end := _end(_BLANKS, text, position)) : end + 1] in ("\n", ""):
                yield document, position
        position = _next_line(text, position)


def _document(text: str, start: int) -> tuple[Any, int]:
    """Return the document at `start`, and where it ends.

    The line is tried for itself first: an error counts the lines before it, which in a large text, once for every log
    line, takes minutes. Only what fails at the very end of its line can go on in the next one.
    """
    line = text[start : _next_line(text, start)].rstrip()
    try:
        document, end = _DECODER.raw_decode(line)
    except json.JSONDecodeError as error:
        if error.pos < len(line):
            raise ValueError("no JSON") from None
        return _DECODER.raw_decode(text, start)
    return document, start + end


def _next_line(text: str, position: int) -> int:
    line_break = text.find("\n", position)
    return len(text) if line_break < 0 else line_break + 1


def _ends_at(text: str, position: int) -> bool:
    return _end(_WHITESPACE, text, position) == len(text)


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    """Return where what the pattern matches at `position`, perhaps nothing, ends."""
    found = pattern.match(text, position)
    return found.end() if found else position


def _rank(document: Any) -> int:
    if isinstance(document, list) and all(isinstance(row, dict) for row in document):
        return 2
    return 1 if isinstance(document, list | dict) else 0
