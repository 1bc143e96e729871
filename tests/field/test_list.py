"""The list in README.md and the tests beside it are the same."""

import re
from pathlib import Path

HERE = Path(__file__).parent


def rows() -> list[list[str]]:
    lines = [line for line in (HERE / "README.md").read_text().splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def written() -> set[str]:
    files = [path for path in HERE.glob("test_*.py") if path.name != Path(__file__).name]
    named = re.compile(r"^async def (test_\w+)", re.MULTILINE)
    return {f"{path.name}::{name}" for path in files for name in named.findall(path.read_text())}


def test_each_report_has_its_test_and_each_test_its_report() -> None:
    listed = [row[3].strip("`") for row in rows()]
    assert len(listed) == len(set(listed))
    assert set(listed) == written()


def test_each_report_says_where_it_comes_from_what_it_is_and_what_is_right() -> None:
    for row in rows():
        assert len(row) == 4
        assert all(row), row
