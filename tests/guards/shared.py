"""The guards that reach over processes, for the tests of what each of them promises."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from tests.guards.dynamodb.server import DynamoDBServer
from tests.guards.workers import MakeGuard, ProcessGuard


@dataclass(frozen=True)
class SharedGuard:
    """A guard as each process makes it for itself. `lease` is for how long it outlives a process, in seconds.

    Processes with the same directory are of one host.
    """

    make: Callable[[Path], ProcessGuard]
    lease: float = 0.0
    looks_every: float = 0.0
    """Where nobody is called: the seconds between two looks."""

    def at(self, directory: Path) -> MakeGuard:
        """Return how a process of the host with that directory makes its guard."""
        return partial(self.make, directory)


def serve_dynamodb(pipe: Connection) -> None:
    """Serve a DynamoDB, and say which variables lead there, until told to stop."""
    server = DynamoDBServer()
    server.start()
    try:
        pipe.send(server.environ())
        pipe.recv()
    finally:
        server.stop()
