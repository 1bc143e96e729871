"""May it be sent again? The decision, as a table."""

import pytest

from mwaa_async._setbacks import (
    ConnectionGoneError,
    LostError,
    NotSentError,
    Setback,
    StatusError,
    TokenTooOldError,
    end_is_unseen,
    outcome_is_unknown,
    pause_before_repeat,
)

SETTLE_TIME = 10.0


def status(number: int, retry_after: float | None = None) -> StatusError:
    return StatusError(number, b"", retry_after)


@pytest.mark.parametrize(
    ("setback", "write", "read"),
    [
        (NotSentError(), True, True),
        (ConnectionGoneError(), True, True),
        (TokenTooOldError(), True, True),
        (LostError(), False, SETTLE_TIME),
        (status(500), False, SETTLE_TIME),
        (status(502), False, SETTLE_TIME),
        (status(503), False, SETTLE_TIME),
        (status(504), False, SETTLE_TIME),
        (status(302), False, SETTLE_TIME),
        (status(401), False, False),
        (status(403, retry_after=1.0), False, False),
        (status(404), False, False),
        (status(413), False, False),
        (status(429), False, False),
        (status(429, retry_after=2.0), 2.0, 2.0),
        (status(503, retry_after=2.0), 2.0, 2.0),
        (status(503, retry_after=60.0), False, False),
    ],
    ids=lambda value: f"{type(value).__name__} {value}" if isinstance(value, Setback) else None,
)
def test_a_write_is_sent_again_only_where_it_has_not_run_and_a_read_once_more(
    setback: Setback, write: float | bool, read: float | bool
) -> None:
    assert pause_before_repeat(setback, [], may_run_twice=False, settle_time=SETTLE_TIME) == write
    assert pause_before_repeat(setback, [], may_run_twice=True, settle_time=SETTLE_TIME) == read


def test_a_read_is_repeated_only_once_after_an_unknown_outcome() -> None:
    assert not pause_before_repeat(LostError(), [status(504)], may_run_twice=True, settle_time=SETTLE_TIME)
    assert pause_before_repeat(LostError(), [NotSentError()], may_run_twice=True, settle_time=SETTLE_TIME)


@pytest.mark.parametrize(
    ("setback", "unknown", "unseen"),
    [
        (NotSentError(), False, False),
        (LostError(), True, True),
        (status(504), True, True),
        (status(302), True, False),
        (status(403), False, False),
        (status(503, retry_after=1.0), False, False),
    ],
    ids=lambda value: f"{type(value).__name__} {value}" if isinstance(value, Setback) else None,
)
def test_the_slot_stays_closed_only_where_a_command_may_be_running_on(
    setback: Setback, unknown: bool, unseen: bool
) -> None:
    assert (outcome_is_unknown(setback), end_is_unseen(setback)) == (unknown, unseen)
