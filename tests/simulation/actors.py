"""Who acts in the simulation: callers, who ask and may give up, and clients, which are closed at some time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from mwaa_async._clock import now
from mwaa_async._errors import MwaaError
from mwaa_async._model.result import CommandResult
from mwaa_async._protocol.catalogue import only_reads
from mwaa_async._queue import CommandQueue, Submitted
from tests.simulation.boundaries import SimulatedWay
from tests.simulation.guards import WatchedGuard
from tests.simulation.scenario import Order
from tests.simulation.witness import Witness


@dataclass(eq=False, slots=True)
class Client:
    """One client: a queue for each environment, and the process's guard."""

    name: str
    guard: WatchedGuard
    ways: list[SimulatedWay]
    closing_takes_at_most: float
    witness: Witness
    retry_reads: bool
    closed: bool = False
    dead: bool = False

    @property
    def queues(self) -> list[CommandQueue]:
        return [way.queue for way in self.ways if way.queue is not None]

    def die(self) -> asyncio.Task[None]:
        """End without any cleaning up, now: nobody asks a dead client. The task ends when nothing of it is left."""
        self.closed = self.dead = True
        for way in self.ways:
            way.is_dead = True
        workers = [queue._worker for queue in self.queues if queue._worker is not None]
        for worker in workers:
            worker.cancel()
        return asyncio.create_task(self._vanish(workers))

    async def _vanish(self, workers: list[asyncio.Task[None]]) -> None:
        await asyncio.gather(*workers, return_exceptions=True)
        await asyncio.gather(*(queue.aclose() for queue in self.queues), *(way.airflow.aclose() for way in self.ways))

    async def close(self) -> None:
        """Close all queues at once, as `MwaaClient` does."""
        if self.dead:
            return
        self.witness.saw(self.name, "is being closed")
        began = now()
        for way in self.ways:
            way.closing_since = way.closing_since or began
        first, *others = self.queues
        closing = [asyncio.create_task(queue.aclose()) for queue in others]
        closing += [asyncio.create_task(way.airflow.aclose()) for way in self.ways]
        await first.aclose()
        await asyncio.gather(*closing)
        took = now() - began
        if self.dead:
            return
        self.witness.saw(self.name, "is closed")
        self.witness.expect(took <= self.closing_takes_at_most, self.name, f"closing took {took:.3f} s")
        self.closed = True


@dataclass(eq=False, slots=True)
class Caller:
    """Somebody who wants a command to be run, and what became of that."""

    order: Order
    client: Client
    witness: Witness
    asked_at: float | None = None
    submitted_at: float | None = None
    cancelled_at: float | None = None
    came_back_at: float = 0.0
    outcome: CommandResult | BaseException | None = None
    task: asyncio.Task[object] | None = field(default=None, repr=False)
    command: Submitted | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return f"caller {self.order.number}"

    async def act(self, count: Callable[["Caller"], None]) -> None:
        """Ask at the given moment, and wait; `count` is told who comes when."""
        await asyncio.sleep(self.order.at)
        if self.client.closed:
            return  # the client itself refuses
        self.task = asyncio.current_task()
        self.asked_at = now()
        self.witness.saw(self.name, f"asks {self.client.name} for {self.order}")
        count(self)
        if self.order.cancelled_after is not None:
            asyncio.get_running_loop().call_later(self.order.cancelled_after, self._give_up)
        await self._ask()
        self.came_back_at = now()
        self.witness.saw(self.name, f"has {self.outcome!r}")

    async def _ask(self) -> None:
        way = self.client.ways[self.order.environment]
        queue = self.client.queues[self.order.environment]
        try:
            if self.order.typed:
                await way.airflow.known_version(way.ask_airflow)
            else:
                await way.airflow.in_order()
            self.submitted_at = now()
            self.command = queue.submit(
                self.order.line,
                timeout=self.order.timeout,
                queue_timeout=self.order.queue_timeout,
                idempotent=self.client.retry_reads and only_reads(self.order.line),
            )
            self.outcome = await self.command.result(check_failure=True)
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is looked at in the end
            self.outcome = error

    def _give_up(self) -> None:
        assert self.task is not None
        if self.outcome is None:
            self.cancelled_at = now()
            self.witness.saw(self.name, "is cancelled")
            self.task.cancel()

    @property
    def ran(self) -> bool | None:
        """Return what the caller was told: whether the command ran."""
        if isinstance(self.outcome, CommandResult):
            return True
        return self.outcome.ran if isinstance(self.outcome, MwaaError) else None
