"""What goes to stdout and stderr."""

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

_WIDEST = 10_000  # columns
_LONGEST = 300  # characters
_BROKEN_PIPE = 141  # what a shell reports for a program that SIGPIPE has ended

_drawing: list["Console"] = []  # on which something is drawn just now


def say(line: str) -> None:
    """Print one line to stderr, with the program's name before it, and above what is drawn there."""
    line = f"mwaa-async: {' '.join(line.splitlines())}"
    if _drawing:
        _drawing[-1].print(line, soft_wrap=True)
    else:
        write(f"{line}\n", err=True)


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


def write(text: str, *, err: bool = False) -> None:
    """Print the text as it is: in UTF-8 whatever the locale, and with no line end but its own."""
    try:
        click.echo(text.encode(errors="surrogateescape"), nl=False, err=err)
    except BrokenPipeError:
        _drop_what_is_buffered(err)
        raise click.exceptions.Exit(_BROKEN_PIPE) from None
    except OSError as error:
        _drop_what_is_buffered(err)
        raise click.ClickException(f"the output cannot be written: {error.strerror}") from None


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table to stdout: as wide as the terminal at most, or as wide as it needs to be where there is none."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for row in rows:
        table.add_row(*row)
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = console.measure(table, options=console.options.update(max_width=_WIDEST)).maximum
    with console.capture() as captured:
        console.print(table)
    write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def log_to_stderr(*, verbose: bool) -> None:
    """Log what the library does; botocore and aiohttp, whose logs hold secrets, stay silent.

    Otherwise nothing is logged at all: this program has its own words for trouble.
    """
    handler = logging.StreamHandler() if verbose else logging.NullHandler()
    handler.setFormatter(logging.Formatter("mwaa-async: %(message)s"))
    logger = logging.getLogger("mwaa_async")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if verbose else logging.CRITICAL)


def _drop_what_is_buffered(err: bool) -> None:
    # Python flushes once more when it ends, and would complain with an exit status of its own.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, (sys.stderr if err else sys.stdout).fileno())
    os.close(nowhere)
