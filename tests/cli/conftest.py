"""The program, led nowhere yet."""

import os
from pathlib import Path

import pytest

from tests.cli.program import CommandLine


@pytest.fixture
def mwaa_async(tmp_path: Path) -> CommandLine:
    # Nothing that the machine's user has set for AWS, for this program, or for another terminal, has a say.
    others = ("AWS_", "MWAA_ASYNC_", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    nothing = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    return CommandLine(
        {
            **environ,
            **nothing,
            "AWS_EC2_METADATA_DISABLED": "true",
            "MWAA_ASYNC_LOCK_DIRECTORY": str(tmp_path / "locks"),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
        }
    )
