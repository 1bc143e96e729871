"""The command line. Every command is a module that is imported when it is asked for."""

from importlib import import_module
from typing import Any

import click

from mwaa_async._cli.guards import guard_from
from mwaa_async._cli.options import (
    Options,
    address,
    client_default,
    global_option,
    more_than_no_seconds,
    proxy_url,
    seconds,
)
from mwaa_async._cli.output import log_to_stderr
from mwaa_async._version import __version__

_COMMANDS = ("doctor", "emulator", "environments", "journal", "run", "token", "trigger", "trigger-many")
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


class _Program(click.Group):
    """The program; nobody waits for what another command imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"mwaa_async._cli.{name}"), name)
        return command


@click.group(cls=_Program, invoke_without_command=True, context_settings=_CONTEXT)
@global_option("--region", help="AWS region; otherwise AWS_REGION or the profile's.")
@global_option("--profile", help="AWS profile; otherwise AWS_PROFILE or the default one.")
@global_option("--endpoint-url", metavar="URL", help="Endpoint of the MWAA API, in the place of AWS's own.")
@global_option(
    "--guard",
    metavar="GUARD",
    default="host",
    show_default=True,
    help="With whom commands take turns: host (every process of this user) or local (nobody).",
)
@global_option(
    "--proxy",
    metavar="URL",
    type=proxy_url,
    help="Way to the web servers: http://HOST:PORT or socks5h://HOST:PORT; otherwise HTTPS_PROXY and NO_PROXY.",
)
@global_option(
    "--connect-to",
    metavar="HOST:PORT",
    type=address,
    help="Connect to this address (SSH tunnel, VPC endpoint) in the place of the web server's own.",
)
@global_option(
    "--queue-timeout",
    metavar="SECONDS",
    type=seconds,
    help="How long a command may wait for its turn; otherwise for ever.",
)
@global_option(
    "--command-timeout",
    metavar="SECONDS",
    type=more_than_no_seconds,
    default=client_default("command_timeout"),
    show_default=True,
    help="How long one request may be open.",
)
@global_option(
    "--settle-time",
    metavar="SECONDS",
    type=seconds,
    default=client_default("settle_time"),
    show_default=True,
    help="How long an environment is left alone after a command whose end could not be seen.",
)
@global_option("-v", "--verbose", is_flag=True, help="Log what happens to stderr.")
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def program(context: click.Context, /, *, guard: str, verbose: bool, **others: Any) -> None:
    """One Airflow command at a time, on Amazon MWAA.

    \b
    mwaa-async trigger prod etl --wait
    mwaa-async trigger-many nightly.csv --environment prod
    mwaa-async --region eu-west-1 run prod "dags list -o json"

    Exit status: 0 done, 1 Airflow reports failure, 2 wrong usage, 3 nothing ran, 4 unknown whether it ran,
    124 a run has not ended in time, 130 interrupted (143 by SIGTERM, 129 by SIGHUP).
    """
    log_to_stderr(verbose=verbose)
    context.obj = Options(guard=guard_from(guard), **others)
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(2)
