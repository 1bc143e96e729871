"""What is said before the command or after it, and what commands make of it."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from mwaa_async import Guard, MwaaClient
from mwaa_async._aws import AwsOptions
from mwaa_async._cli.exits import MissingExtraError
from mwaa_async._cli.status import explainer
from mwaa_async._clock import check_seconds
from mwaa_async._identity import check_name
from mwaa_async._protocol.run_ids import RUN_ID_PATTERN
from mwaa_async._transport.connections import Route, parse_address, parse_proxy

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


@dataclass(frozen=True, slots=True)
class Options:
    """The global options."""

    region: str | None
    profile: str | None
    endpoint_url: str | None
    guard: Guard | None
    proxy: str | None
    connect_to: str | None
    queue_timeout: float | None
    command_timeout: float
    settle_time: float

    def __post_init__(self) -> None:
        if self.proxy is not None and self.connect_to is not None:
            raise click.UsageError("--proxy and --connect-to both say where to connect to: give one of them")

    def client(self, *, allow_unlisted: bool = False, allowed_run_id_pattern: str = RUN_ID_PATTERN) -> MwaaClient:
        """Return a client as the options want it, not open yet."""
        return MwaaClient(
            region_name=self.region,
            profile_name=self.profile,
            endpoint_url=self.endpoint_url,
            guard=self.guard,
            proxy=self.proxy,
            connect_to=self.connect_to,
            queue_timeout=self.queue_timeout,
            command_timeout=self.command_timeout,
            settle_time=self.settle_time,
            allow_unlisted=allow_unlisted,
            allowed_run_id_pattern=allowed_run_id_pattern,
            on_event=explainer(),
        )

    def route(self) -> Route:
        """Return the way to the web servers."""
        return Route(
            None if self.proxy is None else parse_proxy(self.proxy),
            None if self.connect_to is None else parse_address(self.connect_to),
        )

    def aws(self) -> AwsOptions:
        """Return the options that are about AWS."""
        return AwsOptions(region_name=self.region, profile_name=self.profile, endpoint_url=self.endpoint_url)


class GlobalOption(click.Option):
    """An option of the program that may also stand after the command, where it only outdoes what was said before."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return what --help says of it: only the program's own does."""
        return None if ctx.parent else super().get_help_record(ctx)

    def value_from_envvar(self, ctx: click.Context) -> Any:
        """Return the environment variable's value, which the command line outdoes wherever it says something."""
        return None if ctx.parent else super().value_from_envvar(ctx)


def global_option(*names: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return an option that may also be given as an environment variable, which --help names."""
    variable = names[-1].lstrip("-").replace("-", "_").upper()
    return click.option(*names, cls=GlobalOption, envvar=f"MWAA_ASYNC_{variable}", show_envvar=True, **settings)


def global_options(program: click.Command) -> list[GlobalOption]:
    """Return the options of the program that may also stand after a command."""
    return [option for option in program.params if isinstance(option, GlobalOption)]


def chosen(context: click.Context) -> dict[str, Any]:
    """Return the values of the global options: the last word on the command line is the one that counts."""
    names = [str(option.name) for option in global_options(context.find_root().command)]
    values = {name: context.find_root().params.get(name) for name in names}
    given = [name for name in names if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE]
    return values | {name: context.params.get(name) for name in given}


def chosen_aws(context: click.Context) -> AwsOptions:
    """Return those of the global options that are about AWS."""
    values = chosen(context)
    return AwsOptions(region_name=values["region"], profile_name=values["profile"], endpoint_url=values["endpoint_url"])


def client_default(argument: str) -> Any:
    """Return what `MwaaClient` takes where an argument is not given."""
    return inspect.signature(MwaaClient).parameters[argument].default


def seconds(text: str | float) -> float:
    """Return a number of seconds, for click to call. Raises `click.BadParameter`."""
    try:
        check_seconds("it", value := float(text))
    except ValueError:
        raise click.BadParameter(f"a number of seconds is 0 or more, not {text!r}") from None
    return value


def more_than_no_seconds(text: str | float) -> float:
    """Return a number of seconds that is more than 0, for click to call. Raises `click.BadParameter`."""
    if not (value := seconds(text)):
        raise click.BadParameter("it must be more than 0 seconds")
    return value


def proxy_url(text: str) -> str:
    """Return the URL of a proxy, for click to call. Raises `click.BadParameter` and `MissingExtraError`."""
    try:
        return parse_proxy(text, "a proxy").url
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    except ImportError as error:
        raise MissingExtraError(f"--proxy: {error}") from None


def address(text: str) -> str:
    """Return an address as it was given, for click to call. Raises `click.BadParameter`."""
    try:
        parse_address(text)
    except ValueError as error:
        raise click.BadParameter(str(error).removeprefix("connect_to ")) from None
    return text


class _EnvironmentName(click.types.StringParamType):
    name = "environment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return check_name(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        from mwaa_async._cli.completion import stay_short
        from mwaa_async._cli.names import environment_names

        stay_short()
        return completed(incomplete, environment_names(chosen_aws(ctx)))


class _DagId(click.types.StringParamType):
    name = "dag_id"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        from mwaa_async._cli.names import dag_ids

        environment = ctx.params.get("environment")
        return completed(incomplete, dag_ids(chosen_aws(ctx), environment) if environment else [])


def completed(incomplete: str, names: Iterable[str]) -> "list[CompletionItem]":
    """Return those of the names that begin so, as click's completion takes them."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


environment_name = _EnvironmentName()
known_dag_id = _DagId()

allowed_run_id_pattern = click.option(
    "--allowed-run-id-pattern",
    metavar="REGEX",
    default=RUN_ID_PATTERN,
    show_default=True,
    help="The environment's setting of this name, where it is not Airflow's default.",
)
