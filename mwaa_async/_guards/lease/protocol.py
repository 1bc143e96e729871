"""The protocol of a lease with a queue, for one environment. Pure functions over plain values: no I/O and no clock.

Hosts that want the slot of an environment share one small state: the lease, and the line of those who wait for it.
An engine (Redis, DynamoDB) keeps that state. It changes it by three steps only, each of which decides and acts at once,
as one script or one conditional write:

    asked     line up, or keep the place in line, or take the lease where it is free and the caller is first
    renewed   give a sign of life for the lease that one holds
    left      give the lease back, closed for a while, or leave the line

Whoever waits asks again and again; nobody hands a lease to somebody who may be dead. A call to who is next ("ask
again") makes it quick, and nothing depends on its arrival.

No clocks are compared. The lease and each ticket have a `term`: seconds without a sign of life after which it is over.
An engine says how much of that is `left`. Redis does so by the clock of its server. On DynamoDB each host measures by
its own clock how long it has itself seen the same `beat` (`Watch`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

TICKET = 3.0
"""Seconds without a sign of life after which somebody who waits is taken for dead, and leaves the line."""

NOBODY = ""

_DRIFT = 0.01  # by so much two clocks may run at different rates; it covers that engines count in milliseconds, too


@dataclass(frozen=True, slots=True)
class Contender:
    """One who wants the slot, for one turn: a name that is used only once, and is the same when a step is repeated.

    `node` stands for one event loop that uses one guard; calls are sent to it. `number` counts its turns. `process` and
    `host` are for readers, and nothing is decided by them.
    """

    node: str
    number: int
    process: int
    host: str

    def __str__(self) -> str:
        return f"{self.node}/{self.number}/{self.process}/{self.host}"


def label(who: str) -> str:
    """Say who that is, for a reader."""
    parts = who.split("/", 3)
    return f"process {parts[2]} of {parts[3]}" if len(parts) == 4 else who


def node(who: str) -> str:
    """Return where calls to it are sent."""
    return who.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Ticket:
    """A place in the line. `beat` changes with every sign of life; `term` seconds without one, and it is over."""

    who: str
    beat: int
    term: float = TICKET


@dataclass(frozen=True, slots=True)
class Lease:
    """Who has the slot. Nobody else may take it until `term` seconds without a sign of life (a change of `beat`).

    The term is at least the guard's `lease`, and at least `settle_time` while a request may be open, so that the slot
    stays closed for that long where the holder dies. A slot that was given back has no owner, and its term says how
    long it stays closed.

    `fence` grows with every lease, and also names it: no two leases have the same one. `released` is that of the lease
    that was given back last, so that whoever repeats that step is not told that the lease was lost.
    """

    owner: str = NOBODY
    fence: int = 0
    beat: int = 0
    term: float = 0.0
    released: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """All that the hosts share about one environment: the lease, and the line of those who wait, first come first."""

    lease: Lease = Lease()
    line: tuple[Ticket, ...] = ()


Left = Callable[[Lease | Ticket], float]
"""Tells how many seconds of a term are left; 0 where it is over."""


@dataclass(frozen=True, slots=True)
class Granted:
    """The lease is the caller's. `others_wait` tells whether somebody is in line for it."""

    fence: int
    others_wait: bool = False


@dataclass(frozen=True, slots=True)
class Queued:
    """The caller has a place in line: so many are `before` it, without the holder.

    Unless it is called, it should ask again in `again` seconds: before its ticket is over, and when the lease may be.
    """

    before: int
    again: float


@dataclass(frozen=True, slots=True)
class Step:
    """The state after a step, and who is called then: they learn sooner what they would find out by asking."""

    state: State
    calls: tuple[str, ...] = ()


def asked(
    state: State, who: str, *, term: float, beat: int, left: Left, floor: int = 0
) -> tuple[Step, Granted | Queued]:
    """Let the caller line up, or keep its place, or take the lease where that is free and nobody alive is before it.

    `term` is the new lease's, and its fence is at least `floor`: an engine that may lose what was written last, or all
    of it, gives one that grows by itself. Whoever repeats the step, because the answer was lost, gets the same answer.
    """
    if state.lease.owner == who:
        return Step(_beaten(state, term, beat)), Granted(state.lease.fence, bool(state.line))
    line = tuple(ticket for ticket in state.line if ticket.who == who or left(ticket) > 0)
    is_free = left(state.lease) <= 0
    if is_free and (not line or line[0].who == who):
        lease = replace(state.lease, owner=who, fence=max(state.lease.fence + 1, floor), beat=beat, term=term)
        return Step(State(lease, line[1:])), Granted(lease.fence, len(line) > 1)
    return _queued(replace(state, line=line), who, beat, left)


def _queued(state: State, who: str, beat: int, left: Left) -> tuple[Step, Queued]:
    names = [ticket.who for ticket in state.line]
    is_new = who not in names
    place = len(names) if is_new else names.index(who)
    line = (*state.line[:place], Ticket(who, beat), *state.line[place + 1 :])
    # Whoever has the lease keeps it for its next command as long as it does not know that somebody waits.
    calls = (state.lease.owner,) if is_new and state.lease.owner else ()
    return Step(replace(state, line=line), calls), Queued(place, again(TICKET if place else left(state.lease)))


def again(seconds: float) -> float:
    """Return in how many seconds to ask again, where the lease is over in so many: the ticket has to live, too."""
    return min(seconds, TICKET / 3)


def renewed(state: State, who: str, fence: int, *, term: float, beat: int) -> tuple[Step, Granted | None]:
    """Give a sign of life for the lease; `None` where it was lost. What is lost is not made anew.

    A lease's term may grow and never shrinks: two of these may overtake each other on their way.
    """
    if state.lease.owner != who or state.lease.fence != fence:
        return Step(state), None
    return Step(_beaten(state, term, beat)), Granted(fence, bool(state.line))


def _beaten(state: State, term: float, beat: int) -> State:
    return replace(state, lease=replace(state.lease, beat=beat, term=max(state.lease.term, term)))


def left(state: State, who: str, fence: int, *, closed_for: float, beat: int) -> tuple[Step, bool]:
    """Give back the lease of that fence, closed for so many seconds, and leave the line.

    `False` where the lease was lost before: it is neither the caller's, nor the last one that was given back. Whoever
    leaves the line says 0 as its fence. Where it was granted the lease without knowing of it, it gives that back.
    """
    line = tuple(ticket for ticket in state.line if ticket.who != who)
    first = tuple(ticket.who for ticket in line[:1])
    if state.lease.owner == who:
        lease = Lease(NOBODY, state.lease.fence, beat, closed_for, state.lease.fence)
        return Step(State(lease, line), first), True
    was_first = bool(state.line) and state.line[0].who == who
    return Step(replace(state, line=line), first if was_first else ()), fence in (0, state.lease.released)


@dataclass(frozen=True, slots=True)
class Held:
    """What the holder of a lease knows by itself. All moments are of its own clock.

    The lease counts from the moment at which the last step was begun that the engine has answered, and so is over for
    the holder before it is for anybody else.
    """

    who: Contender
    fence: int
    term: float
    since: float

    def is_valid(self, now: float) -> bool:
        """Tell whether nobody else can have the lease at this moment."""
        return now < self.since + self.term * (1 - _DRIFT)

    def is_fresh(self, now: float, lease: float) -> bool:
        """Tell whether a request may begin without a round trip: the last sign of life is not due for another one.

        So a request has at least half a lease before it, and nothing is sent in the last half of a lease while the
        engine cannot be reached. Where that is known, nothing is sent at all.
        """
        return now < self.since + lease / 2


class Watch:
    """Measures by the host's own clock for how long an environment's lease and tickets show no sign of life."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int, int], float] = {}

    def at(self, now: float, state: State) -> Left:
        """Take notice of what the state is at this moment, and return what tells how much of each term is left."""
        shown = [_shown(state.lease), *map(_shown, state.line)]
        self._seen = {each: self._seen.get(each, now) for each in shown}
        return lambda which: max(0.0, which.term - (now - self._seen.get(_shown(which), now)))


def by_clock(now: float, *, seconds: float = 1e-3) -> Left:
    """Return what tells how much of a term is left, where each `beat` is a moment of one clock that everybody asks.

    `now` and the beats are counted in units of that many `seconds`.
    """
    return lambda which: max(0.0, which.beat * seconds + which.term - now * seconds)


def _shown(which: Lease | Ticket) -> tuple[str, int, int]:
    return (which.owner, which.fence, which.beat) if isinstance(which, Lease) else (which.who, -1, which.beat)
