"""Rows that each trigger a DAG run: their run ids, what they are known by, and how they are sent."""

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mwaa_async._bulk.journal import Entry
from mwaa_async._bulk.layouts import RUNS
from mwaa_async._bulk.refusals import as_unknown, refuses_run
from mwaa_async._bulk.row_runner import RowRunner
from mwaa_async._bulk.rows import Status, TriggerOutcome, TriggerRequest
from mwaa_async._bulk.work import Kind
from mwaa_async._commands.call import iso, json_text
from mwaa_async._commands.dag_runs import Watcher
from mwaa_async._commands.triggering import trigger
from mwaa_async._errors import DagRunAlreadyExistsError, MwaaError
from mwaa_async._identity import check_name
from mwaa_async._model.dag_run import DagRun, changed, watched
from mwaa_async._protocol.command_line import command_line
from mwaa_async._runner import Runner


@dataclass(frozen=True, slots=True)
class RunRow:
    """A request with its place in the batch, its run id and its conf; one with a `problem` cannot be sent.

    The conf is a copy: a program may use the object again for the next request, before this one is sent.
    """

    number: int
    request: TriggerRequest
    run_id: str
    conf: Mapping[str, Any] | None = field(repr=False)
    conf_digest: str = field(repr=False)
    problem: Exception | None = None
    is_idempotent = False  # only the trigger is, which says so itself

    @property
    def environment(self) -> str:
        """Return the environment's name."""
        return self.request.environment

    @property
    def identity(self) -> tuple[str | None, ...]:
        """Return what the journal knows it by."""
        date = None if self.request.logical_date is None else iso(self.request.logical_date)
        return self.environment, self.request.dag_id, self.run_id, date, self.conf_digest

    @property
    def label(self) -> str:
        """Return what a display shows."""
        return f"{self.request.dag_id}: {self.run_id}"

    async def attempt(self, runner: RowRunner, entry: Entry) -> TriggerOutcome:
        """Trigger the run, unless it is there. Raises `MwaaError`, `ValueError` and `TypeError` where it does not."""
        request = self.request
        try:
            run, sent = await trigger(
                runner, request.dag_id, conf=self.conf, run_id=self.run_id, logical_date=request.logical_date
            )
            return self._outcome("triggered", entry.attempts + sent, run)
        except DagRunAlreadyExistsError as error:
            if error.dag_run is None:
                raise
            # A run id of the batch's own is this row's alone, and so the run has its conf.
            run = error.dag_run if request.run_id else changed(error.dag_run, conf=self.conf)
            return self._outcome("already_triggered", entry.attempts + error.attempts, run)

    def refuses(self, error: Exception) -> bool:
        """Tell whether Airflow does not take the row as it is."""
        return refuses_run(error, self.request)

    def failed(self, status: Status, attempts: int, error: Exception) -> TriggerOutcome:
        """Return the outcome after this error; the status is `failed` or `unknown`."""
        if status == "unknown" and isinstance(error, MwaaError):
            error = as_unknown(error, f"have triggered the run {self.run_id!r}")
        return self._outcome(status, attempts, error=error)

    def known(self, entry: Entry, runner: Runner) -> TriggerOutcome:
        """Return the outcome that the journal has: there is a run."""
        request = self.request
        run = DagRun(dag_id=request.dag_id, run_id=self.run_id, conf=self.conf, logical_date=request.logical_date)
        return self._outcome("already_triggered", entry.attempts, watched(run, Watcher(runner)))

    def _outcome(
        self, status: Status, attempts: int, run: DagRun | None = None, error: Exception | None = None
    ) -> TriggerOutcome:
        return TriggerOutcome(self.request, status, run, error, attempts, self.number, self.run_id)


def row_of(batch: str, number: int, request: TriggerRequest) -> RunRow:
    """Return the request as a row of the batch; its run id depends on these two and the number only.

    Raises `ValueError` or `TypeError` for a request that cannot be sent.
    """
    check_name(request.environment)
    _check_types(request)
    text = json_text(request.conf)
    digest = "" if text is None else hashlib.sha256(_canonical(text).encode()).hexdigest()
    run_id = request.run_id or f"bulk__{batch}__{number:06d}"
    return RunRow(number, request, run_id, deepcopy(request.conf), digest)


def _bad_row(number: int, request: TriggerRequest, problem: Exception) -> RunRow:
    return RunRow(number, request, "", None, "", problem)


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


DAG_RUNS = Kind(RUNS, TriggerRequest, "requests", "TriggerRequest(environment, dag_id, conf)", row_of, _bad_row)
