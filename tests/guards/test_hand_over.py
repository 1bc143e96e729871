"""Whoever is next on DynamoDB knows it by its next look, however quickly those before it had their turns."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mwaa_async._aws import AwsOptions, aws_client, open_account
from mwaa_async._guards.lease.dynamodb_engine import DynamoDBEngine
from mwaa_async._guards.lease.protocol import Contender, Granted, Queued
from tests.guards.workers import ENVIRONMENT

pytestmark = pytest.mark.anyio

POLL = 1.0
WHO = [Contender(name, 0, 4711, name) for name in "abcd"]


@pytest.fixture
async def client(dynamodb_table: str) -> AsyncIterator[Any]:
    async with aws_client(await open_account(AwsOptions()), "dynamodb", timeout=3.0) as client:
        yield client


async def test_whoever_comes_last_is_called_by_its_next_look_when_all_before_it_are_done(
    dynamodb_table: str, client: Any
) -> None:
    engines = [DynamoDBEngine(client, dynamodb_table, "next", POLL) for _ in WHO]
    answers = [await each.ask(ENVIRONMENT, who, term=30.0) for each, who in zip(engines, WHO, strict=True)]
    assert isinstance(answers[0], Granted)
    assert isinstance(answers[-1], Queued) and answers[-1].before == 2
    loop = asyncio.get_running_loop()
    looking = asyncio.create_task(engines[-1].called(ENVIRONMENT, WHO[-1], 10.0, holds=False))
    await asyncio.sleep(POLL / 10)  # its first look is still to come
    await engines[0].leave(ENVIRONMENT, WHO[0], answers[0].fence)
    for which in (1, 2):
        await engines[which].leave(ENVIRONMENT, WHO[which], 0)
    free = loop.time()
    await looking
    assert loop.time() - free < 1.3 * POLL
    assert isinstance(await engines[-1].ask(ENVIRONMENT, WHO[-1], term=30.0), Granted)
