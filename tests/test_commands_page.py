"""The table of docs/reference/commands.md says of every command what the catalogue and the methods say."""

import inspect
import re
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

import mwaa_async
from mwaa_async import MwaaClient
from mwaa_async._protocol.catalogue import Command, always_answers, catalogue
from mwaa_async._protocol.versions import Version, parse_version

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "commands.md"
RUN_ON = ("1.10.12", "2.2.5", "2.5.3", "2.10.3", "3.0.6", "3.3.2")
EFFECTS = {"reads": "reads only", "sets": "idempotent", "adds": "does more"}


def rows() -> Iterator[dict[str, str]]:
    """Read the table."""
    lines = [line.strip("|").split("|") for line in PAGE.read_text().splitlines() if line.startswith("|")]
    names, _, *cells = [[cell.strip() for cell in line] for line in lines]
    for row in cells:
        yield dict(zip(names, row, strict=True))


def table() -> dict[str, dict[str, str]]:
    return {row["Command"].strip("`"): row for row in rows()}


def since(first: Version | None) -> str:
    return "not offered" if first is None else f"since {first[0]}.{first[1]}"


def test_every_command_of_the_catalogue_has_a_row() -> None:
    assert table().keys() == catalogue().keys()


@pytest.mark.parametrize("command", catalogue().values(), ids=lambda command: command.words)
def test_a_row_says_what_the_catalogue_says(command: Command) -> None:
    row = table()[command.words]
    old = ", ".join(f"`{words}`" for words in command.old_words) or "not offered"
    assert (row["1.10"], row["2"], row["3"]) == (old, since(command.since_2), since(command.since_3))
    assert row["Run twice"] == EFFECTS[command.effect]


@pytest.mark.parametrize("command", catalogue().values(), ids=lambda command: command.words)
def test_a_command_has_a_method_or_a_reason_why_not(command: Command) -> None:
    told = table()[command.words]["Method"]
    if not told.startswith("none: "):
        assert callable(method(told.strip("`")))


@pytest.mark.parametrize("command", catalogue().values(), ids=lambda command: command.words)
def test_a_command_was_run_on_every_real_version_that_has_it_or_says_why_not(command: Command) -> None:
    row = table()[command.words]
    for version in RUN_ON:
        cell = row[version]
        if command.is_offered(parse_version(version)):
            assert re.fullmatch(r"✓|✓ \[\d\]\(#notes\)|\[\d\]\(#notes\)", cell), (version, cell)
        else:
            assert cell == "not offered", (version, cell)


def test_every_note_is_there() -> None:
    text = PAGE.read_text()
    asked = set(re.findall(r"\[(\d)\]\(#notes\)", text))
    assert asked == set(re.findall(r"^(\d)\. ", text, re.MULTILINE))


def method(path: str) -> Any:
    """Return `Environment.dags.trigger` for "dags.trigger"."""
    return reduce(getattr, path.split("."), MwaaClient().environment("demo"))


def test_every_value_that_a_method_returns_is_public() -> None:
    for row in rows():
        if not row["Method"].startswith("none: "):
            returned = str(inspect.signature(method(row["Method"].strip("`"))).return_annotation)
            for name in re.findall(r"mwaa_async\._commands\.\w+\.(\w+)", returned):
                assert hasattr(mwaa_async, name), name


def test_the_commands_that_may_be_silent_are_those_of_the_catalogue() -> None:
    section = PAGE.read_text().partition("## Silence")[2].partition("##")[0]
    told = {
        words for line in section.splitlines() if line.startswith("- ") for words in re.findall("`([a-z][^`]*)`", line)
    }
    known = {words for command in catalogue().values() for words in command.spellings(None)}
    new = {words for words in known if words in catalogue() and not always_answers(words)}
    old = {words for words in known if words.split()[0] == "variables" and not always_answers(words)}
    assert told & known == new | old
