"""Promise: the journal is right or refused, whatever has happened to its file or to the input."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, aclosing, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mwaa_async import JournalError, MwaaClient, TriggerRequest
from mwaa_async._bulk.batch import Batch
from mwaa_async._bulk.dag_runs import DAG_RUNS, RunRow, row_of
from mwaa_async._bulk.journal import Entry, Journal, open_journal, read_journal
from mwaa_async._bulk.sources import source_of
from mwaa_async.emulator import Emulator
from tests.bulk.rows import existing, expected, requests, sent, triggered, until

_SOMEBODY = 54321  # a user without rights of its own
DATE = datetime(2024, 5, 1, tzinfo=UTC)
WANTED = [
    TriggerRequest("one", "etl", {"n": 1, "b": [2, {"c": None}]}),
    TriggerRequest("two", "etl", run_id="mine"),
    TriggerRequest("one", "report", {"n": 3}, logical_date=DATE),
    TriggerRequest("two", "etl"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "batch.journal"


def rows(journal: Journal, wanted: Sequence[TriggerRequest] = WANTED) -> list[RunRow]:
    return [row_of(journal.batch, number, request) for number, request in enumerate(wanted, 1)]


def plan(path: Path, wanted: Sequence[TriggerRequest] = WANTED) -> list[Entry]:
    with closing(open_journal(path)) as journal:
        entries = journal.plan(rows(journal, wanted))
        journal.end(len(wanted))
        return entries


def large_journal(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        journal.plan(rows(journal, requests(2000)))
        journal.end(2000)


def test_a_new_row_is_planned_and_a_known_one_is_what_was_recorded_last(path: Path) -> None:
    assert [entry.status for entry in plan(path)] == ["planned"] * 4
    with closing(open_journal(path)) as journal:
        journal.record([Entry(1, "sent"), Entry(2, "failed", 1, ran=True, error="no such DAG")])
        journal.record([Entry(1, "triggered", 2), Entry(3, "failed", 1, ran=False, error="no token")])
    first, second, third, fourth = plan(path)
    assert (first.status, first.attempts, first.is_finished) == ("triggered", 2, True)
    assert (second.status, second.ran, second.error, second.is_finished) == ("failed", True, "no such DAG", True)
    assert (third.status, third.ran, third.is_finished) == ("failed", False, False)
    assert (fourth.status, fourth.environment, fourth.dag_id, fourth.is_finished) == ("planned", "two", "etl", False)


def test_a_run_id_depends_only_on_the_journal_and_the_row(path: Path) -> None:
    first = [entry.run_id for entry in plan(path)]
    assert [entry.run_id for entry in plan(path)] == first
    assert first[1] == "mine"
    assert first[0].startswith("bulk__batch_")
    assert first[3].endswith("__000004")
    assert first[0] != plan(path.with_name("other.journal"))[0].run_id


def test_the_counts_and_the_entries_are_those_of_the_rows(path: Path) -> None:
    plan(path)
    with closing(open_journal(path)) as journal:
        journal.record([Entry(1, "triggered", 1), Entry(2, "unknown", 2, error="cut")])
        assert journal.counts() == {
            ("one", "planned"): 1,
            ("one", "triggered"): 1,
            ("two", "planned"): 1,
            ("two", "unknown"): 1,
        }
        assert [entry.number for entry in journal.entries("triggered", "planned")] == [1, 3, 4]
        assert list(journal.entries()) == []
        assert not list(path.parent.glob(".*"))  # nothing is left of beginning it


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda rows: [replace(rows[0], environment="two"), *rows[1:]], "row 1: environment was 'one', and is 'two'"),
        (lambda rows: [rows[0], replace(rows[1], dag_id="report"), *rows[2:]], "row 2: dag_id was 'etl', and is 'rep"),
        (lambda rows: [replace(rows[0], conf={"n": 2}), *rows[1:]], "row 1: conf is another one"),
        (lambda rows: [replace(rows[0], conf=None), *rows[1:]], "row 1: conf is another one"),
        (lambda rows: [*rows[:3], replace(rows[3], conf={})], "row 4: conf is another one"),
        (lambda rows: [rows[0], replace(rows[1], run_id="yours"), *rows[2:]], "row 2: run_id was 'mine', and is 'your"),
        (lambda rows: [rows[0], replace(rows[1], run_id=None), *rows[2:]], "row 2: run_id was 'mine', and is 'bulk__"),
        (lambda rows: [*rows[:2], replace(rows[2], logical_date=None), rows[3]], "row 3: logical_date was '2024-05-0"),
        (lambda rows: [rows[0], *rows], "row 2: environment was 'two', and is 'one'"),
        (lambda rows: rows[1:], "row 1: environment was 'one', and is 'two'"),
        (lambda rows: rows[:3], "it ends after row 3, and had 4 rows"),
        (lambda rows: [], "it ends after row 0, and had 4 rows"),
        (lambda rows: [*rows, rows[0]], "it had 4 rows, and now has a row 5"),
        (lambda rows: [TriggerRequest("three", "other")] * 4, "row 1: environment was 'one', and is 'three'"),
    ],
)
def test_an_input_that_has_changed_is_refused_and_the_first_difference_named(
    path: Path, change: Callable[[list[TriggerRequest]], list[TriggerRequest]], difference: str
) -> None:
    before = plan(path)
    with pytest.raises(JournalError) as caught:
        plan(path, change(WANTED))
    assert difference in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.ran is False
    assert plan(path) == before  # and the journal is as it was


@pytest.mark.parametrize(
    "same",
    [
        replace(WANTED[0], conf={"b": [2, {"c": None}], "n": 1}),
        replace(WANTED[2], logical_date=DATE.replace(tzinfo=None)),
    ],
)
def test_an_input_that_means_the_same_has_not_changed(path: Path, same: TriggerRequest) -> None:
    plan(path)
    place = WANTED.index(WANTED[0]) if same.dag_id == "etl" else 2
    plan(path, [*WANTED[:place], same, *WANTED[place + 1 :]])


def test_a_batch_that_was_never_read_to_its_end_may_have_more_rows(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        journal.plan(rows(journal, WANTED[:2]))
    assert len(plan(path)) == 4


def test_a_last_row_that_was_bad_belongs_to_the_number_of_rows(path: Path) -> None:
    with closing(open_journal(path)) as journal:
        journal.plan(rows(journal))
        journal.end(5)
    with pytest.raises(JournalError, match="it ends after row 4, and had 5 rows"):
        plan(path)


HOLDER = """
import sys
from mwaa_async._bulk.batch import Batch
from mwaa_async._bulk.sources import source_of
from mwaa_async._bulk.journal import open_journal
journal = open_journal(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""

KILLED = """
import os, signal, sys
from mwaa_async._bulk.journal import open_journal
from mwaa_async._bulk.dag_runs import row_of
from tests.bulk.rows import requests
journal = open_journal(sys.argv[1])
journal.plan([row_of(journal.batch, number, one) for number, one in enumerate(requests(100, ("one",)), 1)])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_journal_in_use_by_another_process_is_refused_until_that_is_dead(path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(JournalError, match="in use by another process") as caught:
            open_journal(path)
        assert caught.value.ran is False
        assert str(path) in str(caught.value)
        with closing(read_journal(path)) as journal:
            assert journal.counts() == {}
        holder.kill()
        holder.wait()
        plan(path)


def test_a_journal_can_be_read_while_it_is_written_and_shows_what_is_written(path: Path) -> None:
    with closing(open_journal(path)) as journal, closing(read_journal(path)) as reader:
        journal.plan(rows(journal))
        assert reader.counts() == {("one", "planned"): 2, ("two", "planned"): 2}
        journal.record([Entry(1, "sent")])
        entries = reader.entries("sent")
        assert next(entries).number == 1
        journal.record([Entry(1, "triggered", 1)])  # also in the middle of being read
        assert list(entries) == []
        with pytest.raises(JournalError, match="readonly"):
            reader.record([Entry(1, "failed")])


def test_a_journal_that_was_closed_is_one_file(path: Path) -> None:
    plan(path)
    moved = path.rename(path.with_name("moved.journal"))
    with closing(read_journal(moved)) as journal:
        assert journal.counts() == {("one", "planned"): 2, ("two", "planned"): 2}
    # Reading leaves nothing beside it, either.
    assert {file.name for file in path.parent.iterdir()} - {f"{path.name}.lock"} == {"moved.journal"}


def test_a_journal_of_a_newer_version_is_refused(path: Path) -> None:
    plan(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 7")
    for opening in (open_journal, read_journal):
        with pytest.raises(JournalError, match=r"newer mwaa-async \(format 7, this one knows up to 2\)") as caught:
            opening(path)
        assert caught.value.ran is False


def test_what_is_no_journal_is_refused_and_left_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE other (a)")
    for content in (path.read_bytes(), b"dag_id,conf\netl,{}\n", b"x" * 10_000):
        path.write_bytes(content)
        for opening in (open_journal, read_journal):
            with pytest.raises(JournalError, match="is no journal of mwaa-async"):
                opening(path)
        assert path.read_bytes() == content


@pytest.mark.parametrize("size", [0, 1, 15, 16, 50, 99, 100, 512, 1000, 4095, 4096, 5000, 8192, 20_000, -4096, -1])
def test_a_truncated_journal_is_refused(path: Path, size: int) -> None:
    large_journal(path)
    whole = path.stat().st_size
    os.truncate(path, size if size >= 0 else whole + size)
    for opening in (open_journal, read_journal):
        with pytest.raises(JournalError, match=r"is damaged \(.*take it from a backup|is no journal") as caught:
            opening(path)
        assert caught.value.ran is False
    assert path.stat().st_size == (size if size >= 0 else whole + size)


@pytest.mark.parametrize("page", [0, 1, 2, 3, 10])
def test_a_journal_with_a_damaged_page_is_refused(path: Path, page: int) -> None:
    large_journal(path)
    with path.open("r+b") as file:
        file.seek(4096 * page + (100 if page == 0 else 0))
        file.write(b"\xff" * 2000)
    for opening in (open_journal, read_journal):
        with pytest.raises(JournalError, match=r"is damaged \(.*take it from a backup"):
            opening(path)


def test_a_journal_without_its_table_of_rows_is_refused(path: Path) -> None:
    plan(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("DROP TABLE rows; DROP TABLE batch;")
    with pytest.raises(JournalError, match="no such table"):
        open_journal(path)


def test_there_is_nothing_to_read_where_there_is_no_journal(path: Path) -> None:
    with pytest.raises(JournalError, match="there is no journal"):
        read_journal(path)


def test_a_place_where_there_can_be_no_journal_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file" / "batch.journal", tmp_path, tmp_path / ("long" * 100)):
        with pytest.raises(JournalError, match="cannot be used") as caught:
            open_journal(place)
        assert caught.value.ran is False


@contextmanager
def directory_that_cannot_be_written() -> Iterator[Path]:
    """Give a directory with a journal in it; root may write everywhere, and so is somebody else meanwhile."""
    with TemporaryDirectory() as name, ExitStack() as stack:
        directory = Path(name)
        plan(directory / "batch.journal")
        if os.geteuid() == 0:
            for file in (directory, *directory.iterdir()):
                os.chown(file, _SOMEBODY, -1)
            os.seteuid(_SOMEBODY)
            stack.callback(os.seteuid, 0)
        directory.chmod(0o555)
        stack.callback(directory.chmod, 0o755)
        yield directory


def test_a_directory_that_cannot_be_written_is_told_and_a_journal_in_it_can_be_read() -> None:
    with directory_that_cannot_be_written() as directory:
        with pytest.raises(JournalError, match="cannot be used: Permission denied"):
            open_journal(directory / "other.journal")
        with closing(read_journal(directory / "batch.journal")) as journal:
            assert journal.counts()


def test_a_path_with_any_characters_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a?b#c%41 'd' 名.journal"
    plan(path)
    assert path.is_file()
    with closing(read_journal(path)) as journal:
        assert journal.batch


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="the names of files are text")
def test_a_path_that_is_no_text_is_taken(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"gr\xf6\xdfe.journal")
    before = plan(path)
    assert path.is_file()
    assert plan(path) == before
    with closing(read_journal(path)) as journal:
        assert journal.batch.startswith("gr-e_")


def test_a_journal_has_one_lock_and_one_file_whatever_link_leads_to_it(path: Path) -> None:
    (path.parent / "links").mkdir()
    link = path.parent / "links" / "link.journal"
    link.symlink_to(path)  # which is not there yet
    before = plan(link)
    assert plan(path) == before
    for first, second in ((path, link), (link, path)):
        with closing(open_journal(first)) as journal, closing(read_journal(second)) as reader:
            journal.record([Entry(1, "sent")])
            assert [entry.number for entry in reader.entries("sent")] == [1]
            with pytest.raises(JournalError, match="in use by another process"):
                open_journal(second)
    assert [file.name for file in link.parent.iterdir()] == [link.name]
    assert link.is_symlink()


def test_a_journal_that_is_renamed_while_it_is_in_use_is_in_use_under_its_new_name(path: Path) -> None:
    plan(path)
    with closing(open_journal(path)):
        renamed = path.rename(path.with_name("renamed.journal"))
        with pytest.raises(JournalError, match="in use by another process"):
            open_journal(renamed)
        renamed.rename(path)
    open_journal(path).close()


@contextmanager
def held(path: Path, **environ: str) -> Iterator[None]:
    """Let another process have the journal open."""
    arguments = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environ}
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        yield
        holder.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="has no locks that SQLite does not see")
@pytest.mark.parametrize("directory", ["same", "other"])
def test_a_journal_is_in_use_under_whatever_name_and_whoever_uses_it(path: Path, directory: str) -> None:
    plan(path)
    other = path.with_name(directory) / "other.journal"
    other.parent.mkdir()
    with held(path, MWAA_ASYNC_LOCK_DIRECTORY=str(path.parent / "locks")):
        path.rename(other)
        with pytest.raises(JournalError, match="in use by another process"):
            open_journal(other)
        path.hardlink_to(other)
        for name in (path, other):
            with pytest.raises(JournalError, match="in use by another process"):
                open_journal(name)
        path.unlink()
    assert [entry.status for entry in plan(other)] == ["planned"] * 4


def test_a_journal_needs_no_lock_directory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MWAA_ASYNC_LOCK_DIRECTORY", str(path.parent / "file" / "locks"))
    (path.parent / "file").touch()
    assert plan(path)


def test_who_tries_to_open_a_journal_that_this_process_has_takes_none_of_its_locks_away(path: Path) -> None:
    """With a descriptor of a file all POSIX locks of the process on it are gone, and with them SQLite's."""
    plan(path)
    with closing(open_journal(path)) as journal:
        journal.record([Entry(1, "sent")])
        other = path.with_name("other.journal")
        other.hardlink_to(path)
        with pytest.raises(JournalError, match="in use by another process, or by a loop of this one"):
            open_journal(other)
        other.unlink()
        look = (
            "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM rows').fetchone())"
        )
        done = subprocess.run([sys.executable, "-c", look, str(path)], check=True, capture_output=True, text=True)
        assert done.stdout == "4\n"
        assert path.with_name(f"{path.name}-wal").exists(), "who looked took itself for the only one, and tidied up"
        journal.record([Entry(1, "triggered", 1)])
    assert [entry.status for entry in plan(path)] == ["triggered", "planned", "planned", "planned"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="has no forks")
def test_a_forked_child_does_not_keep_its_parents_journal_in_use(path: Path) -> None:
    # What `print` writes of one line are two pieces, between which the other process may write.
    forked = "import os\nos.write(1, b'open\\n' if os.fork() else b'forked\\nopen\\n')"
    program = HOLDER.replace('print("open", flush=True)', forked)
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert {holder.stdout.readline() for _ in range(3)} == {"forked\n", "open\n"}
        with pytest.raises(JournalError, match="in use by another process"):
            open_journal(path)
        holder.kill()
        holder.wait()
        assert plan(path)  # while the child waits for the end of its input


def test_a_journal_that_is_renamed_has_what_was_written_when_its_process_is_killed_after_it_said_so(path: Path) -> None:
    plan(path)
    moved = path.with_name("moved.journal")
    program = f"""
import os, signal, sys
from mwaa_async import JournalError
from mwaa_async._bulk.journal import Entry, open_journal
journal = open_journal(sys.argv[1])
os.rename(sys.argv[1], {str(moved)!r})
try:
    journal.record([Entry(1, "sent")])
except JournalError:
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", program, str(path)], check=False).returncode == -signal.SIGKILL
    assert [entry.status for entry in plan(moved)] == ["sent", "planned", "planned", "planned"]


def renamed(path: Path) -> Path:
    return path.rename(path.with_name("renamed.journal"))


def taken_along(path: Path) -> Path:
    return path.parent.rename(path.parent.with_name("moved")) / path.name


def removed(path: Path) -> Path:
    path.unlink()
    return path


def removed_with_its_log(path: Path) -> Path:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    return path


def replaced(path: Path) -> Path:
    Path(shutil.copy(path, path.with_name("copy"))).replace(path)
    return path


MOVES = [renamed, taken_along, removed, removed_with_its_log, replaced]
WHERE_IT_IS: dict[Callable[[Path], Path], str] = {
    renamed: "give it its name back",
    taken_along: "give it its name back",
}


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.__name__)
@pytest.mark.parametrize("is_read", [False, True], ids=["", "while it is read"])
def test_a_journal_that_goes_away_while_it_is_in_use_says_so_with_the_next_write_and_forgets_nothing(
    tmp_path: Path, move: Callable[[Path], Path], is_read: bool
) -> None:
    path = tmp_path / "here" / "batch.journal"
    path.parent.mkdir()
    with ExitStack() as stack, closing(open_journal(path)) as journal:
        journal.plan(rows(journal))
        if is_read:
            reader = stack.enter_context(closing(read_journal(path)))
            assert next(reader.entries("planned"))
        place = move(path)
        with pytest.raises(JournalError, match=r"was (renamed|removed) while it was in use") as caught:
            journal.record([Entry(1, "triggered", 1)])
        assert caught.value.ran is None
        with pytest.raises(JournalError, match=WHERE_IT_IS.get(move, "what is known is written to ")):
            journal.record([Entry(2, "sent")])
        if move is replaced:
            place = path.with_name(f"{journal.batch}.journal")
        assert repr(str(place)) in str(caught.value) or "its name back" in str(caught.value)
    if "its name back" in str(caught.value):
        place.parent.rename(path.parent)
        (path.parent / place.name).rename(path)
        place = path
    assert [entry.status for entry in plan(place)] == ["triggered", "sent", "planned", "planned"]
    assert place.stat().st_mode & 0o077 == 0
    if move is replaced:
        assert [entry.status for entry in plan(path)][1:] == ["planned"] * 3
    assert not list(path.parent.glob(".*"))


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.__name__)
def test_a_journal_that_goes_away_after_the_last_write_says_so_at_the_end_where_it_has_another_name(
    tmp_path: Path, move: Callable[[Path], Path]
) -> None:
    path = tmp_path / "here" / "batch.journal"
    path.parent.mkdir()
    before = plan(path)
    journal = open_journal(path)
    move(path)
    if move in (removed, removed_with_its_log):
        journal.close()
        assert plan(path) == before
    else:
        with pytest.raises(JournalError, match="while it was in use") as caught:
            journal.close()
        assert caught.value.ran is False


def test_a_log_that_was_left_behind_does_not_become_the_one_of_another_journal(path: Path) -> None:
    """SQLite takes a log for the file's own by its name alone, and writes the old rows into the new file."""
    assert subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False).returncode == -signal.SIGKILL
    moved = path.rename(path.with_name("moved.journal"))
    with pytest.raises(JournalError, match="give the journal its name back, or remove that file") as caught:
        open_journal(path)
    assert f"{path!s}-wal' has what was written last" in str(caught.value)
    assert caught.value.ran is False
    moved.rename(path)
    with closing(open_journal(path)) as journal:
        assert journal.counts() == {("one", "planned"): 100}
        batch = journal.batch
    assert subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False).returncode == -signal.SIGKILL
    path.unlink()
    path.with_name(f"{path.name}-wal").unlink()
    with closing(open_journal(path)) as journal:
        assert (journal.counts(), journal.batch == batch) == ({}, False)


@pytest.mark.anyio
@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.__name__)
async def test_a_batch_whose_journal_goes_away_ends_and_can_be_gone_on_with(
    client: MwaaClient, emulator: Emulator, tmp_path: Path, move: Callable[[Path], Path]
) -> None:
    path = tmp_path / "here" / "batch.journal"
    path.parent.mkdir()
    with pytest.raises(JournalError, match="while it was in use") as caught:
        async with aclosing(client.trigger_many(requests(200), journal=path)) as outcomes:
            async for outcome in outcomes:
                if outcome.row == 20:
                    place = move(path)
    assert caught.value.ran is None
    assert len(sent(emulator)) < 100
    if move is replaced:
        [place] = path.parent.glob("batch_*.journal")
    if move is renamed:
        place = place.rename(path)
    outcomes_again = await triggered(client, requests(200), journal=place)
    assert len(outcomes_again) == 200
    assert existing(emulator) == expected(outcomes_again)


def test_a_journal_with_two_names_is_refused(path: Path) -> None:
    """SQLite finds what was written last under the one name only under which it was written."""
    plan(path)
    other = path.with_name("other.journal")
    other.hardlink_to(path)
    for name in (path, other):
        with pytest.raises(JournalError, match="has another name"):
            open_journal(name)
    other.unlink()
    open_journal(path).close()


def test_a_link_that_leads_to_itself_is_told_and_stays(path: Path) -> None:
    path.symlink_to(path)
    for opening in (open_journal, read_journal):
        with pytest.raises(JournalError, match=r"cannot be used: Too many levels"):
            opening(path)
    assert path.is_symlink()


def test_a_directory_that_is_missing_is_told_and_not_made(tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "directory"
    with pytest.raises(JournalError) as caught:
        open_journal(missing / "x.journal")
    assert f"x.journal' cannot be used: there is no directory {str(missing)!r}; mend that" in str(caught.value)
    assert caught.value.ran is False
    assert not list(tmp_path.iterdir())


@pytest.mark.anyio
async def test_a_loop_that_was_left_without_being_closed_has_its_journal_still_and_that_is_told(
    client: MwaaClient, path: Path
) -> None:
    left = client.trigger_many(requests(20), journal=path)
    async for _ in left:
        break
    with pytest.raises(JournalError, match=r"or by a loop of this one that was left .*\(contextlib\.aclosing does"):
        await triggered(client, requests(20), journal=path)
    await left.aclose()
    assert len(await triggered(client, requests(20), journal=path)) == 20


def test_a_journal_is_for_its_user_alone(path: Path) -> None:
    plan(path)
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.anyio
async def test_without_its_write_ahead_log_a_journal_still_gives_every_row_its_run_id(
    client: MwaaClient, emulator: Emulator, path: Path
) -> None:
    wanted, copy = requests(30), path.with_name("copy.journal")
    async for outcome in client.trigger_many(wanted, journal=path):
        if outcome.row >= 20:
            shutil.copy(path, copy)  # the log has most of it, and stays behind
            break
    outcomes = await triggered(client, wanted, journal=copy)
    assert len(outcomes) == 30
    assert existing(emulator) == expected(outcomes)


@pytest.mark.anyio
async def test_when_the_disk_is_full_in_the_middle_nothing_is_sent_twice_later(
    client: MwaaClient, emulator: Emulator, path: Path
) -> None:
    wanted = [replace(one, dag_id="etl" if number % 10 else "nosuch") for number, one in enumerate(requests(400))]
    told: list[int] = []

    async def as_they_are_told() -> AsyncIterator[TriggerRequest]:
        for number, request in enumerate(wanted):
            await until(lambda: len(told) >= number - 20)  # noqa: B023  # it is done with the loop's round
            yield request

    with closing(open_journal(path)) as journal:
        journal._connection.execute("PRAGMA max_page_count = 12")
        with pytest.raises(JournalError, match="cannot be used: database or disk is full; mend that") as caught:
            async for outcome in Batch(client.environment, DAG_RUNS, journal).outcomes(
                source_of(as_they_are_told(), DAG_RUNS)
            ):
                told.append(outcome.row)
    assert caught.value.ran is None
    before = sent(emulator)
    assert 100 < len(told) < 400
    outcomes = await triggered(client, wanted, journal=path)
    assert len(outcomes) == 400
    assert existing(emulator) == expected(outcomes)
    again = [run_id for run_id in sent(emulator)[len(before) :] if run_id in before]
    assert {outcome.run_id for outcome in outcomes if outcome.row in told}.isdisjoint(again)


@pytest.mark.anyio
async def test_when_the_disk_is_full_from_the_beginning_nothing_is_sent(
    client: MwaaClient, emulator: Emulator, path: Path
) -> None:
    with closing(open_journal(path)) as journal:
        journal._connection.execute("PRAGMA max_page_count = 3")
        with pytest.raises(JournalError, match="disk is full") as caught:
            [_ async for _ in Batch(client.environment, DAG_RUNS, journal).outcomes(source_of(requests(100), DAG_RUNS))]
    assert caught.value.ran is False
    assert sent(emulator) == []


@pytest.mark.anyio
@pytest.mark.skipif(sys.platform == "win32", reason="has no limits to a process's files")
# However many rows are written at once: the log has each page of some 18 rows when they are planned, sent and done.
@pytest.mark.parametrize("most", [20_000, 50_000, 80_000])
async def test_a_process_that_may_not_write_any_more_leaves_a_journal_to_go_on_with(
    emulator: Emulator, path: Path, most: int
) -> None:
    limited, output = await worked(emulator, path, 200, most)
    assert limited == 1
    assert "JournalError" in output
    assert "cannot be used: " in output
    first = sent(emulator)
    assert len(first) < 200
    status, output = await worked(emulator, path, 200)
    counts = json.loads(output.splitlines()[-1])["outcomes"]
    assert (status, sum(counts.values())) == (0, 200)
    assert {*counts} <= {"triggered", "already_triggered"}
    assert len(existing(emulator)) == 200
    # Once more is sent only what was on the wire, or had an answer that could not be written any more.
    assert len(sent(emulator)) - 200 <= 2 * 34


async def worked(emulator: Emulator, path: Path, count: int, most: int | None = None) -> tuple[int | None, str]:
    """Run the worker, which may write files of so many bytes at most."""

    def limit() -> None:
        import resource

        if most is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-B", "-m", "tests.bulk.worker", str(path), str(count)),
        env={**os.environ, **emulator.environ()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        preexec_fn=limit,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


OF_THE_FIRST_VERSION = """
PRAGMA application_id = 1297563969;
PRAGMA user_version = 1;
CREATE TABLE batch (id TEXT NOT NULL, total INTEGER);
CREATE TABLE rows (
    number INTEGER PRIMARY KEY,
    environment TEXT NOT NULL,
    dag_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    logical_date TEXT,
    conf_digest TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'planned',
    ran INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT
);
CREATE UNIQUE INDEX one_run ON rows (environment, dag_id, run_id);
INSERT INTO batch VALUES ('nightly', 2);
INSERT INTO rows VALUES (1, 'one', 'etl', 'bulk__nightly__000001', NULL,
    'f9d86028c6e0d64e225186f96acb69338b2c59764df79162107f5c4bb34d1310', 'triggered', NULL, 1, NULL);
INSERT INTO rows VALUES (2, 'one', 'etl', 'mine', '2024-05-01T00:00:00+00:00', '', 'sent', NULL, 0, NULL);
"""


@pytest.mark.anyio
async def test_a_journal_that_an_older_version_has_begun_goes_on(
    client: MwaaClient, emulator: Emulator, path: Path
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(OF_THE_FIRST_VERSION)
    wanted = [TriggerRequest("one", "etl", {"a": 1}), TriggerRequest("one", "etl", None, "mine", DATE)]
    outcomes = await triggered(client, wanted, journal=path)
    assert {outcome.row: outcome.status for outcome in outcomes} == {1: "already_triggered", 2: "triggered"}
    assert sent(emulator) == ["mine"]
