"""One run: hosts with production's guard, commands that queue up there, and all that goes wrong."""

import asyncio
import random
import tempfile
import traceback
from collections.abc import Coroutine
from contextlib import closing
from contextvars import Context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mwaa_async._errors import GuardError
from mwaa_async._guards.lease.cluster import LeaseGuard, LeaseSlot
from mwaa_async._guards.lease.protocol import Held
from mwaa_async._identity import EnvironmentId
from tests.simulation.clock import StandstillError
from tests.simulation.guards import close_files, host_guard
from tests.simulation.lease.machines import PROCESS, Process, ProcessesLoop
from tests.simulation.lease.network import Network, connect
from tests.simulation.lease.scenario import Event, Order, Scenario, scenario
from tests.simulation.lease.store import Store
from tests.simulation.witness import Witness

_LONG = 20_000.0  # seconds; no run needs that many
_SOON = 0.5  # seconds in which a holder learns that somebody waits
_LOST_CALL = 2.0  # and how many more it may take where the call was lost; the docs say so
_ENVIRONMENT = EnvironmentId("aws", "eu-west-1", "demo")


class BrokenPromiseError(AssertionError):
    """A run in which the promise did not hold; the message tells the run."""


def simulate(seed: int) -> str:
    """Run what the seed stands for and return its story. Raises `BrokenPromiseError`."""
    state = random.getstate()
    random.seed(seed)
    plan = scenario(seed)
    with closing(ProcessesLoop(random.Random(seed))) as loop, tempfile.TemporaryDirectory() as directory:
        witness = Witness(loop)
        loop.set_exception_handler(lambda _, context: witness.expect(False, "world", f"left over: {context}"))
        try:
            loop.run_until_complete(World(plan, witness, Path(directory)).run())
        except (StandstillError, TimeoutError) as error:
            witness.expect(False, "world", f"not everything ends: {error!r}")
        except Exception:  # noqa: BLE001  # it is told together with what led to it
            witness.expect(False, "world", traceback.format_exc())
        finally:
            random.setstate(state)
    story = witness.story(f"seed {seed}: {plan.settings}", f"python -m tests.simulation.lease {seed}")
    if witness.breaches:
        raise BrokenPromiseError(story)
    return story


@dataclass(eq=False, slots=True)
class Machine:
    """One process, and what it uses to send commands one at a time."""

    process: Process
    guard: LeaseGuard
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def held(self) -> Held | None:
        """Return what this process knows of its lease."""
        return self.guard._seat(_ENVIRONMENT)._held

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something in this process."""
        context = Context()
        context.run(PROCESS.set, self.process)
        task = asyncio.get_running_loop().create_task(work, context=context)
        self.tasks.append(task)
        return task

    def close_files(self) -> None:
        """Do what the kernel does where a process ends."""
        close_files(self.guard._host)


@dataclass(eq=False, slots=True)
class Request:
    """A request that is open at the web server."""

    order: Order
    machine: Machine
    who: str
    was_overtaken: bool = False


class World:
    """Everything that there is in one run."""

    def __init__(self, plan: Scenario, witness: Witness, directory: Path) -> None:
        self._plan = plan
        self._witness = witness
        self._dead: set[str] = set()
        chance = random.Random(plan.seed + 1)
        settings = plan.settings
        self._store = Store(witness, has_clock=settings.has_clock, is_calm=plan.is_calm, dead=self._dead)
        self._network = Network(self._store, settings, chance, {})
        self._directory = directory
        self._machines: list[Machine] = []
        self._open: list[Request] = []
        self._ended: set[int] = set()
        self._out_since: float | None = None
        self._begun: dict[int, list[float]] = {}  # when requests have begun, by the number of their lease

    async def run(self) -> None:
        """Let everybody act until all is over, and check what is left."""
        settings = self._plan.settings
        self._machines = [self._machine(number) for number in range(settings.hosts * settings.processes)]
        for machine in self._machines:
            machine.start(self._begin(machine))
        async with asyncio.timeout(_LONG):
            await self._act()
            await self._rest()
        self._check_end()

    def _machine(self, number: int) -> Machine:
        host = number // self._plan.settings.processes
        directory = self._directory / f"host {host}"
        if not self._plan.settings.has_directory:
            directory = self._directory / "a file"
            directory.touch()  # and so no directory
        guard = LeaseGuard(connect(self._network), lease=self._plan.settings.lease, host=host_guard(directory))
        return Machine(Process(f"process {number}"), guard)

    async def _begin(self, machine: Machine) -> None:
        machine.guard._loop().node = machine.process.name  # so that a run is the same every time

    async def _act(self) -> None:
        loop = asyncio.get_running_loop()
        for order in self._plan.orders:
            machine = self._machines[order.process]
            machine.start(self._command(order, machine))
        for event in self._plan.events:
            loop.call_later(event.at, self._happen, event)
        await asyncio.sleep(max((event.at + event.lasts for event in self._plan.events), default=0.0) + 0.1)
        for machine in self._machines:
            if not machine.process.is_dead:
                await asyncio.gather(*machine.tasks)

    async def _rest(self) -> None:
        """Close what is alive, and clear away what was killed; its messages reach nobody any more."""
        closing = [each.start(each.guard.rest()) for each in self._machines if not each.process.is_dead]
        await asyncio.gather(*closing)
        await asyncio.sleep(2 * self._plan.settings.lease + self._plan.settings.settle_time)
        lease = self._store.state.lease
        is_dead = lease.owner.partition("/")[0] in self._dead
        if self._plan.is_calm:
            self._witness.expect(not lease.owner or is_dead, "world", f"{lease.owner} has the lease in the end")
        self._network.is_out = True
        for machine in self._machines:
            if machine.process.is_dead:
                machine.process.go_on(asyncio.get_running_loop())
        while left := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in left:
                task.cancel()
            await asyncio.wait(left)
        for machine in self._machines:
            machine.close_files()

    async def _command(self, order: Order, machine: Machine) -> None:
        await asyncio.sleep(order.at)
        name = f"command {order.number}"
        self._witness.saw(name, f"wants a turn at {machine.process.name}")
        try:
            async with asyncio.timeout(order.patience):
                slot = await machine.guard.acquire(_ENVIRONMENT)
        except TimeoutError:
            self._end(order, "has no more patience")
        except GuardError as error:
            self._fail(order, error)
        else:
            await self._in_turn(order, machine, slot)

    async def _in_turn(self, order: Order, machine: Machine, slot: LeaseSlot) -> None:
        try:
            await slot.request_begins(settle_time=self._plan.settings.settle_time)
        except GuardError as error:
            await slot.release()
            self._fail(order, error)
            return
        request = self._open_request(order, machine)
        await asyncio.sleep(order.takes)
        closed_for = self._plan.settings.settle_time if order.is_abandoned else 0.0
        self._open.remove(request)
        if not order.is_abandoned:
            self._store.truth.settle_times.pop(request.who, None)
            await slot.request_ended()
        else:
            self._store.truth.abandoned_at[request.who] = asyncio.get_running_loop().time()
        if order.is_abandoned and machine.held is not None and str(machine.held.who) == request.who:
            self._store.truth.closed_until = asyncio.get_running_loop().time() + closed_for
        self._witness.saw(f"command {order.number}", f"gives the slot back, closed for {closed_for} s")
        await slot.release(closed_for=closed_for)
        if request.was_overtaken and not self._network.troubles and self._store.truth.tampered_at is None:
            self._witness.expect(bool(machine.guard.lost_leases), machine.process.name, "a lost lease is not told")
        self._end(order, "has had its turn")

    def _open_request(self, order: Order, machine: Machine) -> Request:
        held, now = machine.held, asyncio.get_running_loop().time()
        assert held is not None
        name, truth, lease = f"command {order.number}", self._store.truth, self._store.state.lease
        self._witness.saw(name, f"opens a request with the lease {held.fence} of {held.who}")
        self._witness.expect(held.is_valid(now), name, "a request begins with a lease that has run out")
        if truth.tampered_at is None:
            is_real = (lease.owner, lease.fence) == (str(held.who), held.fence)
            self._witness.expect(is_real, name, f"a request begins, and the lease is {lease}")
        # Where messages may be late, one from before the outage may come now.
        longest = _LONG if self._plan.settings.trouble else self._plan.settings.lease / 2 + 0.05
        is_out = self._out_since is not None and now > self._out_since + longest
        self._witness.expect(not is_out, name, "a request begins, and the engine could not be reached for long")
        self._check_one_turn(held, now)
        for other in self._open:
            self._check_beside(other, now)
        request = Request(order, machine, str(held.who))
        self._open.append(request)
        truth.abandoned_at.pop(request.who, None)
        truth.settle_times[request.who] = self._plan.settings.settle_time
        return request

    def _check_one_turn(self, held: Held, now: float) -> None:
        """Check that a lease which is kept for the next command is not kept for long while somebody waits."""
        since = min((place.since for place in self._store.truth.places.values()), default=now)
        begun = self._begun.setdefault(held.fence, [])
        begun.append(now)
        # A call that is lost is made up for by a look, which a heartbeat is, too.
        learns_within = _SOON + (_LOST_CALL if self._plan.settings.lost_calls else 0.0)
        turns = sum(moment > since + learns_within for moment in begun)
        is_fair = turns <= 1 or not self._plan.is_calm
        self._witness.expect(is_fair, str(held.who), f"begins {turns} requests, and somebody waits")

    def _check_beside(self, other: Request, now: float) -> None:
        """Check a request that is open when another one begins: only the lease's loss allows that."""
        other.was_overtaken = True
        held = other.machine.held
        allowed = self._store.truth.tampered_at is not None or held is None or not held.is_valid(now)
        self._witness.expect(allowed, other.machine.process.name, "another request begins during a valid lease")
        calm = self._plan.is_calm and not other.machine.process.is_dead
        self._witness.expect(not calm, other.machine.process.name, "two requests are open, and nothing was wrong")

    def _fail(self, order: Order, error: GuardError) -> None:
        self._witness.expect(bool(self._network.troubles), f"command {order.number}", f"fails without need: {error}")
        self._end(order, f"fails: {error}")

    def _end(self, order: Order, how: str) -> None:
        self._ended.add(order.number)
        self._witness.saw(f"command {order.number}", how)

    def _happen(self, event: Event) -> None:
        loop = asyncio.get_running_loop()
        if event.what in ("kill", "stop"):
            per_host = self._plan.settings.processes
            first = event.process // per_host * per_host
            numbers = range(first, first + per_host) if event.whole_host else [event.process]
            for number in numbers:
                self._hit(self._machines[number], event)
        elif event.what == "outage":
            self._witness.saw("engine", f"cannot be reached for {event.lasts} s")
            self._network.is_out, self._out_since = True, self._out_since or loop.time()
            loop.call_later(event.lasts, self._back)
        else:
            self._witness.saw("engine", f"has a {event.what}")
            self._store.forget(everything=event.what == "flush")

    def _back(self) -> None:
        self._witness.saw("engine", "is back")
        self._network.is_out, self._out_since = False, None

    def _hit(self, machine: Machine, event: Event) -> None:
        process, loop = machine.process, asyncio.get_running_loop()
        if process.is_dead:
            return
        self._witness.saw(process.name, event.what)
        if event.what == "stop":
            if not process.stands_still:
                process.stands_still = True
                loop.call_later(event.lasts, self._go_on, process)
            return
        process.stands_still = process.is_dead = True
        self._dead.add(process.name)
        self._store.truth.died_at = loop.time()
        self._open = [request for request in self._open if request.machine is not machine]
        machine.close_files()

    def _go_on(self, process: Process) -> None:
        if not process.is_dead:
            self._witness.saw(process.name, "goes on")
            process.go_on(asyncio.get_running_loop())

    def _check_end(self) -> None:
        for order in self._plan.orders:
            is_dead = self._machines[order.process].process.is_dead
            self._witness.expect(is_dead or order.number in self._ended, f"command {order.number}", "its turn is lost")
