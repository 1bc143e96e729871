"""The table of a `DynamoDBGuard`: on demand, one item for each environment, and old ones vanish."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from mwaa_async._aws import AwsOptions, aws_client, open_account
from mwaa_async._errors import GuardError
from mwaa_async._guards.lease.dynamodb_errors import engine_error, error_code
from mwaa_async._guards.lease.dynamodb_record import EXPIRES, KEY
from mwaa_async._guards.lease.engine import EngineError

T = TypeVar("T")

_TIMEOUT = 10.0  # seconds for connecting, and for an answer
_POLL = 1.0  # seconds between two looks at a table that is being made
_LONGEST = 300.0  # seconds
_KEYS = [{"AttributeName": KEY, "KeyType": "HASH"}]


async def create_table(table_name: str, options: AwsOptions, endpoint_url: str | None = None) -> bool:
    """Make the table, and wait until it may be used; `False` where it was there. Raises `MwaaError`."""
    account = await open_account(options)
    async with aws_client(account, "dynamodb", endpoint_url, _TIMEOUT) as client:
        try:
            is_new = await _create(client, table_name)
            async with asyncio.timeout(_LONGEST):
                await _until_usable(client, table_name)
            await _let_items_vanish(client, table_name)
        except EngineError as error:
            raise GuardError(str(error)) from None
        except TimeoutError:
            raise GuardError(f"DynamoDB table {table_name}: AWS is still making it; do this again later") from None
    return is_new


async def _create(client: Any, table_name: str) -> bool:
    try:
        await client.create_table(
            TableName=table_name,
            KeySchema=_KEYS,
            AttributeDefinitions=[{"AttributeName": KEY, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    except Exception as error:  # noqa: BLE001  # as of every call of the SDK's
        if error_code(error) == "ResourceInUseException":
            return False
        raise engine_error(error, table_name, "dynamodb:CreateTable") from None
    return True


async def _until_usable(client: Any, table_name: str) -> None:
    while True:
        answer = await _said(client.describe_table(TableName=table_name), table_name, "DescribeTable")
        table = answer["Table"]
        if table["KeySchema"] != _KEYS:
            raise EngineError(
                f"DynamoDB table {table_name}: it is there, and its key is not {KEY!r} alone; take another name"
            )
        if table["TableStatus"] == "ACTIVE":
            return
        await asyncio.sleep(_POLL)


async def _let_items_vanish(client: Any, table_name: str) -> None:
    answer = await _said(client.describe_time_to_live(TableName=table_name), table_name, "DescribeTimeToLive")
    if answer["TimeToLiveDescription"].get("AttributeName") != EXPIRES:
        wanted = {"Enabled": True, "AttributeName": EXPIRES}
        asked = client.update_time_to_live(TableName=table_name, TimeToLiveSpecification=wanted)
        await _said(asked, table_name, "UpdateTimeToLive")


async def _said(answer: Awaitable[T], table_name: str, operation: str) -> T:
    try:
        return await answer
    except Exception as error:  # noqa: BLE001  # as of every call of the SDK's
        raise engine_error(error, table_name, f"dynamodb:{operation}") from None
