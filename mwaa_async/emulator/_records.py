"""What the emulator remembers, for tests to look at."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class TokenRecord:
    """One CLI token that was issued; times are seconds of the event loop's clock."""

    environment: str
    issued: float
    value: str = field(repr=False)
    uses: int = 0


@dataclass(slots=True)
class CommandRecord:
    """One command that Airflow was given.

    `command` is the command line as it came, `start` and `end` are seconds of the event loop's clock (`end` and
    `exit_code` are `None` while it runs), `token_age` the seconds since its token was issued and `connection` the
    number of the TCP connection that it came over.
    """

    environment: str
    command: str
    start: float
    token_age: float
    connection: int
    end: float | None = None
    exit_code: int | None = None


@dataclass(slots=True)
class EnvironmentRecord:
    """What one environment has seen."""

    running: int = 0
    max_running: int = 0
    redirects: int = 0
    descriptions: int = 0
    connections: list[object] = field(default_factory=list)
