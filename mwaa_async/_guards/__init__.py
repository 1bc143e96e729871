"""Guards: who may send the next command to an environment, among everybody who shares the guard."""

from mwaa_async._guards.adapted import queueing
from mwaa_async._guards.guard import Guard, ObservableGuard, QueueingGuard, RequestSlot, RestingGuard, Slot, SlotStatus
from mwaa_async._guards.host import HostGuard
from mwaa_async._guards.local import LocalGuard

__all__ = [
    "Guard",
    "HostGuard",
    "LocalGuard",
    "ObservableGuard",
    "QueueingGuard",
    "RequestSlot",
    "RestingGuard",
    "Slot",
    "SlotStatus",
    "queueing",
]
