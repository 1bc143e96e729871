"""The protocol of a lease with a queue, as pure functions: what each step does to the state."""

import pytest

from mwaa_async._guards.lease.protocol import (
    TICKET,
    Contender,
    Granted,
    Held,
    Queued,
    State,
    Watch,
    asked,
    by_clock,
    left,
    renewed,
)


def ask(state: State, who: str, now: int, term: float = 30.0) -> tuple[State, Granted | Queued]:
    """Ask at that second of a clock that everybody shares."""
    step, answer = asked(state, who, term=term, beat=now, left=by_clock(now, seconds=1))
    return step.state, answer


def test_hosts_get_the_lease_in_the_order_in_which_they_lined_up_with_numbers_that_grow() -> None:
    state, answer = ask(State(), "a", 0)
    assert answer == Granted(1)
    state, answer = ask(state, "b", 1)
    assert isinstance(answer, Queued) and answer.before == 0
    state, answer = ask(state, "c", 1)
    assert isinstance(answer, Queued) and answer.before == 1
    step, was_ours = left(state, "a", 1, closed_for=0, beat=2)
    assert (was_ours, step.calls) == (True, ("b",))
    state, answer = ask(step.state, "c", 2)
    assert isinstance(answer, Queued), "b is first"
    state, answer = ask(state, "b", 2)
    assert answer == Granted(2, others_wait=True)


def test_a_dead_waiter_is_passed_over_when_its_ticket_is_over_and_not_before() -> None:
    state, _ = ask(State(), "a", 0)
    state, _ = ask(state, "dead", 0)
    state, _ = ask(state, "c", 1)
    state = left(state, "a", 1, closed_for=0, beat=1)[0].state
    _, answer = ask(state, "c", 2)
    assert isinstance(answer, Queued)
    _, answer = ask(state, "c", int(TICKET))
    assert isinstance(answer, Granted)


@pytest.mark.parametrize(("now", "is_granted"), [(29, False), (30, True)])
def test_a_dead_holders_lease_is_free_when_its_term_is_over(now: int, is_granted: bool) -> None:
    state, _ = ask(State(), "dead", 0)
    assert isinstance(ask(state, "b", now)[1], Granted) is is_granted


def test_whoever_has_lost_the_lease_cannot_renew_it_and_is_told_so_when_it_gives_it_back() -> None:
    state, _ = ask(State(), "a", 0)
    state, _ = ask(state, "b", 30)
    assert renewed(state, "a", 1, term=30, beat=31)[1] is None
    step, was_ours = left(state, "a", 1, closed_for=10, beat=31)
    assert (step.state, was_ours) == (state, False)


def test_a_step_that_is_repeated_because_its_answer_was_lost_gives_the_same_answer() -> None:
    state, first = ask(State(), "a", 0)
    state, again = ask(state, "a", 1)
    assert first == again == Granted(1)
    state = left(state, "a", 1, closed_for=0, beat=2)[0].state
    state, _ = ask(state, "b", 2)
    assert left(state, "a", 1, closed_for=0, beat=3) == (left(state, "x", 0, closed_for=0, beat=3)[0], True)


def test_a_term_that_has_grown_for_a_request_does_not_shrink() -> None:
    state, _ = ask(State(), "a", 0)
    state = renewed(state, "a", 1, term=60, beat=1)[0].state
    state = renewed(state, "a", 1, term=30, beat=2)[0].state
    assert state.lease.term == 60


def test_a_watch_counts_by_its_own_clock_since_it_saw_the_last_change_itself() -> None:
    state, _ = ask(State(), "a", 0)
    watch = Watch()
    assert watch.at(1000.0, state)(state.lease) == 30
    assert watch.at(1020.0, state)(state.lease) == 10
    alive = renewed(state, "a", 1, term=30, beat=1)[0].state
    assert watch.at(1025.0, alive)(alive.lease) == 30
    assert watch.at(1055.0, alive)(alive.lease) == 0


def test_a_holder_takes_its_lease_for_over_counted_from_before_it_asked() -> None:
    held = Held(Contender("n", 1, 2, "h"), 1, 30.0, 100.0)
    assert (held.is_valid(129.6), held.is_valid(129.8)) == (True, False)  # a hundredth early, since clocks drift
    assert (held.is_fresh(114.9, 30.0), held.is_fresh(115.0, 30.0)) == (True, False)
