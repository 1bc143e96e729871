"""What the slot's file says: whether a request is open, and until when the slot stays closed. Pure functions."""

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

LENGTH = 127  # bytes; written when the file is made, so that a full disk shows before a command is sent
_LONGEST = 3600.0  # seconds for which a slot is closed at most; what says more is damaged, and closes nothing


@dataclass(frozen=True, slots=True)
class Record:
    """What the slot's holder has left for the next one.

    With `is_open` a request went out and its end was not seen; the slot then stays closed for `length` seconds from the
    moment in which the record is found. Otherwise it is closed until `until`, `length` seconds after the record was
    written; both are seconds of the monotonic clock, which begins anew with every `boot`. `process` has written it.
    """

    is_open: bool = False
    until: float = 0.0
    length: float = 0.0
    boot: str = "-"
    process: int = 0

    def to_bytes(self) -> bytes:
        """Return the record as it is written into the file."""
        text = f"{'open' if self.is_open else 'closed'} {self.until!r} {self.length!r} {self.boot} {self.process}"
        return text.encode().ljust(LENGTH)

    def closed_for(self, now: float, boot: str) -> float:
        """Return for how many seconds the slot stays closed, seen from this moment of this boot.

        After a reboot, or on another host that sees the same files, the moment says nothing, and the length counts.
        """
        if not 0 < self.length <= _LONGEST:
            return 0.0
        if self.is_open or self.boot != boot:
            return self.length
        left = self.until - now
        # Another event loop's idea of now may be behind by a little: uvloop's is some milliseconds old.
        return min(left, self.length) if 0 < left <= self.length + 1 else 0.0


NOTHING = Record()
NOTHING_BYTES = NOTHING.to_bytes()


@lru_cache(16)
def open_request(settle_time: float, process: int) -> bytes:
    """Return the record of an open request, as it is written for every command."""
    return Record(is_open=True, length=min(settle_time, _LONGEST), boot=boot_id(), process=process).to_bytes()


def closed_slot(now: float, seconds: float) -> bytes:
    """Return the record of a slot that stays closed for that long from now on."""
    length = min(seconds, _LONGEST)
    return Record(until=now + length, length=length, boot=boot_id()).to_bytes()


def held_by(process: int) -> bytes:
    """Return what the process writes into the file of a position in which it waits."""
    return Record(process=process).to_bytes()


def read_record(data: bytes) -> Record:
    """Return what a file says; nothing where it is no record."""
    if data == NOTHING_BYTES:
        return NOTHING
    try:
        state, until, length, boot, process = data.decode("ascii").split()
        record = Record(state == "open", float(until), float(length), boot, int(process))
    except ValueError:
        return NOTHING
    return record if state in ("open", "closed") and math.isfinite(record.until) else NOTHING


@cache
def boot_id() -> str:
    """Return what is another one after every reboot, or "-" where the system does not tell (no Linux)."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip() or "-"
    except (OSError, ValueError):
        return "-"
