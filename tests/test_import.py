"""What `import mwaa_async` brings: all public names at once, and what is heavy only when it is used."""

import subprocess
import sys

import pytest

import mwaa_async

HEAVY = (
    "aioboto3",
    "aiohttp",
    "botocore",
    "click",
    "filelock",
    "rich",
    "sqlite3",
    "urllib.request",
    "mwaa_async._bulk",
    "mwaa_async._commands.dags",
)


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a statement loads in a new interpreter, which may have loaded some already."""
    program = f"import sys\nbefore = set(sys.modules)\n{statement}\nprint(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("statement", ["import mwaa_async", "from mwaa_async import MwaaClient"])
def test_who_imports_the_client_does_not_wait_for_what_is_heavy(statement: str) -> None:
    assert not loaded_by(statement) & set(HEAVY)


def test_every_public_name_can_be_imported() -> None:
    loaded_by(f"from mwaa_async import {', '.join(mwaa_async.__all__)}")


def test_all_names_are_shown_and_no_others_invented() -> None:
    assert set(mwaa_async.__all__) <= set(dir(mwaa_async))
    with pytest.raises(AttributeError, match="TriggerOutcomes"):
        _ = mwaa_async.TriggerOutcomes  # type: ignore[attr-defined]


def test_a_command_of_the_program_loads_no_other_ones_libraries() -> None:
    others = {"sqlite3", "rich", "yaml", "mwaa_async._bulk", "mwaa_async.emulator"}
    run = "from mwaa_async._cli import program; program(['run', '--help'], standalone_mode=False)"
    assert not loaded_by(run) & others
