"""One row of a batch: what is asked for, and what became of it."""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from mwaa_async._commands.call import iso, json_text
from mwaa_async._identity import check_name
from mwaa_async._model.dag_run import DagRun
from mwaa_async._model.error_schema import ErrorSchema
from mwaa_async._model.portable import Portable
from mwaa_async._protocol.command_line import command_line

Status = Literal["triggered", "already_triggered", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class TriggerRequest(Portable):
    """A DAG run that is wanted; see `Dags.trigger` for its parts."""

    environment: str
    dag_id: str
    conf: Mapping[str, Any] | None = field(default=None, hash=False)
    run_id: str | None = None
    logical_date: datetime | None = None


@dataclass(frozen=True, slots=True)
class TriggerOutcome(Portable):
    """What became of a request.

    `status` is `triggered`, `already_triggered` (the run was there: an earlier attempt made it), `failed` (`error` says
    why, and in `ran` whether Airflow refused it or it never got there) or `unknown` (nobody knows; the same journal
    settles it). `attempts` counts how often it was sent, over all that worked on the journal. `row` is its number among
    the requests, from 1, and `run_id` the one that it has or would have had. Python's errors are equal to themselves
    only, so `error` says nothing about whether two outcomes are equal.
    """

    request: TriggerRequest
    status: Status
    dag_run: DagRun | None = None
    error: Annotated[Exception, ErrorSchema()] | None = field(default=None, compare=False)
    attempts: int = 1
    row: int = 0
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A request with its place in the batch, its run id and its conf; one with a `problem` cannot be sent.

    The conf is a copy: a program may use the object again for the next request, before this one is sent.
    """

    number: int
    request: TriggerRequest
    run_id: str
    conf: Mapping[str, Any] | None = field(repr=False)
    conf_digest: str = field(repr=False)
    problem: Exception | None = None

    @property
    def logical_date(self) -> str | None:
        """Return the logical date as the journal has it."""
        return None if self.request.logical_date is None else iso(self.request.logical_date)


def new_batch(name: str = "") -> str:
    """Return a name for a batch that no other batch has: readable, and of characters that a run id may have."""
    words = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")[:60]
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return "_".join(filter(None, (words, moment, secrets.token_hex(3))))


def row_of(batch: str, number: int, request: TriggerRequest) -> Row:
    """Return the request as a row of the batch; its run id depends on these two and the number only.

    Raises `ValueError` or `TypeError` for a request that cannot be sent.
    """
    check_name(request.environment)
    _check_types(request)
    text = json_text(request.conf)
    digest = "" if text is None else hashlib.sha256(_canonical(text).encode()).hexdigest()
    run_id = request.run_id or f"bulk__{batch}__{number:06d}"
    return Row(number, request, run_id, deepcopy(request.conf), digest)


def bad_row(number: int, request: TriggerRequest, problem: Exception) -> Row:
    """Return a request that cannot be sent as the row that it is."""
    return Row(number, request, "", None, "", problem)


def _check_types(request: TriggerRequest) -> None:
    if not isinstance(request.dag_id, str) or not request.dag_id:
        raise ValueError("a request needs a dag_id")
    if not isinstance(request.run_id, str | None):
        raise TypeError(f"a run_id is text, not {request.run_id!r}")
    if not isinstance(request.logical_date, datetime | None):
        raise TypeError(f"a logical_date is a datetime, not {request.logical_date!r}")
    command_line([request.dag_id, request.run_id or ""])  # the journal could not hold, either, what this refuses


def _canonical(conf: str) -> str:
    return json.dumps(json.loads(conf), sort_keys=True)
