"""The guard of one host: all processes and threads of a user stand in one line for each environment."""

import asyncio
import os
import random
import warnings
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

from platformdirs import user_runtime_path

from mwaa_async._clock import now
from mwaa_async._errors import GuardError
from mwaa_async._guards.places import Closure, Places, private_directory
from mwaa_async._guards.turns import Turns
from mwaa_async._identity import EnvironmentId

# The slot and the places behind it. Up to four processes come strictly in the order in which they line up; more than
# that try for the last place in turn. Every place costs a command some microseconds.
_PLACES = 4
_SHORTEST_POLL = 0.001
# How much longer than necessary a wait may get: looking every hundredth of the time that was waited so far.
_POLL_PART = 0.01


class HostGuard:
    """Keeps the rule among all processes, threads and event loops of this user on this host. The default.

    A process that dies, even by SIGKILL, frees its place at once. `directory` is where the lock files are: every
    process that is to take part needs the same one (default: the user's runtime directory). It is made when first
    needed, for this user alone. `poll_interval` is how often, in seconds, a process looks whether the place before it
    is free, when it has waited long already; at first it looks more often.

    A process that is stopped (SIGSTOP) while it stands in line keeps those behind it waiting until it goes on.
    """

    # Shared by all guards of this process: who stands in line among the other processes is the process.
    _lines: ClassVar[dict[tuple[Path, EnvironmentId], "Line"]] = {}

    def __init__(self, directory: str | os.PathLike[str] | None = None, poll_interval: float = 0.05) -> None:
        if not poll_interval > 0:
            raise ValueError(f"poll_interval must be more than 0 seconds, not {poll_interval!r}")
        self._directory = None if directory is None else Path(directory).absolute()
        self._poll_interval = poll_interval

    async def acquire(self, environment: EnvironmentId) -> "HostSlot":
        """Wait for the environment's slot and take it. Raises `GuardError`."""
        try:
            line = self._line(environment)
            if not line.turns.take_at_once():
                await line.turns.wait()
            try:
                await self._move_up(line.places)
            except BaseException:
                line.turns.give_back()
                raise
        except OSError as error:
            raise _unusable(environment, error) from error
        return HostSlot(line)

    def _line(self, environment: EnvironmentId) -> "Line":
        directory = self._directory or _default_directory()
        try:
            return self._lines[directory, environment]
        except KeyError:
            digest = sha256(str(environment).encode()).hexdigest()[:16]
            places = Places(private_directory(directory), f"{environment.name}-{digest}", _PLACES)
            return self._lines.setdefault((directory, environment), Line(places))

    async def _move_up(self, places: Places) -> None:
        """Take the last place and then each one before it, until the slot is held and open."""
        held: int | None = None
        try:
            for place in reversed(range(_PLACES)):
                if not places.try_take(place):
                    await self._wait_for(place, places)
                if held is not None:
                    places.leave(held)
                held = place
            if closed_for := places.closure().remaining(now()):
                await asyncio.sleep(closed_for)
        except BaseException:
            if held is not None:
                places.leave(held)
            raise

    async def _wait_for(self, place: int, places: Places) -> None:
        since = now()
        while not places.try_take(place):
            # Whoever has waited long must not look more seldom than the newcomers at the end of the line.
            waited = 0.0 if place == _PLACES - 1 else now() - since
            pause = min(max(waited * _POLL_PART, _SHORTEST_POLL), self._poll_interval)
            # Processes that look in step would see the same one win every time.
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311

    def __repr__(self) -> str:
        return f"HostGuard({str(self._directory)!r})" if self._directory else "HostGuard()"


class Line:
    """One environment's line, as this process sees it: its own queue, and its places among the other processes."""

    def __init__(self, places: Places) -> None:
        self.turns = Turns()
        self.places = places


class HostSlot:
    """A slot of a `HostGuard`."""

    __slots__ = ("_line",)

    def __init__(self, line: Line) -> None:
        self._line = line

    async def release(self, *, closed_for: float = 0.0) -> None:
        """Give the slot back. That it stays closed is written into its file, and so outlives this process."""
        places = self._line.places
        try:
            if closed_for:
                await _close(places, Closure(now() + closed_for, closed_for))
        finally:
            places.leave(0)
            self._line.turns.give_back()


async def _close(places: Places, closure: Closure) -> None:
    try:
        places.close_slot(closure)
    except OSError:
        # It cannot be written down (a full disk), so the slot is kept instead.
        await asyncio.sleep(closure.length)


def _forget_lines() -> None:
    """Begin anew in a forked child: the parent's locks and queues are none of its business."""
    for line in HostGuard._lines.values():
        line.places.close()
    HostGuard._lines.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lines)


@cache
def _default_directory() -> Path:
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR (cron, containers) there is a directory that serves as well.
        warnings.simplefilter("ignore")
        return user_runtime_path("mwaa-async", appauthor=False, ensure_exists=True)


def _unusable(environment: EnvironmentId, error: OSError) -> GuardError:
    return GuardError(
        f"{environment.name}: the lock directory cannot be used: {error}; nothing was sent; name another one with "
        "HostGuard(directory=…), or use LocalGuard() where this program is the only one",
        environment=environment.name,
    )
