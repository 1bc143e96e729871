"""`mwaa-async environments`."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

import click

from mwaa_async import MwaaError
from mwaa_async._aws import AwsOptions, MwaaApi, open_account
from mwaa_async._cli.exits import StoppedError
from mwaa_async._cli.names import remember_environments
from mwaa_async._cli.options import Options
from mwaa_async._cli.output import print_table, say, write_json

_AT_ONCE = 5  # calls of GetEnvironment

# What is shown, and what AWS calls it.
_COLUMNS = {"name": "Name", "status": "Status", "airflow_version": "AirflowVersion", "class": "EnvironmentClass"}


@click.command(short_help="List the environments.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def environments(options: Options, *, as_json: bool) -> None:
    """List the environments of the account and region, with status and Airflow version.

    \b
    mwaa-async --region eu-west-1 environments
    """
    try:
        rows = asyncio.run(_rows(options.aws()))
    except KeyboardInterrupt:
        raise StoppedError("interrupted; nothing is running") from None
    remember_environments(options.aws(), [str(row["name"]) for row in rows])
    if as_json:
        write_json(rows)
    elif rows:
        print_table([name.replace("_", " ").upper() for name in _COLUMNS], [_texts(row) for row in rows])
    else:
        say("there are no environments here; look at the account and the region")


def _texts(row: Mapping[str, Any]) -> list[str]:
    return [str(row[name] or "-") for name in _COLUMNS]


async def _rows(aws: AwsOptions) -> Sequence[Mapping[str, Any]]:
    async with aclosing(MwaaApi(await open_account(aws))) as api:
        turns = asyncio.Semaphore(_AT_ONCE)

        async def row(name: str) -> Mapping[str, Any]:
            async with turns:
                return await _row(api, name)

        return await asyncio.gather(*(row(name) for name in sorted(await api.list_environments())))


async def _row(api: MwaaApi, name: str) -> Mapping[str, Any]:
    try:
        description = await api.get_environment(name)
    except MwaaError as error:
        say(str(error))
        description = {"Name": name}
    return {column: description.get(called) for column, called in _COLUMNS.items()}
