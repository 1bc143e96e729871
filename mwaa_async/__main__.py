"""The program `mwaa-async`, also as `python -m mwaa_async`."""

import sys
from importlib.util import find_spec


def main() -> int:
    """Run the command line and return its exit status."""
    if find_spec("click") is None:
        sys.stderr.write("mwaa-async: the command line needs the extra 'cli': pip install 'mwaa-async[cli]'\n")
        return 2
    from mwaa_async._cli import program
    from mwaa_async._cli.exits import run_to_exit

    return run_to_exit(program)


if __name__ == "__main__":
    sys.exit(main())
