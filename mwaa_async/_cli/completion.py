"""`mwaa-async completion`, and what a shell asks for when somebody presses TAB."""

import os
import signal
import sys
from types import FrameType

import click

from mwaa_async._cli.output import write

VARIABLE = "_MWAA_ASYNC_COMPLETE"  # as click derives it from the program's name
_MAY_TAKE = 3.0  # seconds, of which loading AWS's SDK takes one where it is not in the disk's cache


@click.command(short_help="Print the script for the TAB key.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that lets the TAB key complete commands, options, environments and DAG ids.

    Environments are what AWS lists, asked at most every five minutes; DAG ids are those that you have seen in the last
    day: what you have triggered, and what 'mwaa-async run ENVIRONMENT dags list' has shown.

    \b
    bash, in ~/.bashrc:                   eval "$(mwaa-async completion bash)"
    zsh, in ~/.zshrc, after compinit:     eval "$(mwaa-async completion zsh)"
    fish, in ~/.config/fish/config.fish:  mwaa-async completion fish | source
    """
    from click.shell_completion import get_completion_class

    of_the_shell = get_completion_class(shell)
    assert of_the_shell is not None
    write(of_the_shell(context.find_root().command, {}, "mwaa-async", VARIABLE).source() + "\n")


def is_asked() -> bool:
    """Tell whether a shell asks for completions."""
    return os.environ.get(VARIABLE, "").endswith("_complete")


def stay_quiet() -> None:
    """Let nothing that is said disturb the prompt."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stderr.fileno())
    os.close(nowhere)


def stay_short() -> None:
    """End without completions where it takes too long, as a name server may do, for which Python waits at its end."""
    if hasattr(signal, "setitimer"):  # Windows has none, nor these shells
        signal.signal(signal.SIGALRM, _leave)
        signal.setitimer(signal.ITIMER_REAL, _MAY_TAKE)


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(0)
