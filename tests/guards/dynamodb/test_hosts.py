"""The promises over many hosts, as on Redis: processes with lock directories of their own, and one table."""

from itertools import pairwise
from pathlib import Path

import pytest

from tests.guards.dynamodb.server import DynamoDBServer
from tests.guards.redis.test_hosts import (  # noqa: F401  # the same tests with this folder's server
    test_a_holder_that_is_stopped_longer_than_its_lease_loses_it_counts_that_and_goes_on,
    test_a_host_that_dies_in_line_leaves_it_within_a_few_seconds,
    test_a_host_that_dies_with_a_request_open_keeps_the_slot_until_its_lease_is_over,
    test_a_settle_time_longer_than_the_lease_is_kept_after_the_holders_last_sign_of_life,
    test_a_waiter_that_is_stopped_keeps_nobody_waiting_and_gets_its_turn_when_it_goes_on,
    test_five_hosts_send_one_command_at_a_time_also_when_hosts_are_killed,
    test_who_has_the_slot_and_who_waits_is_said_with_host_and_process,
    test_without_a_usable_lock_directory_it_works_too,
    turns_of,
)
from tests.guards.test_processes import longest_wait, overlaps

pytestmark = pytest.mark.anyio


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have one of the tests that are Redis's, too, run by dynalite."""
    if metafunc.function is test_a_host_that_dies_with_a_request_open_keeps_the_slot_until_its_lease_is_over:
        metafunc.parametrize("empty_server", ["moto", "dynalite"], indirect=True)


@pytest.mark.parametrize("empty_server", ["dynalite"], indirect=True)
def test_two_busy_hosts_take_turns_on_a_dynamodb_of_another_maker(server: DynamoDBServer, tmp_path: Path) -> None:
    turns = turns_of(2, server, tmp_path, 6, 0.1)  # type: ignore[arg-type]
    assert len(turns) == 12
    assert overlaps(turns) == 0
    assert longest_wait(turns) < 6, "nobody waited for all turns of the other"


def test_five_busy_hosts_take_turns_and_nobody_starves(server: DynamoDBServer, tmp_path: Path) -> None:
    turns = turns_of(5, server, tmp_path, 10, 0.3)  # type: ignore[arg-type]
    gaps = sorted(later.began - earlier.ended for earlier, later in pairwise(turns))
    wait = longest_wait(turns)
    print(f"hand-over: median {gaps[len(gaps) // 2]:.3f} s, longest {gaps[-1]:.3f} s; longest wait {wait} turns")
    print(f"requests per turn: { {name: count / len(turns) for name, count in server.asked.items()} }")
    assert len(turns) == 50
    assert overlaps(turns) == 0
    assert wait <= 10
