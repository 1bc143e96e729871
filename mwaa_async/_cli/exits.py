"""From an error to one line on stderr and an exit status."""

import logging

import click

from mwaa_async import DagRunNotEndedError, MwaaError
from mwaa_async._cli.completion import is_asked, stay_quiet
from mwaa_async._cli.output import is_all_written, say

logger = logging.getLogger("mwaa_async")

USAGE = 2
NOTHING_RAN = 3
UNKNOWN = 4
FINISHED = 5
NOT_WRITTEN = 74  # EX_IOERR of sysexits.h
NOT_ENDED = 124  # as coreutils' `timeout` ends
INTERRUPTED = 130


class CannotStartError(click.ClickException):
    """Something was missing before anything could run."""

    exit_code = NOTHING_RAN


class FinishedError(click.ClickException):
    """Nothing was done, since the batch is finished already."""

    exit_code = FINISHED


class MissingExtraError(click.ClickException):
    """The command needs an extra that is not installed."""

    exit_code = USAGE


class WrongInputError(click.ClickException):
    """A file is not what it should be; nothing was sent."""

    exit_code = USAGE


class StoppedError(click.ClickException):
    """Ctrl-C was pressed; the message says whether something may be running."""

    exit_code = INTERRUPTED


def run_to_exit(program: click.Command) -> int:
    """Run the program, print its error in one line, and return its exit status."""
    if is_asked():
        stay_quiet()
    try:
        status = _run_and_print(program)
    except click.exceptions.Exit as end:  # nobody reads stderr
        return end.exit_code
    return status or (0 if is_all_written() else NOT_WRITTEN)


def exit_status(error: MwaaError) -> int:
    """Return the exit status that says whether the command ran, or that its run has not ended."""
    if isinstance(error, DagRunNotEndedError):
        return NOT_ENDED
    return {True: 1, False: NOTHING_RAN, None: UNKNOWN}[error.ran]


def _run_and_print(program: click.Command) -> int:
    try:
        return program.main(prog_name="mwaa-async", standalone_mode=False) or 0
    except click.ClickException as error:
        say(_message(error))
        return error.exit_code
    except click.Abort:
        say("interrupted; nothing is running")
        return INTERRUPTED
    except MwaaError as error:  # before ValueError, which one of them also is
        say(str(error))
        return exit_status(error)
    except ValueError as error:
        say(str(error))
        return USAGE
    except Exception as error:  # a traceback helps nobody but us
        logger.debug("", exc_info=True)
        say(f"{type(error).__name__}: {error} (a mistake of mwaa-async: please report what -v shows of it)")
        return UNKNOWN


def _message(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    hint = f" (see '{context.command_path} --help')" if context else ""
    return f"{error.format_message().rstrip('.')}{hint}"
