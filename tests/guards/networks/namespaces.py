"""Network namespaces without names: each is there for as long as a thread or process is in it, and so are its links.

So nothing of them is left behind, however a test ends. Addresses are of these namespaces only.
"""

import ctypes
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from tests.guards.test_processes import process

_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


@contextmanager
def new_namespace() -> Iterator[None]:
    """Have the calling thread, and all that it starts, in a namespace of its own. Raises `OSError` where it may not."""
    with _going_back():
        _enter_new()
        ip(
            "link add name one type veth peer name other"
        )  # not every machine that has namespaces has links between them
        ip("link del one")
        yield


@contextmanager
def namespace_of(process_id: int) -> Iterator[None]:
    """Have the calling thread in the namespace of a process for a moment: a socket stays where it was made."""
    with _going_back(), Path(f"/proc/{process_id}/ns/net").open() as theirs:
        _call(_LIBC.setns, theirs.fileno(), _CLONE_NEWNET)
        yield


@contextmanager
def _going_back() -> Iterator[None]:
    with Path("/proc/thread-self/ns/net").open() as before:
        try:
            yield
        finally:
            _call(_LIBC.setns, before.fileno(), _CLONE_NEWNET)


def _enter_new() -> None:
    _call(_LIBC.unshare, _CLONE_NEWNET)
    ip("link set lo up")


def _call(function: Callable[..., int], *arguments: int) -> None:
    if function(*arguments):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def ip(words: str) -> None:
    """Run `ip`. Raises `OSError`."""
    done = subprocess.run(["ip", *words.split()], check=False, capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"ip {words}: {done.stderr.strip()}")


class Link:
    """The cable between a host and the calling thread's namespace, where the engine is."""

    def __init__(self, number: int) -> None:
        self.name = f"host{number}"
        self.address = f"10.99.{number}.1"

    def lay(self, process_id: int) -> None:
        ip(f"link add name {self.name} type veth peer name engine netns {process_id}")
        ip(f"address add {self.address}/24 dev {self.name}")
        self.mend()

    def cut(self) -> None:
        """Let every packet be swallowed: nobody is told that the other side cannot be reached."""
        ip(f"link set {self.name} down")

    def mend(self) -> None:
        ip(f"link set {self.name} up")


@contextmanager
def host(number: int, work: Callable[..., None], *args: object) -> Iterator[tuple[int, Connection, Link]]:
    """Start a process in a namespace of its own, which reaches the caller's by one link."""
    link = Link(number)
    with process(_in_new_namespace, number, work, *args) as (process_id, pipe):
        assert pipe.recv() == "alone"
        link.lay(process_id)
        pipe.send("linked")
        yield process_id, pipe, link


def _in_new_namespace(pipe: Connection, number: int, work: Callable[..., None], *args: object) -> None:
    _enter_new()
    pipe.send("alone")
    pipe.recv()
    ip(f"address add 10.99.{number}.2/24 dev engine")
    ip("link set engine up")
    work(pipe, *args)
