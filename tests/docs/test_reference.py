"""Promise: the reference has what the code has, and each page is as short as its kind should be."""

import re
from pathlib import Path

import pytest

import mwaa_async
from docs.generated import WHAT_TO_DO
from mwaa_async import MwaaError, events
from mwaa_async._cli import exits
from tests.docs.blocks import PAGES, ROOT

REFERENCE = ROOT / "docs" / "reference"
HOW_TO = sorted((ROOT / "docs" / "how-to").glob("*.md"))


def page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


def test_every_public_name_is_in_the_reference() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in REFERENCE.glob("*.md"))
    errors = {name for name in mwaa_async.__all__ if name.endswith("Error") and name != "DagImportError"}
    documented = set(re.findall(r"autoclass:: mwaa_async\.(\w+)$", text, re.MULTILINE))
    assert documented | errors | {"__version__"} == {*mwaa_async.__all__}
    assert "automodule:: mwaa_async.events" in text
    assert events.__doc__


def test_every_error_says_what_to_do() -> None:
    errors = {name for name in mwaa_async.__all__ if issubclass_of_error(getattr(mwaa_async, name))}
    assert WHAT_TO_DO.keys() == errors


def issubclass_of_error(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, MwaaError)


def test_every_environment_variable_of_the_code_is_in_the_reference() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "mwaa_async").rglob("*.py"))
    told = page("environment-variables")
    options = "{generated} environment_variables" in told
    for name in set(re.findall(r"\bMWAA_ASYNC_[A-Z_]+[A-Z]\b", code)):
        assert f"`{name}`" in told or (options and name in OF_OPTIONS), name


OF_OPTIONS = {
    "MWAA_ASYNC_ENDPOINT_URL",
    "MWAA_ASYNC_PROFILE",
    "MWAA_ASYNC_REGION",
    "MWAA_ASYNC_CONNECT_TO",
    "MWAA_ASYNC_PROXY",
}


def test_every_exit_status_of_the_program_is_in_the_reference() -> None:
    told = {int(status) for status in re.findall(r"^\| (\d+) \|", page("command-line"), re.MULTILINE)}
    assert {value for name, value in vars(exits).items() if name.isupper()} <= told


@pytest.mark.parametrize("path", HOW_TO, ids=lambda path: path.stem)
def test_a_how_to_is_shorter_than_6_kB(path: Path) -> None:
    assert path.stat().st_size < 6_000


def test_every_link_of_the_readme_leads_to_a_page_and_a_heading() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert links
    assert [link for link in links if not leads_somewhere(link)] == []


def leads_somewhere(link: str) -> bool:
    path, _, anchor = link.partition("#")
    end = ROOT / path
    return end.exists() and (not anchor or anchor in anchors(end))


def anchors(path: Path) -> set[str]:
    """Return the anchors that GitHub makes of headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_of_the_site_is_one_that_the_tests_of_code_blocks_read() -> None:
    assert {*(ROOT / "docs").rglob("*.md")} < {*PAGES}
