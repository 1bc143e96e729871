"""What keeps the state of the protocol for many hosts, as the guard on top sees it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from mwaa_async._guards.lease.protocol import Contender, Granted, Held, Queued
from mwaa_async._identity import EnvironmentId


class EngineError(Exception):
    """The engine did not do the step, or nobody knows whether it did; the message holds no secret.

    With `may_pass` the same step may succeed a moment later: no connection, a failover, throttling. Otherwise it is
    something to be set right: a password, a permission, a table that does not exist.
    """

    def __init__(self, message: str, *, may_pass: bool = True) -> None:
        super().__init__(message)
        self.may_pass = may_pass


@dataclass(frozen=True, slots=True)
class View:
    """What somebody who only looks sees.

    `owner` is `None` where nobody has the lease, which then stays closed for `left` seconds. Where somebody has it, it
    is over in `left` seconds without a sign of life, and `held_for` is how long it has been held, where that is known.
    `line` are those who wait, first come first; the dead may be among them for a few seconds.
    """

    owner: str | None = None
    left: float = 0.0
    held_for: float | None = None
    line: tuple[str, ...] = ()

    @property
    def is_free(self) -> bool:
        """Tell whether the slot could be taken at this moment."""
        return self.left <= 0 and not self.line


class Engine(Protocol):
    """One event loop's connection to the state of all environments. Each method but `called` raises `EngineError`.

    A step that failed is repeated with the same words, and an engine may repeat it by itself: the protocol's steps are
    made for that. Any number of them may run at the same time; those of one contender come one after the other.
    """

    async def ask(self, environment: EnvironmentId, who: Contender, *, term: float) -> Granted | Queued:
        """Do `protocol.asked`."""
        ...

    async def renew(self, environment: EnvironmentId, held: Held, *, term: float) -> Granted | None:
        """Do `protocol.renewed`."""
        ...

    async def leave(self, environment: EnvironmentId, who: Contender, fence: int, *, closed_for: float = 0.0) -> bool:
        """Do `protocol.left`."""
        ...

    async def look(self, environment: EnvironmentId) -> View:
        """Look at the state, and change nothing."""
        ...

    async def called(self, environment: EnvironmentId, who: Contender, seconds: float, *, holds: bool) -> None:
        """Return as soon as this contender is called, or may have been, or else after that many seconds.

        Whoever `holds` the lease is called when somebody lines up, and whoever waits when its turn may have come. An
        engine without calls looks for that itself every now and then, or returns after a while. A call that came before
        this began, and since the contender's last step, is not lost. An engine that has no connection waits, too.
        """
        ...


Connect = Callable[[], AbstractAsyncContextManager[Engine]]
"""Makes the engine of one event loop, and closes its connections at the end."""
