"""How long the processor works on a large text and on a small one: does the time grow with the square of the size?"""

import gc
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def of_large(does: Callable[[], object]) -> float:
    """Return for how many seconds it computes, whatever else the machine does.

    The time that the system takes to give it memory does not count. A regular expression over 1 MB can take 40 MB for
    its stack, and gives them back at the end: on a virtual machine that is two thirds of the time and more, where a
    tenth of the text finds its memory still there.
    """
    with _without_garbage_collection():
        started = resource.getrusage(resource.RUSAGE_SELF)
        does()
        return resource.getrusage(resource.RUSAGE_SELF).ru_utime - started.ru_utime


def of_small(does: Callable[[], object]) -> float:
    """Return the same, and with the system's time: the two are told apart by samples, and a short one may get none."""
    with _without_garbage_collection():
        started = resource.getrusage(resource.RUSAGE_SELF)
        does()
        ended = resource.getrusage(resource.RUSAGE_SELF)
    return ended.ru_utime + ended.ru_stime - started.ru_utime - started.ru_stime


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
