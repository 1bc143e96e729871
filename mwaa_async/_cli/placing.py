"""Commands that take the global options, too, and what all of them have in common."""

from collections.abc import Callable, Sequence
from copy import copy
from difflib import get_close_matches
from functools import wraps
from textwrap import fill
from typing import Any

import click

from mwaa_async import EnvironmentNotFoundError
from mwaa_async._cli.exits import CannotStartError
from mwaa_async._cli.guards import guard_from
from mwaa_async._cli.options import GlobalOption, Options, chosen
from mwaa_async._cli.output import log_to_stderr

_MOST_NAMES = 8
_WIDEST = 76  # columns: names that were wrapped by --help would be divided at hyphens


def placed(command: click.Command, options: Sequence[click.Option]) -> click.Command:
    """Return the command as one of the program: it takes these options after its own, and its `Options` know them."""
    assert command.callback is not None
    one = copy(command)
    one.params = [*command.params, *options]
    one.callback = _called(command.callback, {str(option.name) for option in options})
    one.epilog = _epilog(options)
    return one


def placed_group(group: click.Group, options: Sequence[click.Option], *own: click.Option) -> click.Group:
    """Return a command that has commands, each of which takes these options, and only its `own` by itself."""
    one = copy(group)
    one.params = [*group.params, *own]
    one.commands = {name: placed(command, options) for name, command in group.commands.items()}
    return one


def _called(callback: Callable[..., Any], names: set[str]) -> Callable[..., Any]:
    @wraps(callback)
    def call(**given: Any) -> Any:
        context = click.get_current_context()
        context.obj = _options(**chosen(context))
        try:
            status = callback(**{name: value for name, value in given.items() if name not in names})
        except EnvironmentNotFoundError as error:
            raise CannotStartError(f"{error}{_others(context.obj, error)}") from None
        _remember(context.obj, **given)
        return status

    return call


def _options(*, guard: str, verbose: bool, **others: Any) -> Options:
    log_to_stderr(verbose=verbose)
    return Options(guard=guard_from(guard, others["region"], others["profile"]), **others)


def _remember(options: Options, environment: str | None = None, dag_id: str | None = None, **others: Any) -> None:
    """Remember the DAG with which a command has succeeded: it is there."""
    if environment and dag_id:
        from mwaa_async._cli.names import remember_dags

        remember_dags(options.aws(), environment, [dag_id])


def _others(options: Options, error: EnvironmentNotFoundError) -> str:
    """Return what is said of the environments that there are."""
    from mwaa_async._cli.names import environment_names

    names = environment_names(options.aws())
    if alike := get_close_matches(error.environment or "", names, n=1):
        return f". Did you mean {alike[0]!r}?"
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f". There are: {', '.join(names[:_MOST_NAMES])}{more}" if names else ""


def _epilog(options: Sequence[click.Option]) -> str:
    names = ", ".join("/".join(option.opts) for option in options if isinstance(option, GlobalOption))
    lines = fill(names, _WIDEST, break_on_hyphens=False)
    return f"\b\nGlobal options, here or before the command (see 'mwaa-async --help'):\n{lines}"
