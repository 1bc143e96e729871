"""Usage: python install.py DIRECTORY REQUIREMENT...

Makes a virtual environment in DIRECTORY with these requirements, unless it is there already. What the tests run as
programs of their own (awscli, Airflow) pins packages that this project needs in other versions.
"""

import subprocess
import sys
from pathlib import Path


def main(directory: Path, requirements: list[str]) -> None:
    # Written last: an installation that was interrupted has none and is made anew.
    complete = directory / "complete.txt"
    wanted = "\n".join([sys.version, *requirements])
    if complete.is_file() and complete.read_text() == wanted:
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", directory], check=True)
    # pip compiles what it installs, also where PYTHONDONTWRITEBYTECODE keeps the programs from doing so themselves.
    subprocess.run([directory / "bin" / "python", "-m", "pip", "install", "--quiet", *requirements], check=True)
    complete.write_text(wanted)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
