"""The journal of a batch: a SQLite file that knows of every row whether it was sent and what became of it.

Everything here is synchronous and for one thread at a time; `_bulk/writer.py` is its face towards the event loop.
"""

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import quote

import filelock

from mwaa_async._bulk.layouts import LAYOUTS, RUNS, Layout
from mwaa_async._bulk.locked_file import LockedFile
from mwaa_async._bulk.rows import CommandStatus, Status, new_batch
from mwaa_async._errors import JournalError

# `planned` was not sent, `sent` may have been: it is written before the request goes out.
RowStatus = Literal["planned", "sent"] | Status | CommandStatus

_APPLICATION = 0x4D574141  # "MWAA", so that no other program's database is taken for a journal
_MAGIC = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the journal knows of a row.

    Of one that failed, `ran` is True where Airflow has refused it, False where it did not get there, and None where it
    may be done all the same. What the journal's layout does not have is empty.
    """

    number: int
    status: RowStatus
    attempts: int = 0
    ran: bool | None = None
    error: str | None = None
    environment: str = ""
    dag_id: str = ""
    run_id: str = ""
    command: str = ""

    @property
    def may_be_there(self) -> bool:
        """Tell whether Airflow may have done it, although nobody has seen that."""
        return self.status in ("sent", "unknown") or (self.status == "failed" and self.ran is None)

    @property
    def is_finished(self) -> bool:
        """Tell whether the row must not be sent again: it is done, or Airflow has refused it."""
        return self.status in _DONE or (self.status == "failed" and self.ran is True)


_DONE: tuple[RowStatus, ...] = ("triggered", "already_triggered", "done", "already_done")


class Planned(Protocol):
    """A row, as far as the journal knows it: `identity` has a value for each of the layout's columns."""

    @property
    def number(self) -> int: ...
    @property
    def identity(self) -> Sequence[str | None]: ...
    @property
    def problem(self) -> Exception | None: ...


class Journal:
    """An open journal, which no other process can open for writing at the same time.

    Every write raises `JournalError`, too, where the file is not found under its name any more. What was to be written
    is in the file then.
    """

    def __init__(self, path: Path, layout: Layout, connection: sqlite3.Connection, file: LockedFile | None) -> None:
        self.path = path
        self.layout = layout
        self.locks = ExitStack()  # which are released when it is closed
        self.way_to_another = "new_batch=True"  # what whoever has opened it can give to begin another batch
        self._connection = connection
        self._file = file
        self._has_recorded = False
        self._is_misplaced = False  # and a write has said so
        self.batch, total = connection.execute("SELECT id, total FROM batch").fetchone()
        self._total = total or None  # a batch without rows is one that has not begun

    def plan(self, rows: Sequence[Planned]) -> list[Entry]:
        """Enter rows that are new and can be sent, and return what is known of each.

        Raises `JournalError` where a row is another one than it was.
        """
        with self._transaction():
            return [self._planned(row) for row in rows]

    def end(self, total: int) -> None:
        """Note that the batch has this many rows. Raises `JournalError` where it had more."""
        with self._transaction():
            (most,) = self._connection.execute("SELECT max(number) FROM rows").fetchone()
            if (had := max(most or 0, self._total or 0)) > total:
                raise self._changed(f"it ends after row {total}, and had {had} rows")
            self._connection.execute("UPDATE batch SET total = ?", (total,))
        self._total = total

    def record(self, entries: Iterable[Entry]) -> None:
        """Write what became of rows."""
        values = [(one.status, one.ran, one.attempts, one.error, one.number) for one in entries]
        self._has_recorded = True
        with self._transaction():
            self._connection.executemany(
                "UPDATE rows SET status = ?, ran = ?, attempts = ?, error = ? WHERE number = ?", values
            )

    def forget_refusals(self) -> None:
        """Let the rows be sent again that Airflow has refused."""
        with self._transaction():
            self._connection.execute("UPDATE rows SET status = 'planned', ran = NULL WHERE status = 'failed' AND ran")

    def counts(self) -> dict[tuple[str, RowStatus], int]:
        """Return how many rows there are, by environment and status."""
        query = "SELECT environment, status, count(*) FROM rows GROUP BY environment, status ORDER BY environment"
        with _errors_of(self.path):
            return {(environment, status): count for environment, status, count in self._connection.execute(query)}

    def entries(self, *statuses: RowStatus) -> Iterator[Entry]:
        """Yield the rows with one of these statuses, in their order."""
        marks = ",".join("?" * len(statuses))
        query = f"SELECT {self._columns} FROM rows WHERE status IN ({marks}) ORDER BY number"  # noqa: S608
        with _errors_of(self.path):
            yield from map(self._entry, self._connection.execute(query, statuses))

    @property
    def is_finished(self) -> bool:
        """Tell whether all rows are known, and none is to be sent any more; one that could not be, may be mended."""
        with _errors_of(self.path):
            (finished,) = self._connection.execute(f"SELECT count(*) FROM rows WHERE {_FINISHED}").fetchone()  # noqa: S608
        return bool(finished == self._total)

    def check_is_finished(self) -> None:
        """Raise `JournalError` where rows are left, which another batch in its place would send once more."""
        if not self.is_finished:
            raise JournalError(
                f"the batch {self.batch!r} is not finished, and so no new one begins in its place: go on with it as it "
                f"is, or give its journal {str(self.path)!r} another name, to leave the rest of it undone"
            )

    def close(self) -> None:
        """Close the journal, with everything in its one file again, which can be read from anywhere.

        Raises `JournalError` where that is not found under its name any more, and no write has said so.
        """
        with self.locks, closing(self._connection), _errors_of(self.path):
            problem = self._problem_of_place()
            with nullcontext() if self._has_a_name() else self._saved() as saved:
                with suppress(sqlite3.Error):  # somebody is reading, or the disk is full: then the log stays beside it
                    self._connection.execute("PRAGMA journal_mode = DELETE")
                self._connection.close()
            if problem is not None and saved != self.path and not self._is_misplaced:
                raise problem

    def _planned(self, row: Planned) -> Entry:
        kept = tuple(self.layout.columns)
        known = self._connection.execute(
            f"SELECT {', '.join(kept)}, {self._columns} FROM rows WHERE number = ?",  # noqa: S608
            (row.number,),
        ).fetchone()
        if row.problem is not None:
            if known is not None:
                raise self._changed(f"the first difference is in row {row.number}: it cannot be sent ({row.problem})")
            return Entry(row.number, "planned")
        if known is None:
            return self._enter(row)
        self._compare(row, known[: len(kept)])
        return self._entry(known[len(kept) :])

    def _enter(self, row: Planned) -> Entry:
        if self._total is not None and row.number > self._total:
            raise self._changed(f"it had {self._total} rows, and now has a row {row.number}")
        names = ("number", *self.layout.columns)
        try:
            self._connection.execute(
                f"INSERT INTO rows ({', '.join(names)}) VALUES ({','.join('?' * len(names))})",  # noqa: S608
                (row.number, *row.identity),
            )
        except sqlite3.IntegrityError:
            run_id = dict(zip(self.layout.columns, row.identity, strict=True))["run_id"]
            raise ValueError(
                f"row {row.number} has the run id {run_id!r}, and so has a row before it for the same DAG: Airflow "
                "would take them for one run. Nothing from there on was sent"
            ) from None
        return self._entry((row.number, "planned", 0, None, None, *map(str, row.identity[: len(self.layout.shown)])))

    def _compare(self, row: Planned, known: Sequence[str | None]) -> None:
        for column, was, now in zip(self.layout.columns, known, row.identity, strict=True):
            if was != now:
                digested = self.layout.digests.get(column)
                what = f"{digested} is another one" if digested else f"{column} was {was!r}, and is {now!r}"
                raise self._changed(f"the first difference is in row {row.number}: {what}")

    @property
    def _columns(self) -> str:
        return ", ".join(("number", "status", "attempts", "ran", "error", *self.layout.shown))

    def _entry(self, columns: tuple[int, RowStatus, int, int | None, str | None, *tuple[str, ...]]) -> Entry:
        number, status, attempts, ran, error, *shown = columns
        named = dict(zip(self.layout.shown, shown, strict=True))
        return Entry(number, status, attempts, None if ran is None else bool(ran), error, **named)

    def _changed(self, difference: str) -> JournalError:
        then = (
            f"the batch is finished; to begin another one: {self.way_to_another}"
            if self.is_finished
            else "go on with the input as it was, or begin another batch with another journal"
        )
        return JournalError(
            f"the input has changed since the journal {str(self.path)!r} was begun: {difference}. Nothing from "
            f"there on was sent; {then}"
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Write all or nothing, and look whether that can be found again."""
        with _errors_of(self.path):
            with self._all_or_nothing():
                yield
            problem = self._problem_of_place()
        if problem is not None:
            self._is_misplaced = True
            with suppress(sqlite3.Error):  # so that a renamed file has everything, also where this process is killed
                self._connection.execute("PRAGMA wal_checkpoint")
            raise problem

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _problem_of_place(self) -> JournalError | None:
        if self._file is None or self._file.is_in_place:
            return None
        if self._has_a_name():
            what = "was renamed while it was in use, and has everything that is known; give it its name back"
            then = "start again with it"
        else:
            what = f"was removed while it was in use; what is known is written to {str(self._refuge())!r} at the end"
            then = "start again with that one"
        error = JournalError(f"the journal {str(self.path)!r} {what}, and {then}")
        error.ran = None if self._has_recorded else False
        return error

    def _has_a_name(self) -> bool:
        return self._file is None or self._file.names > 0

    def _refuge(self) -> Path:
        """Return where a removed journal is written: under its name, unless another file is there."""
        return self.path.with_name(f"{self.batch}.journal") if os.path.lexists(self.path) else self.path

    @contextmanager
    def _saved(self) -> Iterator[Path]:
        """Write the journal again that was removed. It appears when its log, too, is gone."""
        place = self._refuge()
        with _appearing(place) as name:
            with closing(sqlite3.connect(name)) as copy:
                self._connection.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
            yield place
            for log in _logs(self.path):  # a reader may have kept SQLite from removing it
                log.unlink(missing_ok=True)


_FINISHED = f"(status IN {_DONE} OR (status = 'failed' AND ran))"  # see `Entry.is_finished`


def open_journal(
    path: str | os.PathLike[str], *, layout: Layout = RUNS, batch: str = "", must_exist: bool = False
) -> Journal:
    """Open a journal, or begin one where there is none, of a batch of this name (by default one that no other has).

    Raises `JournalError` where it is in use, damaged, of another kind of batch, of a newer version or none at all.
    """
    with ExitStack() as locks:
        with _errors_of(Path(path)):
            file = _followed(path)
            if must_exist and not file.exists():
                raise JournalError(f"there is no journal {str(file)!r} to go on with")
            locks.enter_context(_locked_by_name(file))
        with _errors_of(file):
            if not must_exist and not file.exists():
                _create(file, layout, batch)
            journal = _opened(file, "rw", locks.enter_context(closing(_locked_as_file(file))), layout)
        journal.locks = locks.pop_all()
    return journal


def put_away(path: str | os.PathLike[str], *, layout: Layout = RUNS) -> Path | None:
    """Give the journal of a finished batch the batch's name, if there is one, so that another one can begin.

    Returns its new name. Raises `JournalError` where the batch is not finished, and as `open_journal` does.
    """
    with _errors_of(Path(path)):
        file = _followed(path)
        if not file.exists():
            return None
        with _locked_by_name(file):
            with closing(_locked_as_file(file)) as locked, closing(_opened(file, "rw", locked, layout)) as journal:
                journal.check_is_finished()
                kept = file.with_name(f"{journal.batch}.journal")
            if os.path.lexists(kept) or any(log.exists() for log in _logs(file)):
                raise JournalError(
                    f"the journal {str(file)!r} cannot be kept as {str(kept)!r}: that exists, or somebody is reading it"
                )
            return file.rename(kept)


def read_journal(path: str | os.PathLike[str]) -> Journal:
    """Open a journal for reading only, also while a batch is writing it. Raises `JournalError`."""
    with _errors_of(Path(path)):
        file = _followed(path)
    if not file.exists():
        raise JournalError(f"there is no journal {str(file)!r}")
    with _errors_of(file):
        return _opened(file, "ro", None, None)


def _followed(path: str | os.PathLike[str]) -> Path:
    """Return the file to which links lead: the lock and the log are beside it, under whatever name it is opened."""
    file = Path(os.path.realpath(path))
    if file.is_symlink():  # it leads to itself
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return file


def _locked_by_name(file: Path) -> filelock.BaseFileLock:
    """Lock the journal for everybody who opens it by this name, also on another host."""
    if not file.parent.is_dir():  # which the lock would make
        raise FileNotFoundError(errno.ENOENT, f"there is no directory {str(file.parent)!r}")
    lock = filelock.FileLock(f"{file}.lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise _in_use(file) from None
    return lock


def _locked_as_file(file: Path) -> LockedFile:
    """Lock the journal under whatever name, since it may be renamed while it is in use.

    Raises `JournalError` where it has two names: the log beside one of them is not found under the other one.
    """
    try:
        locked = LockedFile(file)
    except BlockingIOError:
        raise _in_use(file) from None
    if locked.names > 1:
        locked.close()
        raise JournalError(
            f"the journal {str(file)!r} has another name (a hard link), and what was written last may be known under "
            "that one only; remove all names but the one with which it was used"
        )
    return locked


def _in_use(file: Path) -> JournalError:
    return JournalError(
        f"the journal {str(file)!r} is in use by another process, or by a loop of this one that was left without "
        "being closed (contextlib.aclosing does that); wait for its end, or take another journal"
    )


def _create(file: Path, layout: Layout, batch: str) -> None:
    """Begin a journal.

    Raises `JournalError` where the log of one that is gone would become the log of this one.
    """
    for log in _logs(file):
        if log.exists() and log.stat().st_size:
            raise JournalError(
                f"there is no journal {str(file)!r}, but {str(log)!r} has what was written last to one of that name; "
                "give the journal its name back, or remove that file, too, to trigger every row once more"
            )
    with _appearing(file) as name, closing(sqlite3.connect(name, isolation_level=None)) as connection:
        connection.executescript(f"PRAGMA application_id = {_APPLICATION};\n{layout.schema}")
        connection.execute("INSERT INTO batch (id) VALUES (?)", (batch or new_batch(file.name.partition(".")[0]),))


@contextmanager
def _appearing(file: Path) -> Iterator[str]:
    """Yield the name of a file that appears whole or not at all, so that an empty one is always a damaged one."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    os.close(handle)
    try:
        yield name
        Path(name).rename(file)
    finally:
        Path(name).unlink(missing_ok=True)


def _logs(file: Path) -> tuple[Path, Path]:
    """Return where SQLite keeps what it has not brought over into the file; it takes what is there for its own."""
    return file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-journal")


def _opened(file: Path, mode: str, locked: LockedFile | None, wanted: Layout | None) -> Journal:
    connection = sqlite3.connect(
        f"file:{quote(os.fsencode(file))}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        layout = _checked_layout(file, connection, wanted)
        if mode == "rw":
            connection.execute("PRAGMA journal_mode = WAL")
            # A row that is said to be written is so even when the power goes off the next moment.
            connection.execute("PRAGMA synchronous = FULL")
        return Journal(file, layout, connection, locked)
    except BaseException:
        connection.close()
        raise


def _checked_layout(file: Path, connection: sqlite3.Connection, wanted: Layout | None) -> Layout:
    """Return what the journal keeps of a row. Raises `JournalError` for what is none, or none of the kind wanted."""
    application, version = _pragma(connection, "application_id"), int(_pragma(connection, "user_version"))
    if (state := _pragma(connection, "quick_check(1)")) != "ok" or _breaks_off(file, connection):
        raise _damaged(file, "it is empty or breaks off" if state == "ok" else str(state))
    if application != _APPLICATION:
        raise _foreign(file)
    if version > max(LAYOUTS):
        raise JournalError(
            f"the journal {str(file)!r} was written by a newer mwaa-async (format {version}, this one knows up to "
            f"{max(LAYOUTS)}); go on with that version"
        )
    if (layout := LAYOUTS.get(version)) is None:
        raise _foreign(file)
    if wanted is not None and wanted is not layout:
        raise JournalError(
            f"the journal {str(file)!r} is of a batch of {layout.name}, and this is one of {wanted.name}; nothing was "
            "sent. Take another journal"
        )
    return layout


def _breaks_off(file: Path, connection: sqlite3.Connection) -> bool:
    """Tell what SQLite takes lightly: a file without anything, or with a last page that is not whole."""
    size, log = file.stat().st_size, file.with_name(f"{file.name}-wal")
    # What was not brought over from the log is there still, the rest of that page too.
    is_whole = size % int(_pragma(connection, "page_size")) == 0 or (log.exists() and log.stat().st_size > 0)
    return not size or not is_whole


def _pragma(connection: sqlite3.Connection, name: str) -> int | str:
    ((value,),) = connection.execute(f"PRAGMA {name}")
    assert isinstance(value, int | str)
    return value


@contextmanager
def _errors_of(file: Path) -> Iterator[None]:
    """Tell what SQLite, or the system, says about a journal."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise JournalError(
            f"the journal {str(file)!r} cannot be used: {reason}; mend that and start again with it"
        ) from error
    except sqlite3.Error as error:
        raise _damaged(file, str(error)) if _is_database(file) else _foreign(file) from error


def _is_database(file: Path) -> bool:
    with file.open("rb") as opened:
        start = opened.read(len(_MAGIC))
    return start == _MAGIC[: len(start)]


def _foreign(file: Path) -> JournalError:
    return JournalError(f"{str(file)!r} is no journal of mwaa-async; name another file")


def _damaged(file: Path, how: str) -> JournalError:
    return JournalError(
        f"the journal {str(file)!r} is damaged ({' '.join(how.split())}); take it from a backup. With another journal "
        "every row is sent again; of rows that trigger, each makes another DAG run, under another run id: look in "
        "Airflow first for runs whose ids begin with 'bulk__'"
    )
