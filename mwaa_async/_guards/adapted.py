"""Guards that do only what they have to, made to look like those that do more."""

from collections.abc import Callable
from dataclasses import dataclass

from mwaa_async._guards.guard import Guard, QueueingGuard, RequestSlot, Slot
from mwaa_async._identity import EnvironmentId


def queueing(guard: Guard) -> QueueingGuard:
    """Return the guard, or what makes one of it that has all methods."""
    return guard if isinstance(guard, QueueingGuard) else _Adapted(guard)


@dataclass(frozen=True, slots=True)
class _Adapted:
    guard: Guard

    async def is_free(self, environment: EnvironmentId) -> bool:
        return True  # as far as is known: what the next command needs is fetched before it lines up

    async def acquire(self, environment: EnvironmentId, on_next: Callable[[], None] | None = None) -> RequestSlot:
        slot = await self.guard.acquire(environment)
        return slot if isinstance(slot, RequestSlot) else _AdaptedSlot(slot)

    def __repr__(self) -> str:
        return repr(self.guard)


@dataclass(frozen=True, slots=True)
class _AdaptedSlot:
    slot: Slot

    async def request_begins(self, *, settle_time: float) -> None:
        pass

    async def request_ended(self) -> None:
        pass

    async def release(self, *, closed_for: float = 0.0) -> None:
        await self.slot.release(closed_for=closed_for)
