"""A production guard, watched from outside: who has the slot, and whether it is given back exactly once."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from mwaa_async._clock import now
from mwaa_async._guards import HostGuard, ObservableGuard, QueueingGuard, RequestSlot, SlotStatus
from mwaa_async._guards.lines import Lines
from mwaa_async._identity import EnvironmentId
from tests.simulation.clock import TICK
from tests.simulation.witness import Witness


class Slots:
    """The slots of all environments, over all processes: at most one holder each, and none while they are closed."""

    def __init__(self) -> None:
        self.holder: dict[str, WatchedSlot] = {}
        self.closed_until: dict[str, float] = {}


class WatchedGuard:
    """The guard of one process."""

    def __init__(
        self,
        guard: QueueingGuard,
        name: str,
        slots: Slots,
        witness: Witness,
        *,
        release_takes: float,
        settle_time: float,
    ) -> None:
        self.name = name
        self.slots = slots
        self.witness = witness
        self.release_takes = release_takes
        self.settle_time = settle_time
        self._guard = guard
        self._is_dead = False

    def die(self) -> None:
        """Leave everything as it is; the kernel frees the locks."""
        self._is_dead = True
        self.witness.saw(self.name, "is killed")
        close_files(self._guard)
        for environment, slot in list(self.slots.holder.items()):
            if slot.belongs_to(self):
                self.slots.closed_until[environment] = now() + (self.settle_time if slot.is_marked else 0.0)
                slot.is_lost = True
                del self.slots.holder[environment]

    def rest(self) -> None:
        """Do what happens while the event loop is at rest; an open request is another matter, and left alone."""
        assert isinstance(self._guard, HostGuard)
        self.witness.saw(self.name, "is at rest")
        for environment, slot in list(self.slots.holder.items()):
            if slot.belongs_to(self) and not slot.is_marked:
                slot.is_lost = True
                del self.slots.holder[environment]
        for line in self._guard._lines._lines.values():
            if line.settle_time is None:
                line._give_up()

    async def is_free(self, environment: EnvironmentId) -> bool:
        """Tell whether the slot could be taken."""
        return await self._guard.is_free(environment)

    async def status(self, environment: EnvironmentId) -> SlotStatus:
        """Tell who comes first."""
        assert isinstance(self._guard, ObservableGuard)
        return await self._guard.status(environment)

    def took(self, slot: "WatchedSlot") -> None:
        """Check that nobody else has the slot, and that it is open."""
        self.witness.saw(self.name, f"has the slot of {slot.environment}")
        self.witness.expect(slot.environment not in self.slots.holder, self.name, "two have the slot")
        too_early = self.slots.closed_until.get(slot.environment, 0.0) - now()
        self.witness.expect(too_early < 2 * TICK, self.name, f"the slot opened {too_early:.3f} s too early")
        self.slots.holder[slot.environment] = slot

    async def acquire(self, environment: EnvironmentId, on_next: Callable[[], None] | None = None) -> "WatchedSlot":
        """Take the slot."""
        slot = WatchedSlot(await self._guard.acquire(environment, on_next), environment.name, self)
        self.took(slot)
        return slot


class WatchedSlot:
    """The slot of a production guard."""

    def __init__(self, slot: RequestSlot, environment: str, guard: WatchedGuard) -> None:
        self.environment = environment
        self._slot = slot
        self._guard = guard
        self._released = False
        self.is_marked = self.is_lost = False

    def belongs_to(self, guard: WatchedGuard) -> bool:
        """Tell whether this process has the slot."""
        return self._guard is guard

    async def request_begins(self, *, settle_time: float) -> None:
        """Note that a request goes out."""
        await self._slot.request_begins(settle_time=settle_time)
        if self.is_lost:  # and taken again
            self.is_lost = False
            self._guard.took(self)
        self._guard.witness.expect(not self._released, self._guard.name, "a request goes out without the slot")
        self.is_marked = True

    async def request_ended(self) -> None:
        """Note that the request was answered."""
        await self._slot.request_ended()
        self.is_marked = False

    async def release(self, *, closed_for: float = 0.0) -> None:
        """Give the slot back, after the moment that this takes."""
        witness, name, slots = self._guard.witness, self._guard.name, self._guard.slots
        witness.saw(name, f"gives back the slot of {self.environment}, closed for {closed_for:.3f} s")
        witness.expect(not self._released, name, "the slot is given back twice")
        self._released = True
        try:
            if self._guard.release_takes and not self.is_lost:
                await asyncio.sleep(self._guard.release_takes)
        except asyncio.CancelledError:
            witness.expect(self.is_lost, name, "giving back the slot is cancelled")
            raise
        finally:
            if not self.is_lost:
                slots.closed_until[self.environment] = now() + closed_for
                slots.holder.pop(self.environment, None)
            await self._slot.release(closed_for=closed_for)


def host_guard(directory: Path) -> HostGuard:
    """Return the guard of a process of its own: what a process has only once, this guard has for itself."""
    guard = HostGuard(directory)
    vars(guard)["_lines"] = Lines()
    return guard


def close_files(guard: QueueingGuard) -> None:
    """Do what the end of a process does to its files."""
    if isinstance(guard, HostGuard):
        guard._lines.close()
