"""Trigger a list of DAGs, one after the other as MWAA demands, and print what became of each.

python examples/trigger_dags.py ENVIRONMENT DAG_ID...
"""

import asyncio
import sys

from mwaa_async import Environment, MwaaClient, MwaaError


async def main(environment_name: str, *dag_ids: str) -> int:
    """Ask for all of them at once; the client sends one at a time."""
    async with MwaaClient() as client:
        environment = client.environment(environment_name)
        outcomes = await asyncio.gather(*(trigger(environment, dag_id) for dag_id in dag_ids))
    return 0 if all(outcomes) else 1


async def trigger(environment: Environment, dag_id: str) -> bool:
    """Trigger one DAG, print what became of it, and tell whether it was triggered."""
    try:
        run = await environment.dags.trigger(dag_id, conf={"by": "example"})
    except MwaaError as error:
        print(f"{dag_id:10} not triggered: {error}")
        return False
    print(f"{dag_id:10} {run.state}: {run.run_id}")
    return True


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(*sys.argv[1:])))
