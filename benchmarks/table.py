"""The table of all measurements."""

from collections.abc import Iterable
from typing import NamedTuple


class Row(NamedTuple):
    """What was measured, at most how much it should be, and how much it is; a ratio, unless there is a unit."""

    what: str
    goal: float
    measured: float
    unit: str = "x"

    @property
    def is_met(self) -> bool:
        """Tell whether the goal is met."""
        return self.measured <= self.goal


def show(rows: Iterable[Row]) -> None:
    """Print the rows as they come: a measurement takes its time."""
    print(f"{'what':96} {'goal':>10} {'measured':>10}")
    for row in rows:
        goal, measured = (f"{number:.2f} {row.unit}" for number in (row.goal, row.measured))
        print(f"{row.what:96} {goal:>10} {measured:>10}{'' if row.is_met else '  missed'}", flush=True)
