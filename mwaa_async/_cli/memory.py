"""Names that are remembered for a while, in files that only this user reads."""

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_KEPT_AT_MOST = 86_400.0  # seconds


class Memory:
    """The names of one kind in one place; `about` is what tells the place from others, and is not written down.

    It is good for nothing but convenience: what cannot be read or written is not remembered.
    """

    def __init__(self, kind: str, *about: str | None) -> None:
        self._name = f"{kind}-{hashlib.sha256(json.dumps(about).encode()).hexdigest()[:24]}.json"

    def names(self) -> list[str] | None:
        """Return the names, or `None` where none are remembered any more."""
        with suppress(OSError, RuntimeError, ValueError, KeyError, TypeError):
            kept = json.loads((_directory() / self._name).read_bytes())
            if 0 < kept["until"] - time.time() <= _KEPT_AT_MOST:
                return [str(name) for name in kept["names"]]
        return None

    def keep(self, names: Iterable[str], seconds: float) -> None:
        """Remember the names for that long, in the place of those that were."""
        text = json.dumps({"until": time.time() + seconds, "names": list(names)})
        with suppress(OSError, RuntimeError):
            directory = _directory()
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            _forget_old(directory)
            _replace(directory / self._name, text)


def _directory() -> Path:
    """Return the directory of the XDG Base Directory Specification, which wants no relative path to be used.

    Raises `RuntimeError` where the user has no home.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path("~/.cache").expanduser()) / "mwaa-async"


def _replace(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)  # which is private
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _forget_old(directory: Path) -> None:
    for path in directory.iterdir():
        if time.time() - path.stat().st_mtime > _KEPT_AT_MOST:
            path.unlink(missing_ok=True)
