"""A command as the web server wants it: one line of words, quoted like a shell's."""

import re
import shlex
from collections.abc import Sequence

from mwaa_async._protocol.words import MOST_WORDS, first_words

# '…', "…" with backslashes in it, and a backslash with what it makes literal (which a line break is not).
_SPECIAL = re.compile(r"""['"\\\r\n]""")
_QUOTED = re.compile(r"""(?:'[^']*+'|"(?:[^"\\]++|\\.)*"|\\[^\r\n])+""", re.DOTALL)
_AIRFLOW = re.compile(r"[ \t]*+airflow(?:[ \t]++|\Z)")
_JSON = (
    "this is JSON, and the endpoint is no REST API: it takes a command line, such as dags trigger DAG_ID --conf '{…}'"
)
_ASKS_FOR_JSON = re.compile(r"\0(?:-o\0?|--out(?:p|pu|put)?[\0=])json\0")


def command_line(command: str | Sequence[str]) -> str:
    """Return the line to send for `command`, without a leading `airflow`.

    A string is the line already and is sent as it is, but for line breaks at its end; a sequence of arguments is
    quoted so that Airflow gets exactly these. Raises `ValueError` for what the web server could not split into words
    again: an empty command, a NUL, a line break outside quotes, a quote that is never closed, a character that UTF-8
    cannot express.
    """
    line = _without_airflow(_without_end(command)) if isinstance(command, str) else _quoted(command)
    if not line.strip():
        raise ValueError("the command is empty")
    if "\0" in line:
        raise ValueError("the command has a NUL character in it, which no argument can hold")
    if not line.isascii():
        _check_encoding(line)
    if _SPECIAL.search(line):
        _check_quotes(line)
    return line


def asks_for_json(line: str) -> bool:
    """Tell whether the command line has `-o json`, in any spelling that argparse takes."""
    return _ASKS_FOR_JSON.search("\0".join(["", *first_words(line, MOST_WORDS), ""])) is not None


def pasted_json(line: str) -> str | None:
    """Return what to say of a JSON document in the place of a command: it is a request's body for a REST API."""
    return _JSON if line.lstrip(" \t\r\n'\"").startswith(("{", "[")) else None


def _without_end(line: str) -> str:
    """Return the line without the line breaks at its end, and the blanks after the first of them."""
    text = line.rstrip(" \t\r\n")
    blanks = len(line[len(text) :].split("\n", 1)[0].split("\r", 1)[0])  # the last may be escaped, and so an argument
    return line[: len(text) + blanks]


def _without_airflow(line: str) -> str:
    called = _AIRFLOW.match(line)
    return line[called.end() :] if called else line


def _quoted(words: Sequence[str]) -> str:
    # Of bytes, each element is an int; only of empty ones it is not seen.
    if isinstance(words, bytes | bytearray) or not all(isinstance(word, str) for word in words):
        raise TypeError("a command is a string or a sequence of strings")
    return shlex.join(words[1:] if words and words[0] == "airflow" else words)


def _check_encoding(line: str) -> None:
    try:
        line.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"the command cannot be sent as UTF-8: {error.reason}") from None


def _check_quotes(line: str) -> None:
    unquoted = _QUOTED.sub("", line)
    if "\n" in unquoted or "\r" in unquoted:
        raise ValueError(
            pasted_json(line)
            or "the command has a line break outside quotes, and the web server takes one line: quote an argument that "
            "has one, or pass a sequence of arguments; run several commands one by one"
        )
    if "'" in unquoted or '"' in unquoted:
        raise ValueError("the command has a quote that is never closed")
    if "\\" in unquoted:
        raise ValueError("the command ends in a backslash")
