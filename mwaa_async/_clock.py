"""The one clock: the event loop's, which is monotonic and which a test may replace by a virtual one."""

import asyncio
import time


def now() -> float:
    """Return the seconds of the running event loop's clock."""
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return time.monotonic()  # a `repr` or `statistics()` from elsewhere; it is the clock of asyncio's loops
