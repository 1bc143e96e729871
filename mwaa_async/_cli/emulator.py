"""`mwaa-async emulator`."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mwaa_async._cli.child import run_child
from mwaa_async._cli.exits import CannotStartError, MissingExtraError, StoppedError
from mwaa_async._cli.options import Options, environment_name, seconds
from mwaa_async._cli.output import say, write
from mwaa_async._cli.signals import caught_signals

if TYPE_CHECKING:
    from mwaa_async.emulator import Emulator

_PROGRAM = click.Path(exists=True, dir_okay=False, executable=True, path_type=Path)


# Parsing ends at the command, so that its options need no "--" before them.
@click.command(context_settings={"allow_interspersed_args": False}, short_help="Serve a local MWAA.")
@click.option(
    "--environment",
    "environments",
    metavar="NAME",
    type=environment_name,
    multiple=True,
    default=["demo"],
    show_default=True,
    help="An environment to serve; may be given several times.",
)
@click.option("--airflow-version", metavar="V", help="Version of the Airflow in memory that answers, such as 3.0.6.")
@click.option("--airflow-binary", metavar="PATH", type=_PROGRAM, help="An installed Airflow's 'airflow', to answer.")
@click.option(
    "--mwaa-logs/--no-mwaa-logs",
    default=None,
    show_default="as MWAA does, from 2.9.2 on",
    help="Whether the Airflow in memory prints the lines of MWAA's own logging set-up.",
)
@click.option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="any free one",
    help="Port of the token API on 127.0.0.1.",
)
@click.option(
    "--command-time",
    metavar="SECONDS",
    type=seconds,
    default=0.0,
    show_default=True,
    help="How long every command takes at least; on MWAA it is some seconds.",
)
@click.option(
    "--dag",
    "dags",
    metavar="NAME[:paused][:fails]",
    multiple=True,
    default=["demo:paused", "etl", "report"],
    show_default=True,
    help="A DAG of the Airflow in memory: its runs succeed after a second, stay queued while it is paused, or fail. "
    "May be given several times.",
)
@click.option(
    "--fault",
    "faults",
    metavar="NAME[:ARGUMENTS]",
    multiple=True,
    help="What happens to the next request, see above. Given several times: to the next ones, in this order.",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def emulator(
    options: Options,
    *,
    environments: Sequence[str],
    airflow_version: str | None,
    airflow_binary: Path | None,
    mwaa_logs: bool | None,
    port: int,
    command_time: float,
    dags: Sequence[str],
    faults: Sequence[str],
    command: Sequence[str],
) -> None:
    """Serve a local MWAA, for tests and for trying things out.

    With a COMMAND it runs that with the environment variables set that lead any AWS client to it, and ends with its
    exit status. Without one it prints them and serves until interrupted.

    \b
    mwaa-async emulator -- mwaa-async run demo dags list
    mwaa-async emulator --airflow-version 3.0.6 -- pytest
    mwaa-async emulator --environment dev --environment prod > variables.sh
    mwaa-async emulator --dag nightly --dag broken:fails -- pytest
    mwaa-async emulator --fault status-answer:504,ran=true -- pytest

    Each fault happens once, to the next request of its kind. To one for a token:

    \b
    refused-by-aws[:CODE,status=N]    AWS answers with an error (throttled)
    wrong-aws-answer:BODY[,status=N]  what AWS documents nowhere
    slow-token:SECONDS                AWS takes that much longer

    To a command (ran=true or ran=false: whether it runs before that):

    \b
    cut-connection[:ran=…,runs-on-for=SECONDS]
                                      the connection breaks
    status-answer:STATUS[,ran=…,runs-on-for=SECONDS,retry-after=…,location=…]
                                      an answer without output
    wrong-answer[:BODY,status=N,truncated=true]
                                      a login page, or BODY, or half an answer
    slow-answer:SECONDS               the answer comes that much later
    none                              this command passes
    """
    if airflow_version and airflow_binary:
        raise click.UsageError("give either --airflow-version or --airflow-binary")
    if airflow_binary and _dags_are_given():
        raise click.UsageError("--dag is for an Airflow in memory: an --airflow-binary has the DAGs of its files")
    if airflow_binary and mwaa_logs:
        raise click.UsageError(
            "--mwaa-logs is for an Airflow in memory: what an --airflow-binary prints stays as it is"
        )
    chosen: dict[str, Any] = {
        "airflow": airflow_binary or airflow_version,
        "mwaa_logs": mwaa_logs,
        "region": options.region,
    }
    local_mwaa = _emulator(environments, faults, dags=dags, port=port, command_time=command_time, **chosen)
    try:
        status = asyncio.run(_serve(local_mwaa, environments, command))
    except KeyboardInterrupt:
        raise StoppedError("interrupted; nothing is running") from None
    raise click.exceptions.Exit(status)


def _dags_are_given() -> bool:
    source = click.get_current_context().get_parameter_source("dags")
    return source is not click.core.ParameterSource.DEFAULT


def _emulator(
    environments: Sequence[str], faults: Sequence[str], *, airflow: str | Path | None, **chosen: Any
) -> "Emulator":
    try:
        from mwaa_async.emulator import AirflowBinary, Emulator
        from mwaa_async.emulator._fault_words import fault_from
    except ImportError:
        raise MissingExtraError("the emulator needs the extra 'emulator': pip install 'mwaa-async[emulator]'") from None
    chosen["airflow"] = AirflowBinary(airflow) if isinstance(airflow, Path) else airflow
    emulator = Emulator(environments, **{name: value for name, value in chosen.items() if value is not None})
    for fault in faults:
        emulator.faults.add(fault_from(fault))
    return emulator


async def _serve(emulator: "Emulator", environments: Sequence[str], command: Sequence[str]) -> int:
    async with AsyncExitStack() as resources:
        try:
            await resources.enter_async_context(emulator)
        except OSError as error:
            raise CannotStartError(f"the emulator cannot start: {error.strerror or error}") from None
        with caught_signals(signal.SIGINT, signal.SIGTERM) as signals:
            if command:
                return await run_child(command, _environ(emulator), signals)
            write(_exports(emulator))
            say(f"serving {', '.join(environments)} ({_airflow(emulator, environments[0])}) until interrupted")
            return await _until_stopped(signals)


async def _until_stopped(signals: AsyncIterator[signal.Signals]) -> int:
    """Wait for a signal: SIGTERM is how one stops a server, Ctrl-C interrupts it."""
    if await anext(signals) == signal.SIGINT:
        raise StoppedError("interrupted; nothing is running any more")
    return 0


def _environ(emulator: "Emulator") -> dict[str, str]:
    from mwaa_async.emulator import MISLEADING_VARIABLES

    kept = {name: value for name, value in os.environ.items() if name not in MISLEADING_VARIABLES}
    return kept | emulator.environ()


def _exports(emulator: "Emulator") -> str:
    from mwaa_async.emulator import MISLEADING_VARIABLES

    lines = [f"export {name}={_quoted(value)}\n" for name, value in emulator.environ().items()]
    return "".join([*lines, f"unset {' '.join(MISLEADING_VARIABLES)}\n"])


def _quoted(value: str) -> str:
    return "'" + value.replace("'", r"'\''") + "'"


def _airflow(emulator: "Emulator", environment: str) -> str:
    airflow = emulator.airflow(environment)
    version = getattr(airflow, "version", None)
    return f"Airflow {version}" if isinstance(version, str) else repr(airflow)
