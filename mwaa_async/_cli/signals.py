"""The signals that end a program, as something to wait for."""

import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import anyio


@contextmanager
def caught_signals() -> Iterator[AsyncIterator[signal.Signals]]:
    """Catch SIGINT and SIGTERM and yield them as they arrive, where the system can do that."""
    if sys.platform == "win32":
        yield _none()  # Ctrl-C is a KeyboardInterrupt there
    else:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            yield signals


async def _none() -> AsyncIterator[signal.Signals]:
    await anyio.sleep_forever()
    yield signal.SIGTERM  # never
