"""Network namespaces without names: each is there for as long as a thread or process is in it, and so are its links.

So nothing of them is left behind, however a test ends. Addresses are of these namespaces only.
"""

import ctypes
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


@contextmanager
def new_namespace() -> Iterator[None]:
    """Have the calling thread, and all that it starts, in a namespace of its own. Raises `OSError` where it may not."""
    with _going_back():
        _enter_new()
        # Not every machine that has namespaces has links between them.
        ip("link add name one type veth peer name other")
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


@dataclass(frozen=True)
class Link:
    """The cable between one host and the calling thread's namespace, where the engine is."""

    number: int

    @property
    def name(self) -> str:
        return f"host{self.number}"

    @property
    def address(self) -> str:
        """Return where the host finds the engine."""
        return f"10.99.{self.number}.1"

    def lay(self, process_id: int, pipe: Connection) -> None:
        """Link the process to the calling thread's namespace, as soon as it is alone in its own."""
        assert pipe.recv() == "alone"
        ip(f"link add name {self.name} type veth peer name engine netns {process_id}")
        ip(f"address add {self.address}/24 dev {self.name}")
        self.mend()
        pipe.send(f"10.99.{self.number}.2/24")

    def cut(self) -> None:
        """Let every packet be swallowed: nobody is told that the other side cannot be reached."""
        ip(f"link set {self.name} down")

    def mend(self) -> None:
        ip(f"link set {self.name} up")


def in_new_namespace(pipe: Connection, work: Callable[..., None], *args: object) -> None:
    """Do the work of a process in a namespace of its own, when its link is laid."""
    _enter_new()
    pipe.send("alone")
    ip(f"address add {pipe.recv()} dev engine")
    ip("link set engine up")
    work(pipe, *args)
