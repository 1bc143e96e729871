"""The promise about one caller and about the end; what is about a moment is checked where it happens."""

import asyncio
from collections.abc import Sequence

from mwaa_async._errors import MwaaError
from mwaa_async._model.result import CommandResult
from mwaa_async.events import AbandonedCommandEnded, CommandEnded, CommandQueued, CommandStarted
from tests.simulation.actors import Caller
from tests.simulation.boundaries import SimulatedWay
from tests.simulation.scenario import Scenario
from tests.simulation.service import Service
from tests.simulation.witness import Witness

_AT_ONCE = 0.05  # seconds


def check_caller(caller: Caller, service: Service, witness: Witness, scenario: Scenario) -> None:
    """Check what a caller was told, and when, against what has happened."""
    if caller.asked_at is None:
        return
    _check_truth(caller, service.runs[caller.order.line], witness, may_repeat=scenario.settings.retry_reads)
    _check_patience(caller, witness)
    order, closing = caller.order, scenario.closings[caller.order.client]
    rests = [moment for moment in scenario.rests if moment is not None]
    impatient = (order.timeout, order.queue_timeout, order.cancelled_after, closing, *rests) != (None,) * 4
    if not impatient and not scenario.settings.trouble:
        witness.expect(isinstance(caller.outcome, CommandResult), caller.name, "fails although nothing went wrong")


def _check_truth(caller: Caller, runs: int, witness: Witness, *, may_repeat: bool) -> None:
    told = f"told {caller.outcome!r}, and it ran {runs} times"
    kinds = (CommandResult, MwaaError, asyncio.CancelledError)
    witness.expect(isinstance(caller.outcome, kinds), caller.name, f"an error that is none of ours: {told}")
    if caller.submitted_at is None:  # what was told is about finding the version
        witness.expect(not runs, caller.name, told)
        return
    witness.expect(not (caller.ran is True and not runs), caller.name, told)
    witness.expect(not (caller.ran is False and runs), caller.name, told)
    witness.expect(runs <= (2 if may_repeat and caller.order.reads else 1), caller.name, told)
    if isinstance(caller.outcome, CommandResult):
        witness.expect(caller.outcome.stdout == caller.order.line, caller.name, "another command's output")


def _check_patience(caller: Caller, witness: Witness) -> None:
    assert caller.asked_at is not None
    order, turn_came = caller.order, None if caller.command is None else caller.command.request.began_at
    limits = []
    if caller.cancelled_at is not None:
        limits.append(caller.cancelled_at)
    if turn_came is not None and order.timeout is not None:
        limits.append(turn_came + order.timeout)
    if turn_came is None and order.queue_timeout is not None and caller.submitted_at is not None:
        limits.append(caller.submitted_at + order.queue_timeout + _aws_took(caller, caller.submitted_at))
    if limits:
        late = caller.came_back_at - min(limits)
        witness.expect(late <= _AT_ONCE, caller.name, f"got control back {late:.3f} s too late")


def _aws_took(caller: Caller, since: float) -> float:
    """Return for how long AWS was asked while the caller waited, which is not waiting for the turn."""
    asked = caller.client.ways[caller.order.environment].aws_asked
    return sum(max(0.0, min(end, caller.came_back_at) - max(begin, since)) for begin, end in asked)


def check_statistics(callers: Sequence[Caller], ways: Sequence[SimulatedWay], witness: Witness) -> None:
    """Check that every queue is idle and has counted all that it did."""
    for way in ways:
        assert way.queue is not None
        state = way.queue.statistics()
        of_queue = [one for one in callers if one.client.queues[one.order.environment] is way.queue]
        completed = sum(isinstance(one.outcome, CommandResult) for one in of_queue)
        failed = sum(isinstance(one.outcome, MwaaError) and one.submitted_at is not None for one in of_queue)
        completed, failed = completed + way.versions_printed, failed + way.versions_failed
        idle = (state.queued, state.running, state.settling) == (0, 0, False)
        witness.expect(idle, way.name, f"not idle in the end: {state}")
        counted = (state.completed, state.failed, state.tokens_fetched) == (completed, failed, way.tokens_given)
        witness.expect(counted, way.name, f"{completed} completed, {failed} failed, {way.tokens_given} tokens: {state}")


def check_events(ways: Sequence[SimulatedWay], witness: Witness) -> None:
    """Check that of every command was told that it was queued and ended, once, and of no other one that it began."""
    for way in ways:
        queued, started, ended, abandoned = (
            [event.number for event in way.events if isinstance(event, kind)]
            for kind in (CommandQueued, CommandStarted, CommandEnded, AbandonedCommandEnded)
        )
        witness.expect(sorted(ended) == queued, way.name, f"told were {queued} as queued, {ended} as ended")
        twice = len({*started}) < len(started) or len({*abandoned}) < len(abandoned)
        witness.expect(not twice, way.name, f"told twice: {started} as begun, {abandoned} as abandoned")
        witness.expect({*abandoned} <= {*started} <= {*queued}, way.name, f"told of {abandoned}, {started}, {queued}")


class Order:
    """Who came first; the commands of one client for one environment are sent in this order."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        self._asked: dict[str, int] = {}
        self._sent: dict[tuple[str, int], str] = {}

    def asked(self, caller: Caller) -> None:
        """Take notice of somebody who queues."""
        self._asked[caller.order.line] = len(self._asked)

    def sent(self, client: str, environment: int, line: str) -> None:
        """Check a command that is sent, unless it is the version that a typed method asks for."""
        if line not in self._asked:
            return
        before = self._sent.get((client, environment), line)
        in_order = self._asked[before] <= self._asked[line]
        self._witness.expect(in_order, client, f"{line!r} is sent after {before!r}, which was asked for later")
        self._sent[client, environment] = line
