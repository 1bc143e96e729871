"""`mwaa-async token`."""

import asyncio
from contextlib import aclosing

import click

from mwaa_async._aws import AwsOptions, CliTokenAnswer, MwaaApi, open_account
from mwaa_async._cli.exits import StoppedError
from mwaa_async._cli.options import Options, environment_name
from mwaa_async._cli.output import write_json


@click.command(short_help="Print a CLI token.")
@click.argument("environment", type=environment_name)
@click.pass_obj
def token(options: Options, environment: str) -> None:
    """Print what 'aws mwaa create-cli-token' prints: a CLI token, good for 60 seconds, and the web server's name.

    \b
    mwaa-async token prod
    """
    try:
        answer = asyncio.run(_token(options.aws(), environment))
    except KeyboardInterrupt:
        raise StoppedError("interrupted; nothing is running") from None
    document = {"CliToken": answer.token, "WebServerHostname": answer.hostname}
    write_json(document)


async def _token(aws: AwsOptions, environment: str) -> CliTokenAnswer:
    async with aclosing(MwaaApi(await open_account(aws))) as api:
        return await api.create_cli_token(environment)
