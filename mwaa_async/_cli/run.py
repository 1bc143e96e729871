"""`mwaa-async run`."""

from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

import click

from mwaa_async import CommandFailedError, CommandResult
from mwaa_async._cli.interruptible import run_interruptible
from mwaa_async._cli.options import Options, chosen_aws, environment_name, seconds
from mwaa_async._cli.output import say, write
from mwaa_async._protocol.catalogue import catalogue, command_words, prints_a_text
from mwaa_async._protocol.command_line import asks_for_json
from mwaa_async._protocol.documents import divided_at_json
from mwaa_async._protocol.log_lines import divided

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class _Command(click.Command):
    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        return [] if ctx.params.get("environment") else super().shell_complete(ctx, incomplete)


def _airflows_words(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return how a command of Airflow may go on: `list` after `dags`, and a DAG after `dags trigger`."""
    typed = list(context.params.get("command") or ())
    commands = [words.split() for words in catalogue()]
    if typed in commands and typed[0] in ("dags", "tasks"):
        from mwaa_async._cli.names import dag_ids

        names = dag_ids(chosen_aws(context), context.params["environment"])
    else:
        names = [words[len(typed)] for words in commands if words[: len(typed)] == typed and words[len(typed) :]]
    return sorted({name for name in names if name.startswith(incomplete)})


# Parsing ends at the environment: what follows, "--help" and "--" too, is Airflow's.
@click.command(cls=_Command, context_settings={"allow_interspersed_args": False}, short_help="Run one command.")
@click.option("--allow-unlisted", is_flag=True, help="Send it also where MWAA does not list it as offered.")
@click.option("--raw", is_flag=True, help="Leave log lines where they are, on stdout.")
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=seconds,
    help="How long to wait for the answer from the moment the command's turn has come.",
)
@click.argument("environment", type=environment_name)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, shell_complete=_airflows_words)
@click.pass_obj
def run(
    options: Options,
    *,
    allow_unlisted: bool,
    raw: bool,
    timeout: float | None,
    environment: str,
    command: tuple[str, ...],
) -> None:
    """Run one Airflow command when its turn has come, and print what it prints.

    Its answer goes to stdout, its stderr and the log lines of Airflow and MWAA to stderr.

    Everything after ENVIRONMENT goes to Airflow untouched. One single argument with spaces in it is taken as a
    command line, as ssh does.

    \b
    mwaa-async run prod dags trigger etl --conf '{"day": "2026-01-01"}'
    mwaa-async run prod "dags list --output json" | jq
    """
    words, client = _line_or_words(command), options.client(allow_unlisted=allow_unlisted)
    try:
        result = run_interruptible(client, environment, lambda chosen: chosen.run(words, timeout=timeout))
    except CommandFailedError as error:
        _print_failure(error, raw=raw)
    _print(result, raw=raw)
    if command_words(result.command) == "dags list":
        _remember(options, result)


def _remember(options: Options, result: CommandResult) -> None:
    from mwaa_async._cli.names import listed_dags, remember_dags

    remember_dags(options.aws(), result.environment, listed_dags(result))


def _line_or_words(command: tuple[str, ...]) -> str | list[str]:
    words = list(command)
    return words[0] if len(words) == 1 and words[0].split() != words else words


def _print(result: CommandResult, *, raw: bool) -> None:
    answer, others = (result.stdout, "") if raw else _answer(result)
    write(others, err=True)
    write(answer)
    write(result.stderr, err=True)


def _answer(result: CommandResult) -> tuple[str, str]:
    """Return what belongs on stdout, and what else was printed there."""
    if asks_for_json(result.command):
        # DAG files and plain warnings print among it, too (https://github.com/apache/airflow/issues/37228).
        with suppress(ValueError):
            before, document, after = divided_at_json(result.stdout)
            return document, before + after
    answer = result.text
    return answer, divided(result.stdout, is_text=prints_a_text(result.command)).log_lines


def _print_failure(error: CommandFailedError, *, raw: bool) -> NoReturn:
    if error.result is not None:
        _print(error.result, raw=raw)
    if error.result is None or not error.result.stderr.strip():
        raise error
    if error.advice:
        say(error.advice)
    raise click.exceptions.Exit(1)
