"""`mwaa-async emulator`: what its options choose."""

import subprocess
import sys

import pytest

PROGRAM = (sys.executable, "-m", "mwaa_async")
DISABLED = "CloudWatch logging is disabled for SubprocessLogHandler\n"


def emulator(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, "emulator", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ((), 12),
        (("--no-mwaa-logs",), 0),
        (("--airflow-version", "2.5.3"), 0),
        (("--airflow-version", "2.5.3", "--mwaa-logs"), 12),
    ],
)
def test_mwaas_own_lines_are_printed_as_asked(options: tuple[str, ...], lines: int) -> None:
    done = emulator(*options, *PROGRAM, "run", "demo", "variables", "set", "key", "value")
    assert (done.stdout + done.stderr).count(DISABLED) == lines
    assert "Variable key created\n" in done.stdout


def test_mwaas_own_lines_are_not_added_to_what_an_installed_airflow_prints() -> None:
    done = emulator("--airflow-binary", "/bin/sh", "--mwaa-logs")
    assert done.returncode == 2
    assert "--mwaa-logs is for an Airflow in memory" in done.stderr
