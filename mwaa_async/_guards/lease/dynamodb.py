"""The guard of all hosts that reach one DynamoDB table."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from mwaa_async._aws import AwsOptions, aws_client, open_account
from mwaa_async._clock import check_seconds
from mwaa_async._errors import TokenError
from mwaa_async._guards.lease.cluster import LeaseGuard
from mwaa_async._guards.lease.engine import Engine, EngineError

if TYPE_CHECKING:
    import aioboto3
    from aiobotocore.session import AioSession

_TIMEOUT = 3.0  # seconds for connecting, and for an answer
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
_TABLE = re.compile(r"[a-zA-Z0-9_.-]{3,255}|arn:[^:]+:dynamodb:[^:]+:\d+:table/[a-zA-Z0-9_.-]{3,255}")


class DynamoDBGuard(LeaseGuard):
    """Keeps the rule among all hosts and processes that use the same DynamoDB table and `prefix`.

    `mwaa-async guard create-table` makes the table; `table_name` may also be its ARN. Credentials and region come from
    where every AWS SDK takes them, or from `session`. `lease` is for how many seconds a host that shows no sign of life
    keeps the slot, and whoever waits looks every `poll_interval` seconds, which costs a read of half a unit each.
    Raises `ValueError` for what is no name of a table, and for durations that are none.
    """

    def __init__(
        self,
        table_name: str,
        *,
        session: "aioboto3.Session | AioSession | None" = None,
        region_name: str | None = None,
        endpoint_url: str | None = None,
        lease: float = 30.0,
        poll_interval: float = 0.25,
        prefix: str = "mwaa-async",
    ) -> None:
        check_table_name(table_name)
        check_seconds("poll_interval", poll_interval)
        if not poll_interval:
            raise ValueError("poll_interval must be more than 0 seconds")
        if not prefix:
            raise ValueError("prefix must be a text that is not empty")
        super().__init__(self._connected, lease=lease)
        self._table_name = table_name
        self._aws = AwsOptions(session, region_name)
        self._endpoint_url = endpoint_url
        self._poll_interval = poll_interval
        self._prefix = prefix

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Engine]:
        from mwaa_async._guards.lease.dynamodb_engine import DynamoDBEngine

        try:
            account = await open_account(self._aws)
        except TokenError as error:
            raise EngineError(str(error), may_pass=False) from error
        async with aws_client(account, "dynamodb", self._endpoint_url, _TIMEOUT) as client:
            yield DynamoDBEngine(client, self._table_name, self._prefix, self._poll_interval)

    def __repr__(self) -> str:
        return f"DynamoDBGuard({self._table_name!r})"


def check_table_name(name: str) -> str:
    """Return the name or ARN of a table, or raise `ValueError` where DynamoDB would not accept it."""
    if not isinstance(name, str) or not _TABLE.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot be the name of a DynamoDB table: 3 to 255 letters, digits, '_', '-' and '.', or an ARN"
        )
    return name
