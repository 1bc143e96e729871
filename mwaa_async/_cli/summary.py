"""What a batch has come to."""

from collections import Counter
from dataclasses import dataclass, field

from mwaa_async import DagRun, MwaaError, TriggerOutcome
from mwaa_async._cli.output import say

_MOST = 20  # failures that are told; the journal and the report have all


@dataclass
class Summary:
    """The outcomes so far; `runs` and `ends`, their end states, are only of interest where they are waited for."""

    keeps_runs: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    runs: list[tuple[str, DagRun]] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    not_sent: int = 0

    def count(self, outcome: TriggerOutcome) -> None:
        """Take an outcome into account."""
        self.counts[outcome.status] += 1
        if self.keeps_runs and outcome.dag_run is not None:
            self.runs.append((outcome.request.environment, outcome.dag_run))
        if outcome.error is not None and len(self.failures) < _MOST:
            self.failures.append(told(outcome))
        if outcome.status == "failed" and getattr(outcome.error, "ran", False) is False:
            self.not_sent += 1

    @property
    def exit_status(self) -> int:
        """Return 0 where all were triggered, 1 where some failed (or their runs did), 4 where some are unknown."""
        if self.counts["unknown"]:
            return 4
        return int(self.counts["failed"] > 0 or any(self.ends[state] for state in self.ends if state != "success"))

    def tell(self) -> None:
        """Print the summary, with the failures and their reasons."""
        for failure in self.failures:
            say(failure)
        errors = self.counts["failed"] + self.counts["unknown"]
        if errors > len(self.failures):
            say(f"… and {errors - len(self.failures)} more, in the journal and the report")
        say(f"{self.counts.total()} rows: {self._counted()}")
        if self.not_sent:
            say(f"{self.not_sent} of the failed were not run; the same command sends them again")
        if self.ends:
            say("the runs: " + ", ".join(f"{count} {state}" for state, count in sorted(self.ends.items())))

    def _counted(self) -> str:
        named = [("triggered", "triggered"), ("already_triggered", "were triggered already"), ("failed", "failed")]
        told_of = [f"{self.counts[status]} {name}" for status, name in named if self.counts[status]]
        unknown = [f"{self.counts['unknown']} of which nobody knows"] if self.counts["unknown"] else []
        return ", ".join(told_of + unknown) or "nothing was done"


def told(outcome: TriggerOutcome) -> str:
    """Return a row that was not triggered, in one line, with the reason."""
    error = outcome.error
    reason = str(error) if isinstance(error, MwaaError) else f"{outcome.request.environment}: {error}"
    return f"row {outcome.row}, {outcome.status}: {reason}"
