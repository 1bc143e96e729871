"""The outcome of a command: what it printed, or the error in the place of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from mwaa_async._model.portable import Portable, plain
from mwaa_async._protocol.catalogue import command_words, prints_a_text
from mwaa_async._protocol.secrets import redacted


class MwaaError(Exception):
    """Something went wrong with a command for an MWAA environment.

    `ran` tells whether the command ran: `False` (certainly not, so it is safe to repeat), `True`, or `None` (unknown).
    `environment` is the environment's name, `command` the beginning of the command line with its secrets blanked out,
    `result` what Airflow printed and `http_status` the web server's answer; each is `None` where there is none.
    `attempts` is more than 1 where the command was sent again because nobody knew whether it had run.
    """

    ran: ClassVar[bool | None] = None
    DETAILS: ClassVar[tuple[str, ...]] = ()  # attributes beyond those of every error, which `to_dict` returns, too

    def __init__(
        self,
        message: str,
        *,
        environment: str | None = None,
        command: str | None = None,
        result: "CommandResult | None" = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.environment = environment
        self.command = command
        self.result = result
        self.http_status = http_status
        self.attempts = 1 if result is None else result.attempts

    def to_dict(self) -> dict[str, Any]:
        """Return the error as JSON can express it, without the `result`: what Airflow printed may hold a secret."""
        return {
            "type": type(self).__name__,
            "message": str(self),
            "ran": self.ran,
            "environment": self.environment,
            "command": self.command,
            "http_status": self.http_status,
            "attempts": self.attempts,
            **{name: plain(getattr(self, name)) for name in self.DETAILS},
        }

    # `dict(error)` is tried first by what turns any object into JSON (FastAPI's jsonable_encoder); it would take all
    # attributes otherwise, and so what Airflow printed.
    def keys(self) -> Iterable[str]:
        """Return the names of what `to_dict` returns, so that `dict(error)` is the same."""
        return self.to_dict().keys()

    def __getitem__(self, name: str) -> Any:
        return self.to_dict()[name]


class OutputError(MwaaError):
    """The command ran, but its output is not what the command should have printed."""

    ran = True


@dataclass(frozen=True, slots=True)
class CommandResult(Portable):
    """What Airflow printed for one command, and how long that took.

    `command` is the command line as it was sent. `queued_for` is the time until the command's turn came and `took` the
    time from then until the answer was read, both in seconds. `attempts` is more than 1 where the command was sent
    again because nobody knew whether it had run. The `repr` shows neither output nor secrets.
    """

    environment: str
    command: str
    stdout: str
    stderr: str
    http_status: int
    queued_for: float
    took: float
    attempts: int = 1
    answered_at: datetime = field(default_factory=lambda: datetime.now(UTC), repr=False, compare=False)

    @property
    def text(self) -> str:
        """stdout without the log lines of Airflow and MWAA, wherever they stand, and with every other character.

        What `tasks render` and `variables get` print keeps lines in its midst that look like log lines. Raises
        `OutputError` where such lines at the ends of a variable's value cannot be told from the log's; `stdout` has all
        of it.
        """
        from mwaa_async._protocol.log_lines import divided

        is_text = prints_a_text(self.command)
        if is_text and command_words(self.command).startswith("variables") and not self._has_failed():
            return self.stored_text(self.stdout)
        return divided(self.stdout, is_text=is_text).answer

    def stored_text(self, printed: str) -> str:
        """Return the text that somebody stored from what this command `printed` of it. Raises `OutputError`."""
        from mwaa_async._protocol.log_lines import text_in

        try:
            return text_in(printed, self.answered_at)
        except ValueError as error:
            raise OutputError(
                f"{self.environment}: what {redacted(self.command)!r} printed cannot be told from the log around it: "
                f"{error}; all of it is the stdout of the error's result, and of run() with the same words "
                "('mwaa-async run --raw' prints it)",
                environment=self.environment,
                command=redacted(self.command),
                result=self,
            ) from None

    def _has_failed(self) -> bool:
        from mwaa_async._protocol.verdicts import failure, words_of_airflow

        return self.http_status != 200 or failure(words_of_airflow(self.command, self.stdout), self.stderr) is not None

    def json(self) -> Any:
        """Return the JSON document in stdout, wherever log lines begin and end.

        Raises `OutputError` when stdout holds none, which is usual without `--output json`.
        """
        from mwaa_async._protocol.advice import json_advice
        from mwaa_async._protocol.documents import find_json

        try:
            return find_json(self.stdout)
        except ValueError as error:
            raise OutputError(
                f"{self.environment}: {redacted(self.command)!r} printed no JSON document; {json_advice(self.command)}",
                environment=self.environment,
                command=redacted(self.command),
                result=self,
            ) from error

    def __repr__(self) -> str:
        return (
            f"<CommandResult {self.environment}: {redacted(self.command)!r}, HTTP {self.http_status}, "
            f"stdout {len(self.stdout)} and stderr {len(self.stderr)} characters, "
            f"queued {self.queued_for:.3f} s, took {self.took:.3f} s>"
        )


def unexpected(result: CommandResult, wanted: str) -> OutputError:
    """Return the error for output that is not what the command should have printed."""
    command = redacted(result.command)
    return OutputError(
        f"{result.environment}: {command!r} ran, but printed no {wanted}; its output is in the error's result",
        environment=result.environment,
        command=command,
        result=result,
    )
