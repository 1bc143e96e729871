"""Processes that share one virtual clock, and of which each may stand still for a while, or for ever."""

import asyncio
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from typing import Any, TypeVarTuple

from tests.simulation.clock import VirtualLoop

_Ts = TypeVarTuple("_Ts")
_Callback = Callable[[*tuple[Any, ...]], object]

PROCESS: "ContextVar[Process | None]" = ContextVar("PROCESS", default=None)


class Process:
    """What runs in its context: while it stands still nothing of that does, and afterwards all that has become due."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.stands_still = False
        self.is_dead = False
        self._due: list[tuple[Context, list[asyncio.Handle], _Callback, tuple[object, ...]]] = []

    def run(self, handle: list[asyncio.Handle], callback: _Callback, args: tuple[object, ...]) -> None:
        """Call back, now or when the process goes on."""
        if self.stands_still:
            self._due.append((copy_context(), handle, callback, args))
        elif not handle[0].cancelled():
            callback(*args)

    def go_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run again, as after SIGCONT."""
        self.stands_still = False
        due, self._due = self._due, []
        for context, handle, callback, args in due:
            loop.call_soon(self._unless_cancelled, handle, callback, args, context=context)

    def _unless_cancelled(self, handle: list[asyncio.Handle], callback: _Callback, args: tuple[object, ...]) -> None:
        if not handle[0].cancelled():
            callback(*args)


class ProcessesLoop(VirtualLoop):
    """An event loop on which several processes run; what belongs to none is the world around them."""

    def call_soon(
        self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        process = _process(context)
        if process is None:
            return super().call_soon(callback, *args, context=context)
        handle: list[asyncio.Handle] = []
        handle.append(super().call_soon(process.run, handle, callback, args, context=context))
        return handle[0]

    def call_at(
        self, when: float, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        process = _process(context)
        if process is None:
            return super().call_at(when, callback, *args, context=context)
        handle: list[asyncio.Handle] = []
        timer = super().call_at(when, process.run, handle, callback, args, context=context)
        handle.append(timer)
        return timer


def _process(context: Context | None) -> Process | None:
    return PROCESS.get() if context is None else context.get(PROCESS)
