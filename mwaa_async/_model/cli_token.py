"""A CLI token of one environment."""

from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class CliToken:
    """A token with the time before which it cannot have been made, and how often it was taken and sent.

    It is a secret and never shown.
    """

    value: str = field(repr=False)
    hostname: str
    asked_at: float
    taken: int = 0
    sent: int = 0
