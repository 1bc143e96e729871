"""Usage: python install.py DIRECTORY REQUIREMENT...

Makes a virtual environment in DIRECTORY with these requirements, unless it is there already. What the tests run as
programs of their own (awscli, Airflow) pins packages that this project needs in other versions.
"""

import subprocess
import sys
from pathlib import Path


def main(directory: Path, requirements: list[str]) -> None:
    wanted = "\n".join([sys.version, *requirements])
    if is_complete(directory, wanted):
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", directory], check=True)
    # pip compiles what it installs, also where PYTHONDONTWRITEBYTECODE keeps the programs from doing so themselves.
    subprocess.run([directory / "bin" / "python", "-m", "pip", "install", "-qq", *requirements], check=True)
    mark_complete(directory, wanted)


def is_complete(directory: Path, wanted: str) -> bool:
    """Tell whether there is an environment with what is wanted, and its installation was not interrupted."""
    complete = directory / "complete.txt"
    return complete.is_file() and complete.read_text() == wanted


def mark_complete(directory: Path, wanted: str) -> None:
    (directory / "complete.txt").write_text(wanted)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
