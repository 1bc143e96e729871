"""A program that triggers the rows of a batch, to be killed: `python -m tests.bulk.worker JOURNAL ROWS [ENVIRONMENT…]`.

It is led to an emulator by the environment variables. It tells when it begins, and in the end, as JSON, how often there
was which outcome, and where the system says so how much memory it has had at most (in KB).
"""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path

from mwaa_async import HostGuard, MwaaClient
from tests.bulk.rows import ENVIRONMENTS, each_request

SETTLE_TIME = 0.02


async def main(journal: Path, count: int, *environments: str) -> None:
    """Trigger them all."""
    guard = HostGuard(journal.parent / "locks")
    counts: Counter[str] = Counter()
    async with MwaaClient(guard=guard, settle_time=SETTLE_TIME) as client:
        print("begun", flush=True)
        async for outcome in client.trigger_many(each_request(count, environments or ENVIRONMENTS), journal=journal):
            counts[outcome.status] += 1
    print(json.dumps({"outcomes": counts, "memory": _highest_memory()}))


def _highest_memory() -> int | None:
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1])


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
