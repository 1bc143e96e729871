"""How far a batch has come: a live display on a terminal, otherwise a line now and then."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from mwaa_async import TriggerOutcome
from mwaa_async._bulk.journal import RowStatus
from mwaa_async._bulk.rows import Row
from mwaa_async._cli.output import say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_A_LINE_EVERY = 10.0  # seconds


class Progress(Protocol):
    """What shows how far a batch has come."""

    def count(self, outcome: TriggerOutcome) -> None:
        """Take an outcome into account."""

    def say(self, line: str) -> None:
        """Tell something else in between."""


@contextmanager
def shown_progress(rows: Mapping[tuple[str, RowStatus], int], running: Mapping[str, Row]) -> Iterator[Progress]:
    """Yield what shows the progress on stderr; `rows` counts all rows by environment and status."""
    lanes: dict[str, Lane] = {}
    for (environment, _), count in rows.items():
        lanes.setdefault(environment, Lane(environment)).total += count
    if not sys.stderr.isatty():
        yield Lines(lanes)
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    display = Display(lanes, running, console)
    with Live(get_renderable=display.table, console=console, refresh_per_second=8, redirect_stderr=False):
        yield display


class Lane:
    """How far one environment has come. Rows that were finished before count as done, but not for the rate."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        self.total = 0
        self.done = 0
        self.failed = 0
        self._sent = 0
        self._began = time.monotonic()

    def count(self, outcome: TriggerOutcome) -> None:
        """Take an outcome into account."""
        self.done += 1
        self.failed += outcome.status in ("failed", "unknown")
        self._sent += outcome.status != "already_triggered"

    @property
    def rate(self) -> float:
        """Return how many rows were sent in a second."""
        return self._sent / max(time.monotonic() - self._began, 0.001)

    @property
    def left(self) -> float | None:
        """Return the seconds that the others will take, if that can be said."""
        return (self.total - self.done) / self.rate if self._sent else None


class Lines:
    """Now and then a line for each environment."""

    def __init__(self, lanes: Mapping[str, Lane]) -> None:
        self._lanes = lanes
        self._told_at = time.monotonic()

    def count(self, outcome: TriggerOutcome) -> None:
        """Take an outcome into account."""
        self._lanes[outcome.request.environment].count(outcome)
        if time.monotonic() - self._told_at > _A_LINE_EVERY:
            self._told_at = time.monotonic()
            for lane in self._lanes.values():
                left = "" if lane.left is None else f", {_duration(lane.left)} left"
                say(f"{lane.environment}: {lane.done} of {lane.total}, {lane.failed} failed, {lane.rate:.1f}/s{left}")

    def say(self, line: str) -> None:
        """Tell something else in between."""
        say(line)


class Display:
    """A table with a line for each environment, drawn again and again in its place."""

    def __init__(self, lanes: Mapping[str, Lane], running: Mapping[str, Row], console: "Console") -> None:
        self._lanes = lanes
        self._running = running
        self._console = console

    def count(self, outcome: TriggerOutcome) -> None:
        """Take an outcome into account."""
        self._lanes[outcome.request.environment].count(outcome)

    def say(self, line: str) -> None:
        """Tell something else in between, above the table."""
        self._console.print(f"mwaa-async: {line}")

    def table(self) -> "Table":
        """Return the table as it is now."""
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        table = Table(box=None, pad_edge=False, expand=True, header_style="dim")
        table.add_column("environment", no_wrap=True, overflow="ellipsis", max_width=24)
        table.add_column("", width=12 if self._console.width < 120 else 30)
        for name in ("done", "failed", "rate", "left"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("running now", no_wrap=True, overflow="ellipsis", ratio=1)
        for lane in self._lanes.values():
            table.add_row(
                lane.environment,
                ProgressBar(total=max(lane.total, 1), completed=lane.done),
                f"{lane.done}/{lane.total}",
                str(lane.failed),
                f"{lane.rate:.1f}/s",
                "-" if lane.left is None else _duration(lane.left),
                self._now(lane.environment),
            )
        return table

    def _now(self, environment: str) -> str:
        row = self._running.get(environment)
        return "" if row is None else f"{row.request.dag_id} {row.run_id}"


def _duration(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
