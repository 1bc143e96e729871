"""What a seed stands for: the hosts, who asks for what and when, and what goes wrong."""

import random
from dataclasses import dataclass
from typing import Literal

_DELAYS = (0.0005, 0.005, 0.02)  # seconds which a message takes at most, on a good day


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for one run; times are in seconds."""

    hosts: int
    processes: int  # of each host
    has_clock: bool  # the engine tells what is left of a term (Redis); otherwise each host watches (DynamoDB)
    has_directory: bool  # a host contends as one
    lease: float
    settle_time: float
    delay: float
    trouble: float  # the part of the messages that are lost, or late
    lost_calls: float  # the part of the calls that are lost


@dataclass(frozen=True, slots=True)
class Order:
    """One command: its process waits for the slot, has a request open for a while, and gives the slot back."""

    number: int
    process: int
    at: float
    takes: float
    patience: float | None  # for how long it waits for its turn
    is_abandoned: bool  # the request's end is not seen


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens to a process, to a host, or to the engine."""

    what: Literal["kill", "stop", "outage", "failover", "flush"]
    at: float
    process: int
    whole_host: bool
    lasts: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run."""

    seed: int
    settings: Settings
    orders: tuple[Order, ...]
    events: tuple[Event, ...]

    @property
    def is_calm(self) -> bool:
        """Tell whether messages arrive in time and nothing happens but that processes are killed."""
        return not self.settings.trouble and all(event.what == "kill" for event in self.events)


def scenario(seed: int) -> Scenario:
    """Return the scenario of a seed."""
    chance = random.Random(seed)
    lease = chance.choice([1.0, 3.0, 10.0, 30.0])
    settings = Settings(
        hosts=chance.randint(1, 5),
        processes=chance.choice([1, 1, 2]),
        has_clock=chance.random() < 0.6,
        has_directory=chance.random() < 0.4,
        lease=lease,
        settle_time=chance.choice([0.5, 5.0, 10.0, 2 * lease]),
        delay=chance.choice(_DELAYS),
        trouble=chance.choice([0.0, 0.0, 0.02, 0.2]),
        lost_calls=chance.choice([0.0, 0.0, 0.3, 1.0]),
    )
    horizon = chance.choice([0.0, 1.0, 10.0])
    orders = tuple(_order(number, chance, settings, horizon) for number in range(chance.choice([3, 10, 30])))
    events = tuple(_event(chance, settings, horizon) for _ in range(chance.choice([0, 0, 1, 2, 4])))
    return Scenario(seed, settings, orders, events)


def _order(number: int, chance: random.Random, settings: Settings, horizon: float) -> Order:
    return Order(
        number,
        process=chance.randrange(settings.hosts * settings.processes),
        at=round(chance.uniform(0.0, horizon), 2),
        takes=chance.choice([0.0, 0.02, 0.3, 2.0, settings.lease * 1.5]),
        patience=chance.choice([None, None, None, 0.0, settings.delay, chance.uniform(0.0, 5.0)]),
        is_abandoned=chance.random() < 0.1,
    )


def _event(chance: random.Random, settings: Settings, horizon: float) -> Event:
    kinds: list[Literal["kill", "stop", "outage", "failover", "flush"]] = ["kill", "kill", "stop", "outage"]
    if settings.has_clock:
        kinds += ["failover", "flush"]
    return Event(
        chance.choice(kinds),
        at=round(chance.uniform(0.0, horizon + 2 * settings.lease), 2) + chance.choice([0.0, settings.delay / 2]),
        process=chance.randrange(settings.hosts * settings.processes),
        whole_host=chance.random() < 0.5,
        lasts=settings.lease * chance.choice([0.3, 0.6, 1.1, 2.5]),
    )
