"""What importing the library takes, against importing aiohttp, which every program that uses it has anyway."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial

from benchmarks.rounds import by_turns
from benchmarks.table import Row

ROUNDS = 15


def rows() -> Iterator[Row]:
    """Compare the fastest of both, without the time that Python itself takes to start."""
    with tempfile.TemporaryDirectory() as compiled:
        environ = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}  # a library that is installed is compiled, too
        environ.pop("PYTHONDONTWRITEBYTECODE", None)

        def seconds(statement: str) -> float:
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True, env=environ)
            return time.perf_counter() - start

        statements = ("pass", "import mwaa_async", "import aiohttp")
        times = by_turns(ROUNDS, {one: partial(seconds, one) for one in statements})
    nothing, ours, least = (min(times[statement]) for statement in statements)
    yield Row("import mwaa_async, against import aiohttp", 0.5, (ours - nothing) / (least - nothing))
