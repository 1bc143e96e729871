"""An event loop without waiting: its clock jumps to the next timer as soon as nothing else is to be done."""

import asyncio
import random
import selectors
from collections.abc import Callable
from contextvars import Context
from typing import TypeVarTuple

# What is due within one tick is due at the same moment, in an order that is left to chance: a time-out, an answer and a
# cancellation that come together are where the mistakes are.
TICK = 1e-6
_NOISE = TICK / 50  # to both sides, since it adds up along a chain of events
_ROUNDS = 10_000
_START = 40_000.0  # the clock of a machine that has been running for half a day
_Ts = TypeVarTuple("_Ts")


class StandstillError(Exception):
    """Nobody will ever go on: all wait, and none of them for a timer."""


class _Timeline(selectors.SelectSelector):
    """Takes the place of waiting for sockets, of which there are none."""

    def __init__(self) -> None:
        super().__init__()
        self.now = _START
        self._rounds = 0  # since the clock has moved

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise StandstillError("everybody waits, and nothing is due")
        self._rounds = 0 if timeout > 0 else self._rounds + 1
        if self._rounds > _ROUNDS:
            raise StandstillError("somebody runs in circles, and no time passes")
        self.now += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop with a virtual clock; `ties` decides who of those who are due at the same moment comes first."""

    def __init__(self, ties: random.Random) -> None:
        self._timeline = _Timeline()
        self._ties = ties
        super().__init__(self._timeline)
        self._clock_resolution = TICK

    def time(self) -> float:
        return self._timeline.now

    def call_at(
        self,
        when: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return super().call_at(when + self._ties.uniform(-_NOISE, _NOISE), callback, *args, context=context)
