"""What a client does with an environment, in numbers."""

from dataclasses import dataclass

from mwaa_async._model.portable import Portable


@dataclass(frozen=True, slots=True)
class EnvironmentStatistics(Portable):
    """What one client does with one environment at this moment, and has done so far.

    `queued` commands wait for their turn and `running` (0 or 1) is with the web server, also when nobody waits for it
    any more. `completed` and `failed` count the commands that ended well and with an error. While `settling`, no
    command is sent because the end of the one before could not be seen.
    """

    queued: int
    running: int
    completed: int
    failed: int
    tokens_fetched: int
    settling: bool
