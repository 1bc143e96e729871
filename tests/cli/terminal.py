"""A terminal of a given size, with a program in it and somebody who looks at the screen."""

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import termios
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

import pyte

from tests.cli.program import PROGRAM, until

CTRL_C = "\x03"


class Terminal:
    """The screen, and the keys."""

    def __init__(self, columns: int, lines: int) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._keys, self._other_end = pty.openpty()
        fcntl.ioctl(self._other_end, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._process: asyncio.subprocess.Process | None = None

    @property
    def lines(self) -> list[str]:
        """Return what is on the screen, without the empty lines at its end."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip("\n").split("\n")

    @property
    def styles(self) -> set[str]:
        """Return how the letters on the screen are styled."""
        letters = [letter for line in self._screen.buffer.values() for letter in line.values()]
        styled = ("bold", "italics", "underscore", "strikethrough", "reverse", "blink")
        of_letters = {name for name in styled if any(getattr(letter, name) for letter in letters)}
        return of_letters | ({letter.fg for letter in letters} | {letter.bg for letter in letters}) - {"default"}

    def press(self, keys: str) -> None:
        os.write(self._keys, keys.encode())

    async def shows(self, pattern: str) -> None:
        """Wait until something on the screen matches the regular expression, over lines too."""
        await until(lambda: re.search(pattern, "\n".join(self.lines)))

    async def ended(self) -> int:
        """Wait for the program's end and return its exit status; the screen has all that it has printed."""
        assert self._process is not None
        status = await self._process.wait()
        os.close(self._other_end)
        await until(lambda: not self._read())
        return status

    async def _start(self, command: tuple[str, ...], environ: Mapping[str, str]) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *command,
            stdin=self._other_end,
            stdout=self._other_end,
            stderr=self._other_end,
            env=environ,
            start_new_session=True,
            preexec_fn=_own_the_terminal,
        )
        os.set_blocking(self._keys, False)
        asyncio.get_running_loop().add_reader(self._keys, self._read)

    def _read(self) -> bool:
        """Take in what there is, and tell whether more may come."""
        try:
            some = os.read(self._keys, 1 << 16)
        except BlockingIOError:
            return True
        except OSError:  # the other end is closed, as Linux says it
            some = b""
        self._stream.feed(some)
        if not some:
            asyncio.get_running_loop().remove_reader(self._keys)
        return bool(some)

    def _stop(self) -> None:
        asyncio.get_running_loop().remove_reader(self._keys)
        with suppress(OSError):
            os.close(self._other_end)
        os.close(self._keys)
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _own_the_terminal() -> None:
    """Make the terminal that of the program's session, so that Ctrl-C reaches it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@asynccontextmanager
async def terminal(
    environ: Mapping[str, str],
    *arguments: str,
    columns: int = 80,
    lines: int = 24,
    kind: str = "xterm-256color",
    command: tuple[str, ...] = PROGRAM,
) -> AsyncIterator[Terminal]:
    """Run `mwaa-async`, or another command, in a terminal."""
    opened = Terminal(columns, lines)
    try:
        await opened._start((*command, *arguments), {**environ, "TERM": kind})
        yield opened
    finally:
        opened._stop()
