"""The lock files of one environment: one for the slot, and one for each position in the queue before it."""

import os
import stat
from pathlib import Path

from mwaa_async._guards.directory import check_owner, private_directory
from mwaa_async._guards.record import LENGTH, NOTHING_BYTES, Record, read_record

_OPEN = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


class LockFiles:
    """Locks that the kernel frees when the process dies. Number 0 is the slot, and its file holds the `Record`.

    Opened again by the same process they are other locks: two event loops exclude each other as two processes do.
    Raises `OSError` where a file cannot be made, is not an ordinary one, or belongs to somebody else.
    """

    def __init__(self, directory: Path, name: str, count: int) -> None:
        private_directory(directory)
        self._path = os.fspath(directory / f"{name}.0")
        self._descriptors: list[int] = []
        try:
            for number in range(count):
                self._descriptors.append(_open(directory / f"{name}.{number}"))
            self._identity = _identity(os.fstat(self._descriptors[0]))
        except BaseException:
            self.close()
            raise

    def try_lock(self, number: int) -> bool:
        """Lock one of the files if it is free."""
        from filelock import lock_descriptor

        return bool(lock_descriptor(self._descriptors[number], blocking=False))

    def unlock(self, number: int) -> None:
        """Unlock one of the files."""
        from filelock import unlock_descriptor

        unlock_descriptor(self._descriptors[number])

    def are_in_place(self) -> bool:
        """Tell whether others who open the files get the same ones: somebody may have cleaned up the directory."""
        try:
            return _identity(os.lstat(self._path)) == self._identity
        except FileNotFoundError:
            return False

    def read(self) -> Record:
        """Return what the slot's file says."""
        return read_record(os.pread(self._descriptors[0], LENGTH, 0))

    def write(self, record: bytes) -> None:
        """Write into the slot's file; asks for holding the slot."""
        os.pwrite(self._descriptors[0], record, 0)

    def close(self) -> None:
        """Close the files, which frees the locks; in a forked child they stay the parent's."""
        while self._descriptors:
            os.close(self._descriptors.pop())


def _open(path: Path) -> int:
    descriptor = os.open(path, _OPEN, 0o600)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise PermissionError(f"{path} is not an ordinary file")
        check_owner(path, found)
        if found.st_size < LENGTH:
            _reserve(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _reserve(descriptor: int) -> None:
    """Make room for the record without touching one that another process is writing at this moment."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, LENGTH)
    else:
        os.pwrite(descriptor, NOTHING_BYTES, 0)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
