"""Redis on more than one server, all on loopback ports: a Redis Cluster, and a primary that a Sentinel watches."""

import time
from collections.abc import Callable
from pathlib import Path

from redis.crc import key_slot

from tests.guards.redis.server import RedisServer, free_port

_SLOTS = 16_384
PRIMARY = "primary"  # its name for the Sentinel
_SILENCE = 500  # milliseconds after which a server is taken for dead


class Cluster:
    """Three masters, among which the hash slots are shared."""

    def __init__(self, directory: Path) -> None:
        self._bus_ports = [free_port() for _ in range(3)]
        self.masters = [_cluster_node(directory / str(port), port) for port in self._bus_ports]

    def start(self) -> None:
        """Start them, and let them become a cluster."""
        first, bounds = self.masters[0], [round(_SLOTS * part / 3) for part in range(4)]
        for which, each in enumerate(self.masters):
            each.start()
            each.do("CLUSTER", "ADDSLOTSRANGE", bounds[which], bounds[which + 1] - 1)
            each.do("CLUSTER", "SET-CONFIG-EPOCH", which + 1)
            first.do("CLUSTER", "MEET", "127.0.0.1", each.port, self._bus_ports[which])
        for each in self.masters:
            _until(lambda each=each: _is_complete(each))  # type: ignore[misc]

    def stop(self) -> None:
        for each in self.masters:
            each.stop()

    def move(self, key: str) -> None:
        """Give the key's slot, and all that is in it, to another master, as `redis-cli --cluster reshard` does."""
        slot = key_slot(key.encode())
        old = self.masters[3 * slot // _SLOTS]
        new = next(each for each in self.masters if each is not old)
        new.do("CLUSTER", "SETSLOT", slot, "IMPORTING", _name(old))
        old.do("CLUSTER", "SETSLOT", slot, "MIGRATING", _name(new))
        keys = old.do("CLUSTER", "GETKEYSINSLOT", slot, 100)
        assert isinstance(keys, list)
        for each in keys:
            old.do("MIGRATE", "127.0.0.1", new.port, each, 0, 5000)
        for server in (new, old):
            server.do("CLUSTER", "SETSLOT", slot, "NODE", _name(new))


def _cluster_node(directory: Path, bus_port: int) -> RedisServer:
    directory.mkdir()
    return RedisServer(directory, "--cluster-enabled", "yes", "--cluster-port", str(bus_port))


def _is_complete(server: RedisServer) -> bool:
    told = str(server.do("CLUSTER", "INFO"))
    return "cluster_state:ok" in told and "cluster_known_nodes:3" in told


def _name(server: RedisServer) -> str:
    return str(server.do("CLUSTER", "MYID"))


class Watched:
    """A primary, its replica, and the Sentinel that has the replica take over."""

    def __init__(self, directory: Path) -> None:
        for name in ("primary", "replica", "sentinel"):
            (directory / name).mkdir()
        self.primary = RedisServer(directory / "primary")
        self.replica = RedisServer(directory / "replica", "--replicaof", f"127.0.0.1 {self.primary.port}")
        file = directory / "sentinel" / "sentinel.conf"
        file.write_text(f"sentinel monitor {PRIMARY} 127.0.0.1 {self.primary.port} 1\n")
        self.sentinel = RedisServer(directory / "sentinel", "--sentinel", file=file)

    def start(self) -> None:
        for each in (self.primary, self.replica, self.sentinel):
            each.start()
        self.sentinel.do("SENTINEL", "SET", PRIMARY, "down-after-milliseconds", _SILENCE)
        _until(lambda: "master_link_status:up" in _replication(self.replica))
        _until(lambda: bool(self.sentinel.do("SENTINEL", "REPLICAS", PRIMARY)))

    def stop(self) -> None:
        for each in (self.sentinel, self.replica, self.primary):
            each.stop()

    def lose_the_primary(self) -> None:
        """Kill the primary, with nothing of it lost, and wait until the replica is the primary."""
        self.primary.do("WAIT", 1, 5000)
        self.primary.stop()
        _until(lambda: "role:master" in _replication(self.replica))


def _replication(server: RedisServer) -> str:
    told = server.do("INFO", "replication")
    assert isinstance(told, dict)
    return " ".join(f"{name}:{value}" for name, value in told.items())


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
