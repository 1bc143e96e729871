"""The program `mwaa-async`, also as `python -m mwaa_async`."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

_INTERRUPTED = 130


def main() -> int:
    """Run the command line and return its exit status."""
    _open_missing_streams()
    try:
        if find_spec("click") is None:
            sys.stderr.write("mwaa-async: the command line needs the extra 'cli': pip install 'mwaa-async[cli]'\n")
            return 2
        from mwaa_async._cli import program
        from mwaa_async._cli.exits import run_to_exit
    except KeyboardInterrupt:
        sys.stderr.write("mwaa-async: interrupted; nothing is running\n")
        return _INTERRUPTED
    return run_to_exit(program)


def _open_missing_streams() -> None:
    """Lead stdout and stderr nowhere where they are closed, so that everything may count on them."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open("w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115  # for good
            setattr(sys, name, nowhere)


if __name__ == "__main__":
    sys.exit(main())
