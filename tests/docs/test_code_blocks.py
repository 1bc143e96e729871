"""Promise: whoever copies a code block of the documentation gets what the page says, or the page has a reason."""

import ast
import configparser
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import anyio
import pytest
import yaml

from mwaa_async.emulator import Emulator
from tests.docs.blocks import PAGES, ROOT, Block, blocks, emulator_arguments
from tests.guards.redis.server import RedisServer

pytestmark = pytest.mark.anyio

REGION = "eu-west-1"
ENVIRONMENTS = ["prod", "dev", "my-environment"]
# How many blocks say that they are not run, and why, in all pages together.
NOT_RUN = 8

Environ = dict[str, str]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture
async def emulator(request: pytest.FixtureRequest) -> AsyncIterator[Emulator]:
    """Serve the environments that the documentation has, as the page wants them."""
    wanted = {
        "environments": ENVIRONMENTS,
        "region": REGION,
        "mwaa_logs": False,
        **emulator_arguments(request.getfixturevalue("page")),
    }
    async with Emulator(**wanted) as emulator:
        yield emulator


@pytest.fixture
def environ(page: Path, emulator: Emulator, tmp_path: Path) -> Iterator[Environ]:
    """Return the environment variables of a reader with an empty home directory, a profile, and credentials."""
    # A page starts many programs: they load what is compiled already, and nobody counts their lines.
    left_out = ("AWS_", "COVERAGE_", "PYTEST", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    path = [
        str(refused(tmp_path / "refused")),
        str(Path(sys.executable).parent),
        os.environ.get("MWAA_ASYNC_AWS_CLIENTS", "") + "/bin",
        os.environ["PATH"],
    ]
    led = emulator.environ()
    credentials = [f"{name.lower()} = {led[name]}" for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")]
    profile = tmp_path / "aws.ini"
    profile.write_text("\n".join(["[profile prod]", f"region = {REGION}", *credentials]))
    with engines(page, tmp_path) as led_to_engines:
        yield {
            **kept,
            **led,
            **led_to_engines,
            "AWS_CONFIG_FILE": str(profile),
            "HOME": str(tmp_path),
            "PATH": os.pathsep.join(path),
            "PIP_NO_INDEX": "1",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "UV_OFFLINE": "1",
        }


def refused(directory: Path) -> Path:
    """Return a directory with programs that a page must not run here: they would change the installation."""
    directory.mkdir()
    for name in ("pip", "pip3", "tox", "uv"):
        program = directory / name
        program.write_text(f"#!/bin/sh\necho {name}: mark this block as not run; exit 1\n")
        program.chmod(0o755)
    return directory


@contextmanager
def engines(page: Path, directory: Path) -> Iterator[Environ]:
    """Serve the engines of guards of many hosts that the blocks of a page use."""
    used = "".join(block.code for block in blocks(page) if block.runs or block.file).lower()
    with ExitStack() as stack:
        environ: Environ = {}
        if "redis_url" in used:
            redis = RedisServer(directory)
            redis.start()
            stack.callback(redis.stop)
            environ["REDIS_URL"] = redis.url
        if "dynamodb" in used:
            from tests.guards.dynamodb.server import DynamoDBServer  # moto takes long to load

            dynamodb = DynamoDBServer()
            dynamodb.start()
            stack.callback(dynamodb.stop)
            environ["AWS_ENDPOINT_URL_DYNAMODB"] = dynamodb.environ()["AWS_ENDPOINT_URL_DYNAMODB"]
        yield environ


@pytest.mark.timeout(240)  # a page has many programs, one after the other
@pytest.mark.parametrize("page", [page for page in PAGES if any(block.runs for block in blocks(page))], ids=name_of)
async def test_the_code_blocks_of_a_page_do_what_it_says(page: Path, environ: Environ, tmp_path: Path) -> None:
    directory = tmp_path / "page"
    directory.mkdir()
    if page.parent == ROOT:
        shutil.copytree(ROOT / "examples", directory / "examples")
    reader = [sys.executable, "-W", "error", "-m", "tests.docs.page", str(page)]
    done = await anyio.run_process(reader, cwd=directory, env=environ, check=False, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_code_block_is_passed_over(page: Path) -> None:
    fences = re.findall(r"^\s*(?:```+|:::+|~~~+)\S.*$", page.read_text(encoding="utf-8"), re.MULTILINE)
    found = [block for block in blocks(page) if "\n" not in block.language]
    hidden = page.read_text(encoding="utf-8").count("<!-- python:\n") + page.read_text(encoding="utf-8").count(
        "<!-- sh:\n"
    )
    assert len(found) == len(fences) + hidden
    assert [block for block in found if not block.is_known] == []


def test_few_blocks_are_not_run_and_each_says_why() -> None:
    reasons = [
        f"{name_of(page)}: {block.mark}" for page in PAGES for block in blocks(page) if block.mark.startswith("not run")
    ]
    assert [reason for reason in reasons if not re.search(r"not run: \S+ \S+", reason)] == []
    assert len(reasons) == NOT_RUN, "\n".join(reasons)


def parses_csv(text: str) -> None:
    [header, *rows] = csv.reader(text.splitlines())
    assert {len(row) for row in rows} == {len(header)}


PARSERS: dict[str, Callable[[str], object]] = {
    "python": lambda text: compile(text, "block", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT),
    "json": json.loads,
    "yaml": lambda text: list(yaml.safe_load_all(text)),
    "toml": tomllib.loads,
    "ini": lambda text: configparser.ConfigParser().read_string(text),
    "csv": parses_csv,
}


def documents() -> Iterator[tuple[Path, Block]]:
    """Return the blocks that have to parse, those that are not run among them."""
    return ((page, block) for page in PAGES for block in blocks(page) if block.language in PARSERS)


def test_every_document_of_a_page_parses() -> None:
    for page, block in documents():
        try:
            PARSERS[block.language](block.code)
        except Exception as error:
            error.add_note(f"{page}:{block.line}")
            raise
