"""One environment's queue on this host, as one event loop sees it.

The positions of the queue are locked files: number 0 is the slot, and who holds number 1 is next. Whoever lines up
takes the last position, and then each one before it.
"""

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path
from threading import RLock

from mwaa_async._guards.lock_files import LockFiles
from mwaa_async._guards.loop_queue import LoopQueue
from mwaa_async._guards.record import NOTHING_BYTES, boot_id, closed_slot, held_by, open_request

# Up to seven processes wait strictly in the order in which they line up; more than that try for the last position.
# Whoever waits has a file open for each of them.
LAST = 7
NOWHERE = LAST + 1  # before somebody lines up


class PositionLostError(Exception):
    """The position was given up: the event loop was at rest, or the lock directory was cleaned up."""


class Line:
    """Where one event loop stands in the queue of one environment; thread-safe.

    `queue` is for those of the event loop, one of whom lines up at a time, and `users` counts them. While the event
    loop does not run nobody would give up a position, and so `leave_if_at_rest` does that from another thread.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, directory: Path, name: str) -> None:
        self.loop = loop
        self.queue = LoopQueue()
        self.users = 0
        self._directory = directory
        self.name = name
        self._files: LockFiles | None = None
        self._position = NOWHERE
        self.settle_time: float | None = None  # of the request that is open
        self._mutex = RLock()  # reentrant for the same reason as that of `Lines`

    @property
    def key(self) -> tuple[asyncio.AbstractEventLoop, Path, str]:
        """Return what tells this line from others."""
        return self.loop, self._directory, self.name

    def is_free(self) -> bool:
        """Tell whether the slot could be taken. Raises `OSError`."""
        with self._mutex:
            files = self._opened()
            return self._position == NOWHERE and not files.somebody_waits() and _is_free(files, 0)

    def others_wait(self) -> bool:
        """Tell whether others than this event loop are next, where this one has the slot."""
        with self._mutex:
            return self._position != 0 or self._files is None or self._files.somebody_waits()

    def take_at_once(self) -> bool:
        """Take the slot where it is free and nobody waits for it. Raises `PositionLostError` and `OSError`."""
        with self._mutex:
            files = self._opened()
            self._expect(NOWHERE)
            if files.somebody_waits() or not files.try_lock(0):
                return False
            self._position = 0
            return True

    def move_up(self, position: int) -> int:
        """Go on from this position as far as others let, and return the position that is held then.

        Raises `PositionLostError` where this one is not held any more, and `OSError`.
        """
        with self._mutex:
            files = self._opened_anew() if position == NOWHERE else self._opened()
            self._expect(position)
            reached = position
            while reached and files.try_lock(reached - 1):
                self._position = reached - 1
                if reached != NOWHERE:
                    files.unlock(reached)
                reached -= 1
            _note_waiting(files, position, reached)
            return reached

    def sign(self, position: int) -> None:
        """Write down for those behind who waits in this position; the slot's file says something else.

        Raises `PositionLostError` and `OSError`.
        """
        with self._mutex:
            self._expect(position)
            if self._files is not None and position:
                self._files.write(held_by(os.getpid()), position)

    def status(self, now: float) -> tuple[list[int], float]:
        """Return the processes before this event loop, 0 for one that has not signed, and how long the slot is closed.

        Where this event loop has the slot, the first of them is this process. Raises `OSError`.
        """
        with self._mutex:
            files = self._opened()
            record = files.read()
            closed_for = 0.0 if record.is_open else record.closed_for(now, boot_id())
            if self._position == 0:
                return ([] if closed_for else [os.getpid()]), closed_for
            # Of an own position nothing must be tried: locking it once more and unlocking it gives it up.
            others = [number for number in range(min(self._position, NOWHERE)) if not _is_free(files, number)]
            return [files.read(number).process for number in others], closed_for

    def seconds_until_open(self, now: float) -> float:
        """Return for how long the slot, which is held, stays closed.

        A request that was open when its holder died keeps it closed for a while from now on, which is written down for
        the case that this process dies, too. Raises `PositionLostError` and `OSError`.
        """
        with self._mutex:
            files = self._slot_files()
            record = files.read()
            closed_for = record.closed_for(now, boot_id())
            if closed_for and (record.is_open or record.boot != boot_id()):
                files.write(closed_slot(now, closed_for))
            return closed_for

    def request_begins(self, settle_time: float) -> None:
        """Note that a request goes out. Raises `PositionLostError` and `OSError`."""
        with self._mutex:
            self._slot_files().write(open_request(settle_time, os.getpid()))
            self.settle_time = settle_time

    def request_ended(self) -> None:
        """Note that the request was answered; nothing where the slot was lost."""
        with self._mutex:
            if self._position or self._files is None:
                return
            with suppress(OSError):  # it stays noted as open, and closes the slot for a while
                self._files.write(NOTHING_BYTES)
                self.settle_time = None

    def release(self, now: float, closed_for: float) -> bool:
        """Give the slot back, closed for that long from now on.

        Returns `False`, and keeps the slot, where that can be written down nowhere.
        """
        with self._mutex:
            if self._files is None or self._position != 0:
                return True
            try:
                self._note_end(self._files, now, closed_for)
            except OSError:
                if self.settle_time is None:
                    return False
            self._leave()
            return True

    def leave(self) -> None:
        """Give up the position, whatever it is."""
        with self._mutex:
            self._leave()

    def leave_if_at_rest(self) -> None:
        """Give up the position where the event loop does not run."""
        with self._mutex:
            if not self.loop.is_running():
                self._give_up()

    def rest(self) -> None:
        """Close the files that nobody needs while nobody uses the line."""
        with self._mutex:
            if self._files is not None and self._position == NOWHERE:
                self._files.close_positions()

    def close(self, *, is_forked: bool = False) -> None:
        """Close the files; in a forked child the locks are the parent's, and the mutex may be a thread's of it."""
        if is_forked:
            self._position, self._mutex = NOWHERE, RLock()
        with self._mutex:
            self._drop()

    def _expect(self, position: int) -> None:
        if self._position != position:
            raise PositionLostError

    def _opened(self) -> LockFiles:
        if self._files is None:
            self._files = LockFiles(self._directory, self.name)
        return self._files

    def _opened_anew(self) -> LockFiles:
        """Open the files again where somebody has cleaned up the directory."""
        if self._files is not None and not self._files.are_in_place():
            self._drop()
        return self._opened()

    def _slot_files(self) -> LockFiles:
        """Return the files where the slot is held, and others would find the same ones. Raises `PositionLostError`."""
        self._expect(0)
        assert self._files is not None
        if not self._files.are_in_place():
            self._drop()
            raise PositionLostError
        return self._files

    def _note_end(self, files: LockFiles, now: float, closed_for: float) -> None:
        if closed_for:
            files.write(closed_slot(now, closed_for))
        elif self.settle_time is not None:
            files.write(NOTHING_BYTES)

    def _give_up(self) -> None:
        """Give up the position for somebody who does not go on; an open request's end will not be seen."""
        if self._files is not None and self.settle_time is not None:
            with suppress(OSError):  # it is noted as open, which closes the slot later, and for as long
                self._note_end(self._files, time.monotonic(), self.settle_time)
        self._leave()

    def _leave(self) -> None:
        position, self._position, self.settle_time = self._position, NOWHERE, None
        if self._files is not None and position != NOWHERE:
            try:
                self._files.unlock(position)
            except OSError:  # closing the files unlocks them, too
                self._drop()

    def _drop(self) -> None:
        self._leave()
        files, self._files = self._files, None
        if files is not None:
            files.close()


def _note_waiting(files: LockFiles, position: int, reached: int) -> None:
    """Write down that somebody waits, or that nobody does where the whole queue was found to be empty.

    Who is told too late that somebody waits takes the slot before them, once.
    """
    if reached == 0 and position == NOWHERE:
        files.note_waiting(False)
    elif reached and not files.somebody_waits():
        files.note_waiting(True)


def _is_free(files: LockFiles, position: int) -> bool:
    if not files.try_lock(position):
        return False
    files.unlock(position)
    return True
