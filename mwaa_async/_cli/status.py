"""The one line about what is going on: in place on a terminal, elsewhere a line for each change."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol

from mwaa_async._cli.output import drawn_on, say
from mwaa_async._reporting import log_text
from mwaa_async.events import (
    CommandEnded,
    CommandStarted,
    CommandWaiting,
    Event,
    QueueStalled,
    RequestEnded,
    RequestRepeated,
)

if TYPE_CHECKING:
    from rich.status import Status


_LONG = 5.0  # seconds


class Shown(Protocol):
    """What shows a status."""

    def show(self, text: str) -> None:
        """Show this from now on."""


class Waits:
    """What each environment waits for, after a second of it: to be called with a client's events."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        """Take notice of an event."""
        if isinstance(event, CommandWaiting):
            self.texts[event.environment] = event.text
        elif isinstance(event, CommandStarted | RequestEnded | CommandEnded):
            self.texts.pop(event.environment, None)


@contextmanager
def shown_status() -> Iterator[Shown]:
    """Yield what shows a status on stderr."""
    if not can_draw():
        yield _Lines()
        return
    try:
        yield _LINE
    finally:
        _LINE.show("")


def explain(event: Event) -> None:
    """Say why nothing happens: on a terminal in the place of the status, elsewhere only what takes very long.

    What is logged says all of it.
    """
    if can_draw():
        _LINE.explain(event)
    elif not _is_logging() and (isinstance(event, QueueStalled) or _is_long_pause(event)):
        say(log_text(event))


def can_draw() -> bool:
    """Tell whether stderr is a terminal that can draw, and nothing is logged to it."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not _is_logging()


def _is_logging() -> bool:
    return logging.getLogger("mwaa_async").isEnabledFor(logging.DEBUG)


def _is_long_pause(event: Event) -> bool:
    return isinstance(event, RequestRepeated) and event.pause >= _LONG


class _Line:
    """The line on the terminal: what is waited for, or else the status; drawn while there is one."""

    def __init__(self) -> None:
        self._text = ""
        self._waits = Waits()
        self._status: Status | None = None
        self._drawn = ExitStack()

    def show(self, text: str) -> None:
        self._text = text
        self._draw()

    def explain(self, event: Event) -> None:
        self._waits(event)
        self._draw()

    def _draw(self) -> None:
        waits = [f"{environment}: {text}" for environment, text in self._waits.texts.items()]
        if text := next(iter(waits), self._text):
            self._opened().update(text)
        elif self._status is not None:
            self._status = None
            self._drawn.close()

    def _opened(self) -> "Status":
        if self._status is None:
            from rich.console import Console

            console = Console(stderr=True, highlight=False, markup=False, emoji=False)
            self._status = self._drawn.enter_context(console.status(""))
            self._drawn.enter_context(drawn_on(console))
        return self._status


_LINE = _Line()


class _Lines:
    def __init__(self) -> None:
        self._shown = ""

    def show(self, text: str) -> None:
        if text != self._shown:
            self._shown = text
            say(text)
