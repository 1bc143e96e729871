"""`mwaa-async trigger`."""

import errno
import json
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from mwaa_async import (
    DagNotFoundError,
    DagRun,
    DagRunAlreadyExistsError,
    DagRunFailedError,
    DagRunNotEndedError,
    DagRunNotFoundError,
    Environment,
    MwaaError,
)
from mwaa_async._cli.exits import UNKNOWN
from mwaa_async._cli.interruptible import run_interruptible
from mwaa_async._cli.options import Options, allowed_run_id_pattern, environment_name, known_dag_id
from mwaa_async._cli.output import in_one_line, say, write, write_json
from mwaa_async._cli.status import shown_status
from mwaa_async._cli.waiting import DEFAULT_TIMEOUT, wait_timeout
from mwaa_async._commands.dag_runs import Watcher
from mwaa_async._commands.run_ends import said_of_paused
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
@click.argument("dag_id", type=known_dag_id)
@click.option("-c", "--conf", metavar="JSON|@FILE", type=conf_from, help="The run's conf: a JSON object.")
@click.option("-r", "--run-id", metavar="ID", help="Run id; with it a repeat of this command makes no second run.")
@click.option("--logical-date", metavar="DATE", type=datetime.fromisoformat, help="Logical date, in ISO 8601.")
@allowed_run_id_pattern
@click.option("--exists-ok", is_flag=True, help="Take the run with this --run-id where there is one already.")
@click.option("--wait", is_flag=True, help="Wait until the run has ended; exit status 1 where it has failed.")
@wait_timeout
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
    exists_ok: bool,
    wait: bool,
    timeout: float | None,
    as_json: bool,
) -> None:
    """Trigger a DAG run when its turn has come, and print its state and run id.

    The run always has a run id, so that a trigger of which nobody knows whether it ran can be repeated, which this
    program does once by itself. With --exists-ok a repeat of the whole command does no harm: it prints the run that is
    there, and with --wait it waits for that one.

    The run of a paused DAG stays queued; --wait says so. Exit status: 0 done, 1 the run has failed (or Airflow refuses
    it), 124 it has not ended within --timeout, and goes on.

    \b
    mwaa-async trigger prod etl --conf '{"day": "2026-01-01"}' --wait
    mwaa-async trigger prod etl --conf @conf.json --run-id etl-1 --exists-ok
    """

    if timeout is not None and not wait:
        raise click.UsageError("--timeout is how long --wait waits: give both")
    if exists_ok and run_id is None:
        raise click.UsageError("--exists-ok needs a --run-id: without one every run is a new one")
    seen = Seen()

    async def work(chosen: Environment) -> None:
        what: dict[str, Any] = {"conf": conf, "run_id": run_id, "logical_date": logical_date}
        if wait and options.queue_timeout is None:  # whoever says how long to wait means the turn, too
            what["queue_timeout"] = timeout or DEFAULT_TIMEOUT
        seen.run = await _triggered(chosen, exists_ok, dag_id, **what)
        watcher = Watcher(chosen.runner)
        seen.url = await watcher.url(seen.run)
        if wait:
            await _wait(watcher, seen, timeout or DEFAULT_TIMEOUT)

    client = options.client(allowed_run_id_pattern=allowed_run_id_pattern)
    try:
        run_interruptible(client, environment, work, seen.left_behind)
    except DagRunFailedError as error:
        seen.failed_tasks = error.failed_tasks
        seen.print(as_json=as_json)
        raise
    except MwaaError as error:  # before ValueError, which one of them also is
        seen.print(as_json=as_json)
        if seen.run is None or isinstance(error, DagNotFoundError | DagRunNotFoundError | DagRunNotEndedError):
            raise  # nothing goes on: it was not triggered, or somebody has deleted it; or the error says what does
        raise UnseenEndError(f"{seen.left_behind()}; how it ends could not be seen: {error}") from None
    except ValueError as error:
        raise ValueError(str(error).replace(_IN_PYTHON, _HERE)) from None
    seen.print(as_json=as_json)


@dataclass
class Seen:
    """The run, as Airflow has reported it last, where it is shown, and which of its tasks failed."""

    run: DagRun | None = None
    url: str | None = None
    failed_tasks: Sequence[str] | None = None

    def left_behind(self) -> str:
        """Return what is said of a run that goes on, and how to look at it."""
        if self.run is None:
            return ""
        again = in_one_line(shlex.join(["mwaa-async", *waiting_again(sys.argv[1:], self.run.run_id)]))
        shown = "" if self.url is None else f"; Airflow shows it at {self.url}"
        return f"{_named(self.run)} was triggered, and goes on. To wait for it again: {again}{shown}"

    def print(self, *, as_json: bool) -> None:
        """Print the run, if there is one."""
        if self.run is not None:
            if as_json:
                write_json(_as_row(self.run) | {"url": self.url, "failed_tasks": self.failed_tasks})
            else:
                write(f"{_as_line(self.run)}\n")


async def _triggered(chosen: Environment, exists_ok: bool, dag_id: str, **what: Any) -> DagRun:
    """Trigger the run, or take the one that exists."""
    try:
        return await chosen.dags.trigger(dag_id, **what)
    except DagRunAlreadyExistsError as error:
        if not exists_ok or error.dag_run is None:
            raise
        say(f"{_named(error.dag_run)} exists already; nothing was triggered")
        return error.dag_run


async def _wait(watcher: Watcher, seen: Seen, timeout: float) -> None:
    """Wait until the run has ended, and keep what is seen of it."""

    def show(run: DagRun) -> None:
        seen.run = run
        if run.state not in ("success", "failed"):  # which is what is printed in the end
            status.show(_as_line(run))

    async def paused(run: DagRun) -> None:
        say(said_of_paused(run))

    assert seen.run is not None
    with shown_status() as status:
        status.show(_as_line(seen.run))
        if seen.url is not None:
            say(f"Airflow shows it at {seen.url}")
        ended = await watcher.watch(seen.run, timeout=timeout, seen=show, paused=paused)
    if ended.state == "failed":
        raise await watcher.failure(ended)


def waiting_again(words: Sequence[str], run_id: str) -> list[str]:
    """Return the words of the command that waits for the run which the one with these words has triggered."""
    kept, is_conf = [], False  # which has been sent, and may be long
    for word in words:
        if not is_conf and not re.match("--conf(=|$)|-c", word):
            kept.append(word)
        is_conf = word in ("-c", "--conf")
    has_run_id = any(re.match("--run-id(=|$)|-r", word) for word in kept)
    added = [*([] if has_run_id else ["--run-id", run_id]), "--exists-ok", "--wait"]
    place = kept.index("trigger") + 1
    return [*kept[:place], *(word for word in added if word not in kept), *kept[place:]]


def _named(run: DagRun) -> str:
    return f"the run {run.run_id} of {run.dag_id}"


def _as_line(run: DagRun) -> str:
    return f"{run.dag_id} {run.state or 'triggered'}: {run.run_id}"


def _as_row(run: DagRun) -> dict[str, Any]:
    """Return the run as JSON can express it, with dates in ISO 8601."""
    named = {field.name: getattr(run, field.name) for field in fields(run)}
    row = {**named.pop("extra"), **named}
    del row["environment"]
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
