"""What a guard has to do."""

from typing import Protocol

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
    """

    async def acquire(self, environment: EnvironmentId) -> Slot:
        """Wait until the environment's slot is free and take it.

        May be cancelled at any time; then the slot is not taken, and the others keep their order. Raises `GuardError`
        where the guard cannot be used.
        """
        ...
