"""Files with secrets in them: read whole, and written whole or not at all, for nobody else to read."""

import os
import sys
import tempfile
from pathlib import Path

import click

from mwaa_async._cli.exits import CannotStartError, WrongInputError
from mwaa_async._cli.output import write

STDIO = "-"


def read_text(file: Path) -> tuple[str, str]:
    """Return the text of a file, "-" for standard input, and what to call it. Raises `WrongInputError`."""
    name = "standard input" if str(file) == STDIO else str(file)
    if str(file) == STDIO and sys.stdin is None:
        raise WrongInputError("there is no standard input")
    try:
        content = sys.stdin.buffer.read() if str(file) == STDIO else file.read_bytes()
        return content.decode("utf-8-sig"), name
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise WrongInputError(f"{name}, line {line}: it is no UTF-8; nothing was sent") from None
    except OSError as error:
        raise WrongInputError(f"{name} cannot be read: {error.strerror}; nothing was sent") from None


def check_can_be_written(file: Path) -> None:
    """Refuse a file that could not be written in the end. Raises `click.UsageError`."""
    if str(file) != STDIO and not file.absolute().parent.is_dir():
        raise click.UsageError(f"there is no directory {str(file.absolute().parent)!r}")


def write_text(file: Path, text: str) -> None:
    """Write a file that appears whole, for its owner only, or print the text where it is "-"."""
    if str(file) == STDIO:
        write(text)
        return
    target = Path(os.path.realpath(file))  # a link stays one
    try:
        if file.exists() and not file.is_file():  # a pipe, which nothing can take the place of
            file.write_text(text, encoding="utf-8")
            return
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as opened:
                opened.write(text)
                opened.flush()
                os.fsync(opened.fileno())
            Path(name).replace(target)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise CannotStartError(f"{file} cannot be written: {error.strerror}; what was there before is there") from None
