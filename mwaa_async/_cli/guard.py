"""`mwaa-async guard`: the table of a guard on DynamoDB, and who has an environment's slot."""

import asyncio

import click

from mwaa_async import EnvironmentId, Guard, HostGuard, LocalGuard, ObservableGuard, RestingGuard
from mwaa_async._aws import open_account
from mwaa_async._cli.exits import StoppedError
from mwaa_async._cli.options import Options, environment_name
from mwaa_async._cli.output import say, write, write_json
from mwaa_async._guards.lease.cluster import LeaseGuard
from mwaa_async._guards.lease.dynamodb import check_table_name
from mwaa_async._guards.lease.engine import View
from mwaa_async._guards.lease.protocol import label


@click.group(short_help="Look at who has an environment's slot, or make the table of a guard.")
def guard() -> None:
    """Look at who has an environment's slot, or make the table of a guard on DynamoDB."""


def _table_name(text: str) -> str:
    try:
        return check_table_name(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@guard.command("create-table", short_help="Make the table of a guard on DynamoDB.")
@click.argument("table", metavar="TABLE", type=_table_name)
@click.pass_obj
def create_table(options: Options, table: str) -> None:
    """Make the table of --guard dynamodb://TABLE, paid by request, in which old items vanish by themselves.

    Where it is there already, only what is missing is added. It may be used when this ends.

    \b
    mwaa-async --region eu-west-1 guard create-table mwaa-async
    """
    from mwaa_async._guards.lease.dynamodb_table import create_table

    try:
        is_new = asyncio.run(create_table(table, options.aws()))
    except KeyboardInterrupt:
        raise StoppedError("interrupted; the table may be there: do this again") from None
    say(f"the table {table} is ready" if is_new else f"the table {table} was there, and is ready")


@guard.command("status", short_help="Show who has an environment's slot, since when, and who waits.")
@click.argument("environment", type=environment_name)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def status(options: Options, environment: str, *, as_json: bool) -> None:
    """Show who has an environment's slot, since when, and who waits for it. Takes no slot.

    \b
    mwaa-async guard status prod --guard dynamodb://mwaa-async
    """
    try:
        view = asyncio.run(_view(options, environment, options.guard or HostGuard()))
    except KeyboardInterrupt:
        raise StoppedError("interrupted; nothing is running") from None
    if as_json:
        write_json(_values(view))
    else:
        write("".join(f"{line}\n" for line in _lines(environment, view)))


async def _view(options: Options, name: str, guard: Guard) -> View:
    if isinstance(guard, LocalGuard) or not isinstance(guard, ObservableGuard):
        raise click.UsageError("this guard is known to its own process only: there is nothing to look at")
    environment = (await open_account(options.aws())).identity(name)
    try:
        if isinstance(guard, LeaseGuard):
            return await guard.look(environment)
        return await _of_host(guard, environment)
    finally:
        if isinstance(guard, RestingGuard):
            await guard.rest()


async def _of_host(guard: ObservableGuard, environment: EnvironmentId) -> View:
    status = await guard.status(environment)
    owner, *line = status.before or (None,)
    return View(owner, status.closed_for, None, tuple(each for each in line if each))


def _lines(environment: str, view: View) -> list[str]:
    if view.owner is not None:
        since = "" if view.held_for is None else f", for {view.held_for:.0f} s"
        lines = [f"{environment}: {label(view.owner)} has the slot{since}"]
    elif view.left > 0:
        lines = [f"{environment}: the slot stays closed for up to {view.left:.0f} s"]
    else:
        lines = [f"{environment}: the slot is free"]
    return lines + [f"{place}. in line: {label(who)}" for place, who in enumerate(view.line, 1)]


def _values(view: View) -> dict[str, object]:
    return {
        "holder": None if view.owner is None else label(view.owner),
        "held_for": view.held_for,
        "closed_for": view.left if view.owner is None else 0.0,
        "line": [label(who) for who in view.line],
    }
