"""Says what the command that comes first waits for, once it has done so for a second."""

import asyncio
from dataclasses import dataclass

from mwaa_async._clock import now
from mwaa_async._errors import GuardError
from mwaa_async._guards import ObservableGuard, QueueingGuard, SlotStatus
from mwaa_async._identity import EnvironmentId
from mwaa_async._protocol.secrets import named
from mwaa_async._reporting import Reporter
from mwaa_async._request import Request
from mwaa_async.events import CommandWaiting, WaitsFor

_SILENCE = 1.0  # seconds; a wait that is shorter needs no word
_STANDSTILL = 60.0  # seconds without movement, after which is said who comes first


@dataclass(eq=False, slots=True)
class _Wait:
    """What is waited for since when, by whom; `until` is its end, where that is known."""

    request: Request
    waits_for: WaitsFor
    since: float
    until: float | None
    was_told: bool = False


class Waiting:
    """Looks after the wait of one environment's queue, again and again from its first second on."""

    def __init__(self, identity: EnvironmentId, guard: QueueingGuard, report: Reporter) -> None:
        self._identity = identity
        self._guard = guard
        self._report = report
        self._wait: _Wait | None = None
        self._watch: asyncio.TimerHandle | asyncio.Task[None] | None = None
        self._before: tuple[str, ...] = ()
        self._moved_at = self._said_at = 0.0

    def begin(self, request: Request, waits_for: WaitsFor, *, until: float | None = None) -> None:
        """Take notice of what this command, which comes first, waits for from now on."""
        self._wait, self._before = _Wait(request, waits_for, now(), until), ()
        if self._watch is None:
            self._watch = asyncio.get_running_loop().call_later(_SILENCE, self._start)

    def end(self) -> None:
        """Take notice that nothing is waited for any more."""
        self._wait = None
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _start(self) -> None:
        name = f"mwaa_async: what {self._identity.name} waits for"
        self._watch = asyncio.create_task(self._tell_again_and_again(), name=name)

    async def _tell_again_and_again(self) -> None:
        while True:
            if self._wait is not None and now() - self._wait.since >= 0.9 * _SILENCE:
                await self._tell(self._wait)
            await asyncio.sleep(_SILENCE)

    async def _tell(self, wait: _Wait) -> None:
        status = await self._status() if wait.waits_for == "the slot" else SlotStatus()
        if wait is not self._wait:
            return
        if self._report.is_wanted:
            self._report.report(_event(self._identity.name, wait, status))
            wait.was_told = True
        if status.before and not status.closed_for:
            self._look_for_movement(status.before)

    async def _status(self) -> SlotStatus:
        try:
            return (
                await self._guard.status(self._identity) if isinstance(self._guard, ObservableGuard) else SlotStatus()
            )
        except GuardError:
            return SlotStatus()  # whoever takes the slot is told

    def _look_for_movement(self, before: tuple[str, ...]) -> None:
        if before != self._before:
            self._before = before
            self._moved_at = self._said_at = now()
        elif now() - self._said_at >= _STANDSTILL:
            self._said_at = now()
            self._report.stalled(now() - self._moved_at, before)


def _event(environment: str, wait: _Wait, status: SlotStatus) -> CommandWaiting:
    left = status.closed_for or (None if wait.until is None else max(0.0, wait.until - now()))
    return CommandWaiting(
        environment,
        named(wait.request.line),
        wait.request.number,
        wait.waits_for,
        now() - wait.since,
        is_first=not wait.was_told,
        holder=status.before[0] if status.before else None,
        left=left,
    )
