"""The one clock: the event loop's, which is monotonic and which a test may replace by a virtual one."""

import asyncio


def now() -> float:
    """Return the seconds of the running event loop's clock."""
    return asyncio.get_running_loop().time()
