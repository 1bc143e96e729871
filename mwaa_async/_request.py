"""A command on its way to the web server."""

from dataclasses import dataclass, field
from itertools import count

from mwaa_async._attempts import AttemptError
from mwaa_async._model.cli_token import CliToken


@dataclass(eq=False, slots=True)
class Request:
    """A command on its way to the web server, and what is known of it.

    `number` tells it from all others of this process, and `idempotent` says that it changes nothing when it runs twice.
    `asked_at` and `began_at` are when it was asked for and when its turn came. While it `is_open`, the web server may
    have it and has not answered. `failed` are the attempts without an answer, and `attempts` counts those that may have
    run, and the last. While it `is_wanted`, its caller waits for it. `maybe_ran` says that one was sent of which nobody
    knows whether it ran; until `closed_until` it may be running.
    """

    line: str = field(repr=False)  # it may hold secrets
    idempotent: bool
    asked_at: float
    number: int = field(default_factory=count(1).__next__)
    began_at: float | None = None
    token: CliToken | None = None
    is_wanted: bool = True
    is_open: bool = False
    was_sent: bool = False
    failed: tuple[AttemptError, ...] = ()
    attempts: int = 1
    maybe_ran: bool = False
    closed_until: float = 0.0
