"""What a guard has to do, and what it may do besides."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from mwaa_async._identity import EnvironmentId


class Slot(Protocol):
    """The right to have one CLI request open at one environment."""

    async def release(self, *, closed_for: float = 0.0) -> None:
        """Give the right back; the guard hands it to nobody for `closed_for` seconds more.

        Called exactly once, and not cancelled while it runs.
        """


class Guard(Protocol):
    """Hands out one slot per environment, so that at most one CLI request is open there.

    An implementation decides what shares it: an event loop, the processes of a host, many hosts. It gives the slot to
    those who ask within one event loop in the order in which they ask, and lets nobody starve.

    A guard that outlives the process that has the slot should also be a `QueueingGuard`.
    """

    async def acquire(self, environment: EnvironmentId) -> Slot:
        """Wait until the environment's slot is free and take it.

        May be cancelled at any time; then the slot is not taken, and the others keep their order. Raises `GuardError`
        where the guard cannot be used.
        """
        ...


@runtime_checkable
class RequestSlot(Slot, Protocol):
    """A slot that learns when a request is open, so that it stays closed for a while where its holder dies then."""

    async def request_begins(self, *, settle_time: float) -> None:
        """Note that a request goes out as soon as this returns.

        Where the holder dies before `request_ended`, the slot stays closed for `settle_time` seconds. Raises
        `GuardError` where the slot was lost in the meantime; then nothing is sent.
        """

    async def request_ended(self) -> None:
        """Note that the web server has answered."""


@runtime_checkable
class QueueingGuard(Protocol):
    """A guard that also says when somebody is next, so that a token is fetched neither too early nor in vain."""

    async def is_free(self, environment: EnvironmentId) -> bool:
        """Tell whether the slot could be taken at this moment. Raises `GuardError`."""
        ...

    async def acquire(self, environment: EnvironmentId, on_next: Callable[[], None] | None = None) -> RequestSlot:
        """Do what `Guard.acquire` does, and call `on_next` when nobody but the slot's holder is before the caller."""
        ...


@dataclass(frozen=True, slots=True)
class SlotStatus:
    """Who comes before the one who asks, and how long the slot stays closed, as far as the guard knows.

    `before` names them for a reader ("process 4711 of this host"), first who has the slot. While `closed_for` is more
    than 0, the slot stays closed for that many seconds, since the end of a command could not be seen.
    """

    before: tuple[str, ...] = ()
    closed_for: float = 0.0


@runtime_checkable
class ObservableGuard(Protocol):
    """A guard that also tells who has a slot and who waits for it, so that a long wait can be explained."""

    async def status(self, environment: EnvironmentId) -> SlotStatus:
        """Tell it as the calling event loop sees it; takes no slot. Raises `GuardError`."""
        ...


@runtime_checkable
class RestingGuard(Protocol):
    """A guard that keeps something for a next command: a lease, or a connection."""

    async def rest(self) -> None:
        """Give that up in the calling event loop, since a client was closed; raises nothing.

        Whoever uses the guard at this moment goes on, and it may be used again.
        """
