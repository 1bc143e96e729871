"""What a seed stands for: who asks when for what, who gives up, and what the service is like."""

import random
from dataclasses import dataclass

_GRID = 0.01  # seconds; a coarse grid, so that things happen at the same moment


@dataclass(frozen=True, slots=True)
class Settings:
    """The service, and how the clients are set up."""

    host_guard: bool
    processes: int
    clients: int  # in each process
    environments: int
    settle_time: float
    command_timeout: float
    token_lifetime: float
    single_use_tokens: bool
    retry_reads: bool
    release_takes: float  # a guard of many hosts needs a moment to give the slot back
    trouble: float  # the part of the requests to which something happens


@dataclass(frozen=True, slots=True)
class Order:
    """What one caller asks for, and when he loses patience."""

    number: int
    client: int
    environment: int
    at: float
    reads: bool
    typed: bool  # a typed method, which needs the version first
    timeout: float | None
    queue_timeout: float | None
    cancelled_after: float | None

    @property
    def line(self) -> str:
        return f"variables get c{self.number}" if self.reads else f"variables set c{self.number} x"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run; `closings` holds for each client when it is closed, or `None` for when everybody is done.

    `deaths` holds for each process when it is killed, and `rests` when its event loop stands still for a moment.
    """

    seed: int
    settings: Settings
    orders: list[Order]
    closings: list[float | None]
    deaths: list[float | None]
    rests: list[float | None]


def scenario(seed: int) -> Scenario:
    """Return the scenario of a seed."""
    chance = random.Random(seed)
    settings = _settings(chance)
    clients = settings.processes * settings.clients
    horizon = chance.choice([0.0, 0.2, 2.0, 20.0])
    orders = [_order(number, chance, settings, horizon) for number in range(chance.randint(1, 12))]
    closings = [_closing(chance, orders) if chance.random() < 0.4 else None for _ in range(clients)]
    deaths, rests = ([_event(chance, settings, orders) for _ in range(settings.processes)] for _ in range(2))
    return Scenario(seed, settings, orders, closings, deaths, rests)


def _event(chance: random.Random, settings: Settings, orders: list[Order]) -> float | None:
    """Return when something happens to a process; a guard of one event loop dies with it."""
    if not settings.host_guard or chance.random() < 0.8:
        return None
    return chance.choice(orders).at + chance.choice([0.0, 0.02, 0.05, 0.11, 0.35, _moment(chance, 2.0)])


def _closing(chance: random.Random, orders: list[Order]) -> float:
    """Return when a client is closed: at some time, or just when somebody asks or loses patience."""
    order = chance.choice(orders)
    return order.at + (
        chance.choice([order.queue_timeout, order.timeout, order.cancelled_after]) or _moment(chance, 0.5)
    )


def _settings(chance: random.Random) -> Settings:
    host_guard = chance.random() < 0.6
    return Settings(
        host_guard=host_guard,
        processes=chance.randint(1, 4) if host_guard else 1,
        clients=chance.randint(1, 3),
        environments=chance.choice([1, 1, 2]),
        settle_time=chance.choice([0.05, 0.1, 1.0, 10.0]),
        command_timeout=chance.choice([0.5, 5.0, 60.0]),
        token_lifetime=chance.choice([0.6, 3.0, 60.0]),
        single_use_tokens=chance.random() < 0.3,
        retry_reads=chance.random() < 0.7,
        release_takes=chance.choice([0.0, 0.0, 0.02]),
        trouble=chance.choice([0.0, 0.2, 0.7]),
    )


def _order(number: int, chance: random.Random, settings: Settings, horizon: float) -> Order:
    return Order(
        number,
        client=chance.randrange(settings.processes * settings.clients),
        environment=chance.randrange(settings.environments),
        at=_moment(chance, horizon),
        reads=chance.random() < 0.4,
        typed=chance.random() < 0.25,
        timeout=_perhaps(chance, 0.3),
        queue_timeout=_perhaps(chance, 0.3),
        cancelled_after=_perhaps(chance, 0.3),
    )


def _perhaps(chance: random.Random, how_often: float) -> float | None:
    if chance.random() >= how_often:
        return None
    # As often as not just when an answer comes.
    return chance.choice([0.02, 0.03, 0.07, 0.32, _moment(chance, 0.1), _moment(chance, 1.0), _moment(chance, 10.0)])


def _moment(chance: random.Random, within: float) -> float:
    return chance.randint(0, round(within / _GRID)) * _GRID
