"""A Redis server of these tests: a process on a loopback port, which may be stopped, started again, and paused."""

import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import redis


class RedisServer:
    """A `redis-server`; where there is none the tests fail, and do not pass by skipping."""

    def __init__(self, directory: Path, *options: str, file: Path | None = None) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._directory = directory
        self._options = options
        self._file = [] if file is None else [str(file)]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._directory), "--appendonly", "yes"]
        self.process = subprocess.Popen(
            ["redis-server", *self._file, *words, "--save", "", *self._options], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with suppress(redis.ConnectionError):
                self.do("PING")
                return
            time.sleep(0.02)
        self.stop()
        raise AssertionError("redis-server does not answer")

    def stop(self) -> None:
        """Kill it; what it wrote down is there again when it is started the next time."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def do(self, *words: str | int) -> object:
        """Do a command as an administrator."""
        with redis.Redis(port=self.port, decode_responses=True) as client:
            return client.execute_command(*words)

    def steps(self) -> int:
        """Return how many scripts have been run."""
        stats = self.do("INFO", "commandstats")
        assert isinstance(stats, dict)
        return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("eval", "evalsha"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
