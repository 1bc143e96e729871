"""What a client tells while it works: the events that `MwaaClient(on_event=…)` is called with.

The log lines of the logger `mwaa_async` and the spans and metrics of `mwaa_async.otel` are made of nothing else. No
event holds a secret: of a command line it has the words that say which command it is, and no argument.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

WaitsFor: TypeAlias = Literal["a token", "the slot", "the answer", "the next attempt"]


@dataclass(frozen=True, slots=True)
class CommandQueued:
    """A command was asked for; `number` tells it from all other commands of this process."""

    environment: str
    command: str
    number: int


@dataclass(frozen=True, slots=True)
class CommandWaiting:
    """The command that comes first has waited for the same thing for another second.

    `waits_for` says for what, `seconds` since when, and `is_first` whether this is the first time that it is said.
    `holder` names who has the slot, as far as the guard knows, and `left` is how many seconds more there are to wait,
    where that is known. `text` says it all for a reader.
    """

    environment: str
    command: str
    number: int
    waits_for: WaitsFor
    seconds: float
    is_first: bool
    holder: str | None = None
    left: float | None = None

    @property
    def text(self) -> str:
        """Return what is waited for, in a few words."""
        left = f", {self.left:.0f} s left" if self.left else ""
        match self.waits_for:
            case "a token":
                what = "asking AWS for a token"
            case "the slot" if self.left:
                what = "the web server may still be running the command before"
            case "the slot":
                what = f"waiting for {self.holder or 'whoever has the slot'}"
            case _:
                what = f"waiting for {self.waits_for}"
        return f"{what}{left or f', since {self.seconds:.0f} s'}"


@dataclass(frozen=True, slots=True)
class CommandStarted:
    """A command's turn has come, `queued_for` seconds after it was asked for."""

    environment: str
    command: str
    number: int
    queued_for: float


@dataclass(frozen=True, slots=True)
class RequestEnded:
    """A request is over, `took` seconds after its connection was wanted.

    `http_status` is what the web server answered, and `None` where it did not; then `error` is the kind of the error,
    and `text` says what happened. `attempt` counts the requests of a command from 1.
    """

    environment: str
    command: str
    number: int
    attempt: int
    took: float
    url: str
    http_status: int | None
    error: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class RequestRepeated:
    """A command is sent again, `pause` seconds from now, because of what happened to its request (`cause`)."""

    environment: str
    command: str
    number: int
    attempt: int
    pause: float
    cause: str


@dataclass(frozen=True, slots=True)
class CommandEnded:
    """A command is over for its caller, `took` seconds after its turn came (0 where it never did).

    `outcome` is "done", "cancelled", or the name of the error's class; `ran` says what is known, as `MwaaError.ran`
    does. `attempts` counts the requests that may have run, and the last; it is 0 where nothing was sent. The caller's
    task tells this, when it goes on: the next command's `CommandStarted` may come before.
    """

    environment: str
    command: str
    number: int
    queued_for: float
    took: float
    attempts: int
    outcome: str
    ran: bool | None


@dataclass(frozen=True, slots=True)
class AbandonedCommandEnded:
    """A command has ended for which nobody waits any more; `outcome` is as in `CommandEnded`."""

    environment: str
    command: str
    number: int
    took: float
    outcome: str
    ran: bool | None


@dataclass(frozen=True, slots=True)
class SlotClosed:
    """The environment is left alone for `seconds`, since the end of this command could not be seen."""

    environment: str
    command: str
    number: int
    seconds: float


@dataclass(frozen=True, slots=True)
class QueueStalled:
    """For another minute nothing has moved in the guard's queue; `before` is who comes first, the holder first."""

    environment: str
    seconds: float
    before: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TokenFetched:
    """AWS has given a CLI token within `took` seconds."""

    environment: str
    took: float


@dataclass(frozen=True, slots=True)
class TokenFailed:
    """AWS has given no CLI token; `error` is the name of the error's class and `text` says what happened."""

    environment: str
    took: float
    error: str
    text: str


@dataclass(frozen=True, slots=True)
class TokenRefused:
    """The web server has refused a CLI token, or the command with it (403 is given for both)."""

    environment: str
    command: str
    number: int
    http_status: int


CommandEvent: TypeAlias = (
    CommandQueued
    | CommandWaiting
    | CommandStarted
    | RequestEnded
    | RequestRepeated
    | CommandEnded
    | AbandonedCommandEnded
    | SlotClosed
    | TokenRefused
)
Event: TypeAlias = CommandEvent | QueueStalled | TokenFetched | TokenFailed
