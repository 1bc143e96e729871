"""All queues in which the event loops of this process stand, and the thread that looks after them."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from threading import RLock, Thread

from mwaa_async._guards.line import Line

_Key = tuple[asyncio.AbstractEventLoop, Path, str]

_IDLE = 32  # lines that keep their slot's file open though nobody uses them
_LOOK = 0.5  # seconds between two looks for event loops that do not run


class Lines:
    """The lines of one process; thread-safe.

    An event loop that rests between calls, or was closed, gives up no position by itself. While any is in use, a thread
    looks whether the event loops run, and gives up for those that do not.
    """

    def __init__(self) -> None:
        self._lines: dict[_Key, Line] = {}
        self._idle: dict[_Key, Line] = {}  # those nobody uses, the longest unused one first
        self._watch: Thread | None = None
        # Reentrant: Python's garbage collection may end a coroutine that waits, which leaves its line, at any moment.
        self._mutex = RLock()

    def use(self, directory: Path, name: str) -> Line:
        """Return the running event loop's line; whoever has used it says so by `leave`."""
        key = (asyncio.get_running_loop(), directory, name)
        with self._mutex:
            line = self._lines.get(key)
            if line is None:
                line = self._lines[key] = Line(*key)
            self._idle.pop(key, None)
            line.users += 1
            if self._watch is None:
                self._start_watch()
        return line

    def leave(self, line: Line) -> None:
        """Take notice that one user of the line needs it no more."""
        with self._mutex:
            line.users -= 1
            if line.users or self._lines.get(line.key) is not line:
                return  # forgotten already, with its event loop, whose tasks are collected only now
            line.rest()
            self._idle[line.key] = line
            while len(self._idle) > _IDLE:
                self._forget(next(iter(self._idle)))

    def close(self, *, is_forked: bool = False) -> None:
        """Close all files; in a forked child the locks stay the parent's, and what its threads had locked is void."""
        if is_forked:
            self._mutex = RLock()
        with self._mutex:
            for line in self._lines.values():
                line.close(is_forked=is_forked)
            self._lines.clear()
            self._idle.clear()
            self._watch = None

    def _start_watch(self) -> None:
        watch = Thread(target=self._look_after, name="mwaa_async: event loops at rest", daemon=True)
        with suppress(RuntimeError):  # no thread to be had, as when the interpreter ends: nobody looks, then
            watch.start()
            self._watch = watch

    def _look_after(self) -> None:
        while lines := self._lines_in_use():
            for line in lines:
                line.leave_if_at_rest()
            self._forget_closed()
            time.sleep(_LOOK)

    def _lines_in_use(self) -> list[Line]:
        """Return the lines in use; where there are none the thread ends, and the next user starts another one."""
        with self._mutex:
            used = [line for line in self._lines.values() if line.users]
            if not used:
                self._watch = None
            return used

    def _forget_closed(self) -> None:
        """Forget the lines of closed event loops, whose users do not go on."""
        with self._mutex:
            for key in [key for key in self._lines if key[0].is_closed()]:
                self._forget(key)

    def _forget(self, key: _Key) -> None:
        self._idle.pop(key, None)
        if (line := self._lines.pop(key, None)) is not None:
            line.close()
