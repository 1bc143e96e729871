"""The command line. Every command is a module that is imported when it is asked for."""

from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from mwaa_async._cli.options import (
    address,
    client_default,
    global_option,
    global_options,
    more_than_no_seconds,
    proxy_url,
    seconds,
)
from mwaa_async._cli.output import write
from mwaa_async._cli.placing import placed, placed_group
from mwaa_async._version import __version__

_COMMANDS = (
    "completion",
    "connections",
    "dags",
    "doctor",
    "emulator",
    "environments",
    "guard",
    "journal",
    "run",
    "token",
    "trigger",
    "trigger-many",
    "variables",
)
_CONTEXT = {"help_option_names": [], "max_content_width": 110}


class _Program(click.Group):
    """The program; nobody waits for what another command imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"mwaa_async._cli.{name}"), name)
        options = [*global_options(self), _help]
        return placed_group(command, options, _help) if isinstance(command, click.Group) else placed(command, options)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        if word == "help" and not ctx.resilient_parsing:
            return self.resolve_command(ctx, [*args[1:2], "--help"])
        if word not in _COMMANDS and not word.startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"No such command {word!r}{_meant(word)}", ctx)
        return super().resolve_command(ctx, args)


def _meant(word: str) -> str:
    alike = get_close_matches(word.lower(), _COMMANDS, n=1)
    return f". Did you mean {alike[0]!r}?" if alike else f"; there are: {', '.join(_COMMANDS)}"


def _show_help(context: click.Context, option: click.Parameter, is_given: bool) -> None:
    if is_given and not context.resilient_parsing:
        write(f"{context.get_help()}\n")
        context.exit()


def _show_version(context: click.Context, option: click.Parameter, is_given: bool) -> None:
    if is_given and not context.resilient_parsing:
        write(f"mwaa-async {__version__}\n")
        context.exit()


# Unlike click's own they tell where they cannot be written.
_SHOWN: dict[str, Any] = {"is_flag": True, "is_eager": True, "expose_value": False}
_help = click.Option(["-h", "--help"], callback=_show_help, help="Show this message and exit.", **_SHOWN)
_version = click.Option(["--version"], callback=_show_version, help="Show the version and exit.", **_SHOWN)


@click.group(cls=_Program, invoke_without_command=True, context_settings=_CONTEXT)
@global_option("--region", help="AWS region; otherwise AWS_REGION or the profile's.")
@global_option("--profile", help="AWS profile; otherwise AWS_PROFILE or the default one.")
@global_option("--endpoint-url", metavar="URL", help="Endpoint of the MWAA API, in the place of AWS's own.")
@global_option(
    "--guard",
    metavar="GUARD",
    default="host",
    show_default=True,
    help="With whom commands take turns: host (every process of this user), local (nobody), or all hosts that use the "
    "same Redis (redis://HOST:6379/0, rediss://…) or DynamoDB table (dynamodb://TABLE[?region=REGION]).",
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
@click.pass_context
def program(context: click.Context, /, **given: Any) -> None:
    """One Airflow command at a time, on Amazon MWAA.

    \b
    mwaa-async trigger prod etl --wait
    mwaa-async trigger-many nightly.csv --environment prod
    mwaa-async run --region eu-west-1 prod "dags list -o json"

    The options may also stand after the command; what is said last counts.

    Exit status: 0 done, 1 Airflow reports failure, 2 wrong usage, 3 nothing ran, 4 unknown whether it ran, 5 the batch
    is finished already, 74 done, but the output cannot be written, 124 a run has not ended in time, 130 interrupted
    (143 by SIGTERM, 129 by SIGHUP).
    """
    if context.invoked_subcommand is None:
        write(f"{context.get_help()}\n", err=True)
        context.exit(2)


program.params += [_version, _help]
