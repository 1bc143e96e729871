"""The lock directory, and what one process does with it."""

import asyncio
import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from mwaa_async import EnvironmentId, Guard, GuardError, HostGuard, LocalGuard
from mwaa_async._guards.record import LENGTH, NOTHING, Record, boot_id, closed_slot, open_request, read_record
from tests.guards.redis.hosts import dynamodb_host, host
from tests.guards.redis.server import RedisServer
from tests.guards.workers import ENVIRONMENT

pytestmark = pytest.mark.anyio

GUARDS = ["HostGuard", "LocalGuard", "RedisGuard", "DynamoDBGuard"]


@pytest.fixture(params=GUARDS)
def guard(request: pytest.FixtureRequest, tmp_path: Path) -> Guard:
    if request.param == "HostGuard":
        return HostGuard(tmp_path)
    if request.param == "LocalGuard":
        return LocalGuard()
    if request.param == "DynamoDBGuard":
        table: str = request.getfixturevalue("dynamodb_table")
        return dynamodb_host(table, tmp_path, prefix=request.node.name)  # nobody has left anything there
    server: RedisServer = request.getfixturevalue("redis_server")
    server.do("FLUSHALL")
    return host(server.url, tmp_path)


async def test_turns_come_in_the_order_in_which_they_are_asked_for(guard: Guard) -> None:
    order: list[int] = []

    async def take(number: int) -> None:
        slot = await guard.acquire(ENVIRONMENT)
        order.append(number)
        await asyncio.sleep(0)
        await slot.release()

    await asyncio.gather(*(take(number) for number in range(200)))
    assert order == list(range(200))


async def test_environments_have_slots_of_their_own(guard: Guard) -> None:
    names = [ENVIRONMENT, EnvironmentId("aws", "us-east-1", "demo"), EnvironmentId("aws", "eu-west-1", "other")]
    at_emulator = EnvironmentId("aws", "eu-west-1", "demo", "https://127.0.0.1:1")
    slots = [await guard.acquire(environment) for environment in (*names, at_emulator)]
    for slot in slots:
        await slot.release()


async def test_a_cancelled_waiter_leaves_the_order_of_the_others_alone(guard: Guard) -> None:
    slot = await guard.acquire(ENVIRONMENT)
    waiting = [asyncio.create_task(guard.acquire(ENVIRONMENT)) for _ in range(3)]
    await asyncio.sleep(0.01)
    waiting[0].cancel()
    await slot.release()
    second = await waiting[1]
    assert waiting[0].cancelled()
    assert not waiting[2].done()
    await second.release()
    await (await waiting[2]).release()


async def test_a_waiter_that_is_cancelled_as_its_turn_comes_hands_the_turn_on(guard: Guard) -> None:
    slot = await guard.acquire(ENVIRONMENT)
    waiting = [asyncio.create_task(guard.acquire(ENVIRONMENT)) for _ in range(2)]
    await asyncio.sleep(0.01)
    await slot.release()
    waiting[0].cancel()  # in the same round of the event loop
    await (await asyncio.wait_for(waiting[1], 5)).release()


async def test_a_slot_released_with_closed_for_is_given_to_nobody_before(guard: Guard) -> None:
    loop = asyncio.get_running_loop()
    slot = await guard.acquire(ENVIRONMENT)
    released = loop.time()
    await slot.release(closed_for=0.3)
    slot = await guard.acquire(ENVIRONMENT)
    assert loop.time() - released >= 0.3
    await slot.release()


async def test_who_is_cancelled_while_the_slot_is_still_closed_leaves_it_closed(guard: Guard) -> None:
    loop = asyncio.get_running_loop()
    released = loop.time()
    await (await guard.acquire(ENVIRONMENT)).release(closed_for=0.3)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await guard.acquire(ENVIRONMENT)
    await (await guard.acquire(ENVIRONMENT)).release()
    assert loop.time() - released >= 0.3


async def test_two_guards_of_one_process_share_the_slot_and_the_order(tmp_path: Path) -> None:
    slot = await HostGuard(tmp_path).acquire(ENVIRONMENT)
    waiting = asyncio.create_task(HostGuard(tmp_path).acquire(ENVIRONMENT))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await slot.release()
    await (await waiting).release()


async def test_the_directory_is_made_for_this_user_alone(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "locks"
    await (await HostGuard(directory).acquire(ENVIRONMENT)).release()
    assert directory.stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in directory.iterdir())


def _is_a_file(directory: Path) -> None:
    directory.touch()


def _is_a_link(directory: Path) -> None:
    (directory.parent / "elsewhere").mkdir()
    directory.symlink_to(directory.parent / "elsewhere")


def _is_open_to_others(directory: Path) -> None:
    directory.mkdir()
    directory.chmod(0o777)


def _has_a_link_in_it(directory: Path) -> None:
    directory.mkdir(mode=0o700)
    victim = directory.parent / "victim"
    victim.write_text("precious")
    for name in _names(directory):
        (directory / name).symlink_to(victim)


def _has_a_directory_in_it(directory: Path) -> None:
    directory.mkdir(mode=0o700)
    for name in _names(directory):
        (directory / name).mkdir()


def _belongs_to_somebody_else(directory: Path) -> None:
    directory.mkdir(mode=0o700)
    os.chown(directory, 12345, -1)


def _names(directory: Path) -> list[str]:
    """Return the names that the files would have, as seen in a directory that is all right."""
    model = directory.parent / "model"
    asyncio.run(_use(model))
    return [file.name for file in model.iterdir()]


async def _use(directory: Path) -> None:
    await (await HostGuard(directory).acquire(ENVIRONMENT)).release()


@pytest.mark.parametrize(
    "spoil",
    [
        _is_a_file,
        _is_a_link,
        _is_open_to_others,
        _has_a_link_in_it,
        _has_a_directory_in_it,
        pytest.param(
            _belongs_to_somebody_else,
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away"),
        ),
    ],
    ids=lambda spoil: spoil.__name__,
)
async def test_a_directory_that_cannot_be_trusted_is_refused_with_the_way_out(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    directory = tmp_path / "locks"
    await asyncio.to_thread(spoil, directory)
    with pytest.raises(GuardError, match=r"HostGuard\(directory=…\) or MWAA_ASYNC_LOCK_DIRECTORY, or use") as caught:
        await HostGuard(directory).acquire(ENVIRONMENT)
    assert (caught.value.ran, caught.value.environment) == (False, "demo")
    if (victim := tmp_path / "victim").exists():
        assert victim.read_text() == "precious"


async def test_a_full_disk_shows_before_anything_is_sent(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(GuardError, match="cannot be used"):
            await HostGuard(tmp_path).acquire(ENVIRONMENT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    await _use(tmp_path)


async def test_a_closure_that_cannot_be_written_down_is_kept_by_waiting(tmp_path: Path) -> None:
    loop, before = asyncio.get_running_loop(), resource.getrlimit(resource.RLIMIT_FSIZE)
    slot = await HostGuard(tmp_path).acquire(ENVIRONMENT)
    released = loop.time()
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        await slot.release(closed_for=0.2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert loop.time() - released >= 0.2
    await _use(tmp_path)


async def test_a_directory_that_is_cleaned_up_is_filled_again_and_the_rule_still_holds(tmp_path: Path) -> None:
    await _use(tmp_path)
    for file in tmp_path.iterdir():
        file.unlink()
    slot = await HostGuard(tmp_path).acquire(ENVIRONMENT)
    assert list(tmp_path.iterdir())
    await slot.release()


async def test_a_closure_of_another_boot_whose_clock_says_nothing_holds_for_its_length(
    tmp_path: Path,
) -> None:
    loop = asyncio.get_running_loop()
    await _use(tmp_path)
    _slot_file(tmp_path).write_bytes(Record(until=99999999999.0, length=0.3, boot="another").to_bytes())
    began = loop.time()
    await _use(tmp_path)
    assert 0.3 <= loop.time() - began < 1


async def test_who_dies_while_waiting_for_a_dead_holders_request_leaves_the_slot_closed(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    await _use(tmp_path)
    _slot_file(tmp_path).write_bytes(Record(is_open=True, length=0.4, boot=boot_id()).to_bytes())
    began = loop.time()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await HostGuard(tmp_path).acquire(ENVIRONMENT)
    await _use(tmp_path)
    assert 0.4 <= loop.time() - began < 0.6, "it is closed for as long from the moment on in which it was found"


@pytest.mark.parametrize(
    ("now", "closed_for"), [(100.0, 10.0), (99.999, 10.0), (105.0, 5.0), (110.0, 0.0), (111.0, 0.0), (5.0, 0.0)]
)
def test_a_closure_holds_also_for_a_clock_that_is_a_little_behind(now: float, closed_for: float) -> None:
    assert Record(until=110.0, length=10.0, boot="this").closed_for(now, "this") == closed_for


def test_an_open_request_closes_the_slot_for_its_settle_time_whatever_the_clock_says() -> None:
    record = read_record(Record(is_open=True, length=10.0, boot="this").to_bytes())
    assert record.closed_for(12345.0, "this") == record.closed_for(0.1, "that") == 10.0


def test_a_settle_time_of_hours_closes_the_slot_for_an_hour_and_not_for_no_time() -> None:
    for record in (open_request(7200.0, 1), closed_slot(15.0, 7200.0)):
        assert read_record(record).closed_for(15.0, boot_id()) == 3600.0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * LENGTH,
        bytes(range(128)),
        b"closed inf inf -",
        b"closed nan nan -",
        b"closed 1e308 1e308 -",
        b"open 0.0 1e308 -",
        b"open 0.0 inf -",
        b"open 0.0 nan -",
        b"open 0.0 -5 -",
        b"closed 100000.0 99999.0 -",
        b"99999999999.0 10.0",
        b"shut 20.0 10.0 -",
        b"closed 20.0 10.0",
        b"closed 20.0 10.0 - -",
    ],
)
def test_a_damaged_record_closes_nothing(data: bytes) -> None:
    assert read_record(data).closed_for(15.0, "-") == 0.0


def test_nothing_is_what_a_slot_that_is_free_says() -> None:
    assert read_record(NOTHING.to_bytes()) == NOTHING
    assert NOTHING.closed_for(15.0, boot_id()) == 0.0


def _slot_file(directory: Path) -> Path:
    return next(file for file in directory.iterdir() if file.suffix == ".0")


async def test_a_process_that_goes_from_environment_to_environment_keeps_few_files_open(tmp_path: Path) -> None:
    before = _open_files()
    for number in range(1000):
        await (await HostGuard(tmp_path).acquire(EnvironmentId("aws", "eu-west-1", f"e{number}"))).release()
    assert _open_files() - before < 50


def test_a_process_that_goes_from_event_loop_to_event_loop_keeps_few_files_open(tmp_path: Path) -> None:
    before = _open_files()
    for _ in range(100):
        asyncio.run(_use(tmp_path))
    assert _open_files() - before < 50


async def test_running_out_of_descriptors_is_an_error_of_the_guard_and_passes(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Path(os.devnull).open() as next_free:
        limit = next_free.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, before[1]))
    try:
        with pytest.raises(GuardError, match="Too many open files"):
            await HostGuard(tmp_path).acquire(ENVIRONMENT)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    await _use(tmp_path)


def _open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_a_poll_interval_that_is_no_pause_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="poll_interval"):
        HostGuard(poll_interval=value)


async def test_guards_say_what_they_are(tmp_path: Path) -> None:
    assert repr(HostGuard(tmp_path)) == f"HostGuard({str(tmp_path)!r})"
    assert (repr(HostGuard()), repr(LocalGuard())) == ("HostGuard()", "LocalGuard()")
