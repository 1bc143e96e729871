"""Where the lock files are, and what becomes of the guard when somebody removes, replaces or fills that directory."""

import asyncio
import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mwaa_async import EnvironmentId, GuardError, HostGuard
from tests.guards import workers
from tests.guards.test_processes import process
from tests.guards.workers import ENVIRONMENT

pytestmark = pytest.mark.anyio


@pytest.fixture
def home_files() -> Iterator[EnvironmentId]:
    """Give an environment that nobody else has, and remove its files from the user's own lock directory."""
    environment = EnvironmentId("aws", "eu-west-1", f"tests-{os.getpid()}")
    yield environment
    for directory in (Path("~").expanduser() / ".local/state/mwaa-async", Path("/tmp/mwaa-async-54321")):
        for file in directory.glob(f"{environment.name}-*"):
            file.unlink()


AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
LOGIN = {"HOME": "/root", "XDG_RUNTIME_DIR": "/run/user/0", "XDG_STATE_HOME": "/root/state", "TMPDIR": "/tmp/a"}
CRON = {"HOME": "/"}
SYSTEMD = {"HOME": "/nonexistent", "TMPDIR": "/tmp/b", "RUNTIME_DIRECTORY": "/run/unit"}


@pytest.mark.parametrize(
    "user", [None, pytest.param(54321, marks=pytest.mark.skipif(os.geteuid() != 0, reason="root"))]
)
@pytest.mark.parametrize(("one", "other"), [(LOGIN, CRON), (CRON, SYSTEMD), (SYSTEMD, LOGIN)])
def test_processes_of_a_user_share_the_slot_whatever_their_variables_are(
    home_files: EnvironmentId, one: dict[str, str], other: dict[str, str], user: int | None
) -> None:
    with process(workers.hold_as, one, user, home_files) as (_, holds):
        holds.recv()
        with process(workers.line_up_as, other, user, home_files) as (_, waits):
            assert waits.recv() == "waiting"
            assert not waits.poll(0.3)
            holds.send(0.0)
            assert waits.recv() >= holds.recv()


def test_a_variable_names_another_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MWAA_ASYNC_LOCK_DIRECTORY", str(tmp_path / "locks"))
    asyncio.run(use(HostGuard()))
    assert list((tmp_path / "locks").iterdir())


async def use(guard: HostGuard) -> None:
    slot = await guard.acquire(ENVIRONMENT)
    try:
        await slot.request_begins(settle_time=0.01)
        await slot.request_ended()
    finally:
        await slot.release()


def removed(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)


def emptied(directory: Path) -> None:
    for file in directory.iterdir() if directory.exists() else ():
        file.unlink()


def replaced(directory: Path) -> None:
    if directory.exists():
        directory.rename(directory.with_name(f"old-{os.urandom(8).hex()}"))
    directory.mkdir(mode=0o700)


def failing(number: int) -> Callable[[Path], None]:
    def fail(directory: Path) -> None:
        raise OSError(number, os.strerror(number), str(directory))

    fail.__name__ = errno.errorcode[number]
    return fail


CALLS = [(os, name) for name in ("open", "fstat", "lstat", "stat", "mkdir", "pread", "pwrite", "posix_fallocate")]
CALLS.append((fcntl, "flock"))
EVENTS = [removed, emptied, replaced, *map(failing, (errno.ENOSPC, errno.EMFILE, errno.EIO, errno.EROFS, errno.ESTALE))]


@contextlib.contextmanager
def at_call(number: int, event: Callable[[Path], None], directory: Path) -> Iterator[list[str]]:
    """Let the event happen just before one of the system calls, and tell at which."""
    happened: list[str] = []
    count = 0

    def watched(module: Any, name: str) -> Callable[..., Any]:
        call = getattr(module, name)

        def watch(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == number:
                happened.append(name)
                event(directory)
            return call(*args, **kwargs)

        return watch

    with pytest.MonkeyPatch.context() as patch:
        for module, name in CALLS:
            patch.setattr(module, name, watched(module, name))
        yield happened


@pytest.mark.parametrize("lines_up", [False, True])
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
async def test_whatever_happens_at_any_step_the_guard_works_or_says_that_it_does_not(
    tmp_path: Path, event: Callable[[Path], None], lines_up: bool
) -> None:
    number, files = 0, open_files()
    while True:
        number, directory = number + 1, tmp_path / f"locks-{number}"
        await use(HostGuard(directory))
        if lines_up:
            note_that_somebody_waits(directory)
        with at_call(number, event, directory) as happened, contextlib.suppress(GuardError):
            await use(HostGuard(directory))
        if not happened:
            break
        with (tmp_path / "precious").open("w+") as precious:  # which gets the number of a file that was closed
            precious.write("precious")
            precious.flush()
            await use(HostGuard(directory))
            precious.seek(0)
            assert precious.read() == "precious", happened
            fcntl.flock(precious, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody else has locked it
    assert number > (30 if lines_up else 6)
    assert open_files() - files < 50


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
async def test_whatever_happens_while_the_files_are_made_the_guard_works_or_says_that_it_does_not(
    tmp_path: Path, event: Callable[[Path], None]
) -> None:
    number = 0
    while True:
        number, directory = number + 1, tmp_path / f"locks-{number}"
        with at_call(number, event, directory) as happened, contextlib.suppress(GuardError):
            await use(HostGuard(directory))
        if not happened:
            break
        await use(HostGuard(directory))
    assert number > 12


@pytest.mark.parametrize("event", [removed, emptied, replaced], ids=lambda event: event.__name__)
async def test_two_who_find_the_directory_changed_still_exclude_each_other(
    tmp_path: Path, event: Callable[[Path], None]
) -> None:
    directory = tmp_path / "locks"
    await use(HostGuard(directory))
    event(directory)
    slot = await HostGuard(directory).acquire(ENVIRONMENT)
    with process(workers.line_up, partial(HostGuard, directory)) as (_, waits):
        assert await asyncio.to_thread(waits.recv) == "waiting"
        assert not waits.poll(0.3)
        await slot.release()
        assert await asyncio.to_thread(waits.recv)


@pytest.mark.parametrize("event", [removed, emptied, replaced], ids=lambda event: event.__name__)
async def test_a_slot_that_was_lost_before_the_request_goes_out_is_waited_for_once_more(
    tmp_path: Path, event: Callable[[Path], None]
) -> None:
    directory = tmp_path / "locks"
    slot = await HostGuard(directory).acquire(ENVIRONMENT)
    event(directory)
    with process(workers.hold, partial(HostGuard, directory)) as (_, holds):
        await asyncio.to_thread(holds.recv)
        begins = asyncio.create_task(slot.request_begins(settle_time=1.0))
        await asyncio.sleep(0.2)
        assert not begins.done(), "another one has the slot by now"
        holds.send(0.0)
        await begins
    await slot.request_ended()
    await slot.release()


def note_that_somebody_waits(directory: Path) -> None:
    """Do what somebody has done who is gone by now; whoever finds it goes through the whole queue."""
    slot = next(file for file in directory.iterdir() if file.suffix == ".0")
    slot.write_bytes(slot.read_bytes()[:-1] + b"1")


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))
