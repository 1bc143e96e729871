"""The shared state of one environment, changed by production's steps, and what must hold at every change of it."""

import asyncio
from collections.abc import Set
from dataclasses import dataclass, field

from mwaa_async._guards.lease.protocol import NOBODY, TICKET, Lease, State, Step, Ticket
from tests.simulation.witness import Witness

_ROUNDING = 0.002  # seconds: a server counts in milliseconds
_SOON = 2.0  # seconds
_ACTOR = "engine"
_LONG_AGO = float("-inf")

_Sign = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody lined up."""

    since: float
    before: int
    grants: int  # how many leases there had been


@dataclass(slots=True)
class Truth:
    """What an engine does not know, or may forget, by the clock of the world."""

    signs: dict[_Sign, float] = field(default_factory=dict)
    last_sign: dict[str, float] = field(default_factory=dict)  # of each holder
    places: dict[str, Place] = field(default_factory=dict)
    settle_times: dict[str, float] = field(default_factory=dict)  # of those whose request is open, or its end unseen
    abandoned_at: dict[str, float] = field(default_factory=dict)
    closed_until: float = _LONG_AGO
    fences: list[int] = field(default_factory=list)
    tampered_at: float | None = None  # when the engine has forgotten something
    died_at: float = _LONG_AGO  # when a process was killed last


class Store:
    """Keeps the state; where `is_calm`, nothing may be late, and no lease runs out whose holder lives."""

    def __init__(self, witness: Witness, *, has_clock: bool, is_calm: bool, dead: Set[str]) -> None:
        self.state = State()
        self.version = 0
        self.truth = Truth()
        self._before = State()
        self._witness = witness
        self._has_clock = has_clock
        self._is_calm = is_calm
        self._dead = dead  # the nodes that were killed

    def change(self, who: str, step: Step) -> None:
        """Take the new state, and check it against the old one."""
        old, self._before, self.state = self.state, self.state, step.state
        self.version += 1
        self._check_line(who, old)
        if self.state.lease.owner not in (NOBODY, old.lease.owner):
            self._check_grant(old)
        self._note_signs()
        self._note_places()

    def forget(self, *, everything: bool) -> None:
        """Lose the last write, or all that was written."""
        self.state = State() if everything else self._before
        self.version += 1
        self.truth.tampered_at = _now()
        self.truth.places.clear()
        self._note_places()

    def _note_signs(self) -> None:
        for sign in (_sign(self.state.lease), *map(_sign, self.state.line)):
            if sign not in self.truth.signs:
                self.truth.signs[sign] = _now()
                if sign[1] >= 0:
                    self.truth.last_sign[sign[0]] = _now()

    def _note_places(self) -> None:
        names = [ticket.who for ticket in self.state.line]
        places = self.truth.places
        self.truth.places = {
            name: places.get(name, Place(_now(), before, len(self.truth.fences))) for before, name in enumerate(names)
        }

    def _check_line(self, who: str, old: State) -> None:
        """Nobody overtakes, and only the silent are put out of the line by others."""
        names = [ticket.who for ticket in self.state.line]
        kept = [ticket.who for ticket in old.line if ticket.who in names]
        self._expect(names[: len(kept)] == kept, f"the order of the line has changed from {kept} to {names}")
        for ticket in old.line:
            silent = _now() - self.truth.signs[_sign(ticket)]
            is_justified = ticket.who in (who, *names) or silent >= TICKET - _ROUNDING
            self._expect(is_justified, f"{ticket.who} is put out of the line, though silent for {silent:.3f} s only")
        if self.state.lease.owner == who != old.lease.owner:
            living = [
                ticket.who
                for ticket in old.line
                if ticket.who == who or _now() - self.truth.signs[_sign(ticket)] < TICKET - _ROUNDING
            ]
            self._expect(who in living[:1] or not living, f"{who} overtakes {living[:1]}")

    def _check_grant(self, old: State) -> None:
        new, truth = self.state.lease, self.truth
        self._witness.saw(_ACTOR, f"grants the lease {new.fence} to {new.owner}")
        self._expect(new.fence > max(truth.fences, default=0), f"the number {new.fence} does not grow: {truth.fences}")
        self._check_not_early(old.lease)
        if self._is_calm:
            self._check_not_late(old.lease, truth.places.get(new.owner))
            is_alive = old.lease.owner != NOBODY and old.lease.owner.partition("/")[0] not in self._dead
            self._expect(not is_alive, f"the lease of {old.lease.owner} runs out, who lives")
        place = truth.places.get(new.owner)
        if place is not None:
            turns = len(truth.fences) - place.grants
            self._expect(turns <= place.before, f"{new.owner} waits {turns} turns, behind {place.before}")
        truth.fences.append(new.fence)
        truth.settle_times = {}

    def _check_not_early(self, old: Lease) -> None:
        truth = self.truth
        early = truth.signs.get(_sign(old), _LONG_AGO) + old.term - _now()
        self._expect(early <= _ROUNDING, f"the lease is granted {early:.3f} s too early")
        if truth.tampered_at is not None:
            return
        for who, seconds in truth.settle_times.items():
            # Whoever lives and has abandoned its request counts from then on, whatever signs of life come late.
            early = min(truth.last_sign[who], truth.abandoned_at.get(who, truth.last_sign[who])) + seconds - _now()
            self._expect(early <= _ROUNDING, f"{who} has a request open, and is followed {early:.3f} s too early")
        if self._is_calm:
            early = truth.closed_until - _now()
            self._expect(early <= _ROUNDING, f"the slot is closed, and opens {early:.3f} s too early")

    def _check_not_late(self, old: Lease, place: Place | None) -> None:
        since = _now() if place is None else place.since
        # Without a clock of the engine, whoever came later than the last sign of life watches for a whole term.
        watched = 0.0 if self._has_clock else old.term
        free_at = self.truth.signs.get(_sign(old), _LONG_AGO) + old.term
        watched_tickets = self.truth.died_at + TICKET if self._has_clock else max(self.truth.died_at, since) + TICKET
        late = _now() - max(free_at, since + watched, watched_tickets if self._dead else _LONG_AGO)
        self._expect(late <= _SOON, f"the lease is granted {late:.3f} s later than it could be")

    def _expect(self, holds: bool, breach: str) -> None:
        self._witness.expect(holds, _ACTOR, breach)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _sign(which: Lease | Ticket) -> _Sign:
    return (which.owner, which.fence, which.beat) if isinstance(which, Lease) else (which.who, -1, which.beat)
