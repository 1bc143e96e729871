"""The guard of many hosts: the host's own slot first, then the lease of the environment."""

import asyncio
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from secrets import token_hex

from mwaa_async._clock import check_seconds
from mwaa_async._errors import GuardError
from mwaa_async._guards.guard import SlotStatus
from mwaa_async._guards.host import HostGuard, HostSlot, process_name
from mwaa_async._guards.lease.connection import Connection
from mwaa_async._guards.lease.engine import Connect, EngineError, View
from mwaa_async._guards.lease.protocol import Contender, label
from mwaa_async._guards.lease.seat import Seat
from mwaa_async._identity import EnvironmentId


@dataclass(eq=False, slots=True)
class _Loop:
    """What the guard has in one event loop."""

    connection: Connection
    node: str
    seats: dict[EnvironmentId, Seat] = field(default_factory=dict)
    turns: "count[int]" = field(default_factory=count)


class LeaseGuard:
    """Keeps the rule among all hosts that reach the same engine; see docs/explanation/many-hosts.md.

    A host contends as one: its processes queue up by a `HostGuard` first. Where there is no usable lock directory, as
    in a Lambda function, each event loop contends for itself. `lease` is for how many seconds a host that shows no
    sign of life keeps the slot.
    """

    def __init__(self, connect: Connect, *, lease: float, host: HostGuard | None = None) -> None:
        check_seconds("lease", lease)
        if lease < 1:
            raise ValueError(f"lease must be at least 1 second, not {lease!r}")
        self._connect = connect
        self._lease = float(lease)
        self._host = host or HostGuard()
        self._loops: dict[asyncio.AbstractEventLoop, _Loop] = {}
        self._lost_leases = 0

    @property
    def lost_leases(self) -> int:
        """Tell how many leases were lost while a command had them."""
        return self._lost_leases

    async def is_free(self, environment: EnvironmentId) -> bool:
        """Tell whether the environment's slot could be taken at this moment. Raises `GuardError`."""
        seat = self._seat(environment)
        if not (seat.queue.is_free and await self._is_free_here(environment)):
            return False
        return seat.is_kept or (await self.look(environment)).is_free

    async def acquire(self, environment: EnvironmentId, on_next: Callable[[], None] | None = None) -> "LeaseSlot":
        """Wait for the environment's slot and take it; see `QueueingGuard.acquire`. Raises `GuardError`."""
        loop, seat = self._loop(), self._seat(environment)
        loop.connection.use()
        try:
            host_slot = await self._host_slot(environment)
            try:
                await seat.queue.wait(lambda: _unless_others_wait(seat, on_next))
                try:
                    await seat.take(on_next)
                except BaseException:
                    seat.queue.release()
                    raise
            except BaseException:
                if host_slot is not None:
                    await host_slot.release()
                raise
        except BaseException:
            loop.connection.leave()
            raise
        return LeaseSlot(seat, loop.connection, host_slot)

    async def status(self, environment: EnvironmentId) -> SlotStatus:
        """Tell which hosts and processes have or wait for the environment's slot. Raises `GuardError`."""
        here = await self._status_here(environment)
        view, own = await self.look(environment), self._seat(environment).contender
        if view.owner is None:
            closed_for = max(view.left, here.closed_for)
            return SlotStatus(() if closed_for else _before(view, own, here), closed_for)
        return here if view.owner == str(own) else SlotStatus(_before(view, own, here))

    async def look(self, environment: EnvironmentId) -> View:
        """Look at who has the lease and who waits for it. Raises `GuardError`."""
        connection = self._loop().connection
        connection.use()
        try:
            return await (await connection.engine()).look(environment)
        except EngineError as error:
            raise self._seat(environment).unusable(error, "look at the lease") from error
        finally:
            connection.leave()

    async def rest(self) -> None:
        """Give up the leases, and the connection, that this event loop keeps for a next command; see `RestingGuard`."""
        if (loop := self._loops.get(asyncio.get_running_loop())) is not None:
            await loop.connection.close_if_unused()

    def _loop(self) -> _Loop:
        running = asyncio.get_running_loop()
        loop = self._loops.get(running)
        if loop is None:
            for closed in [each for each in list(self._loops) if each.is_closed()]:
                self._loops.pop(closed, None)
            seats: dict[EnvironmentId, Seat] = {}
            loop = self._loops[running] = _Loop(Connection(self._connect, lambda: _give_up(seats)), token_hex(6), seats)
        return loop

    def _seat(self, environment: EnvironmentId) -> Seat:
        loop = self._loop()
        seat = loop.seats.get(environment)
        if seat is None:
            turns, node = loop.turns, loop.node

            def contender() -> Contender:
                return Contender(node, next(turns), os.getpid(), platform.node())

            seat = loop.seats[environment] = Seat(
                environment, loop.connection, self._lease, contender, self._count_loss
            )
        return seat

    def _count_loss(self) -> None:
        self._lost_leases += 1

    async def _host_slot(self, environment: EnvironmentId) -> HostSlot | None:
        try:
            return await self._host.acquire(environment)
        except GuardError:
            return None  # no usable lock directory: every event loop contends for itself

    async def _is_free_here(self, environment: EnvironmentId) -> bool:
        try:
            return await self._host.is_free(environment)
        except GuardError:
            return True

    async def _status_here(self, environment: EnvironmentId) -> SlotStatus:
        try:
            return await self._host.status(environment)
        except GuardError:
            return SlotStatus()


class LeaseSlot:
    """A slot of a `LeaseGuard`."""

    __slots__ = ("_connection", "_host_slot", "_seat")

    def __init__(self, seat: Seat, connection: Connection, host_slot: HostSlot | None) -> None:
        self._seat = seat
        self._connection = connection
        self._host_slot = host_slot

    async def request_begins(self, *, settle_time: float) -> None:
        """Have a lease that outlives this host by `settle_time`. Raises `GuardError`.

        Where the lease was lost in the meantime, another one is waited for.
        """
        while not await self._seat.confirm(settle_time):
            await self._seat.take(None)

    async def request_ended(self) -> None:
        """Do nothing: the lease goes back soon, or is kept for the next request."""

    async def release(self, *, closed_for: float = 0.0) -> None:
        """Give the slot back. That it stays closed is known to the engine, and so outlives this host."""
        try:
            await self._seat.end_use(closed_for, is_wanted=self._host_slot is not None and self._host_slot.others_wait)
        finally:
            self._seat.queue.release()
            self._connection.leave()
            if self._host_slot is not None:
                await self._host_slot.release(closed_for=closed_for)


async def _give_up(seats: dict[EnvironmentId, Seat]) -> None:
    await asyncio.gather(*(seat.give_up() for seat in seats.values()))


def _unless_others_wait(seat: Seat, on_next: Callable[[], None] | None) -> None:
    """Tell who waits for its own event loop that it is next, unless other hosts come before."""
    if on_next is not None and not seat.queue.is_free and not seat.others_wait:
        on_next()


def _before(view: View, own: Contender | None, here: SlotStatus) -> tuple[str, ...]:
    """Return who comes before this event loop: the holder, those in line, and then those of this host."""
    line = list(view.line)
    if str(own) in line:
        line = line[: line.index(str(own))]
    those = ([] if view.owner is None else [view.owner]) + line
    # Who has this host's own slot has not signed there, and is the one who has the lease, or is in line for it.
    signed = [each for each in here.before if each != process_name(0)]
    return tuple(dict.fromkeys([*map(_called, those), *signed])) or here.before


def _called(who: str) -> str:
    """Say which process it is, as `HostGuard` says it for one of this host."""
    _, _, process, host = (*who.split("/", 3), "", "", "")[:4]
    return process_name(int(process)) if host == platform.node() and process.isdecimal() else label(who)
