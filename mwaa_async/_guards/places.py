"""The places of the line before an environment, as locked files: who holds place 0 has the slot."""

import os
import stat
from pathlib import Path
from typing import NamedTuple

from filelock import lock_descriptor, unlock_descriptor

_RECORD = 64  # bytes; written when the file is made, so that a full disk shows before a command is sent
_OPEN = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


class Closure(NamedTuple):
    """Until when the slot stays closed, and how long that was when it was written; seconds of the monotonic clock."""

    until: float
    length: float

    def remaining(self, now: float) -> float:
        """Return the seconds for which the slot stays closed; none where the clock has begun anew since (a reboot)."""
        left = self.until - now
        # Another event loop's idea of now may be behind by a little: uvloop's is some milliseconds old.
        return min(left, self.length) if 0 < left <= self.length + 1 else 0.0


class Places:
    """The files of one environment. The kernel frees a place when the process that holds it dies.

    Raises `OSError` where a file cannot be made, is not an ordinary one, or belongs to somebody else.
    """

    def __init__(self, directory: Path, name: str, count: int) -> None:
        self._paths = [directory / f"{name}.{number}" for number in range(count)]
        self._descriptors: list[int] = []
        try:
            for path in self._paths:
                self._descriptors.append(_open(path))
        except BaseException:
            self.close()
            raise

    def try_take(self, place: int) -> bool:
        """Take a place if it is free."""
        if not lock_descriptor(self._descriptors[place], blocking=False):
            return False
        if place or os.fstat(self._descriptors[place]).st_nlink:
            return True
        self._reopen()
        return False

    def leave(self, place: int) -> None:
        """Free a place."""
        unlock_descriptor(self._descriptors[place])

    def closure(self) -> Closure:
        """Return until when whoever had the slot before wants it closed."""
        try:
            until, length = os.pread(self._descriptors[0], _RECORD, 0).split()[:2]
            return Closure(float(until), float(length))
        except ValueError:
            return Closure(0.0, 0.0)

    def close_slot(self, closure: Closure) -> None:
        """Write down until when the slot stays closed; asks for holding it."""
        os.pwrite(self._descriptors[0], f"{closure.until!r} {closure.length!r}".encode().ljust(_RECORD), 0)

    def close(self) -> None:
        """Close the files without unlocking them: in a forked child the locks are the parent's."""
        while self._descriptors:
            os.close(self._descriptors.pop())

    def _reopen(self) -> None:
        # Somebody has cleaned up the directory: the lock on a file that has no name any more excludes nobody.
        for place, path in enumerate(self._paths):
            os.close(self._descriptors[place])
            self._descriptors[place] = _open(path)


def private_directory(directory: Path) -> Path:
    """Make the directory where it is missing, for this user alone.

    Raises `OSError` where it is a link, belongs to somebody else, or others may write to it.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(f"{directory} is not a directory of its own, but a link or a file")
    _check_owner(directory, found)
    return directory


def _open(path: Path) -> int:
    descriptor = os.open(path, _OPEN, 0o600)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise PermissionError(f"{path} is not an ordinary file")
        _check_owner(path, found)
        if found.st_size < _RECORD:
            os.pwrite(descriptor, b"0 0".ljust(_RECORD), 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check_owner(path: Path, found: os.stat_result) -> None:
    if not hasattr(os, "geteuid"):
        return  # Windows keeps a user's files to himself in another way
    if found.st_uid != os.geteuid():
        raise PermissionError(f"{path} belongs to another user")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"others may write to {path}")
