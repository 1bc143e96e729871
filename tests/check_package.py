"""Usage: python -m tests.check_package DIRECTORY [TAG]

Checks the wheel and the source distribution in DIRECTORY: that they have the files that they should have and no
others, that the wheel works where nothing but its own requirements is installed, and, before a release, that version,
changelog and tag (`v1.2.3`) agree.
"""

import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from tests.install import install, uv

ROOT = Path(__file__).parents[1]
SOURCES = ("mwaa_async", "tests", "docs", "examples", "benchmarks")
BESIDE = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "tox.ini", "pyproject.toml")


def main(directory: Path, tag: str | None) -> None:
    [wheel], [source] = directory.glob("*.whl"), directory.glob("*.tar.gz")
    version = wheel.name.split("-")[1]
    check_same(in_wheel(wheel), {*files("mwaa_async")}, wheel)
    check_same(in_source(source), {*BESIDE, *(name for folder in SOURCES for name in files(folder))}, source)
    check_works_alone(wheel, version)
    if tag is not None:
        check_is_ready(version, tag)
    print(f"{wheel.name} and {source.name} have what they should have, and the wheel works")


def files(folder: str) -> Iterator[str]:
    """Yield the names of the files of a folder that git knows, or would take."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", folder]
    listed = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    yield from filter(None, listed.split("\0"))


def in_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def in_source(source: Path) -> set[str]:
    with tarfile.open(source) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    return names - {"PKG-INFO", ".gitignore"}  # which hatchling adds


def check_same(packed: set[str], wanted: set[str], archive: Path) -> None:
    if packed != wanted:
        sys.exit(f"{archive.name}: missing {sorted(wanted - packed)}, too much {sorted(packed - wanted)}")


def check_works_alone(wheel: Path, version: str) -> None:
    """Use the wheel in an empty environment: the library does without any extra, and the program names its own."""
    with tempfile.TemporaryDirectory() as directory:
        python = Path(directory, "bin", "python")
        uv("venv", "--python", sys.executable, directory)
        install(Path(directory), str(wheel))
        code = "import mwaa_async as m; m.MwaaClient(guard=m.HostGuard()); print(m.__version__)"
        check_says([python, "-c", code], version)
        check_says([python.with_name("mwaa-async")], "mwaa-async[cli]", status=2)
        install(Path(directory), f"{wheel}[cli]")
        check_says([python.with_name("mwaa-async"), "--version"], version)


def check_says(words: list[str | Path], text: str, status: int = 0) -> None:
    done = subprocess.run(words, check=False, capture_output=True, text=True, cwd=tempfile.gettempdir())
    if done.returncode != status or text not in done.stdout + done.stderr:
        sys.exit(f"{words[-1]}: exit status {done.returncode}, {done.stdout}{done.stderr}")


def check_is_ready(version: str, tag: str) -> None:
    """Compare the tag with the version, and look for the version's changes."""
    if tag != f"v{version}":
        sys.exit(f"the tag is {tag}, and the version is {version}")
    if f"\n## {version} (20" not in (ROOT / "CHANGELOG.md").read_text():
        sys.exit(f"CHANGELOG.md has no section {version!r} with a date")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
