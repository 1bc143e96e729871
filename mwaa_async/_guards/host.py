"""The guard of one host: the event loops of all processes of a user queue up for each environment."""

import asyncio
import errno
import os
import random
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from mwaa_async._clock import now
from mwaa_async._errors import GuardError
from mwaa_async._guards.directory import VARIABLE, lock_directory
from mwaa_async._guards.guard import SlotStatus
from mwaa_async._guards.line import NOWHERE, Line, PositionLostError
from mwaa_async._guards.lines import Lines
from mwaa_async._identity import EnvironmentId

_SHORTEST_POLL = 0.001
# How much longer than necessary a wait may get: looking every hundredth of the time that was waited so far.
_POLL_PART = 0.01
_FIRST_LOOKS = 5

# Shared by all guards of this process.
_LINES = Lines()


class HostGuard:
    """Keeps the rule among all processes, threads and event loops of this user on this host. The default.

    A process that dies, even by SIGKILL, gives up its place in the queue at once. Where it had a request open, the slot
    stays closed for its `settle_time`, since the web server may be running the command; so it does where an event loop
    was closed, or does not run, with a request open.

    `directory` is where the lock files are: every process that is to take part needs the same one. The default is what
    `MWAA_ASYNC_LOCK_DIRECTORY` says, or `~/.local/state/mwaa-async` in the home directory that the password database
    knows (without one, `/tmp/mwaa-async-UID`). It is made when first needed, for this user alone. `poll_interval` is
    how often, in seconds, a process looks whether the position before it is free, when it has waited long already; at
    first it looks more often.

    A process that is stopped (SIGSTOP) while it waits keeps those behind it waiting until it goes on.
    """

    def __init__(self, directory: str | os.PathLike[str] | None = None, poll_interval: float = 0.05) -> None:
        if not poll_interval > 0:
            raise ValueError(f"poll_interval must be more than 0 seconds, not {poll_interval!r}")
        self._directory = None if directory is None else Path(directory).absolute()
        self._poll_interval = poll_interval
        self._lines = _LINES

    async def is_free(self, environment: EnvironmentId) -> bool:
        """Tell whether the environment's slot could be taken at this moment. Raises `GuardError`."""
        line = self._line(environment)
        try:
            return line.queue.is_free and line.is_free()
        except OSError as error:
            raise _unusable(environment, error) from error
        finally:
            self.leave(line)

    async def status(self, environment: EnvironmentId) -> SlotStatus:
        """Tell which processes have or wait for the environment's slot; see `SlotStatus`. Raises `GuardError`."""
        line = self._line(environment)
        try:
            before, closed_for = line.status(now())
        except OSError as error:
            raise _unusable(environment, error) from error
        finally:
            self.leave(line)
        return SlotStatus(tuple(map(process_name, before)), closed_for)

    async def acquire(self, environment: EnvironmentId, on_next: Callable[[], None] | None = None) -> "HostSlot":
        """Wait for the environment's slot and take it; see `QueueingGuard.acquire`. Raises `GuardError`."""
        line = self._line(environment)
        try:
            await line.queue.wait(lambda: _unless_others_wait(line, on_next))
            try:
                await self.take_slot(line, on_next)
            except BaseException:
                line.queue.release()
                raise
        except BaseException as error:
            self.leave(line)
            if isinstance(error, OSError):
                raise _unusable(environment, error) from error
            raise
        return HostSlot(environment, line, self)

    def leave(self, line: Line) -> None:
        """Take notice that one user of the line needs it no more."""
        self._lines.leave(line)

    def _line(self, environment: EnvironmentId) -> Line:
        return self._lines.use(self._directory or lock_directory(), _file_name(environment))

    async def take_slot(self, line: Line, on_next: Callable[[], None] | None = None) -> None:
        """Line up and wait for the slot, for the one whose turn it is within the event loop. Raises `OSError`."""
        try:
            while not await self._try_take_slot(line, on_next):
                """The position was lost on the way: line up anew."""
        except BaseException:
            line.leave()
            raise

    async def _try_take_slot(self, line: Line, on_next: Callable[[], None] | None) -> bool:
        """Take one position after the other, and wait until the slot is open."""
        try:
            if not line.take_at_once():
                await self._wait(line, on_next)
            while closed_for := line.seconds_until_open(now()):  # noqa: ASYNC110  # it is the clock that is waited for
                await asyncio.sleep(closed_for)
        except PositionLostError:
            return False
        return True

    async def _wait(self, line: Line, on_next: Callable[[], None] | None) -> None:
        """Line up, and move up until the slot is held."""
        position = NOWHERE
        while position:
            before, position = position, await self._moved_up(line, position)
            line.sign(position)
            if position <= 1 < before and on_next is not None:
                on_next()

    async def _moved_up(self, line: Line, position: int) -> int:
        """Look again and again whether the position before is free, and return the one that is held then."""
        since = now()
        looks = 0
        while (reached := line.move_up(position)) == position:
            looks += 1
            # Processes that look in step would see the same one win every time.
            await asyncio.sleep(self._pause(position, looks, now() - since) * random.uniform(0.5, 1.0))  # noqa: S311
        return reached

    def _pause(self, position: int, looks: int, waited: float) -> float:
        if position == NOWHERE and looks > _FIRST_LOOKS:
            # Those who try for the last position have no order among themselves, and so look equally often; but first
            # a few times in a row, since somebody may just have passed through it.
            return self._poll_interval
        return min(max(waited * _POLL_PART, _SHORTEST_POLL), self._poll_interval)

    def __repr__(self) -> str:
        return f"HostGuard({str(self._directory)!r})" if self._directory else "HostGuard()"


class HostSlot:
    """A slot of a `HostGuard`."""

    __slots__ = ("_environment", "_guard", "_line")

    def __init__(self, environment: EnvironmentId, line: Line, guard: HostGuard) -> None:
        self._environment = environment
        self._line = line
        self._guard = guard

    @property
    def others_wait(self) -> bool:
        """Tell whether others than this event loop are next; the dead may count for a while."""
        try:
            return self._line.others_wait()
        except OSError:
            return False

    async def request_begins(self, *, settle_time: float) -> None:
        """Write into the slot's file that a request is open. Raises `GuardError`.

        Where the slot was given up since it was taken, because the event loop did not run or the directory was cleaned
        up, it is waited for once more.
        """
        try:
            while not self._is_noted(settle_time):
                await self._guard.take_slot(self._line)
        except OSError as error:
            raise _unusable(self._environment, error) from error

    def _is_noted(self, settle_time: float) -> bool:
        try:
            self._line.request_begins(settle_time)
        except PositionLostError:
            return False
        return True

    async def request_ended(self) -> None:
        """Write into the slot's file that no request is open."""
        self._line.request_ended()

    async def release(self, *, closed_for: float = 0.0) -> None:
        """Give the slot back. That it stays closed is written into its file, and so outlives this process."""
        try:
            if not self._line.release(now(), closed_for):
                await asyncio.sleep(closed_for)
        finally:
            self._line.leave()
            self._line.queue.release()
            self._guard.leave(self._line)


if hasattr(os, "register_at_fork"):
    # The parent's locks and queues are none of a forked child's business.
    os.register_at_fork(after_in_child=lambda: _LINES.close(is_forked=True))


def _unless_others_wait(line: Line, on_next: Callable[[], None] | None) -> None:
    """Tell who waits for its own event loop that it is next, unless other ones come before."""
    if on_next is not None and not line.queue.is_free and not line.others_wait():
        on_next()


def process_name(process: int) -> str:
    """Say which process it is, for a reader."""
    if process == os.getpid():
        return "another client of this process"
    return f"process {process} of this host" if process else "a process of this host"


@lru_cache(1024)
def _file_name(environment: EnvironmentId) -> str:
    return f"{environment.name}-{sha256(str(environment).encode()).hexdigest()[:16]}"


def _unusable(environment: EnvironmentId, error: OSError) -> GuardError:
    remedy = (
        "raise the limit (ulimit -n), or use fewer environments at the same time"
        if error.errno in (errno.EMFILE, errno.ENFILE)
        else f"name another one with HostGuard(directory=…) or {VARIABLE}, or use LocalGuard() where this program is "
        "the only one"
    )
    return GuardError(
        f"{environment.name}: the lock directory cannot be used: {error}; nothing was sent; {remedy}",
        environment=environment.name,
    )
