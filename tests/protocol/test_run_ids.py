"""Run ids: which ones Airflow takes, and ones of our own."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mwaa_async._protocol.run_ids import LONGEST_RUN_ID, RUN_ID_PATTERN, check_run_id, new_run_id, run_id_pattern

DEFAULT = run_id_pattern(RUN_ID_PATTERN)
TAKEN = ["run1", "manual__2026-11-22T10:33:17.815847+00:00", "a.b~c:d+e-f_G0", "x" * LONGEST_RUN_ID]
REFUSED = ["", "has space", "a/b", "a\tb", "name\n", "näme", "x" * (LONGEST_RUN_ID + 1)]


@pytest.mark.parametrize("run_id", TAKEN)
def test_what_airflow_takes_is_let_through(run_id: str) -> None:
    assert check_run_id(run_id, DEFAULT) == run_id


@pytest.mark.parametrize("run_id", REFUSED)
def test_what_airflow_refuses_is_refused_before(run_id: str) -> None:
    with pytest.raises(ValueError, match="run id"):
        check_run_id(run_id, DEFAULT)


def test_a_refusal_says_the_pattern_and_where_to_set_another_one() -> None:
    with pytest.raises(ValueError, match=r"'has space'.*must match.*A-Za-z0-9.*MwaaClient\(allowed_run_id_pattern=…\)"):
        check_run_id("has space", DEFAULT)


def test_a_pattern_of_the_environments_own_counts_in_place_of_the_default() -> None:
    own = run_id_pattern("^[a-z ]+$")
    assert check_run_id("has space", own) == "has space"
    with pytest.raises(ValueError, match="takes no run id"):
        check_run_id("run1", own)


def test_a_pattern_need_not_match_to_the_end_as_it_need_not_in_airflow() -> None:
    assert check_run_id("team-a/7", run_id_pattern("^team-")) == "team-a/7"


@pytest.mark.parametrize("pattern", ["[", "(", "*"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="allowed_run_id_pattern is no regular expression"):
        run_id_pattern(pattern)


@given(st.datetimes(timezones=st.timezones()))
def test_a_new_run_id_is_one_that_airflow_takes_whatever_the_time(now: datetime) -> None:
    assert check_run_id(new_run_id(now), DEFAULT)


def test_a_new_run_id_says_whose_it_is_and_when_it_was_made_in_utc() -> None:
    now = datetime(2026, 11, 22, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert re.fullmatch(r"mwaa_async__2026-11-21T23:30:00\.000000\+00:00_[0-9a-f]{8}", new_run_id(now))
    assert new_run_id().startswith(f"mwaa_async__{datetime.now(UTC).year}-")


def test_no_two_new_run_ids_are_the_same_although_they_are_made_at_once() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert len({new_run_id(now) for _ in range(1000)}) == 1000


def test_a_later_run_id_sorts_after_an_earlier_one() -> None:
    start = datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)
    made = [new_run_id(start + timedelta(microseconds=step * 333_333)) for step in range(20)]
    assert made == sorted(made)
