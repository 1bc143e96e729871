"""Make the pictures of docs/screens again, from the real program against the emulator: `tox -e screens`.

A session is recorded in a terminal of its own. `session.cast` is the recording, for `asciinema play`, `session.svg`
shows it as an animation, and `trigger-many.svg` is the moment in which a batch is half done.
"""

import asyncio
import fcntl
import json
import os
import pty
import re
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import pyte

from mwaa_async.emulator import Emulator

COLUMNS, LINES = 88, 20
SCREENS = Path(__file__).resolve().parent / "screens"
COMMANDS = (
    "mwaa-async environments",
    'mwaa-async trigger prod etl --conf \'{"day": "2026-01-01"}\' --run-id etl-2026-01-01 --wait',
    "mwaa-async trigger-many nightly.csv",
)
ROWS = {"dev": 8, "prod": 14}
_KEY = 0.06  # seconds from one letter to the next
_READ = 1.5  # seconds to read what a command has printed
_LEAST = 0.2  # seconds between two pictures of the animation

PROMPT = "\x1b[1;32m$\x1b[0m "

# Pixels of a letter, and colours: those of the page's dark code blocks.
WIDTH, HEIGHT, MARGIN = 8.43, 19, 16
APART = 800  # from one picture of the animation to the next
COLOURS = {
    "default": "#d0d0d0",
    "black": "#6b6b6b",
    "red": "#ff7b72",
    "green": "#7ee787",
    "brown": "#f2cc60",
    "blue": "#79c0ff",
    "magenta": "#d2a8ff",
    "cyan": "#76e3ea",
    "white": "#f0f0f0",
}


@dataclass
class Recording:
    """What a terminal showed, and when."""

    events: list[tuple[float, str]] = field(default_factory=list)
    now: float = 0.0

    def show(self, text: str) -> None:
        self.events.append((self.now, text))

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def type(self, command: str) -> None:
        """Show somebody who types a command."""
        self.show(PROMPT)
        self.wait(_READ / 2)
        for letter in command:
            self.show(letter)
            self.wait(_KEY)
        self.show("\r\n")

    def run(self, command: str, environ: Mapping[str, str]) -> None:
        """Run a command in a terminal, and take down what it shows."""
        start, before = time.monotonic(), self.now
        for text in shown(command, environ):
            self.now = before + time.monotonic() - start
            self.show(text)
        self.wait(_READ)


def shown(command: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Run a command in a terminal, and yield what it shows as it comes."""
    child, terminal = pty.fork()
    if not child:
        os.execvpe("sh", ["sh", "-c", f"stty cols {COLUMNS} rows {LINES}; exec {command}"], environ)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    try:
        while some := os.read(terminal, 1 << 16):
            yield some.decode()
    except OSError:  # the other end is closed, as Linux says it
        pass
    os.close(terminal)
    os.waitpid(child, 0)


# Pictures

Line = str  # the SVG of a line of the screen
Moment = tuple[float, tuple[Line, ...]]


def pictures(recording: Recording) -> Iterator[Moment]:
    """Yield the moments in which the screen has changed, with its lines."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.Stream(screen)
    last: tuple[Line, ...] = ()
    when = -_LEAST
    for number, (moment, text) in enumerate(recording.events):
        stream.feed(text)
        is_last = number + 1 == len(recording.events)
        if (moment - when >= _LEAST or is_last) and (lines := drawn(screen)) != last:
            yield moment, lines
            last, when = lines, moment


def drawn(screen: pyte.Screen) -> tuple[Line, ...]:
    return tuple("".join(_runs(screen.buffer[number])) for number in range(LINES))


def _runs(line: Mapping[int, pyte.screens.Char]) -> Iterator[str]:
    """Yield the parts of a line that are styled alike, each at its column."""
    start = 0
    while start < COLUMNS:
        style = _style(line[start])
        end = start + 1
        while end < COLUMNS and _style(line[end]) == style:
            end += 1
        text = "".join(line[column].data for column in range(start, end))
        # SVG makes one space of several.
        yield from (_run(start + words.start(), words[0], style) for words in re.finditer(r"\S+(?: \S+)*", text))
        start = end


def _style(letter: pyte.screens.Char) -> tuple[str, bool]:
    return letter.fg, letter.bold


def _run(column: int, text: str, style: tuple[str, bool]) -> str:
    colour, bold = style
    fill = COLOURS.get(colour, f"#{colour}")
    weight = ' font-weight="bold"' if bold else ""
    width = f'{len(text) * WIDTH:.1f}" lengthAdjust="spacingAndGlyphs'
    return f'<text x="{column * WIDTH:.1f}" fill="{fill}"{weight} textLength="{width}">{escape(text)}</text>'


def still(lines: Iterable[Line]) -> str:
    """Return one picture."""
    lines = list(lines)
    while not lines[-1]:
        lines.pop()
    return framed("".join(_placed(lines)), len(lines), "")


def _placed(lines: Iterable[Line]) -> Iterator[str]:
    return (f'<g transform="translate(0,{(number + 1) * HEIGHT - 5})">{line}</g>' for number, line in enumerate(lines))


def animation(moments: list[Moment], end: float) -> str:
    """Return all pictures side by side, one of which is seen at a time; lines that are alike are there once."""
    every = dict.fromkeys(line for _, lines in moments for line in lines)
    names = {line: f"l{number}" if line else "" for number, line in enumerate(every)}
    texts = "".join(f'<g id="{name}">{line}</g>' for line, name in names.items() if line)
    strip = "".join(_frame(number, [names[line] for line in lines]) for number, (_, lines) in enumerate(moments))
    steps = "".join(f"{moment / end:.2%}{{{_moved(number)}}}" for number, (moment, _) in enumerate(moments))
    style = (
        f"<style>@keyframes roll{{{steps}}}.roll{{animation:roll {end:.1f}s step-end infinite}}"
        f"@media(prefers-reduced-motion){{.roll{{animation:none;{_moved(len(moments) - 1)}}}}}</style>"
    )
    return framed(f'<defs>{texts}</defs><g class="roll">{strip}</g>', LINES, style)


def _moved(number: int) -> str:
    return f"transform:translateX({-number * APART}px)"


def _frame(number: int, names: list[str]) -> str:
    uses = (f'<use href="#{name}" y="{(line + 1) * HEIGHT - 5}"/>' for line, name in enumerate(names) if name)
    return f'<g transform="translate({number * APART},0)">{"".join(uses)}</g>'


def framed(content: str, lines: int, style: str) -> str:
    """Return the picture of a terminal."""
    width, height = COLUMNS * WIDTH, lines * HEIGHT
    fonts = "ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace"
    box = f"0 0 {width + 2 * MARGIN:.0f} {height + 2 * MARGIN}"
    within = f'x="{MARGIN}" y="{MARGIN}" width="{width:.0f}" height="{height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" font-family="{fonts}" font-size="14">{style}'
        f'<rect width="100%" height="100%" rx="8" fill="#1b1f24"/><svg {within}>{content}</svg></svg>\n'
    )


def cast(recording: Recording) -> str:
    """Return the recording in asciinema's format, version 2."""
    head = {"version": 2, "width": COLUMNS, "height": LINES}
    events = ([round(moment, 3), "o", text] for moment, text in recording.events)
    return "".join(f"{json.dumps(line)}\n" for line in (head, *events))


def half_done(moments: Iterable[Moment]) -> list[Line]:
    """Return the picture in the middle of the batch, from its command on."""
    found = [lines for _, lines in moments if f"/{ROWS['prod']}<" in "".join(lines)]
    middle = found[len(found) // 2]
    return list(middle[next(number for number, line in enumerate(middle) if COMMANDS[-1] in line) :])


def rows() -> str:
    """Return the file of the batch."""
    lines = [f'{name},etl,"{{""part"": {number}}}"' for name, count in ROWS.items() for number in range(count)]
    return "\n".join(["environment,dag_id,conf", *lines, ""])


def recorded(environ: Mapping[str, str]) -> Recording:
    """Record the session."""
    recording = Recording()
    for command in COMMANDS:
        recording.type(command)
        recording.run(command, environ)
    recording.show(PROMPT)
    recording.wait(2 * _READ)
    return recording


async def session() -> Recording:
    """Record the session in a directory with the file of the batch."""
    async with Emulator(["dev", "prod"], command_time=0.4) as emulator:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        terminal = {"PATH": path, "TERM": "xterm-256color"}
        return await asyncio.to_thread(recorded, {**os.environ, **emulator.environ(), **terminal})


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        Path("nightly.csv").write_text(rows())
        recording = asyncio.run(session())
    moments = list(pictures(recording))
    SCREENS.mkdir(exist_ok=True)
    (SCREENS / "session.cast").write_text(cast(recording))
    (SCREENS / "session.svg").write_text(animation(moments, recording.now))
    (SCREENS / "trigger-many.svg").write_text(still(half_done(moments)))


if __name__ == "__main__":
    main()
