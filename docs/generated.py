"""The parts of the reference that are written by the code itself, as Markdown.

`{generated}` in a page is one of `PARTS`; docs/conf.py puts it there.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator

import click

import mwaa_async
from mwaa_async import DynamoDBGuard, HostGuard, MwaaClient, MwaaError, RedisGuard
from mwaa_async._cli import program
from mwaa_async._cli.waiting import DEFAULT_TIMEOUT
from mwaa_async.emulator import Emulator

Row = tuple[str, ...]


def table(head: Row, rows: Iterable[Row]) -> str:
    """Return a table; a bar within a cell is no border."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    """Return the text as code."""
    return f"`{text}`"


# The command line


def global_options() -> str:
    """Return the table of the options that every command takes."""
    context = click.Context(program, info_name="mwaa-async")
    return _options(context)


def command_line() -> str:
    """Return a section for each command: usage, help and options."""
    return "\n\n".join(_sections(click.Context(program, info_name="mwaa-async")))


def _sections(parent: click.Context) -> Iterator[str]:
    group = parent.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=parent)
        if isinstance(command, click.Group):
            yield from _sections(context)
        else:
            yield _section(context)


def _section(context: click.Context) -> str:
    usage = " ".join([context.command_path, *context.command.collect_usage_pieces(context)])
    parts = [f"## {context.command_path}", _as_it_is(usage), _help(context.command.help or "")]
    return "\n\n".join([*parts, _options(context)])


def _help(text: str) -> str:
    """Return a help text; what click does not wrap is shown as it is."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(
        _as_it_is(paragraph[2:]) if paragraph.startswith("\b\n") else _plain(paragraph) for paragraph in paragraphs
    )


def _as_it_is(text: str) -> str:
    return f"```text\n{text}\n```"


def _plain(text: str) -> str:
    """Return a text in which nothing is markup."""
    return "".join(f"\\{letter}" if letter in "*_`<>[]#$|\\" else letter for letter in text)


def _options(context: click.Context) -> str:
    options = [one for one in context.command.params if isinstance(one, click.Option)]
    records = filter(None, (option.get_help_record(context) for option in options))
    rows = [(code(names), _plain(text)) for names, text in records if "--help" not in names]
    return table(("Option", ""), rows) if rows else ""


# Errors

WHAT_TO_DO = {
    "MwaaError": "Look at `ran`.",
    "TokenError": "Look at the message, and at `mwaa-async doctor ENVIRONMENT`. Repeat it when the cause is gone.",
    "EnvironmentNotFoundError": "Look at the name, the region and the account (`mwaa-async environments`).",
    "AccessDeniedError": "Give the caller [the policy](../how-to/iam-policy.md), or renew the credentials.",
    "ThrottledError": "Wait, and repeat it. One client for a program shares its tokens.",
    "QueueTimeoutError": "Repeat it, or wait longer. `mwaa-async guard status ENVIRONMENT` says who has the slot.",
    "GuardError": "Look at the lock directory, the server or the table that the message names.",
    "EventLoopError": "Open the client in the event loop that uses it.",
    "UnsupportedCommandError": "Take what the message names instead; `allow_unlisted=True` sends it all the same.",
    "ConnectError": "Look at [the ways to a private web server](../how-to/private-web-servers.md).",
    "RequestRejectedError": "With a `retry_after` wait for so long. 403 for one command only: this environment "
    "does not take it.",
    "OutcomeUnknownError": "Look what became of it before you repeat it; an idempotent command is simply repeated.",
    "CommandFailedError": "Read `result.stderr`, and `advice` where there is one.",
    "DagNotFoundError": "Look at the DAG id (`environment.dags.list()`), and whether its file can be imported.",
    "DagRunNotFoundError": "The run was deleted, or never made.",
    "DagRunAlreadyExistsError": "With `exists_ok=True` that run is returned instead.",
    "VariableNotFoundError": "Give a `default`.",
    "DagRunFailedError": "Look at `failed_tasks` and `url`.",
    "DagRunNotEndedError": "Call `wait` again. Where `dag_is_paused`, unpause the DAG first.",
    "JournalError": "The message says what is wrong with the journal. Do not remove it: begin with another one.",
    "BatchFinishedError": "Nothing. For the next batch take another journal, or `new_batch=True`.",
    "OutputError": "Read `result.stdout`: the command ran.",
}


def error_table() -> str:
    """Return the table of all errors, each below what it is a kind of."""
    rows = (
        (f"{'… ' * depth}[{code(one.__name__)}](#{one.__name__.lower()})", ran(one), _when(one))
        for depth, one in _errors(MwaaError)
    )
    return table(("Error", "`ran`", "When"), rows)


def errors() -> str:
    """Return a section for each error."""
    return "\n\n".join(_error(one) for _, one in _errors(MwaaError))


def _errors(error: type[MwaaError], depth: int = 0) -> Iterator[tuple[int, type[MwaaError]]]:
    yield depth, error
    for one in error.__subclasses__():
        if one.__name__ in mwaa_async.__all__:
            yield from _errors(one, depth + 1)


def ran(error: type[MwaaError]) -> str:
    """Return what the class says of `ran`."""
    return {"MwaaError": "", "JournalError": "`False` or `None`", "BatchFinishedError": "`False`"}.get(
        error.__name__, code(str(error.ran))
    )


def _when(error: type[MwaaError]) -> str:
    return inspect.cleandoc(error.__doc__ or "").split("\n\n")[0].replace("\n", " ")


def _error(error: type[MwaaError]) -> str:
    name = error.__name__
    bases = " and ".join(code(base.__name__) for base in error.__bases__)
    facts = [f"A {bases}." if error is not MwaaError else "", f"`ran` is {ran(error)}." if ran(error) else ""]
    own = error.__dict__.get("DETAILS", ())
    facts += [f"Besides what every error has: {', '.join(map(code, own))}." if own else ""]
    return "\n\n".join(
        [
            f"## {name}",
            inspect.cleandoc(error.__doc__ or ""),
            " ".join(filter(None, facts)),
            f"**What to do.** {WHAT_TO_DO[name]}",
        ]
    )


# Environment variables and defaults


def environment_variables() -> str:
    """Return the table of the variables that stand for global options."""
    options = (option for option in program.params if isinstance(option, click.Option) and option.envvar)
    rows = ((code(str(option.envvar)), code(option.opts[-1]), _plain(option.help or "")) for option in options)
    return table(("Variable", "Option", ""), rows)


def defaults() -> str:
    """Return the table of all arguments that have a default."""
    places: list[tuple[str, Callable[..., object]]] = [
        ("MwaaClient", MwaaClient),
        ("HostGuard", HostGuard),
        ("RedisGuard", RedisGuard),
        ("DynamoDBGuard", DynamoDBGuard),
        ("Emulator", Emulator),
    ]
    sections = (f"## {name}\n\n{table(('Argument', 'Default'), _defaults(made_by))}" for name, made_by in places)
    waiting = f"## mwaa-async\n\n{table(('Option', 'Default'), _option_defaults())}"
    return "\n\n".join([*sections, waiting])


def _defaults(made_by: Callable[..., object]) -> Iterator[Row]:
    for name, parameter in inspect.signature(made_by).parameters.items():
        if parameter.default is not parameter.empty:
            yield code(name), code(repr(parameter.default))


def _option_defaults() -> Iterator[Row]:
    yield code("trigger --wait --timeout"), f"{DEFAULT_TIMEOUT / 3600:g} hours"
    for option in program.params:
        if isinstance(option, click.Option) and option.show_default:
            yield code(option.opts[-1]), code(str(option.default))


PARTS: dict[str, Callable[[], str]] = {
    part.__name__: part for part in (command_line, defaults, environment_variables, error_table, errors, global_options)
}
