"""May it be sent again? The decision, as a table."""

import pytest

from mwaa_async._attempts import (
    AttemptError,
    ConnectionClosedError,
    LostError,
    NotSentError,
    NoWayError,
    SilentError,
    StatusError,
    TokenTooOldError,
    UnreadableError,
    end_is_unseen,
    outcome_is_unknown,
    spends_token,
)
from mwaa_async._model.result import CommandResult
from mwaa_async._protocol.endpoint import PATH, PATH_WITH_SLASH, first_path
from mwaa_async._retry import path_after, seconds_until_retry

SETTLE_TIME = 10.0


def status(number: int, retry_after: float | None = None, path: str = PATH) -> StatusError:
    return StatusError(number, b"", retry_after, path=path)


def silent() -> SilentError:
    return SilentError(CommandResult("demo", "dags pause etl", "", "", 200, 0.0, 0.0))


def until_retry(error: AttemptError, *earlier: AttemptError, idempotent: bool = False) -> float | None:
    return seconds_until_retry(error, earlier, idempotent=idempotent, settle_time=SETTLE_TIME)


@pytest.mark.parametrize(
    ("error", "write", "read"),
    [
        (NotSentError(), 0.1, 0.1),
        (NoWayError(), None, None),
        (ConnectionClosedError(), 0.0, 0.0),
        (TokenTooOldError(), 0.0, 0.0),
        (LostError(), None, SETTLE_TIME),
        (UnreadableError("no JSON", 200, b""), None, SETTLE_TIME),
        (silent(), None, SETTLE_TIME),
        (status(500), None, SETTLE_TIME),
        (status(502), None, SETTLE_TIME),
        (status(503), None, SETTLE_TIME),
        (status(504), None, SETTLE_TIME),
        (status(302), None, None),
        (status(301, path=PATH_WITH_SLASH), None, None),
        (status(307), 0.0, 0.0),
        (status(308), 0.0, 0.0),
        (status(307, path=PATH_WITH_SLASH), 0.0, 0.0),
        (status(401), 0.0, 0.0),
        (status(403, retry_after=1.0), 0.0, 0.0),
        (status(404), None, None),
        (status(404, path=PATH_WITH_SLASH), 0.0, 0.0),
        (status(413), None, None),
        (status(429), None, None),
        (status(429, retry_after=2.0), 2.0, 2.0),
        (status(503, retry_after=2.0), 2.0, 2.0),
        (status(503, retry_after=60.0), None, None),
    ],
    ids=lambda value: f"{type(value).__name__} {value}" if isinstance(value, AttemptError) else None,
)
def test_a_write_is_sent_again_only_where_it_has_not_run_and_a_read_once_more(
    error: AttemptError, write: float | None, read: float | None
) -> None:
    assert until_retry(error) == write
    assert until_retry(error, idempotent=True) == read


def test_a_read_is_repeated_only_once_after_an_unknown_outcome() -> None:
    assert until_retry(LostError(), status(504), idempotent=True) is None
    assert until_retry(silent(), LostError(), idempotent=True) is None
    assert until_retry(LostError(), NotSentError(), idempotent=True) == SETTLE_TIME


def test_four_connections_are_tried_within_two_seconds() -> None:
    failed: tuple[AttemptError, ...] = ()
    pauses = []
    while (pause := until_retry(NotSentError(), *failed)) is not None:
        pauses.append(pause)
        failed += (NotSentError(),)
    assert pauses == sorted(pauses)
    assert len(pauses) == 3
    assert sum(pauses) == pytest.approx(2.0)


@pytest.mark.parametrize("error", [ConnectionClosedError(), TokenTooOldError()])
def test_what_a_first_connection_explains_is_tried_at_once_only_once(error: NotSentError) -> None:
    assert until_retry(error, error) == 0.5
    assert until_retry(error, error, error, error) is None


@pytest.mark.parametrize("first", [401, 403])
@pytest.mark.parametrize("second", [401, 403])
def test_a_refused_token_is_replaced_once(first: int, second: int) -> None:
    assert until_retry(status(second), status(first)) is None
    assert until_retry(status(second), status(429, 1.0)) == 0.0


def test_a_command_that_two_tokens_could_not_help_costs_no_other_token_the_next_time() -> None:
    def again(error: StatusError) -> float | None:
        return seconds_until_retry(error, (), idempotent=False, settle_time=SETTLE_TIME, refused_before=True)

    assert again(StatusError(403, b"", None, caller_is_known=True)) is None
    assert again(StatusError(403, b"", None)) == 0.0
    assert again(StatusError(401, b"", None, caller_is_known=True)) == 0.0  # which is never about a command


@pytest.mark.parametrize("error", [status(307), status(308), status(307, path=PATH_WITH_SLASH)])
def test_a_redirect_in_a_circle_is_followed_no_further(error: StatusError) -> None:
    other = path_after(error, ())
    assert other in (PATH, PATH_WITH_SLASH)
    assert other != error.path
    back = status(error.status, path=other or "")
    assert path_after(back, (error,)) is None
    assert until_retry(back, error, idempotent=True) is None


def test_the_endpoint_is_looked_for_without_the_slash_where_it_is_not_behind_it() -> None:
    assert path_after(status(404, path=PATH_WITH_SLASH), ()) == PATH
    assert path_after(status(404), ()) is None


def test_airflow_3_has_the_endpoint_behind_the_slash() -> None:
    assert first_path((3, 0, 0)) == PATH_WITH_SLASH
    assert first_path((2, 11, 2)) == PATH
    assert first_path(None) == PATH


@pytest.mark.parametrize(
    ("error", "unknown", "unseen", "spent"),
    [
        (NotSentError(), False, False, False),
        (ConnectionClosedError(), False, False, False),
        (LostError(), True, True, True),
        (UnreadableError("no JSON", 200, b""), True, False, True),
        (silent(), True, False, True),
        (status(504), True, True, True),
        (status(418), True, False, True),
        (status(302), False, False, False),
        (status(307), False, False, False),
        (status(403), False, False, True),
        (status(503, retry_after=1.0), False, False, True),
    ],
    ids=lambda value: f"{type(value).__name__} {value}" if isinstance(value, AttemptError) else None,
)
def test_the_slot_stays_closed_only_where_a_command_may_be_running_on(
    error: AttemptError, unknown: bool, unseen: bool, spent: bool
) -> None:
    assert (outcome_is_unknown(error), end_is_unseen(error), spends_token(error)) == (unknown, unseen, spent)
