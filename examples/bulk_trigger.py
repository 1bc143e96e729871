"""Trigger a DAG run for every row of a CSV file, each exactly once, and print what became of each.

Run again with the same journal, after whatever ended it, it goes on where it was. When all rows are finished it says
so; the next night has another journal.

python examples/bulk_trigger.py examples/nightly.csv nightly-$(date +%F).journal
"""

import asyncio
import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mwaa_async import BatchFinishedError, MwaaClient, TriggerOutcome, TriggerRequest


async def main(file: str, journal: str) -> int:
    """Trigger all of them: the environments in parallel, each one run at a time."""
    counts: Counter[str] = Counter()
    try:
        async with MwaaClient() as client:
            async for outcome in client.trigger_many(requests(Path(file)), journal=journal):
                counts[outcome.status] += 1
                print(described(outcome))
    except BatchFinishedError as finished:
        print(finished)
        return 5
    print(", ".join(f"{count} {status}" for status, count in counts.items()))
    return 1 if counts["failed"] or counts["unknown"] else 0


def requests(file: Path) -> Iterator[TriggerRequest]:
    """Read the rows: `environment`, `dag_id`, and a `conf` in JSON or none."""
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield TriggerRequest(row["environment"], row["dag_id"], json.loads(row["conf"] or "null"))


def described(outcome: TriggerOutcome) -> str:
    """Say in a line what became of a request."""
    request = outcome.request
    return f"{request.environment:10} {request.dag_id:10} {outcome.status}: {outcome.error or outcome.run_id}"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(*sys.argv[1:])))
