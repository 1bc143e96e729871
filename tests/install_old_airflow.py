"""Usage: python -m tests.install_old_airflow DIRECTORY VERSION

Makes a virtual environment in DIRECTORY with an Airflow that needs an older Python than this project, and with no
requirement of it newer than itself: those of today do not fit.

The Python is the one that the environment variable MWAA_ASYNC_PYTHON_3_7 (…_3_8, …_3_10) names, or one on PATH, or
pyenv's. Without it the installation fails: nothing is skipped.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.install import install, is_complete, mark_complete, uv


@dataclass(frozen=True, slots=True)
class Recipe:
    """The Python for an Airflow, the day as of which it is installed, and what is put over that on its own."""

    python: str
    day: str
    requirements: tuple[str, ...]
    over: tuple[str, ...] = ()


RECIPES = {
    # The last 1.10 pins what 1.10.12 left open.
    "1.10.12": Recipe(
        "3.7", "2021-03-25", ("apache-airflow==1.10.15", "sqlalchemy<1.4"), over=("apache-airflow==1.10.12",)
    ),
    "2.2.5": Recipe("3.8", "2022-04-20", ("apache-airflow==2.2.5",)),
    "2.5.3": Recipe("3.10", "2023-04-15", ("apache-airflow==2.5.3",)),
}


def main(directory: Path, recipe: Recipe) -> None:
    if is_complete(directory, wanted := repr(recipe)):
        return
    uv("venv", "--clear", "--python", find_python(recipe.python), directory)
    install(directory, "--exclude-newer", recipe.day, *recipe.requirements)
    if recipe.over:
        install(directory, "--exclude-newer", recipe.day, "--no-deps", *recipe.over)
    mark_complete(directory, wanted)


def find_python(version: str) -> str:
    """Return the path of a Python of this version."""
    variable = f"MWAA_ASYNC_PYTHON_{version.replace('.', '_')}"
    for candidate in candidates(version, variable):
        if is_python(candidate, version):
            return candidate
    sys.exit(f"no Python {version} for this Airflow: none on PATH, none of pyenv's, and {variable} names none")


def candidates(version: str, variable: str) -> Iterator[str]:
    if variable in os.environ:
        yield os.environ[variable]
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    if pyenv := shutil.which("pyenv"):
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=True).stdout.strip()
        yield from map(str, sorted(Path(root).glob(f"versions/{version}.*/bin/python"), reverse=True))


def is_python(program: str, version: str) -> bool:
    # One of pyenv's that is not chosen is on PATH all the same, and fails.
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([program, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.stdout.strip() == version


if __name__ == "__main__":
    main(Path(sys.argv[1]), RECIPES[sys.argv[2]])
