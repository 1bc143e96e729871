"""Seconds, and the one clock: the event loop's, which is monotonic and which a test may replace by a virtual one."""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


def now() -> float:
    """Return the seconds of the running event loop's clock."""
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return time.monotonic()  # a `repr` or `statistics()` from elsewhere; it is the clock of asyncio's loops


def check_seconds(name: str, value: float | None) -> None:
    """Raise `TypeError` or `ValueError` unless the value is a number of seconds, or `None` for no limit."""
    if value is None:
        return
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number of seconds, not {value!r}")
    if not 0 <= value <= sys.float_info.max:  # which holds for no NaN either
        raise ValueError(f"{name} must be a number of seconds, not {value!r}")


@dataclass(eq=False, slots=True)
class Allowance:
    """How many seconds something may take, and how many of them are `left`; the timer runs while they pass.

    Several things may share one, one after the other.
    """

    seconds: float
    left: float
    timer: asyncio.TimerHandle | None = None

    @property
    def is_over(self) -> bool:
        """Tell whether nothing is left."""
        return not self.left or (self.timer is not None and self.timer.when() <= now())

    def run(self, over: Callable[[T], None], of: T) -> None:
        """Let the seconds pass; when they are over, that is called."""
        if self.timer is None:
            self.timer = asyncio.get_running_loop().call_later(self.left, over, of)

    def pause(self) -> None:
        """Let no seconds pass."""
        if self.timer is not None:
            self.left = max(0.0, self.timer.when() - now())
            self.timer.cancel()
            self.timer = None


def allowed(seconds: float | Allowance | None) -> Allowance | None:
    """Return an allowance of these seconds, or what is left of one."""
    return Allowance(seconds, seconds) if isinstance(seconds, int | float) else seconds
