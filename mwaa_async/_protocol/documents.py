"""Finding the JSON document that Airflow printed among its log lines."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from mwaa_async._protocol.log_lines import LOG_LINE, are_around_commands, with_json_records_blank

# A document starts a line. So does "[2026-11-22 …] {dagbag.py:417} INFO", which no JSON parser gets past.
_LINE_START = re.compile(
    r"""^[ \t]*+(?=\[(?!\d{4}-\d\d-\d\d)|[{"0-9]|-[\dI]|true|false|null|NaN|Infinity)""", re.MULTILINE
)
_BLANKS = re.compile(r"[ \t\r]*")
_WHITESPACE = re.compile(r"\s*")
# Of a nest of lists and objects, with a bracket, a comma or a key's colon at the end of each line.
_OPENING_LINES = re.compile(r"(?:(?:.*[\[{:,])?[ \t\r]*\n)*")
# So much of a document tells whether it is one, but for what the end of the piece cuts in two.
_PIECE = 4096
_LONGEST_WORD = 20
_MOST_NESTS = 1000
_RECORD = re.compile(rf"^(?:{LOG_LINE.pattern})", re.MULTILINE)
# A record whose message goes on in the next line: "[2026-11-25 …] {plugins_manager.py:1} DEBUG - Plugins:".
_INTRODUCTION = re.compile(rf"(?:{LOG_LINE.pattern}).*(?::| -)(?:\x1b\[[\d;]*m|\s)*\Z")
_OF_A_RECORD = {"timestamp", "level", "event"}
_ROWS = 2
_DECODER = json.JSONDecoder()


class _Found(NamedTuple):
    """A document, and where it stands."""

    document: Any
    start: int
    end: int


def find_json(text: str) -> Any:
    """Return the JSON document in `text`, wherever log lines stand before, after or around it.

    A document is what parses from the start of a line to the end of one, and is no log record. Where several do, log
    records hold JSON in further lines, too. Airflow logs before it answers, so a document that ends the text is the
    answer; only at the level DEBUG records come after it, and what follows rows (what `--output json` prints) and a
    record is a record's. Then rows count more than other lists and objects, these more than bare values, and among
    equals the last one. `NaN` is read as Airflow's Python wrote it.
    Raises `ValueError` where there is none, or only the beginning of one, or where rows before and after a
    record could both be the answer.
    """
    return _find(text).document


def divided_at_json(text: str) -> tuple[str, str, str]:
    """Return what is before the lines of the document that `find_json` finds, these lines, and what is after them.

    Raises `ValueError` as that does.
    """
    _, start, end = _find(text)
    first, last = text.rfind("\n", 0, start) + 1, _next_line(text, end)
    return text[:first], text[first:last], text[last:]


def _find(text: str) -> _Found:
    text = with_json_records_blank(text)
    found = [*_documents(text)]
    best = _best(text, [one for one in found if not _is_of_a_record(text, one)]) or _best(text, found)
    if best is None:
        raise ValueError("no JSON document")
    return best


def _best(text: str, candidates: list[_Found]) -> _Found | None:
    best, rank, logged_since, position = None, -1, False, 0
    for found in candidates:
        logged_since = logged_since or _RECORD.search(text, position, found.start) is not None
        position = found.end
        its_rank = _rank(found.document)
        if logged_since and rank == _ROWS:
            if its_rank < _ROWS:
                continue
            if not are_around_commands(_line_before(text, found.start) or "no record"):
                raise ValueError("there are rows before and after a log record")
        if _ends_at(text, found.end) or its_rank >= rank:
            best, rank, logged_since = found, its_rank, False
    return best


def _is_of_a_record(text: str, found: _Found) -> bool:
    """Tell whether the document is a log record, or goes on with the one in the line before."""
    if isinstance(found.document, dict) and found.document.keys() >= _OF_A_RECORD:
        return True
    return _INTRODUCTION.match(_line_before(text, found.start)) is not None


def _line_before(text: str, position: int) -> str:
    end = text.rfind("\n", 0, position)
    return text[text.rfind("\n", 0, end) + 1 : end] if end > 0 else ""


def _documents(text: str) -> Iterator[_Found]:
    """Yield every document."""
    position = nests = 0
    while start := _LINE_START.search(text, position):
        position = first = start.end()
        try:
            document, position = _document(text, position)
        except json.JSONDecodeError as error:
            if _ends_at(text, error.pos):
                return  # a document that was cut off; what its lines hold is no answer
        except RecursionError:
            # Every line of such a nest would take as long as all of it.
            if (nests := nests + 1) > _MOST_NESTS:
                raise ValueError("too many documents are nested too deeply") from None
            position = max(position, _end(_OPENING_LINES, text, position) - 1)
        except ValueError:
            pass
        else:
            if text[(end := _end(_BLANKS, text, position)) : end + 1] in ("\n", ""):
                yield _Found(document, first, position)
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
        _check_beginning(text, start)
        return _DECODER.raw_decode(text, start)
    return document, start + end


def _check_beginning(text: str, start: int) -> None:
    """Raise `ValueError` where a piece of the text tells that no document is at `start`."""
    piece = text[start : start + _PIECE]
    try:
        _DECODER.raw_decode(piece)
    except json.JSONDecodeError as error:
        # A string that the piece cuts in two counts from where it begins.
        if error.pos < len(piece) - _LONGEST_WORD and not error.msg.startswith("Unterminated string"):
            raise ValueError("no JSON") from None


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
        return _ROWS
    return 1 if isinstance(document, list | dict) else 0
