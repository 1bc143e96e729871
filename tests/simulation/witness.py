"""Writes down what happens, and what of it must not happen."""

import asyncio


class Witness:
    """The trace of one run. A breach of the promise is noted where it happens, and the run goes on."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.breaches: list[str] = []
        self._trace: list[tuple[float, str, str]] = []
        self._loop = loop
        self._began = loop.time()

    def saw(self, actor: str, event: str) -> None:
        """Note what an actor did."""
        self._trace.append((self._loop.time() - self._began, actor, event))

    def expect(self, holds: bool, actor: str, breach: str) -> None:
        """Note a breach of the promise unless it `holds`."""
        if not holds:
            self.breaches.append(breach)
            self.saw(actor, f"!!! {breach}")

    def story(self, heading: str, replay: str) -> str:
        """Return the run for people to read."""
        lines = [f"{moment:10.4f}  {actor:<16}  {event}" for moment, actor, event in self._trace]
        return "\n".join(
            [
                heading,
                *lines,
                *(f"BREACH: {breach}" for breach in self.breaches),
                f"replay: {replay}",
            ]
        )
