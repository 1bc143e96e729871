"""The lease of one environment, as one event loop holds it: taken for a command, kept for the next one, given back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from mwaa_async._clock import now
from mwaa_async._errors import GuardError
from mwaa_async._guards.lease.connection import Connection
from mwaa_async._guards.lease.engine import Engine, EngineError
from mwaa_async._guards.lease.protocol import Contender, Granted, Held, Queued
from mwaa_async._guards.loop_queue import LoopQueue
from mwaa_async._identity import EnvironmentId

T = TypeVar("T")
_Ask = asyncio.Task[Granted | Queued]

logger = logging.getLogger("mwaa_async")

_KEEP = 1.0  # seconds for which a lease is kept for the next command of this host while nobody else waits
_GONE = "it is gone, or somebody else has one"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0  # seconds between two tries to reach the engine


class Seat:
    """Where one event loop stands with one environment. `queue` is for those of the event loop.

    While a lease is held a task renews it, and learns when others wait; what is only kept is given back then.
    """

    def __init__(
        self,
        environment: EnvironmentId,
        connection: Connection,
        lease: float,
        contender: Callable[[], Contender],
        on_loss: Callable[[], None],
    ) -> None:
        self._environment = environment
        self._connection = connection
        self._lease = lease
        self._contender = contender
        self._on_loss = on_loss
        self.queue = LoopQueue()
        self.others_wait = False
        self.asking: Contender | None = None
        self._held: Held | None = None
        self._is_used = False
        self._was_reached = self._is_reachable = False
        self._lost_fence = 0
        self._last_ask: _Ask | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._kept: asyncio.TimerHandle | None = None

    @property
    def contender(self) -> Contender | None:
        """Return as whom this event loop holds the lease, or waits for it."""
        return self.asking if self._held is None else self._held.who

    @property
    def is_kept(self) -> bool:
        """Tell whether the lease is at hand for the next command, without asking anybody."""
        held = self._held
        return held is not None and not self._is_used and not self.others_wait and self._is_sure(held)

    async def take(self, on_next: Callable[[], None] | None) -> None:
        """Have the lease: the one that was kept, or another one, for which this waits in line. Raises `GuardError`."""
        if self._kept is not None:
            self._kept.cancel()
            self._kept = None
        if self.is_kept or (self._held is not None and not self.others_wait and await self._renewed(self._lease)):
            self._is_used = True
            return
        await self.give_up()
        await self._ask(on_next)
        self._is_used = True

    async def confirm(self, settle_time: float) -> bool:
        """Have the lease for a request that begins now; `False` where it was lost. Raises `GuardError`."""
        while (held := self._held) is not None:
            if held.term >= settle_time and self._is_sure(held):
                return True
            is_renewed = await self._renewed(max(self._lease, settle_time))
            # An answer may come so late, or be read so late after a pause, that the lease has run out since.
            if is_renewed and self._held is not None and self._held.is_valid(now()):
                return True
        return False

    async def end_use(self, closed_for: float, *, is_wanted: bool) -> None:
        """Keep the lease for the next command while nobody else waits, or give it back.

        With `is_wanted` another process of this host waits, which takes a lease of its own.
        """
        held = self._held
        if held is None or closed_for or is_wanted or self.others_wait or not held.is_valid(now()):
            await self._give_back(closed_for)
        else:
            self._is_used = False
            self._kept = asyncio.get_running_loop().call_later(_KEEP, self._give_up_later)

    async def give_up(self) -> None:
        """Give the lease back, unless somebody uses it."""
        if not self._is_used:
            await self._give_back(0.0)

    async def _give_back(self, closed_for: float) -> None:
        """Give the lease back; where that fails, it goes on in the background."""
        held, was_used, ended = self._held, self._is_used, now()
        self._is_used = False
        if held is None:
            return
        self._connection.use()
        self._drop()
        try:
            engine = await self._connection.engine()
            was_ours = await engine.leave(self._environment, held.who, held.fence, closed_for=closed_for)
        except (EngineError, asyncio.CancelledError) as error:
            self._leave_later(held.who, held.fence, ended + closed_for)
            if was_used and not held.is_valid(ended):
                # Nobody can tell later: somebody else may have had it by then.
                self._tell_loss(held, str(error) or "it could not be renewed")
            if isinstance(error, asyncio.CancelledError):
                raise
        else:
            if was_used and not was_ours:
                self._tell_loss(held, _GONE)
        finally:
            self._connection.leave()

    def _is_sure(self, held: Held) -> bool:
        """Tell whether a request may begin without a round trip."""
        return self._is_reachable and held.is_fresh(now(), self._lease)

    def _give_up_later(self) -> None:
        self._kept = None
        if not self._is_used and self._held is not None:
            self._connection.begin(self.give_up(), f"give back the lease of {self._environment.name}")

    async def _ask(self, on_next: Callable[[], None] | None) -> None:
        """Line up, and ask again and again until the lease is granted. Raises `GuardError`."""
        who = self.asking = self._contender()
        try:
            while (again := await self._asked(who)) is not None:
                before, seconds = again
                if before == 0 and on_next is not None:
                    on_next()
                    on_next = None
                await (await self._connection.engine()).called(self._environment, who, seconds, holds=False)
        except BaseException:
            self._leave_later(who, 0, now(), after=self._last_ask)
            raise
        finally:
            self.asking = self._last_ask = None

    async def _asked(self, who: Contender) -> tuple[int, float] | None:
        """Ask once; where that does not give the lease, return how many are before, and when to ask again."""
        began, answer = await self._patiently(
            lambda engine: self._to_the_end(engine.ask(self._environment, who, term=self._lease)), "take the lease"
        )
        if isinstance(answer, Granted):
            self._hold(Held(who, answer.fence, self._lease, began), answer)
            return None
        return answer.before, answer.again

    async def _to_the_end(self, ask: Coroutine[Any, Any, Granted | Queued]) -> Granted | Queued:
        """Go on where the caller is cancelled: an ask that leaving has overtaken takes the lease for nobody."""
        self._last_ask = asyncio.get_running_loop().create_task(ask, name="mwaa_async: ask for a lease")
        return await asyncio.shield(self._last_ask)

    async def _renewed(self, term: float) -> bool:
        """Renew the lease before a request; `False` where it was lost. Raises `GuardError`."""
        held = self._held
        if held is None:
            return False
        began, answer = await self._patiently(
            lambda engine: engine.renew(self._environment, held, term=term), "renew the lease"
        )
        return self._take_notice(held, began, term, answer)

    def _take_notice(self, held: Held, began: float, term: float, answer: Granted | None) -> bool:
        if self._held is None or self._held.fence != held.fence:
            return False
        if answer is None:
            if self._is_used:
                self._tell_loss(held, _GONE)
            self._drop()
            return False
        self._held = Held(held.who, held.fence, max(term, self._held.term), max(began, self._held.since))
        self.others_wait = answer.others_wait
        return True

    async def _patiently(self, step: Callable[[Engine], Awaitable[T]], what: str) -> tuple[float, T]:
        """Do a step, again where that may help, for as long as a lease; return when that began, too.

        Where the engine was never reached that is more likely to be a mistake, of which one learns at once. Raises
        `GuardError`.
        """
        since, pause = now(), _FIRST_PAUSE
        while True:
            began = now()
            try:
                answer = await step(await self._connection.engine())
            except EngineError as error:
                self._is_reachable = False
                if not (error.may_pass and self._was_reached and now() - since < self._lease):
                    raise self.unusable(error, what) from error
            else:
                self._was_reached = self._is_reachable = True
                return began, answer
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def unusable(self, error: EngineError, what: str) -> GuardError:
        """Return the error for whoever wants to send a command."""
        name = self._environment.name
        return GuardError(f"{name}: could not {what}: {error}; nothing was sent", environment=name)

    def _hold(self, held: Held, answer: Granted) -> None:
        self._held, self.others_wait = held, answer.others_wait
        self._connection.use()
        name = f"mwaa_async: renew the lease of {self._environment.name}"
        self._renewal = asyncio.get_running_loop().create_task(self._renew_again_and_again(held.fence), name=name)

    def _drop(self) -> None:
        self._held = None
        self._connection.leave()
        if self._kept is not None:
            self._kept.cancel()
            self._kept = None
        if self._renewal is not None and self._renewal is not asyncio.current_task():
            self._renewal.cancel()
        self._renewal = None

    async def _renew_again_and_again(self, fence: int) -> None:
        """Renew the lease every third of it, and when somebody lines up; give it back then, where it is only kept."""
        engine = await self._connection.engine()
        while (held := self._held) is not None and held.fence == fence:
            due = held.since + self._lease / 3 - now()
            if due > 0:
                await engine.called(self._environment, held.who, due, holds=True)
            if self._held is None or self._held.fence != fence:
                return
            await self._renew(engine, self._held)
            if self.others_wait and not self._is_used:
                await self.give_up()

    async def _renew(self, engine: Engine, held: Held) -> None:
        began = now()
        try:
            answer = await engine.renew(self._environment, held, term=held.term)
        except EngineError as error:
            self._is_reachable = False
            if self._is_used and self._held is held and not held.is_valid(now()):
                self._tell_loss(held, str(error))  # and goes on: as long as nobody takes it, it can be renewed
            await asyncio.sleep(min(_LONGEST_PAUSE, self._lease / 10))
        else:
            self._is_reachable = True
            self._take_notice(held, began, held.term, answer)

    def _tell_loss(self, held: Held, why: str) -> None:
        """Count and log, once, that the lease was lost; whoever has a command on the wire gets its result."""
        if self._lost_fence == held.fence:
            return
        self._lost_fence = held.fence
        self._on_loss()
        logger.warning(
            "%s: the lease %d was lost: %s. A command on the wire goes on, and another host may send one beside it; "
            "the next command of this host waits for a lease of its own",
            self._environment.name,
            held.fence,
            why,
        )

    def _leave_later(self, who: Contender, fence: int, until: float, after: _Ask | None = None) -> None:
        """Leave in the background, until that is done, or what is left there is over by itself."""
        self._connection.begin(self._leave(who, fence, until, after), f"leave the line of {self._environment.name}")

    async def _leave(self, who: Contender, fence: int, until: float, after: _Ask | None) -> None:
        if after is not None:
            with suppress(EngineError):
                await after
        give_up = max(now() + self._lease, until)
        while now() < give_up:
            try:
                engine = await self._connection.engine()
                await engine.leave(self._environment, who, fence, closed_for=max(0.0, until - now()))
            except EngineError:
                await asyncio.sleep(_LONGEST_PAUSE)
            else:
                return
