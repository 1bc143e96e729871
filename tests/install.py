"""Usage: python -m tests.install DIRECTORY REQUIREMENT...

Makes a virtual environment in DIRECTORY with these requirements, unless it is there already. What the tests run as
programs of their own (awscli, Airflow) pins packages that this project needs in other versions. `--exclude-newer DAY`
among the requirements is uv's: an Airflow of last year does not fit the packages of today, and pip looks for ones that
do fit for longer than anybody waits.
"""

import subprocess
import sys
from pathlib import Path


def main(directory: Path, requirements: list[str]) -> None:
    wanted = "\n".join([sys.version, *requirements])
    if is_complete(directory, wanted):
        return
    uv("venv", "--clear", "--python", sys.executable, directory)
    install(directory, *requirements)
    mark_complete(directory, wanted)


def install(directory: Path, *requirements: str) -> None:
    # Compiled, since PYTHONDONTWRITEBYTECODE would have every command do so anew.
    uv("pip", "install", "--python", directory, "--compile-bytecode", *requirements)


def uv(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "uv", "--quiet", *arguments], check=True)


def is_complete(directory: Path, wanted: str) -> bool:
    """Tell whether there is an environment with what is wanted, and its installation was not interrupted."""
    complete = directory / "complete.txt"
    return complete.is_file() and complete.read_text() == wanted


def mark_complete(directory: Path, wanted: str) -> None:
    (directory / "complete.txt").write_text(wanted)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
