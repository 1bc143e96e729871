"""Trigger several DAGs, wait for all of their runs at the same time, and print how each of them ends.

    mwaa-async emulator --dag etl --dag report --dag broken:fails -- \\
        python examples/wait_for_runs.py demo etl report broken
    AWS_PROFILE=prod python examples/wait_for_runs.py my-environment etl report --run-id nightly-2026-01-01

All runs have the same run id. Called again with it, after Ctrl-C or a crash, the program takes the runs that are there
and waits for them. Exit status: 0 all succeeded, 1 a run failed (or was not triggered), 124 one has not ended in time,
130 interrupted.
"""

import argparse
import asyncio
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from mwaa_async import DagRunFailedError, DagRunNotEndedError, Environment, MwaaClient, MwaaError

DONE, FAILED, NOT_ENDED, INTERRUPTED = 0, 1, 124, 130


async def run_all(environment_name: str, dag_ids: Sequence[str], run_id: str, timeout: float) -> int:
    """Trigger all of them and wait; the client sends one command at a time."""
    async with MwaaClient() as client, asyncio.TaskGroup() as tasks:
        environment = client.environment(environment_name)
        ends = [tasks.create_task(run_one(environment, dag_id, run_id, timeout)) for dag_id in dag_ids]
    statuses = {end.result() for end in ends}
    return next((status for status in (FAILED, NOT_ENDED) if status in statuses), DONE)


async def run_one(environment: Environment, dag_id: str, run_id: str, timeout: float) -> int:
    """Trigger one DAG, wait for its run, print how that ends, and return its exit status."""
    try:
        run = await environment.dags.trigger(dag_id, run_id=run_id, exists_ok=True)
        print(f"{dag_id}: {run.state}")
        await run.wait(timeout=timeout)
    except DagRunFailedError as error:
        print(f"{dag_id}: failed in {', '.join(error.failed_tasks or ['unknown tasks'])}; see {error.url}")
        return FAILED
    except DagRunNotEndedError as error:
        print(f"{dag_id}: not ended{', since the DAG is paused' if error.dag_is_paused else ''}; see {error.url}")
        return NOT_ENDED
    except MwaaError as error:
        print(f"{dag_id}: {error}")
        return FAILED
    print(f"{dag_id}: success")
    return DONE


def main() -> int:
    """Read the command line, and do what it says."""
    parser = argparse.ArgumentParser(description="Trigger DAGs and wait for their runs.")
    parser.add_argument("environment")
    parser.add_argument("dag_ids", metavar="DAG_ID", nargs="+")
    parser.add_argument("--run-id", default=f"by_hand__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}")
    parser.add_argument("--timeout", type=float, default=7200.0, metavar="SECONDS", help="for each run (7200)")
    chosen = parser.parse_args()
    try:
        return asyncio.run(run_all(chosen.environment, chosen.dag_ids, chosen.run_id, chosen.timeout))
    except KeyboardInterrupt:
        again = [sys.argv[0], chosen.environment, *chosen.dag_ids, "--run-id", chosen.run_id]
        print(f"interrupted; what was triggered goes on. To wait for it: python {shlex.join(again)}", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
