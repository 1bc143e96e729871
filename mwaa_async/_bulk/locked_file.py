"""The lock on a journal: one process, and one loop of it, works on the file at a time, whatever its name becomes."""

import errno
import os
import struct
import sys
from pathlib import Path
from threading import Lock

# Far behind what a file has, and behind the bytes at 1 GiB with whose locks SQLite tells readers from writers.
_BYTE = 2**62
_FLOCK = "hhqqi"  # fcntl(2): l_type, l_whence, l_start, l_len, l_pid

_NONE = -1

_open_here: dict[tuple[int, int], "LockedFile"] = {}
_mutex = Lock()


class LockedFile:
    """An existing file that nobody else has locked, under whatever name.

    Raises `BlockingIOError` where somebody has, and `OSError` where it cannot be opened. Close it after everything else
    that has the file open: SQLite's own locks are gone with the first descriptor of it that a process closes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity = _identity(path.stat())
        self._descriptor = _NONE
        self._enter()
        try:
            self._descriptor = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
            _lock(self._descriptor)
        except BaseException:
            self.close()
            raise

    @property
    def names(self) -> int:
        """Return how many names the file has: none when it was removed, several when there are hard links."""
        return os.fstat(self._descriptor).st_nlink

    @property
    def is_in_place(self) -> bool:
        """Tell whether the file is still found under its name."""
        try:
            return _identity(self._path.stat()) == self._identity
        except (FileNotFoundError, NotADirectoryError):
            return False

    def close(self) -> None:
        """Let others lock the file."""
        descriptor, self._descriptor = self._descriptor, _NONE
        if descriptor != _NONE:
            os.close(descriptor)
        _open_here.pop(self._identity, None)

    def _enter(self) -> None:
        """Refuse what this process has locked before it is opened and closed again, at the cost of SQLite's locks."""
        with _mutex:
            if self._identity in _open_here:
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            _open_here[self._identity] = self


def _close_all() -> None:
    for file in list(_open_here.values()):
        file.close()


if hasattr(os, "register_at_fork"):
    # Else a child that outlives its parent would keep the file locked.
    os.register_at_fork(after_in_child=_close_all)


def _lock(descriptor: int) -> None:
    """Lock the file for this descriptor, by what no other descriptor's end takes away and SQLite does not see.

    `flock` would lock SQLite out where the system makes of it a lock on all bytes (NFS, macOS). Systems other than
    Linux have only the lock on the name, and the look at every write whether the file is in its place.
    """
    if sys.platform != "linux":
        return
    import fcntl

    lock = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, _BYTE, 1, 0)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, lock)
    except PermissionError as error:  # which fcntl(2) allows, too
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a kernel that does not know of these locks
            raise


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
