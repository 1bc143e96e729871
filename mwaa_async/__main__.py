"""The program `mwaa-async`, also as `python -m mwaa_async`."""

import gc
import os
import sys
from importlib.util import find_spec

_INTERRUPTED = 130


def main() -> int:
    """Run the command line and return its exit status."""
    # Modules are no garbage: looking for it as often as in a program of many objects takes a tenth of the whole time.
    gc.set_threshold(50_000)
    _open_missing_streams()
    try:
        if find_spec("click") is None:
            sys.stderr.write("mwaa-async: the command line needs the extra 'cli': pip install 'mwaa-async[cli]'\n")
            return 2
        from mwaa_async._cli import program
        from mwaa_async._cli.exits import run_to_exit
        from mwaa_async._cli.signals import end_like_ctrl_c, status_of_signal
    except KeyboardInterrupt:
        sys.stderr.write("mwaa-async: interrupted; nothing is running\n")
        return _INTERRUPTED
    end_like_ctrl_c()  # up to here nothing has begun that would have to end
    try:
        return status_of_signal(run_to_exit(program))
    finally:
        gc.freeze()  # nor is it worth a look when the process ends


def _open_missing_streams() -> None:
    """Open stdout and stderr where they are closed, so that everything may count on them.

    What is written to a closed stdout is missed by somebody, so it fails (gnulib's `stdopen` does it so); who closes
    stderr wants no messages.
    """
    for name, mode in (("stdout", os.O_RDONLY), ("stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, mode)
            setattr(sys, name, os.fdopen(nowhere, "w", encoding="utf-8", errors="backslashreplace"))


if __name__ == "__main__":
    sys.exit(main())
