"""What happens to one request on its way, in the service, and on the way back."""

import random
from dataclasses import dataclass
from enum import Enum, auto

from tests.simulation.scenario import Settings


class End(Enum):
    """How a request ends for the client that sent it."""

    ANSWER = auto()
    FAILURE = auto()  # Airflow reports failure
    GARBLED = auto()
    TOO_LARGE = auto()
    REFUSED = auto()  # a status of the web server's own, before anything runs
    CUT_BEFORE = auto()
    CUT = auto()  # while the command runs
    GATEWAY = auto()  # 5xx while the command runs
    CRASH = auto()  # 5xx, and nothing has run


class Way(Enum):
    """How the way to the web server is."""

    OPEN = auto()
    BLOCKED = auto()
    GONE = auto()  # the keep-alive connection was closed a moment ago


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to one request; times are in seconds."""

    way: Way = Way.OPEN
    connecting: float = 0.0
    travel: float = 0.0  # each way
    takes: float = 0.01
    end: End = End.ANSWER
    status: int = 200
    retry_after: str | None = None
    runs_on: float = 0.0  # after its end is out of sight, as a part of `settle_time`


def fate(chance: random.Random, settings: Settings) -> Fate:
    """Draw what happens to a request."""
    takes = chance.choice([0.0, 0.01, 0.05, 0.05, 0.3])
    if chance.random() >= settings.trouble:
        return Fate(takes=takes, travel=chance.choice([0.01, 0.01, 0.02]), runs_on=chance.random() * 0.99)
    end = chance.choice(list(End))
    return Fate(
        way=chance.choices(list(Way), weights=[6, 2, 2])[0],
        connecting=chance.choice([0.0, 0.0, 0.05, 0.6, 3.0]),
        travel=chance.choice([0.01, 0.01, 0.02]),
        takes=chance.choice([takes, takes, 3.0, 100.0]),
        end=end,
        status=_status(chance, end),
        retry_after=chance.choice([None, "0", "1", "7"]) if end is End.REFUSED else None,
        runs_on=chance.random() * 0.99,
    )


def _status(chance: random.Random, end: End) -> int:
    if end is End.REFUSED:
        return chance.choice([401, 403, 404, 429, 503])
    return chance.choice([500, 502, 503, 504]) if end in (End.GATEWAY, End.CRASH) else 200
