"""Run the code blocks of a page one after the other, as its reader would.

python -m tests.docs.page PAGE

The Python blocks share their names and an event loop, in which `await` stands where it likes; `page` is an
`AsyncExitStack`, closed at the end. The shell blocks share their exported variables. All of them share the directory.
"""

import ast
import asyncio
import io
import re
import subprocess
import sys
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack, redirect_stdout
from pathlib import Path
from typing import Any

from tests.docs.blocks import Block, blocks

_LOG_LINE = re.compile(
    r"\[\d{4}-\d\d-\d\dT|/usr/local/airflow/\.local/|You might need to install|Run `pip install graph"
)


class Reader:
    """Runs blocks, and remembers what the last one has printed."""

    def __init__(self, page: Path, runner: asyncio.Runner) -> None:
        self._page = page
        self._runner = runner
        self._names: dict[str, Any] = {"__name__": "__main__", "page": AsyncExitStack()}
        self._exported = Path(tempfile.mkdtemp()) / "exported"
        self._exported.touch()
        self._printed = ""

    def take(self, block: Block) -> None:
        """Run the block, write it into its file, or compare it with what was printed."""
        if block.file is not None:
            Path(block.file).expanduser().write_text(block.code, encoding="utf-8")
        elif block.mark == "output":
            self._compare(block.code)
        elif block.mark == "crontab":
            for line in block.code.splitlines():
                self._run_script(cron_command(line))
        elif block.runs:
            {"python": self._run_python, "sh": self._run_sh, "console": self._run_console}[block.language](block)

    def close(self) -> None:
        self._runner.run(self._names["page"].aclose())

    def _run_python(self, block: Block) -> None:
        code = compile(
            "\n" * (block.line - 1) + block.code, self._page, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True
        )
        with redirect_stdout(io.StringIO()) as printed:
            result: Coroutine[Any, Any, None] | None = eval(code, self._names)
            if result is not None:
                self._runner.run(result)
        self._printed = printed.getvalue()

    def _run_sh(self, block: Block) -> None:
        self._run_script(block.code)

    def _run_console(self, block: Block) -> None:
        commands, shown = told_apart(block.code)
        self._run_script(commands)
        if shown:
            self._compare(shown)

    def _run_script(self, script: str) -> None:
        # Where the page looks at a status itself, one that is not 0 is what it wants to show.
        strict = "" if "$?" in script else "set -e"
        first = f'. "{self._exported}"; trap \'export -p > "{self._exported}"\' EXIT; {strict}\n'
        command = ["bash", "-c", first + script]
        done = subprocess.run(command, check=False, input=b"", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._printed = done.stdout.decode()
        assert not (strict and done.returncode), f"{script}\nends with {done.returncode}:\n{self._printed}"

    def _compare(self, shown: str) -> None:
        assert re.fullmatch(pattern(shown), tidied(self._printed), re.DOTALL), f"printed was:\n{self._printed}"


def cron_command(line: str) -> str:
    """Return the command of a line of a crontab, as cron reads it."""
    return re.sub(r"\\%", "%", line.split(maxsplit=5)[5])


def told_apart(session: str) -> tuple[str, str]:
    """Return the commands of a terminal session, and what is shown of their output."""
    commands: list[str] = []
    shown: list[str] = []
    for line in session.splitlines(keepends=True):
        if line.startswith("$ "):
            commands.append(line[2:])
        elif commands and commands[-1].endswith("\\\n") and not shown:
            commands.append(line.removeprefix("> "))
        else:
            shown.append(line)
    return "".join(commands), "".join(shown)


def tidied(text: str) -> str:
    """Return the text without Airflow's log lines, which pages leave out, and without what only moves it about."""
    lines = (line for line in text.strip().splitlines() if not _LOG_LINE.match(line))
    return "\n".join(" ".join(line.split()) for line in lines).strip()


def pattern(shown: str) -> str:
    """Return a regular expression for what a page shows."""
    parts = re.split(r"(…|\d+\.\d+(?![.\d]))", tidied(shown))
    return "".join(
        ".*?" if part == "…" else r"\d+\.\d+" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    )


def main(page: Path) -> None:
    with asyncio.Runner() as runner:
        reader = Reader(page, runner)
        for block in blocks(page):
            try:
                reader.take(block)
            except BaseException as error:
                error.add_note(f"{page}:{block.line}\n{block.code}")
                raise
        reader.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
