"""The outcome of a batch."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Generic

from mwaa_async import DagRun, MwaaError, TriggerOutcome
from mwaa_async._bulk.work import O, Outcome
from mwaa_async._cli.exits import NOT_ENDED
from mwaa_async._cli.kinds import Wording
from mwaa_async._cli.output import counted, say, shortened
from mwaa_async._cli.waiting import Ends

_MOST = 20  # failures that are shown; the journal and the report have all


@dataclass
class Summary(Generic[O]):
    """The outcomes so far of `total` rows; `runs` and their `ends` are of interest where these are waited for."""

    total: int
    wording: Wording[O]
    keeps_runs: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    runs: list[tuple[str, DagRun]] = field(default_factory=list)
    ends: Ends | None = None
    refused: int = 0

    def count(self, outcome: O) -> None:
        """Take an outcome into account."""
        self.counts[outcome.status] += 1
        if self.keeps_runs and isinstance(outcome, TriggerOutcome) and outcome.dag_run is not None:
            self.runs.append((outcome.request.environment, outcome.dag_run))
        if outcome.error is not None and len(self.failures) < _MOST:
            self.failures.append(described(outcome))
        self.refused += outcome.status == "failed" and self.wording.refuses(outcome)

    @property
    def exit_status(self) -> int:
        """Return 0 where all are done, 1 where some failed (or their runs did), 4 where some are unknown.

        Where runs were waited for and some have not ended in time, while all others succeeded, it is 124.
        """
        ends = self.ends.counts if self.ends else Counter[str]()
        if self.counts["unknown"] or ends["unknown"]:
            return 4
        if self.counts["failed"] > 0 or self.unfinished > 0 or ends.total() > ends["success"]:
            return 1
        return NOT_ENDED if self.ends and not self.ends.are_all_seen else 0

    @property
    def unfinished(self) -> int:
        """Return how many rows were neither done nor refused: they will be sent again."""
        return self.total - sum(self.counts[status] for status in self.wording.done) - self.refused

    @property
    def left_behind(self) -> str:
        """Return what may be running when the batch has ended in good order."""
        unknown = self.counts["unknown"]
        return f"{unknown} of the rows may still be running" if unknown else "no command is running any more"

    def show(self) -> None:
        """Print the summary, with the failures and their reasons."""
        for failure in self.failures:
            say(failure)
        errors = self.counts["failed"] + self.counts["unknown"]
        if errors > len(self.failures):
            say(f"… and {errors - len(self.failures)} more, in the journal and the report")
        say(f"{counted(self.total, 'row')}: {self._counted()}")
        if self.ends:
            say(f"the runs: {self.ends}")

    def _counted(self) -> str:
        named = {
            **{name: self.counts[status] for status, name in self.wording.done.items()},
            "failed": self.counts["failed"],
            "of which nobody knows": self.counts["unknown"],
            "not begun": self.total - self.counts.total(),
        }
        return ", ".join(f"{count} {name}" for name, count in named.items() if count)


def described(outcome: Outcome) -> str:
    """Return a row that was not done, in one line, with the reason."""
    error = outcome.error
    reason = str(error) if isinstance(error, MwaaError) else f"{outcome.request.environment}: {error}"
    return f"row {outcome.row}, {outcome.status}: {shortened(reason)}"
