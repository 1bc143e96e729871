"""The progress of a batch: a live display on a terminal, otherwise a line now and then."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mwaa_async._bulk.journal import Entry
from mwaa_async._bulk.work import Outcome, Row
from mwaa_async._cli.output import drawn_on, new_console, say
from mwaa_async._cli.status import can_draw, waits_shown_elsewhere
from mwaa_async.events import CommandWaiting

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_A_LINE_EVERY = 10.0  # seconds
_FOR_CTRL_C = 4  # columns that stay free at the right: a terminal shows "^C" there, and must not begin a line with it


class Progress(Protocol):
    """What shows the progress of a batch."""

    def count(self, outcome: Outcome) -> None:
        """Take an outcome into account."""


@contextmanager
def shown_progress(standing: "Standing", running: Callable[[], Mapping[str, Row[Outcome]]]) -> Iterator[Progress]:
    """Yield what shows the progress on stderr."""
    if not can_draw():
        lines = Lines(standing)
        yield lines
        lines.show_last()
        return
    from rich.live import Live

    console = new_console(stderr=True)
    with waits_shown_elsewhere() as waits:
        display = Display(standing, running, waits, console)
        live = Live(get_renderable=display.table, console=console, refresh_per_second=4, redirect_stderr=False)
        with live, drawn_on(console):
            yield display


@dataclass
class EnvironmentProgress:
    """The progress on one environment; it took `seconds` for the rows that were `sent`, and not finished before."""

    environment: str
    total: int = 0
    done: int = 0
    failed: int = 0
    sent: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> str:
        """Return how many rows are sent in a second or a minute."""
        if not self.sent:
            return "-"
        rate = self.sent / self.seconds
        return f"{rate:.1f}/s" if rate >= 1 else f"{rate * 60:.2g}/min"

    @property
    def left(self) -> str:
        """Return how long the others will take."""
        if not self.sent or self.done == self.total:
            return "-"
        seconds = round((self.total - self.done) * self.seconds / self.sent)
        hours = f"{seconds // 3600}:{seconds // 60 % 60:02}" if seconds >= 3600 else f"{seconds // 60}"
        return f"{hours}:{seconds % 60:02}"


class Standing:
    """The progress on each environment. Rows that were finished before count as done, but not for the rate."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._environments: dict[str, EnvironmentProgress] = {}
        self._finished: set[int] = set()
        for entry in entries:
            one = self._environments.setdefault(entry.environment, EnvironmentProgress(entry.environment))
            one.total += 1
            if entry.is_finished:
                self._finished.add(entry.number)
                one.done += 1
                one.failed += entry.status == "failed"
        self.refused = sum(one.failed for one in self._environments.values())
        self.environments = tuple(self._environments.values())
        self._began = time.monotonic()

    @property
    def total(self) -> int:
        """Return how many rows there are."""
        return sum(one.total for one in self.environments)

    @property
    def done(self) -> int:
        """Return how many rows are finished."""
        return sum(one.done for one in self.environments)

    @property
    def is_finished(self) -> bool:
        """Tell whether nothing is left to be sent."""
        return self.done == self.total

    def count(self, outcome: Outcome) -> None:
        """Take an outcome into account."""
        if outcome.row not in self._finished:
            one = self._environments[outcome.request.environment]
            one.done += 1
            one.sent += 1
            one.seconds = max(time.monotonic() - self._began, 0.001)
            one.failed += outcome.status in ("failed", "unknown")


class Lines:
    """Now and then a line for each environment."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._shown_at = time.monotonic()
        self._is_shown = False

    def count(self, outcome: Outcome) -> None:
        """Take an outcome into account."""
        self._standing.count(outcome)
        self._is_shown = False
        if time.monotonic() - self._shown_at > _A_LINE_EVERY:
            self.show()

    def show_last(self) -> None:
        """Print the lines, unless nothing has changed since they were printed."""
        if not self._is_shown:
            self.show()

    def show(self) -> None:
        """Print the lines."""
        self._shown_at, self._is_shown = time.monotonic(), True
        for one in self._standing.environments:
            rate = f", {one.rate}" if one.rate != "-" else ""
            left = f", {one.left} left" if one.left != "-" else ""
            say(f"{one.environment}: {one.done} of {one.total}, {one.failed} failed{rate}{left}")


class Display:
    """A table with a line for each environment, drawn again and again in its place."""

    def __init__(
        self,
        standing: Standing,
        running: Callable[[], Mapping[str, Row[Outcome]]],
        waits: Mapping[str, CommandWaiting],
        console: "Console",
    ) -> None:
        self._standing = standing
        self._running = running
        self._waits = waits
        self._console = console

    def count(self, outcome: Outcome) -> None:
        """Take an outcome into account."""
        self._standing.count(outcome)

    def table(self) -> "Table":
        """Return the table as it is now."""
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        table = self._columns()
        for one in self._standing.environments:
            table.add_row(
                one.environment,
                ProgressBar(total=max(one.total, 1), completed=one.done),
                f"{one.done}/{one.total}",
                Text(str(one.failed), style="red" if one.failed else ""),
                one.rate,
                one.left,
                self._now(one.environment),
            )
        return table

    def _columns(self) -> "Table":
        """Return the table without its lines; its numbers have room enough not to move the other columns."""
        from rich.table import Table

        width = self._console.width
        table = Table(box=None, padding=(0, 1, 0, 0), expand=True, width=width - _FOR_CTRL_C, header_style="dim")
        table.add_column("environment", no_wrap=True, max_width=width // 4)
        table.add_column("", width=width // 10)
        for name, at_least in (("done", 7), ("failed", 6), ("rate", 7), ("left", 5)):
            table.add_column(name, justify="right", no_wrap=True, min_width=at_least)
        table.add_column("now", no_wrap=True, ratio=1)
        return table

    def _now(self, environment: str) -> str:
        row, wait = self._running().get(environment), self._waits.get(environment)
        if wait is not None and wait.waits_for != "the answer":
            return _briefly(wait)
        return "" if row is None else f"row {row.number}, {row.label}"


def _briefly(wait: CommandWaiting) -> str:
    """Say what is waited for, for the last column of a narrow table."""
    match wait.waits_for:
        case "a token":
            return "asking AWS for a token"
        case "the next attempt":
            return f"next attempt in {wait.left or 0:.0f} s"
    return f"left alone for {wait.left:.0f} s" if wait.left else f"after {wait.holder or 'others'}"
