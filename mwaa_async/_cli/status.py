"""One line about what is waited for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from mwaa_async._cli.output import drawn_on, say

if TYPE_CHECKING:
    from rich.status import Status


class Shown(Protocol):
    """What shows a status."""

    def show(self, text: str) -> None:
        """Show this from now on."""


@contextmanager
def shown_status() -> Iterator[Shown]:
    """Yield what shows a status on stderr: in place on a terminal, otherwise in a line for each change."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console

    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    with console.status("") as status, drawn_on(console):
        yield _InPlace(status)


class _InPlace:
    def __init__(self, status: "Status") -> None:
        self._status = status

    def show(self, text: str) -> None:
        self._status.update(text)


class _Lines:
    def __init__(self) -> None:
        self._shown = ""

    def show(self, text: str) -> None:
        if text != self._shown:
            self._shown = text
            say(text)
