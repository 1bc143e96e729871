"""An environment in which nothing leads an example to the real AWS."""

import os
import sys
from pathlib import Path

import pytest

# What the machine's user has set for AWS, or for this project's programs, has no say.
_OTHERS = ("AWS_", "MWAA_")


@pytest.fixture(autouse=True)
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what an example finds in its environment; the emulator's own variables are added by who starts one."""
    for name in [name for name in os.environ if name.startswith(_OTHERS)]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("MWAA_ASYNC_LOCK_DIRECTORY", str(tmp_path / "locks"))
    monkeypatch.setenv("MWAA_ENVIRONMENT", "demo")
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
