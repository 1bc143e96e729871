"""Running a command of the catalogue in the words of the environment's Airflow."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mwaa_async._commands.runner import CommandRunner
from mwaa_async._errors import UnsupportedCommandError
from mwaa_async._model.result import CommandResult
from mwaa_async._protocol.catalogue import Command, catalogue
from mwaa_async._protocol.command_line import command_line
from mwaa_async._protocol.versions import Version

# The value of an option: its text, several of them, a flag that is set or not, or `None` for one that is left out.
Value = str | bool | int | datetime | tuple[str, ...] | None


class UnsayableError(ValueError):
    """MWAA does not offer the command on this version, or its command line has no way to say it."""


_OTHERWISE = "take another one, or enter it in Airflow's web interface"


async def call(
    runner: CommandRunner,
    words: str,
    *positionals: str,
    options: Mapping[str, Value] | None = None,
    positionals_first: bool = False,
    check: bool = True,
    idempotent: bool = False,
    version: Version | None = None,
) -> CommandResult:
    """Run the command with these words of Airflow 2 and 3; in 1.10 under its old name.

    JSON is asked for where the version can print it. `version` is given by who has asked for it already: who asks again
    joins the queue behind those who have asked meanwhile. Raises `UnsupportedCommandError` before anything is sent, and
    what `Environment.run` raises.
    """
    version = version or await runner.version()
    try:
        line = said(
            words,
            *positionals,
            options=options,
            positionals_first=positionals_first,
            version=version,
            allow_unlisted=runner.allow_unlisted,
        )
    except UnsayableError as error:
        raise unsupported(runner, words, str(error)) from None
    return await runner.execute(line, check=check, idempotent=idempotent)


def said(
    words: str,
    *positionals: str,
    version: Version,
    options: Mapping[str, Value] | None = None,
    positionals_first: bool = False,
    allow_unlisted: bool = False,
) -> str:
    """Return the line that calls a command, by its words of Airflow 2 and 3, on this version.

    Raises `UnsayableError`, and `ValueError` for what no command line can say.
    """
    command = catalogue()[words]
    spellings = command.spellings(version)
    if not spellings and allow_unlisted and version >= (2, 0, 0):
        spellings = (command.words,)
    if not spellings:
        raise UnsayableError(f"MWAA does not offer it on Airflow {_text(version)}{_since(command)}")
    given = dict(options or {}, output="json" if command.prints_json(version) else None)
    start = spellings[0].split()
    # 1.10's `variables --get KEY` has its key there, too.
    first = positionals_first or start[-1].startswith("-")
    if reason := _unsayable(positionals, given, positionals_first=first):
        raise UnsayableError(reason)
    return command_line([*start, *_ordered(positionals, _options(given, version), positionals_first=first)])


def unsupported(runner: CommandRunner, words: str, reason: str) -> UnsupportedCommandError:
    """Return the error for what this version of Airflow cannot do."""
    message = f"{runner.name}: {words!r} was not sent: {reason}"
    return UnsupportedCommandError(message, environment=runner.name, command=words)


def _unsayable(positionals: Sequence[str], options: Mapping[str, Value], *, positionals_first: bool) -> str | None:
    """Return why Airflow's command line, Python's argparse, would not take these values for what they are, if so."""
    lists = [word for value in options.values() if isinstance(value, tuple) for word in value]
    # `ArgumentParser._get_values` throws away what is exactly "--", also as the value of an option or after another
    # "--", and stores "[]" in its place.
    if "--" in (*positionals, *options.values(), *lists):
        return f"Airflow's command line loses a value that is exactly '--': {_OTHERWISE}"
    bare = [*lists, *positionals] if positionals_first else lists
    if any(value.startswith("-") for value in bare):
        return f"Airflow's command line takes no value here that begins with a dash: {_OTHERWISE}"
    return None


def _ordered(positionals: Sequence[str], options: Sequence[str], *, positionals_first: bool) -> list[str]:
    if positionals_first:
        return [*positionals, *options]
    # "--" only where it is needed: not every version's parser was ever tried with it.
    separator = ["--"] if any(value.startswith("-") for value in positionals) else []
    return [*options, *separator, *positionals]


def _options(options: Mapping[str, Value], version: Version) -> list[str]:
    """Return the options as words: `--name=value`, which a value that begins with a dash does not disturb."""
    words = []
    for name, value in options.items():
        spelled = name.replace("-", "_") if version < (2, 0, 0) else name
        if value is True:
            words.append(f"--{spelled}")
        elif isinstance(value, tuple):
            words += [f"--{spelled}", *value]
        elif value is not None and value is not False:
            words.append(f"--{spelled}={iso(value) if isinstance(value, datetime) else value}")
    return words


def json_text(document: Mapping[str, Any] | None, name: str = "conf") -> str | None:
    """Return a JSON object as text. Raises `ValueError` or `TypeError` for what is none.

    `name` is what the caller knows it by.
    """
    if document is None:
        return None
    if not isinstance(document, Mapping):
        raise TypeError(f"{name} is a JSON object, in Python a mapping, and not of the type {type(document).__name__}")
    return json.dumps(dict(document), allow_nan=False)


def aware(moment: datetime) -> datetime:
    """Return a date with a time zone: UTC where it has none, as Airflow takes it."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def iso(moment: datetime) -> str:
    """Return a date as every version of Airflow reads it."""
    return aware(moment).isoformat()


def _text(version: Version) -> str:
    return ".".join(map(str, version))


def _since(command: Command) -> str:
    since = [_text(first) for first in (command.since_2, command.since_3) if first]
    return f", but since {' and '.join(since)}" if since else ""
