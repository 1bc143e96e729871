"""The rows of a file as they were checked, for each environment apart.

In the order of the file, the rows of one environment may all stand behind those of another. And somebody may change the
file while the batch runs.
"""

import pickle
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import IO, Any

from mwaa_async._bulk.rows import TriggerRequest
from mwaa_async._bulk.sources import Numbered, Source


class Copies:
    """Rows in temporary files, which go away with the process, even where that is killed."""

    def __init__(self) -> None:
        self._files: dict[str, IO[bytes]] = {}
        self._open = ExitStack()

    def add(self, number: int, request: TriggerRequest) -> None:
        """Keep a row. Raises `OSError` where there is no room."""
        if request.environment not in self._files:
            file = tempfile.TemporaryFile()  # noqa: SIM115  # it is open as long as this is
            self._files[request.environment] = self._open.enter_context(file)
        pickle.dump((number, request), self._files[request.environment])

    def sources(self) -> list[Source[TriggerRequest]]:
        """Return where the rows of each environment come from. Raises `OSError` where there was no room for them."""
        for file in self._files.values():
            file.seek(0)
        return [Source(_rows(file), len(self._files)) for file in self._files.values()]

    def close(self) -> None:
        """Throw the rows away."""
        with suppress(OSError):  # there was no room for the last of them
            self._open.close()


def _rows(file: IO[bytes]) -> Iterator[Numbered[TriggerRequest]]:
    while True:
        try:
            row: Any = pickle.load(file)  # noqa: S301  # nobody else can have written there
        except EOFError:
            return
        yield row
