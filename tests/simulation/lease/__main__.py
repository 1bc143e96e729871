"""Replays one run: `python -m tests.simulation.lease SEED`."""

import sys

from tests.simulation.lease.world import BrokenPromiseError, simulate

try:
    print(simulate(int(sys.argv[1])))
except BrokenPromiseError as broken:
    sys.exit(str(broken))
