"""Measuring by turns: whatever else the machine does hits all alike, and only the ratio within a round counts."""

import statistics
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


def median_ratio(measured: Sequence[float], floor: Sequence[float]) -> float:
    """Return the median of the ratios, each of two measurements of the same round."""
    return statistics.median(one / least for one, least in zip(measured, floor, strict=True))


def by_turns(rounds: int, ways: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Return what each way measures in each round; one round before them warms up and does not count."""
    measured: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, measure in _turned(ways, number):
            seconds = measure()
            if number:
                measured[name].append(seconds)
    return measured


async def by_turns_async(rounds: int, ways: Mapping[str, Callable[[], Awaitable[float]]]) -> dict[str, list[float]]:
    """Do what `by_turns` does, in an event loop."""
    measured: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, measure in _turned(ways, number):
            seconds = await measure()
            if number:
                measured[name].append(seconds)
    return measured


def _turned(ways: Mapping[str, T], by: int) -> Iterable[tuple[str, T]]:
    """Return the ways, another one first in each round: what comes right after another one is not always alike."""
    entries = list(ways.items())
    by %= len(entries)
    return entries[by:] + entries[:by]
