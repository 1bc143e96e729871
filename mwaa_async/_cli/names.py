"""Names for the TAB key and for hints: environments as AWS lists them, DAGs as this user has seen them."""

import asyncio
import os
import re
import sys
from collections.abc import Iterable
from contextlib import aclosing, suppress

from mwaa_async import CommandResult, MwaaError
from mwaa_async._aws import AwsOptions, MwaaApi, open_account
from mwaa_async._cli.memory import Memory

_ENVIRONMENTS_LAST = 300.0  # seconds
_DAGS_LAST = 86_400.0  # nobody asks Airflow for them at a prompt: a command takes seconds, and others their turn
_NOTHING_LASTS = 20.0  # where AWS does not answer, it is not asked at each press of a key
_AWS_MAY_TAKE = 2.0
_LONGEST = 250  # characters: Airflow's own limit for the id of a DAG

# What decides about the account, beside the options; what AWS's files say is the same for the same profile.
_OF_THE_ACCOUNT = (
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"),
    *("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_MWAA", "AWS_ROLE_ARN"),
)


def environment_names(aws: AwsOptions) -> list[str]:
    """Return the names of the account's environments; none where AWS does not tell them soon."""
    memory = Memory("environments", *_account(aws))
    names = memory.names()
    if names is None:
        memory.keep([], _NOTHING_LASTS)
        try:
            names = asyncio.run(asyncio.wait_for(_listed(aws), _AWS_MAY_TAKE))
        except (MwaaError, TimeoutError):
            return []
        memory.keep(names, _ENVIRONMENTS_LAST)
    return [name for name in names if _is_typed(name)]


def dag_ids(aws: AwsOptions, environment: str) -> list[str]:
    """Return the ids of the environment's DAGs that this user has seen in the last day."""
    return [name for name in _dags(aws, environment).names() or [] if _is_typed(name)]


def remember_environments(aws: AwsOptions, names: Iterable[str]) -> None:
    """Remember the environments that AWS has just listed, for who sits at a terminal."""
    if sys.stderr.isatty():
        Memory("environments", *_account(aws)).keep(names, _ENVIRONMENTS_LAST)


def remember_dags(aws: AwsOptions, environment: str, ids: Iterable[str]) -> None:
    """Remember DAGs that are there, for who sits at a terminal: a cron job leaves nothing behind."""
    if sys.stderr.isatty():
        memory = _dags(aws, environment)
        memory.keep(sorted({*(memory.names() or []), *ids}), _DAGS_LAST)


def listed_dags(result: CommandResult) -> list[str]:
    """Return the ids that `dags list` has printed, as JSON or as a table."""
    with suppress(MwaaError, KeyError, TypeError):
        return [str(row["dag_id"]) for row in result.json()]
    return [name for name in re.findall(r"^(\S+) +\|", result.text, re.MULTILINE) if name != "dag_id"]


def _dags(aws: AwsOptions, environment: str) -> Memory:
    return Memory("dags", *_account(aws), environment)


def _account(aws: AwsOptions) -> list[str | None]:
    given = (aws.region_name, aws.profile_name, aws.endpoint_url)
    return [*given, *(os.environ.get(name) for name in _OF_THE_ACCOUNT)]


async def _listed(aws: AwsOptions) -> list[str]:
    async with aclosing(MwaaApi(await open_account(aws), timeout=_AWS_MAY_TAKE)) as api:
        return await api.list_environments()


def _is_typed(name: str) -> bool:
    """Tell whether a shell shows the name as it is and takes it without quotes."""
    return len(name) <= _LONGEST and all(letter.isalnum() or letter in "_-.~" for letter in name)
