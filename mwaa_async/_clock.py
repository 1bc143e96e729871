"""Seconds, and the one clock: the event loop's, which is monotonic and which a test may replace by a virtual one."""

import asyncio
import math
import time


def now() -> float:
    """Return the seconds of the running event loop's clock."""
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return time.monotonic()  # a `repr` or `statistics()` from elsewhere; it is the clock of asyncio's loops


def check_seconds(name: str, value: float | None) -> None:
    """Raise `ValueError` unless the value is a number of seconds, or `None` for no limit."""
    if value is not None and not (value >= 0 and math.isfinite(value)):
        raise ValueError(f"{name} must be a number of seconds, not {value!r}")
