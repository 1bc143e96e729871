"""Says what the command that comes first waits for, once it has done so for a second."""

import asyncio

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


class Waiting:
    """Looks after the wait of one environment's queue, again and again from its first second on.

    Its timer outlives a wait: one for each command would cost more than all else here.
    """

    def __init__(self, identity: EnvironmentId, guard: QueueingGuard, report: Reporter) -> None:
        self._identity = identity
        self._guard = guard
        self._report = report
        self._request: Request | None = None
        self._waits_for: WaitsFor = "a token"
        self._since = 0.0
        self._until: float | None = None
        self._was_told = False
        self._watch: asyncio.TimerHandle | asyncio.Task[None] | None = None
        self._before: tuple[str, ...] = ()
        self._moved_at = self._said_at = 0.0

    def begin(self, request: Request, waits_for: WaitsFor, *, until: float | None = None) -> None:
        """Take notice of what this command, which comes first, waits for from now on; `until` where that is known."""
        self._request, self._waits_for, self._since, self._until = request, waits_for, now(), until
        self._was_told, self._before = False, ()
        if self._watch is None:
            self._watch = asyncio.get_running_loop().call_later(_SILENCE, self._start)

    def end(self) -> None:
        """Take notice that nothing is waited for any more."""
        self._request = None

    def close(self) -> None:
        """Look after nothing any more."""
        self._request = None
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _start(self) -> None:
        self._watch = None
        if self._request is not None:
            name = f"mwaa_async: what {self._identity.name} waits for"
            self._watch = asyncio.create_task(self._tell_again_and_again(), name=name)

    async def _tell_again_and_again(self) -> None:
        while self._request is not None:
            pause = self._since + _SILENCE - now()
            if pause <= 0:
                await self._tell(self._since)
            await asyncio.sleep(pause if pause > 0 else _SILENCE)
        self._watch = None

    async def _tell(self, since: float) -> None:
        status = await self._status() if self._waits_for == "the slot" else SlotStatus()
        if self._request is None or since != self._since:
            return  # it is another wait by now
        if self._report.is_wanted:
            self._report.report(self._event(self._request, status))
            self._was_told = True
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

    def _event(self, request: Request, status: SlotStatus) -> CommandWaiting:
        return CommandWaiting(
            self._identity.name,
            named(request.line),
            request.number,
            self._waits_for,
            now() - self._since,
            is_first=not self._was_told,
            holder=status.before[0] if status.before else None,
            left=status.closed_for or (None if self._until is None else max(0.0, self._until - now())),
        )
