"""What a command that ran has printed."""

from dataclasses import dataclass
from typing import Any

from mwaa_async._errors import OutputError
from mwaa_async._protocol.advice import json_advice
from mwaa_async._protocol.catalogue import prints_a_text
from mwaa_async._protocol.documents import find_json
from mwaa_async._protocol.log_lines import divided
from mwaa_async._protocol.secrets import redacted


@dataclass(frozen=True, slots=True)
class CommandResult:
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

    @property
    def text(self) -> str:
        """stdout without the log lines of Airflow and MWAA, wherever they stand, and with every other character.

        What somebody stored (`variables get`, `tasks render`) keeps lines in its midst that look like log lines, and
        loses those at its ends: only `Variables.get` and `Tasks.render` raise an error where these cannot be told from
        the log's.
        """
        return divided(self.stdout, is_text=prints_a_text(self.command)).answer

    def json(self) -> Any:
        """Return the JSON document in stdout, wherever log lines begin and end.

        Raises `OutputError` when stdout holds none, which is usual without `--output json`.
        """
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
