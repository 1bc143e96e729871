"""Replays one run: `python -m tests.simulation SEED`."""

import sys

from tests.simulation.world import BrokenPromiseError, simulate

try:
    print(simulate(int(sys.argv[1])))
except BrokenPromiseError as broken:
    sys.exit(str(broken))
