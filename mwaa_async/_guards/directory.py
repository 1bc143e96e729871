"""Where the lock files are: in the same place for every process of a user, whatever its environment variables say."""

import os
import stat
from functools import cache
from pathlib import Path

VARIABLE = "MWAA_ASYNC_LOCK_DIRECTORY"


def lock_directory() -> Path:
    """Return the directory of this user, or the one that is named by `MWAA_ASYNC_LOCK_DIRECTORY`."""
    named = os.environ.get(VARIABLE)
    return Path(named).absolute() if named else _of_user()


@cache
def _of_user() -> Path:
    """Return a directory in the home directory, which outlives a logout and is not cleaned like `/tmp`.

    `HOME`, `XDG_RUNTIME_DIR`, `XDG_STATE_HOME` and `TMPDIR` do not count: cron, systemd and `sudo` set other ones than
    a login does. Without a home directory of its own (a container, a Lambda function) a user has one in `/tmp`.
    """
    if not hasattr(os, "geteuid"):
        return Path.home() / "AppData" / "Local" / "mwaa-async"
    home = _home(os.geteuid())
    return Path(f"/tmp/mwaa-async-{os.geteuid()}") if home is None else home / ".local" / "state" / "mwaa-async"  # noqa: S108


def _home(user: int) -> Path | None:
    """Return the home directory that the password database knows, where it is there and the user's own."""
    import pwd

    try:
        home = Path(pwd.getpwuid(user).pw_dir)
        found = home.stat()
    except (KeyError, OSError):
        return None
    return home if stat.S_ISDIR(found.st_mode) and found.st_uid == user else None


def private_directory(directory: Path) -> None:
    """Make the directory where it is missing, for this user alone.

    Raises `OSError` where it is a link, belongs to somebody else, or others may write to it.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(f"{directory} is not a directory of its own, but a link or a file")
    check_owner(directory, found)


def check_owner(path: Path, found: os.stat_result) -> None:
    """Raise `PermissionError` where others than this user may write."""
    if not hasattr(os, "geteuid"):
        return  # Windows keeps a user's files to himself in another way
    if found.st_uid != os.geteuid():
        raise PermissionError(f"{path} belongs to another user")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"others may write to {path}")
