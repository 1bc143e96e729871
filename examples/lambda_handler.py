"""An AWS Lambda function that triggers a DAG run for each event, any number of them at the same time.

Set the handler to `lambda_handler.handler`, the function's time-out to a minute or more, and these variables:

    MWAA_ENVIRONMENT   the environment's name
    MWAA_GUARD_TABLE   the table that `mwaa-async guard create-table TABLE` has made

Its role needs `airflow:CreateCliToken`, `airflow:GetEnvironment`, and `dynamodb:GetItem` and `dynamodb:UpdateItem` on
the table. An event is one of EventBridge: `{"id": "…", "detail": {"dag_id": "etl", "conf": {"day": "2026-01-01"}}}`.
An error is left to Lambda, which repeats the event: with the same id, and so without a second run.

To try it, with the table in your account or in DynamoDB Local (`AWS_ENDPOINT_URL_DYNAMODB=http://localhost:8000`):

    export MWAA_ENVIRONMENT=demo MWAA_GUARD_TABLE=mwaa-async
    mwaa-async emulator -- python examples/lambda_handler.py '{"id": "1", "detail": {"dag_id": "etl"}}'
"""

import asyncio
import json
import logging
import os
import sys
from typing import Any, Protocol

from mwaa_async import DynamoDBGuard, MwaaClient

# Closing the client waits for what is on the wire (`settle_time`, 10 s), and then gives the lease back.
RESERVE = 15.0

logging.getLogger("mwaa_async").setLevel(logging.INFO)
runner = asyncio.Runner()  # one event loop for all invocations
guard = DynamoDBGuard(os.environ["MWAA_GUARD_TABLE"])


class Context(Protocol):
    """What Lambda says of an invocation."""

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the invocation may still take."""


def handler(event: dict[str, Any], context: Context) -> dict[str, str | None]:
    """Trigger the run of an event, and return its run id."""
    seconds = context.get_remaining_time_in_millis() / 1000 - RESERVE
    return runner.run(trigger(event, max(seconds, 2.0)))


async def trigger(event: dict[str, Any], seconds: float) -> dict[str, str | None]:
    """Trigger the run, with half of the time for its turn and half for the answer."""
    # Opened for each event: a function that is frozen must not keep the environment's lease.
    async with MwaaClient(guard=guard) as client:
        run = await client.environment(os.environ["MWAA_ENVIRONMENT"]).dags.trigger(
            event["detail"]["dag_id"],
            conf=event["detail"].get("conf"),
            run_id=f"event-{event['id']}",
            exists_ok=True,
            queue_timeout=seconds / 2,
            timeout=seconds / 2,
        )
    return {"dag_id": run.dag_id, "run_id": run.run_id, "state": run.state}


class OneMinute:
    """The context of a call by hand."""

    def get_remaining_time_in_millis(self) -> int:
        """Return a minute."""
        return 60_000


if __name__ == "__main__":
    print(handler(json.loads(sys.argv[1]), OneMinute()))
