"""The level and the text of an event's line in the log. Pure functions."""

import logging

from mwaa_async.events import (
    AbandonedCommandEnded,
    CommandEnded,
    CommandEvent,
    CommandQueued,
    CommandStarted,
    CommandWaiting,
    Event,
    QueueStalled,
    RequestEnded,
    RequestRepeated,
    SlotClosed,
    TokenFailed,
    TokenFetched,
    TokenRefused,
)

_RAN = {True: "it ran", False: "it has not run", None: "whether it ran is unknown"}
_MINUTE = 60.0  # seconds
_TROUBLE = RequestRepeated | AbandonedCommandEnded | SlotClosed | QueueStalled | TokenRefused


def log_level(event: Event) -> int:
    """Return the level: one line for a command at INFO, what a long wait is for, and all trouble at WARNING."""
    if isinstance(event, CommandWaiting):
        return _level_of_wait(event)
    if isinstance(event, _TROUBLE):
        return logging.WARNING
    return logging.INFO if isinstance(event, CommandEnded) else logging.DEBUG


def _level_of_wait(event: CommandWaiting) -> int:
    """Return the level of the first word about a wait, and of one each minute; all others are not for the log."""
    if not event.is_first and (event.seconds < _MINUTE or event.seconds % _MINUTE >= 1):
        return logging.NOTSET
    return logging.DEBUG if event.waits_for == "the answer" else logging.INFO


def log_text(event: Event) -> str:
    """Return the text, which begins with the environment."""
    which = f"{event.command} #{event.number}: " if isinstance(event, CommandEvent) else ""
    return f"{event.environment}: {which}{_what_happened(event)}"


def _what_happened(event: Event) -> str:
    match event:
        case CommandQueued():
            return "queued"
        case CommandWaiting():
            return event.text
        case CommandStarted():
            return f"its turn came after {event.queued_for:.3f} s"
        case RequestEnded():
            answer = event.text if event.http_status is None else f"HTTP {event.http_status}"
            return f"{event.url} after {event.took:.3f} s: {answer}"
        case RequestRepeated():
            return f"sent again in {event.pause:.1f} s, since attempt {event.attempt} ended so: {event.cause}"
        case CommandEnded():
            times = f"queued for {event.queued_for:.2f} s, took {event.took:.2f} s"
            return f"{_outcome(event)}; {times}, {event.attempts} attempt{'' if event.attempts == 1 else 's'}"
        case AbandonedCommandEnded():
            return f"{_outcome(event)}; took {event.took:.2f} s, and nobody waited for it any more"
        case SlotClosed():
            return f"it may still be running, so no command is sent for {event.seconds:.1f} s"
        case TokenRefused():
            return f"HTTP {event.http_status}: the web server refused the CLI token, or the command"
        case TokenFetched():
            return f"AWS gave a CLI token after {event.took:.3f} s"
        case TokenFailed():
            return f"AWS gave no CLI token after {event.took:.3f} s: {event.text}"
        case QueueStalled():
            before = ", ".join(event.before)
            return (
                f"nothing has moved for {event.seconds:.0f} s in the queue; {before} come first. A process that is "
                "stopped keeps its place until it goes on or ends"
            )


def _outcome(event: CommandEnded | AbandonedCommandEnded) -> str:
    return event.outcome if event.outcome == "done" else f"{event.outcome}, {_RAN[event.ran]}"
