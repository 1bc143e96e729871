"""The code blocks of a page, and what the invisible comment above each says about it.

| Comment | The block is |
|---|---|
| none | a program that runs (`python`, `sh`, `console`), or a document that parses (`json`, `yaml`, `toml`, `ini`) |
| `<!-- file: NAME -->` | the content of that file, for the blocks that follow |
| `<!-- output -->` | what the block before prints |
| `<!-- crontab -->` | lines of a crontab; the command of each runs |
| `<!-- query -->` | a query of a dashboard, which tests/docs/test_queries.py tries |
| `<!-- figure -->` | a drawing, or an excerpt |
| `<!-- not run: REASON -->` | not run, for that reason |

`<!-- python: … -->` and `<!-- sh: … -->` run, too, and nobody sees them. `<!-- emulator: {…} -->` has arguments for the
page's emulator. "…" in what is printed is anything, and a number with a point is any such number.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])

PROGRAMS = ("python", "sh", "console")
DOCUMENTS = ("json", "yaml", "toml", "ini", "csv")
MARKED = ("text", "promql")
HELD_ELSEWHERE = ("mermaid",)  # by tests/test_layers.py
_DIRECTIVE = re.compile(r"\{[a-z-]+\}")

_BLOCK = re.compile(
    r"^<!-- (?P<hidden>python|sh):\n(?P<unseen>.*?)^-->$"
    r"|(?:^<!-- (?P<mark>(?:file|output|crontab|query|figure|not run).*?) -->\n)?"
    r"^(?P<fence>```+|:::+)(?P<language>.*?)\n(?P<code>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a page; `line` is where its first line of code is."""

    language: str
    mark: str
    code: str
    line: int

    @property
    def runs(self) -> bool:
        return not self.mark and self.language in PROGRAMS

    @property
    def file(self) -> str | None:
        return self.mark.removeprefix("file: ") if self.mark.startswith("file: ") else None

    @property
    def is_known(self) -> bool:
        """Tell whether something is done with the block, or is said why not."""
        if self.language in MARKED:
            return bool(self.mark)
        known = (*PROGRAMS, *DOCUMENTS, *HELD_ELSEWHERE)
        return self.language in known or bool(_DIRECTIVE.match(self.language))


def blocks(page: Path) -> Iterator[Block]:
    """Return the blocks of the page in their order, those that nobody sees among them."""
    text = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        name = "unseen" if found["hidden"] else "code"
        line = text.count("\n", 0, found.start(name)) + 1
        yield Block(found["hidden"] or found["language"], found["mark"] or "", found[name], line)


def emulator_arguments(page: Path) -> dict[str, Any]:
    """Return what the page says of its emulator."""
    found = re.search(r"^<!-- emulator: (.*) -->$", page.read_text(encoding="utf-8"), re.MULTILINE)
    arguments: dict[str, Any] = json.loads(found[1]) if found else {}
    return arguments
