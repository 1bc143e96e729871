"""The signals that end a program: SIGTERM and SIGHUP do what Ctrl-C does, and each can be waited for."""

import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from types import FrameType

_INTERRUPTED = 128 + signal.SIGINT

_received: list[int] = []


def end_like_ctrl_c() -> None:
    """Let SIGTERM (systemd, `docker stop`, `timeout`) and SIGHUP (a closed terminal) do what Ctrl-C does.

    A signal that is ignored stays so, as SIGHUP under `nohup`.
    """
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _press_ctrl_c)


def status_of_signal(status: int) -> int:
    """Return the exit status of a program that ends with this one: 128 and the number of the signal that ended it."""
    return 128 + _received[0] if _received and status == _INTERRUPTED else status


@contextmanager
def caught_signals(*numbers: signal.Signals) -> Iterator[AsyncIterator[signal.Signals]]:
    """Catch these signals and yield them as they arrive, where the system can do that."""
    if sys.platform == "win32":
        yield _none()  # Ctrl-C is a KeyboardInterrupt there
    else:
        import anyio

        with anyio.open_signal_receiver(*numbers) as signals:
            yield signals


def _press_ctrl_c(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as for what a shell starts in the background
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


async def _none() -> AsyncIterator[signal.Signals]:
    import anyio

    await anyio.sleep_forever()
    yield signal.SIGTERM  # never
