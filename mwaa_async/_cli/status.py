"""The one line about what is going on: in place on a terminal, elsewhere a line for each change."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol

from mwaa_async._cli.output import drawn_on, is_dumb, new_console, say
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


@contextmanager
def waits_shown_elsewhere() -> Iterator[Mapping[str, CommandWaiting]]:
    """Yield what the environments wait for, to a display that takes the place of the line."""
    _LINE.is_hidden = True
    try:
        yield _LINE.waits
    finally:
        _LINE.is_hidden = False


def explainer() -> Callable[[Event], None] | None:
    """Return what says why nothing happens: on a terminal in the place of the status, elsewhere what takes very long.

    The log says all of it, and so nothing does where that is shown.
    """
    if _is_logging():
        return None
    return _LINE.explain if can_draw() else _say_what_takes_long


def _say_what_takes_long(event: Event) -> None:
    if isinstance(event, QueueStalled) or (isinstance(event, RequestRepeated) and event.pause >= _LONG):
        say(log_text(event))


def can_draw() -> bool:
    """Tell whether stderr is a terminal that can draw, and nothing is logged to it."""
    return sys.stderr.isatty() and not is_dumb() and not _is_logging()


def _is_logging() -> bool:
    return logging.getLogger("mwaa_async").isEnabledFor(logging.DEBUG)


class _Line:
    """The line on the terminal: what is waited for, or else the status; drawn while there is one.

    `waits` has what each environment waits for, after a second of it.
    """

    def __init__(self) -> None:
        self.is_hidden = False
        self.waits: dict[str, CommandWaiting] = {}
        self._text = ""
        self._status: Status | None = None
        self._drawn = ExitStack()

    def show(self, text: str) -> None:
        self._text = text
        self._draw()

    def explain(self, event: Event) -> None:
        if isinstance(event, CommandWaiting):
            self.waits[event.environment] = event
        elif isinstance(event, CommandStarted | RequestEnded | CommandEnded):
            self.waits.pop(event.environment, None)
        self._draw()

    def _draw(self) -> None:
        waits = (f"{environment}: {event.text}" for environment, event in self.waits.items())
        text = "" if self.is_hidden else next(waits, self._text)
        if text:
            self._opened().update(text)
        elif self._status is not None:
            self._status = None
            self._drawn.close()

    def _opened(self) -> "Status":
        if self._status is None:
            console = new_console(stderr=True)
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
