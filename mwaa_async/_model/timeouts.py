"""How long a typed method may take."""

from typing import TypedDict


class Timeouts(TypedDict, total=False):
    """The time-outs that every method takes, in seconds; each is about all commands of the method together.

    `timeout` is how long its turns may take: from the moment in which its turn has come, or AWS is asked for it, to the
    answer. `queue_timeout` is how long it may wait for its turn behind others, or until the Airflow version is known
    (default: the client's).

    A function of your own passes them on: `async def f(**timeouts: Unpack[Timeouts])`.
    """

    timeout: float | None
    queue_timeout: float | None
