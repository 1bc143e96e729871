"""The lock files of one environment: one for the slot, and one for each position in the queue before it."""

import os
import stat
from pathlib import Path

from mwaa_async._guards.directory import check_owner, private_directory
from mwaa_async._guards.record import LENGTH, NOTHING_BYTES, Record, read_record

_SIZE = LENGTH + 1
_OPEN = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


class LockFiles:
    """Locks that the kernel frees when the process dies. Number 0 is the slot, and its file holds the `Record`.

    After the record, that file says whether somebody waits for the slot. Files are opened when they are needed. Opened
    again by the same process they are other locks: two event loops exclude each other as two processes do. Raises
    `OSError` where a file cannot be made, is not an ordinary one, or belongs to somebody else.
    """

    def __init__(self, directory: Path, name: str) -> None:
        private_directory(directory)
        self._path = os.fspath(directory / name)
        self._descriptors: dict[int, int] = {}
        self._slot_path = f"{self._path}.0"
        self._slot = self._descriptor(0)
        try:
            self._identity = _identity(os.fstat(self._slot))
        except BaseException:
            self.close()
            raise

    def try_lock(self, number: int) -> bool:
        """Lock one of the files if it is free."""
        from filelock import lock_descriptor

        return bool(lock_descriptor(self._descriptor(number), blocking=False))

    def unlock(self, number: int) -> None:
        """Unlock one of the files."""
        from filelock import unlock_descriptor

        unlock_descriptor(self._descriptor(number))

    def are_in_place(self) -> bool:
        """Tell whether others who open the files get the same ones: somebody may have cleaned up the directory."""
        try:
            return _identity(os.lstat(self._slot_path)) == self._identity
        except FileNotFoundError:
            return False

    def read(self, number: int = 0) -> Record:
        """Return what one of the files says."""
        return read_record(os.pread(self._descriptor(number), LENGTH, 0))

    def write(self, record: bytes, number: int = 0) -> None:
        """Write into one of the files; asks for having it locked."""
        os.pwrite(self._descriptor(number), record, 0)

    def somebody_waits(self) -> bool:
        """Tell whether somebody may wait for the slot; the dead count until the queue is seen to be empty."""
        return os.pread(self._slot, 1, LENGTH) == b"1"

    def note_waiting(self, somebody: bool) -> None:
        """Write down whether somebody waits for the slot, which asks for no lock."""
        os.pwrite(self._slot, b"1" if somebody else b"0", LENGTH)

    def close_positions(self) -> None:
        """Close all files but the slot's; asks for having none of them locked."""
        for number in [number for number in self._descriptors if number]:
            os.close(self._descriptors.pop(number))

    def close(self) -> None:
        """Close the files, which frees the locks; in a forked child they stay the parent's."""
        while self._descriptors:
            os.close(self._descriptors.popitem()[1])

    def _descriptor(self, number: int) -> int:
        descriptor = self._descriptors.get(number)
        if descriptor is None:
            descriptor = self._descriptors[number] = _open(Path(f"{self._path}.{number}"))
        return descriptor


def _open(path: Path) -> int:
    descriptor = os.open(path, _OPEN, 0o600)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise PermissionError(f"{path} is not an ordinary file")
        check_owner(path, found)
        if found.st_size < _SIZE:
            _reserve(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _reserve(descriptor: int) -> None:
    """Make room for the record without touching one that another process is writing at this moment."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, _SIZE)
    else:
        os.pwrite(descriptor, NOTHING_BYTES + b"0", 0)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
