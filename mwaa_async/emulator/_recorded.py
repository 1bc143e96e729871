"""Answers that a real Airflow gave, given again."""

import shlex
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mwaa_async.emulator.airflow import Execution


class RecordedAirflow:
    """Answers the commands with what a real Airflow of that version printed, one answer after the other.

    Each answer is a mapping with `exit` (the exit status), `stdout` and `stderr`; what else is in it, such as the
    `argv` that it was the answer to, is left alone. The next command gets the next answer, whatever its words are: the
    client words a command in its own way, and the emulator's `commands` say which ones came. More answers can be put
    into `answers` at any time. A command that comes when none is left fails, with exit status 2.
    """

    def __init__(self, version: str, answers: Iterable[Mapping[str, Any]] = ()) -> None:
        self.version = version
        self._given = tuple(answers)
        self.answers = deque(self._given)

    def reset(self) -> None:
        """Have the answers again that were given in the beginning."""
        self.answers = deque(self._given)

    def execute(self, words: Sequence[str]) -> Execution:
        """Return the next answer, and take it off."""
        if not self.answers:
            return Execution(2, "", f"mwaa-async emulator: no recorded answer is left for {shlex.join(words)!r}\n")
        answer = self.answers.popleft()
        return Execution(answer["exit"], answer["stdout"], answer["stderr"])

    def __repr__(self) -> str:
        return f"<RecordedAirflow {self.version} [{len(self.answers)} answers left]>"
