"""Usage: python -m tests.install_dynalite DIRECTORY

Installs dynalite, a DynamoDB of another maker than moto, in DIRECTORY, where node is there; otherwise says so.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.install import is_complete, mark_complete

WANTED = "dynalite@4.0.0"


def main(directory: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        print("node is not there: the guard on DynamoDB is tried with moto alone")
    elif not is_complete(directory, WANTED):
        directory.mkdir(parents=True, exist_ok=True)
        words = ("install", "--silent", "--no-fund", "--no-audit", "--prefix", directory, WANTED)
        subprocess.run([npm, *words], check=True, timeout=300)
        mark_complete(directory, WANTED)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
