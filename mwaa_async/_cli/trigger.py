"""`mwaa-async trigger`."""

import errno
import json
import sys
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from mwaa_async import DagNotFoundError, DagRun, DagRunNotFoundError, Environment, MwaaError
from mwaa_async._cli.exits import UNKNOWN
from mwaa_async._cli.interruptible import run_interruptible
from mwaa_async._cli.options import Options, allowed_run_id_pattern, environment_name
from mwaa_async._cli.output import write
from mwaa_async._cli.status import shown_status
from mwaa_async._commands.dag_runs import check_success
from mwaa_async._model.dag_run import watcher_of
from mwaa_async._protocol.confs import QUOTED, TOO_DEEP, wrong_with

_SPARE = 100  # levels: a conf stands in other things when it is sent and printed
_IN_PYTHON, _HERE = "MwaaClient(allowed_run_id_pattern=…)", "--allowed-run-id-pattern"


class UnseenEndError(click.ClickException):
    """The run was triggered, but how it ends could not be seen."""

    exit_code = UNKNOWN


def conf_from(text: str) -> Mapping[str, Any]:
    """Return the conf of `--conf`: JSON, or `@FILE` with JSON in it (`@-`: stdin). Raises `click.BadParameter`."""
    try:
        content = _content(text[1:]) if text.startswith("@") else text
    except OSError as error:
        raise click.BadParameter(f"{text[1:]!r} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise click.BadParameter(f"{text[1:]!r} is no text: {error}") from None
    if wrong := wrong_with(content):
        plain = text.startswith("@") or wrong == TOO_DEEP
        quoting = "" if plain else f". Write {QUOTED}; or put it into a file: --conf @FILE"
        raise click.BadParameter(f"{wrong}{quoting}")
    return _written(json.loads(content))


def _written(conf: dict[str, Any]) -> dict[str, Any]:
    """Return the conf, which can be written as it was read. Raises `click.BadParameter`."""
    nested: Any = conf
    for _ in range(_SPARE):
        nested = [nested]
    try:
        json.dumps(nested, allow_nan=False, indent=4)  # as the run is printed, for which Python needs the most room
    except ValueError:
        raise click.BadParameter("no JSON: it has neither NaN nor Infinity") from None
    except RecursionError:
        raise click.BadParameter(TOO_DEEP) from None
    return conf


def _content(path: str) -> str:
    if path != "-":
        return Path(path).read_text(encoding="utf-8-sig")
    if sys.stdin is None:
        raise OSError(errno.EBADF, "there is no standard input")
    return sys.stdin.read()


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

    seen: list[DagRun] = []  # the run, each time that Airflow has reported it

    async def work(chosen: Environment) -> None:
        seen.append(await chosen.dags.trigger(dag_id, conf=conf, run_id=run_id, logical_date=logical_date))
        if wait:
            await _follow(seen)

    def done() -> str:
        return "".join(f"the run {run.run_id} of {run.dag_id} was triggered, and goes on" for run in seen[:1])

    client = options.client(allowed_run_id_pattern=allowed_run_id_pattern)
    try:
        run_interruptible(client, environment, work, done)
    except MwaaError as error:  # before ValueError, which one of them also is
        if not seen:
            raise
        _print(seen[-1], as_json=as_json)
        if isinstance(error, DagNotFoundError | DagRunNotFoundError):
            raise  # it does not go on: somebody has deleted it
        raise UnseenEndError(f"{done()}; how it ends could not be seen: {error}") from None
    except ValueError as error:
        raise ValueError(str(error).replace(_IN_PYTHON, _HERE)) from None
    _print(seen[-1], as_json=as_json)
    check_success(seen[-1])


async def _follow(seen: list[DagRun]) -> None:
    """Wait until the run has ended, and add it each time that it is seen."""
    with shown_status() as status:
        status.show(_as_line(seen[-1]))
        async with aclosing(watcher_of(seen[-1]).follow(seen[-1])) as states:
            async for run in states:
                seen.append(run)
                status.show(_as_line(run))


def _print(run: DagRun, *, as_json: bool) -> None:
    write((_json(run) if as_json else _as_line(run)) + "\n")


def _as_line(run: DagRun) -> str:
    return f"{run.dag_id} {run.state or 'triggered'}: {run.run_id}"


def _json(run: DagRun) -> str:
    text = json.dumps(_as_row(run), indent=4, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON has a way to say, but UTF-8 has none
        return json.dumps(_as_row(run), indent=4)
    return text


def _as_row(run: DagRun) -> dict[str, Any]:
    """Return the run as JSON can express it, with dates in ISO 8601."""
    named = {field.name: getattr(run, field.name) for field in fields(run)}
    row = {**named.pop("extra"), **named}
    del row["environment"]
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
