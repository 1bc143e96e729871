"""One run of the simulation: builds the processes, lets everybody act, and looks at what is left."""

import asyncio
import random
import tempfile
import traceback
from contextlib import closing
from pathlib import Path
from typing import Any

from mwaa_async._execution import Execution
from mwaa_async._guards import LocalGuard, QueueingGuard
from mwaa_async._identity import EnvironmentId
from mwaa_async._protocol.endpoint import PATH
from mwaa_async._queue import CommandQueue
from mwaa_async._reporting import Reporter
from mwaa_async._tokens import Tokens
from mwaa_async._waiting import Waiting
from tests.simulation.actors import Caller, Client
from tests.simulation.boundaries import SimulatedWay
from tests.simulation.clock import StandstillError, VirtualLoop
from tests.simulation.guards import Slots, WatchedGuard, close_files, host_guard
from tests.simulation.invariants import Order, check_caller, check_events, check_statistics
from tests.simulation.scenario import Scenario, scenario
from tests.simulation.service import Service
from tests.simulation.witness import Witness

_LONG = 20_000.0  # seconds; no run needs that many


class BrokenPromiseError(AssertionError):
    """A run in which the promise did not hold; the message tells the run."""


def simulate(seed: int) -> str:
    """Run what the seed stands for and return its story. Raises `BrokenPromiseError`."""
    state = random.getstate()
    random.seed(seed)  # of production's jitter
    with closing(VirtualLoop(random.Random(seed))) as loop, tempfile.TemporaryDirectory() as directory:
        world = World(scenario(seed), loop, Path(directory))
        try:
            loop.run_until_complete(world.run())
        except (StandstillError, TimeoutError) as error:
            world.witness.expect(False, "world", f"not everything ends: {error!r}")
        except Exception:  # noqa: BLE001  # it is told together with what led to it
            world.witness.expect(False, "world", traceback.format_exc())
        finally:
            world.end()
            random.setstate(state)
    story = world.witness.story(f"seed {seed}: {world.scenario.settings}", f"python -m tests.simulation {seed}")
    if world.witness.breaches:
        raise BrokenPromiseError(story)
    return story


class World:
    """Everything that there is in one run."""

    def __init__(self, plan: Scenario, loop: asyncio.AbstractEventLoop, directory: Path) -> None:
        self.scenario = plan
        self.witness = Witness(loop)
        self._directory = directory
        self._service = Service(plan.settings, self.witness)
        self._order = Order(self.witness)
        self._slots = Slots()
        self._guards: list[QueueingGuard] = []
        self._ways: list[SimulatedWay] = []
        self._clients: list[Client] = []
        self._processes: list[tuple[WatchedGuard, list[Client]]] = []
        self._callers: list[Caller] = []
        self._closings: list[asyncio.Task[None]] = []
        loop.set_exception_handler(self._left_over)

    async def run(self) -> None:
        """Let everybody act until all is over, and check what is left."""
        for process in range(self.scenario.settings.processes):
            self._open_process(f"process {process}")
        callers = self._callers = [
            Caller(order, self._clients[order.client], self.witness) for order in self.scenario.orders
        ]
        async with asyncio.timeout(_LONG):
            await self._act(callers)
            await self._service.rest()
            await asyncio.sleep(self.scenario.settings.settle_time + 0.1)
            await self._check_slots()
        for caller in callers:
            if caller.client.dead:
                continue
            check_caller(caller, self._service, self.witness, self.scenario)
        alive = [way for way in self._ways if not way.is_dead]
        check_statistics(callers, alive, self.witness)
        check_events(alive, self.witness)
        left = [repr(task) for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        self.witness.expect(not left, "world", f"tasks are left: {left}")

    def end(self) -> None:
        """Do what the end of the processes does."""
        for guard in self._guards:
            close_files(guard)

    def _open_process(self, name: str) -> None:
        settings = self.scenario.settings
        guard = host_guard(self._directory) if settings.host_guard else LocalGuard()
        self._guards.append(guard)
        watched = WatchedGuard(
            guard,
            name,
            self._slots,
            self.witness,
            release_takes=settings.release_takes,
            settle_time=settings.settle_time,
        )
        clients = [self._open_client(watched, number) for number in range(settings.clients)]
        self._clients += clients
        self._processes.append((watched, clients))

    def _open_client(self, guard: WatchedGuard, number: int) -> Client:
        name, settings = f"client {len(self._clients) + number}", self.scenario.settings
        ways = [self._open_way(name, number, guard) for number in range(settings.environments)]
        # It waits at most `settle_time`, and what it has to do itself is done at once.
        takes = settings.settle_time + settings.release_takes + 0.05
        return Client(name, guard, ways, takes, self.witness, settings.retry_reads)

    def _open_way(self, client: str, environment: int, guard: WatchedGuard) -> SimulatedWay:
        settings, chance = self.scenario.settings, random.Random(self.scenario.seed * 1000 + len(self._ways))

        def sent(line: str) -> None:
            slot = self._slots.holder.get(_identity(environment).name)
            self.witness.expect(slot is not None and slot.is_marked, client, f"{line!r} is sent without a mark of it")
            gone = [caller.name for caller in self._callers if caller.order.line == line and caller.outcome is not None]
            self.witness.expect(not gone, client, f"{line!r} is sent for {gone}, who has gone")
            self._order.sent(client, environment, line)

        way = SimulatedWay(client, environment, settings, self._service, self.witness, chance, sent)

        report = Reporter(_identity(environment).name, way.events.append)
        waiting = Waiting(_identity(environment), guard, report)
        tokens = Tokens(way.fetch_token, settings.token_lifetime, wanted_next=lambda: queue.has_next, report=report)
        execution = Execution(
            _identity(environment).name,
            tokens=tokens,
            web_server=way,
            settle_time=settings.settle_time,
            find_version=way.airflow.get_ready,
            check=way.airflow.check,
            first_path=lambda: PATH,
            waiting=waiting,
            report=report,
        )
        queue = way.queue = CommandQueue(
            _identity(environment),
            guard=guard,
            execution=execution,
            settle_time=settings.settle_time,
            waiting=waiting,
            report=report,
        )
        self._ways.append(way)
        return way

    async def _act(self, callers: list[Caller]) -> None:
        for client, moment in zip(self._clients, self.scenario.closings, strict=True):
            if moment is not None:
                asyncio.get_running_loop().call_later(moment, self._close, client)
        for process, (death, rest) in enumerate(zip(self.scenario.deaths, self.scenario.rests, strict=True)):
            if death is not None:
                asyncio.get_running_loop().call_later(death, self._kill, process)
            if rest is not None:
                asyncio.get_running_loop().call_later(rest, self._rest, process)
        await asyncio.gather(*(asyncio.create_task(caller.act(self._order.asked)) for caller in callers))
        events = (*self.scenario.closings, *self.scenario.deaths, *self.scenario.rests)
        await asyncio.sleep(max(filter(None, events), default=0.0))
        for client in self._clients:
            await client.close()
        await asyncio.gather(*self._closings)

    def _close(self, client: Client) -> None:
        self._closings.append(asyncio.create_task(client.close()))

    def _kill(self, process: int) -> None:
        guard, clients = self._processes[process]
        guard.die()
        self._guards[process] = host_guard(self._directory)  # to look with in the end
        for caller in self._callers:
            if caller.client in clients and caller.task is not None:
                caller.task.cancel()
        self._closings += [client.die() for client in clients]

    def _rest(self, process: int) -> None:
        guard, clients = self._processes[process]
        if not clients[0].dead:
            guard.rest()

    async def _check_slots(self) -> None:
        """Every slot is free again, and every guard can take it."""
        self.witness.expect(not self._slots.holder, "world", f"not given back: {list(self._slots.holder)}")
        for environment in range(self.scenario.settings.environments):
            for guard in self._guards:
                async with asyncio.timeout(60):
                    slot = await guard.acquire(_identity(environment))
                await slot.release()

    def _left_over(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.witness.expect(False, "event loop", f"{context['message']}: {context.get('exception')!r}")


def _identity(environment: int) -> EnvironmentId:
    return EnvironmentId("aws", "us-east-1", f"e{environment}")
