"""One command while it is being run: what it was asked, and what it has printed so far."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn

from mwaa_async._protocol.versions import Version
from mwaa_async.emulator.airflow import tables
from mwaa_async.emulator.airflow.dates import log_time
from mwaa_async.emulator.airflow.dialect import Dialect
from mwaa_async.emulator.airflow.json_logs import as_json, unhandled
from mwaa_async.emulator.airflow.metadata import Metadata


class Failed(Exception):
    """Airflow gives up with exit status 1; everything it has to say about it is printed already."""


@dataclass
class Call:
    """The surroundings of a command: its arguments, Airflow's state, the time, and its two outputs."""

    version: Version
    dialect: Dialect
    metadata: Metadata
    now: datetime
    arguments: Namespace = field(default_factory=Namespace)
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    json_logs: bool = False

    def print(self, text: object) -> None:
        self.stdout.append(f"{text}\n")

    def log(self, event: str, /, **fields: str) -> None:
        """Prints what this version prints on that event, which may be nothing."""
        if (lines := self.dialect.logs.get(event)) is not None:
            fields["now"] = log_time(self.version, self.now)
            fields["short_now"] = self.now.strftime("%Y-%m-%d %H:%M:%S")
            written = as_json if self.json_logs else str
            self.stdout.append(written(lines.stdout.substitute(fields)))
            self.stderr.append(written(lines.stderr.substitute(fields)))

    def show(self, rows: Sequence[tables.Row], output: str = "") -> None:
        """Prints rows in a format, or else in the one that was asked for with ``--output``."""
        try:
            self.stdout.append(tables.render(rows, output or self.arguments.output))
        except tables.MisreadAsMarkup as error:
            self.crash("", f"rich.errors.MarkupError: {error}")

    def print_rich(self, text: str) -> None:
        """Prints a line by way of rich, which may break it, or take a part of it for markup."""
        try:
            self.stdout.append(tables.printed(text))
        except tables.MisreadAsMarkup as error:
            self.crash("", f"rich.errors.MarkupError: {error}")

    def fail(self, message: str) -> NoReturn:
        """Ends with a message, like ``raise SystemExit(message)``."""
        self.stderr.append(f"{message}\n")
        raise Failed

    def crash_if_recorded(self, traceback: str) -> None:
        """Ends with a traceback where this version has it, for a fault of Airflow's own that others do not have."""
        if traceback in self.dialect.tracebacks:
            self.crash(traceback)

    def crash(self, traceback: str, message: str = "", /, **fields: str) -> NoReturn:
        """Ends with a traceback, whose last line is the message where the record does not have it."""
        template = self.dialect.tracebacks.get(traceback)
        text = template.substitute(fields) if template else "Traceback (most recent call last):\n"
        text += f"{message}\n" if message else ""
        if self.json_logs:
            self.stdout.append(unhandled(text, log_time(self.version, self.now)))
        else:
            self.stderr.append(text)
        raise Failed
