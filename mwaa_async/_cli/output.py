"""What goes to stdout and stderr."""

import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from textwrap import TextWrapper
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

_WIDEST = 10_000  # columns
_LONGEST = 300  # characters
_NARROWEST = 40  # columns; terminals that are not drawn yet say 0
_BROKEN_PIPE = 141  # what a shell reports for a program that SIGPIPE has ended
_SPACE = "\x1f"  # stands for one at which no line ends

_drawing: list["Console"] = []  # on which something is drawn just now
_unwritten: list[OSError] = []
_said: list[str] = []  # the last line


def say(line: str) -> None:
    """Print a message to stderr, with the program's name before it, and above what is drawn there.

    A terminal gets lines that end at words; elsewhere it is one line, and the same one only once in a row.
    """
    line = f"mwaa-async: {' '.join(line.splitlines())}"
    columns = _columns()
    if columns is None and [line] == _said:
        return
    _said[:] = [line]
    text = (line if columns is None else _wrapped(line, columns)).replace(_SPACE, " ")
    if _drawing:
        _drawing[-1].print(text, soft_wrap=True)
    else:
        write(f"{text}\n", err=True)


def in_one_line(command: str) -> str:
    """Return a command for `say`, which does not divide it then: it is there to be copied."""
    return command.replace(" ", _SPACE)


@contextmanager
def drawn_on(console: "Console") -> Iterator[None]:
    """Let this console print what is said meanwhile: it would draw over it otherwise."""
    _drawing.append(console)
    try:
        yield
    finally:
        _drawing.remove(console)


def shortened(text: str) -> str:
    """Return the text without the middle of a long one: some errors quote a command with all of its conf."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 3]} … {text[-2 * _LONGEST // 3 :]}"


def counted(count: int, noun: str) -> str:
    """Return how many there are: "1 row", "2 rows"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def write(text: str, *, err: bool = False) -> None:
    """Print the text as it is: in UTF-8 whatever the locale, and with no line end but its own.

    Where that fails, the rest of the work is done all the same, and `is_all_written` says so in the end.
    """
    try:
        click.echo(text.encode(errors="surrogateescape"), nl=False, err=err)
    except BrokenPipeError:
        _drop_what_is_buffered(err)
        raise click.exceptions.Exit(_BROKEN_PIPE) from None
    except OSError as error:
        _drop_what_is_buffered(err)
        _unwritten.append(error)
        if not err:
            say(f"the output cannot be written: {error.strerror}")


def write_json(document: object) -> None:
    """Print a document to stdout as JSON for people, too."""
    text = json.dumps(document, indent=4, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON has a way to say, but UTF-8 has none
        text = json.dumps(document, indent=4)
    write(f"{text}\n")


def is_all_written() -> bool:
    """Tell whether everything could be written, to stdout and to stderr."""
    return not _unwritten


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table to stdout: as wide as the terminal at most, or as wide as it needs to be where there is none."""
    from rich.table import Table

    table = Table(*columns, box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for row in rows:
        table.add_row(*row)
    console = new_console()
    if not console.is_terminal:
        console.width = console.measure(table, options=console.options.update(max_width=_WIDEST)).maximum
    console.file = drawn = StringIO()
    console.print(table)
    write("".join(f"{line.rstrip()}\n" for line in drawn.getvalue().splitlines()))


def new_console(*, stderr: bool = False) -> "Console":
    """Return what draws on stdout or stderr; `NO_COLOR` keeps it from every style (https://no-color.org)."""
    from rich.console import Console

    return Console(
        stderr=stderr,
        markup=False,
        highlight=False,
        emoji=False,
        no_color=is_plain(),
        color_system=None if is_plain() else "auto",
    )


def is_plain() -> bool:
    """Tell whether nothing may have a style."""
    return bool(os.environ.get("NO_COLOR")) or is_dumb()


def is_dumb() -> bool:
    """Tell whether the terminal, if there is one, can neither draw nor style."""
    return os.environ.get("TERM", "").lower() in ("dumb", "unknown")


def log_to_stderr(*, verbose: bool) -> None:
    """Say what the library logs; botocore and aiohttp, whose logs hold secrets, stay silent.

    Otherwise nothing is logged at all: this program has its own words for trouble.
    """
    logger = logging.getLogger("mwaa_async")
    logger.addHandler(_Saying() if verbose else logging.NullHandler())
    logger.setLevel(logging.DEBUG if verbose else logging.CRITICAL)


class _Saying(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        if record.exc_info:
            write(f"{text.lstrip()}\n", err=True)  # a traceback is read line by line
        else:
            say(text)


def _columns() -> int | None:
    """Return how wide the terminal is at which the messages are read, if they are."""
    if not sys.stderr.isatty():
        return None
    try:
        return max(os.get_terminal_size(sys.stderr.fileno()).columns, _NARROWEST)
    except OSError:
        return 80


def _wrapped(line: str, columns: int) -> str:
    wrapper = TextWrapper(columns, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return wrapper.fill(line)


def _drop_what_is_buffered(err: bool) -> None:
    # Python flushes once more when it ends, and would complain with an exit status of its own.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, (sys.stderr if err else sys.stdout).fileno())
    os.close(nowhere)
