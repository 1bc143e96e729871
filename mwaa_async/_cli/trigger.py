"""`mwaa-async trigger`."""

import json
import sys
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from mwaa_async import DagRun, Environment
from mwaa_async._cli.errand import run_errand
from mwaa_async._cli.options import Options, allowed_run_id_pattern, environment_name
from mwaa_async._cli.output import write
from mwaa_async._cli.status import shown_status
from mwaa_async._commands.dag_runs import check_success, follow


def conf_from(text: str) -> Mapping[str, Any]:
    """Return the conf of `--conf`: JSON, or `@FILE` with JSON in it (`@-`: stdin). Raises `click.BadParameter`."""
    try:
        conf = json.loads(_content(text[1:]) if text.startswith("@") else text)
    except OSError as error:
        raise click.BadParameter(f"{text[1:]!r} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise click.BadParameter(f"no JSON: {error}") from None
    if not isinstance(conf, dict):
        raise click.BadParameter("a conf is a JSON object: {…}")
    return conf


def _content(path: str) -> str:
    return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8-sig")


@click.command(short_help="Trigger a DAG run.")
@click.argument("environment", type=environment_name)
@click.argument("dag_id")
@click.option("-c", "--conf", metavar="JSON|@FILE", type=conf_from, help="The run's conf: a JSON object.")
@click.option("-r", "--run-id", metavar="ID", help="Run id; with it a repeat of this command makes no second run.")
@click.option("--logical-date", metavar="DATE", type=datetime.fromisoformat, help="Logical date, in ISO 8601.")
@allowed_run_id_pattern
@click.option("--wait", is_flag=True, help="Wait until the run has ended; exit status 1 where it has failed.")
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
@click.pass_obj
def trigger(
    options: Options,
    *,
    environment: str,
    dag_id: str,
    conf: Mapping[str, Any] | None,
    run_id: str | None,
    logical_date: datetime | None,
    allowed_run_id_pattern: str,
    wait: bool,
    as_json: bool,
) -> None:
    """Trigger a DAG run when its turn has come, and print its state and run id.

    The run always has a run id, so that a trigger of which nobody knows whether it ran can be repeated, which this
    program does once by itself.

    \b
    mwaa-async trigger prod etl --conf '{"day": "2026-01-01"}' --wait
    mwaa-async trigger prod etl --conf @conf.json --run-id etl-2026-01-01
    """

    triggered: list[DagRun] = []

    async def work(chosen: Environment) -> DagRun:
        run = await chosen.dags.trigger(dag_id, conf=conf, run_id=run_id, logical_date=logical_date)
        triggered.append(run)
        return await _end_of(run) if wait else run

    def done() -> str:
        return "".join(f"the run {run.run_id} of {run.dag_id} was triggered, and goes on" for run in triggered)

    client = options.client(allowed_run_id_pattern=allowed_run_id_pattern)
    run = run_errand(client, environment, work, done)
    write((json.dumps(_as_row(run), indent=4, ensure_ascii=False) if as_json else _told(run)) + "\n")
    check_success(run)


async def _end_of(run: DagRun) -> DagRun:
    with shown_status() as status:
        status.show(_told(run))
        async with aclosing(follow(run)) as states:
            async for run in states:
                status.show(_told(run))
    return run


def _told(run: DagRun) -> str:
    return f"{run.dag_id} {run.state or 'triggered'}: {run.run_id}"


def _as_row(run: DagRun) -> dict[str, Any]:
    """Return the run as JSON can express it, with dates in ISO 8601."""
    named = {field.name: getattr(run, field.name) for field in fields(run)}
    row = {**named.pop("extra"), **named}
    del row["environment"]
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
