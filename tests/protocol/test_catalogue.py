"""Which commands MWAA offers on which version, and what is known of them."""

import time

import pytest

from mwaa_async._protocol.catalogue import (
    always_answers,
    catalogue,
    comes_with,
    is_offered,
    misspelled,
    only_reads,
    successor,
)
from mwaa_async._protocol.log_lines import answered
from mwaa_async._protocol.versions import Version, parse_version

from . import RECORDED, records

# https://docs.aws.amazon.com/mwaa/latest/userguide/airflow-cli-command-reference.html: what AWS lists for each line of
# versions. A number behind a command of version 2 is the first one with it.
V1 = """
backfill · clear · dag_state · delete_dag · list_dag_runs · list_dags · list_tasks · next_execution · pause · pool ·
render · run · show_dag · task_failed_deps · task_state · test · trigger_dag · unpause · variables · version
"""
V2 = """
cheat-sheet
connections add · delete
dags backfill 2.2 · delete · list 2.2 · list-jobs · list-import-errors 2.6 · list-runs 2.2 · next-execution 2.2 · pause
dags report · reserialize 2.4 · show · state · test · trigger · unpause
db clean 2.4
providers behaviours · get · hooks · links · list · notifications 2.8 · secrets 2.6 · triggerer 2.7 · widgets
roles add-perms 2.6 · del-perms 2.6 · create 2.6 · list
tasks clear · failed-deps · list · render · run · state · states-for-dag-run · test
variables delete · get · set · list
version
"""
V3 = """
assets details · list · materialize
backfill create
cheat-sheet
connections add · delete
dags delete · list · list-jobs · list-import-errors · list-runs · next-execution · pause · report · reserialize · show
dags state · test · trigger · unpause
db clean
providers behaviours · get · hooks · links · list · notifications · secrets · triggerer · widgets
roles add-perms · del-perms · create · list
tasks clear · failed-deps · list · render · state · states-for-dag-run · test
variables delete · get · set · list
version
"""
# AWS lists `providers triggerer`, which no Airflow has: what is meant is called so.
MEANT = "providers triggers"


def listed(text: str) -> dict[str, Version]:
    """Return the commands of a list, each with its first version: 2.0 where there is no number."""
    since = {}
    for line in text.strip().splitlines():
        group, _, names = line.partition(" ")
        for name in names.split(" · ") if names else [""]:
            command, _, number = name.partition(" ")
            since[f"{group} {command}".strip()] = parse_version(number or "2.0")
    return since


OFFERED_1 = V1.replace("·", " ").split()
OFFERED_2, OFFERED_3 = listed(V2), list(listed(V3))
ALL = sorted({*OFFERED_1, *OFFERED_2, *OFFERED_3})
BEFORE: dict[Version, Version] = {
    (2, 2, 0): (2, 1, 4),
    (2, 4, 0): (2, 3, 4),
    (2, 6, 0): (2, 5, 3),
    (2, 7, 0): (2, 6, 3),
    (2, 8, 0): (2, 7, 3),
}


def spellings(version: Version) -> set[str]:
    """Return how the commands of a version are called, without the options of 1.10."""
    every = (words for command in catalogue().values() for words in command.spellings(version))
    return {words.partition(" -")[0] for words in every}


def test_the_lists_are_read_as_they_are_written() -> None:
    assert len(OFFERED_1) == 20
    assert OFFERED_2["dags list-import-errors"] == (2, 6, 0)
    assert OFFERED_2["dags unpause"] == OFFERED_2["version"] == (2, 0, 0)
    assert len(OFFERED_2) == 45
    assert len(OFFERED_3) == 47


@pytest.mark.parametrize("command", OFFERED_1)
def test_each_command_of_the_list_for_version_1_is_offered_there(command: str) -> None:
    assert is_offered(command, (1, 10, 12))
    assert is_offered(f"{command} demo --option x", (1, 10, 12))
    assert is_offered(command, None)


@pytest.mark.parametrize(("command", "since"), OFFERED_2.items())
def test_each_command_of_the_list_for_version_2_is_offered_exactly_from_its_version_on(
    command: str, since: Version
) -> None:
    assert is_offered(f"{command} demo", since)
    assert is_offered(command, (2, 11, 0))
    assert since == (2, 0, 0) or not is_offered(command, BEFORE[since])
    assert is_offered(command, None)


@pytest.mark.parametrize("command", OFFERED_3)
def test_each_command_of_the_list_for_version_3_is_offered_there(command: str) -> None:
    assert is_offered(f"{command} demo", (3, 0, 0))
    assert is_offered(command, (3, 3, 2))
    assert is_offered(command, None)


def test_nothing_is_offered_that_aws_does_not_list() -> None:
    assert spellings((1, 10, 12)) == set(OFFERED_1)
    assert spellings((2, 0, 0)) == {command for command, since in OFFERED_2.items() if since == (2, 0, 0)}
    assert spellings((2, 11, 0)) == {*OFFERED_2, MEANT}
    assert spellings((3, 3, 2)) == {*OFFERED_3, MEANT}


@pytest.mark.parametrize("command", ["users create -u x", "webserver", "bogus", "dags", "dags bogus", "db reset", "''"])
@pytest.mark.parametrize("version", [None, (1, 10, 12), (2, 0, 2), (2, 10, 5), (3, 3, 2)])
def test_what_is_in_no_list_is_offered_on_no_version(command: str, version: Version | None) -> None:
    assert not is_offered(command, version)


@pytest.mark.parametrize("blank", ["\u00a0", "\u2003", "\v", "\f", "\x1c", "\x85"])
def test_a_blank_at_which_the_web_server_does_not_split_makes_another_command(blank: str) -> None:
    assert not is_offered(f"variables{blank}set key value", None)
    assert not is_offered(f"variables set{blank}key value", (2, 10, 5))
    assert not only_reads(f"dags{blank}list")


def test_a_command_is_recognized_however_it_is_quoted_and_spaced() -> None:
    assert is_offered("  'dags'   \"list\" -o json", (2, 10, 5))
    assert is_offered("\tdags \t list ", (2, 10, 5))
    assert is_offered("var\\iables get k", (2, 10, 5))


VERSIONS: list[Version | None] = [None, (1, 10, 12), (2, 0, 2), (2, 10, 5), (3, 3, 2)]


@pytest.mark.parametrize(
    ("command", "version", "name"),
    [
        ("dags list -o json", (1, 10, 12), "list_dags"),
        ("dags trigger demo", (1, 10, 12), "trigger_dag"),
        ("variables get k", (1, 10, 12), "variables -g"),
        ("variables set k v", (1, 10, 12), "variables -s"),
        ("variables delete k", (1, 10, 12), "variables -x"),
        ("variables list", (1, 10, 12), "variables"),
        ("variables -g k", (2, 10, 5), "variables get"),
        ("variables -s k v", (2, 10, 5), "variables set"),
        ("variables --set=k v", (3, 3, 2), "variables set"),
        ("variables", (2, 10, 5), "variables list"),
        ("list_dags -r", (2, 10, 5), "dags list"),
        ("trigger_dag demo", (3, 3, 2), "dags trigger"),
        ("task_state demo extract 2024-05-01", (2, 2, 5), "tasks state"),
        ("backfill etl", (2, 10, 5), "dags backfill"),
        ("backfill etl", (3, 3, 2), "backfill create"),
        ("dags backfill etl", (3, 0, 6), "backfill create"),
        ("backfill create --dag-id etl", (2, 10, 5), "dags backfill"),
        ("backfill create --dag-id etl", (1, 10, 12), "backfill"),
        ("backfill -s 2024-05-01 etl", (3, 0, 6), "backfill create"),
        ("backfill list", (3, 0, 6), None),
        ("backfill pause 1", (3, 0, 6), None),
        ("backfill list", (2, 10, 5), None),
        ("run list", (2, 10, 5), None),
        ("tasks run etl load 2024-05-01", (3, 3, 2), None),
        ("variables import file.json", (2, 10, 5), None),
        ("pool -g p", (2, 10, 5), None),
        ("dags lst", (2, 10, 5), None),
    ],
)
def test_a_command_of_another_version_has_a_successor_where_it_is_offered(
    command: str, version: Version, name: str | None
) -> None:
    assert successor(command, version) == name


@pytest.mark.parametrize(
    ("command", "version", "since"),
    [
        ("dags list-runs -d etl", (2, 1, 4), (2, 2, 0)),
        ("assets list", (2, 10, 5), (3, 0, 0)),
        ("dags report", (1, 10, 12), (2, 0, 0)),
        ("tasks run etl load", (3, 3, 2), None),
        ("bogus", (1, 10, 12), None),
    ],
)
def test_the_version_is_known_with_which_a_command_comes(command: str, version: Version, since: Version | None) -> None:
    assert comes_with(command, version) == since


@pytest.mark.parametrize(
    ("command", "version", "name"),
    [
        ("dags tigger etl", (2, 10, 5), "dags trigger"),
        ("dags tigger etl", (1, 10, 12), "trigger_dag"),
        ("dags lst", (2, 10, 5), "dags list"),
        ("dag list", (2, 10, 5), "dags list"),
        ("dags list-run demo", (2, 10, 5), "dags list-runs"),
        ("dags list_runs demo", (3, 3, 2), "dags list-runs"),
        ("dags lst", (2, 0, 2), None),  # the command comes with 2.2
        ("dags delet etl", (2, 10, 5), "dags delete"),
        ("variable set k v", (3, 3, 2), "variables set"),
        ("triger_dag etl", (2, 10, 5), "dags trigger"),
        ("providers triger", None, "providers triggers"),
        ("backfil list", (3, 0, 6), None),
        ("backfil pause 1", (2, 10, 5), None),
        ("get_backfill", (3, 0, 6), None),
        ("list_dag", (2, 10, 5), "dags list"),
        ("runs list", (2, 10, 5), None),
        ("runs cancel r", (2, 10, 5), None),
        ("tests list", (3, 0, 6), None),
        ("connections get c", (2, 10, 5), None),
        ("connections list", (2, 10, 5), None),
        ("dags details etl", (2, 10, 5), None),
        ("dags delete-run etl r", (2, 10, 5), None),
        ("roles delete r", (2, 10, 5), None),
        ("variables export -", (2, 10, 5), None),
        ("bogus", None, None),
        ("dags", None, None),
        ("''", None, None),
    ],
)
def test_only_a_plain_misspelling_is_taken_for_another_command(
    command: str, version: Version | None, name: str | None
) -> None:
    assert misspelled(command, version) == name


# The words that group or are commands by themselves in Airflow 1.10, 2 and 3, whether MWAA offers them or not, and
# what people take for one.
GROUPS = """
assets backfill clear config connections dag_state dags datasets db fab-db jobs list_dags next_execution partitions
plugins pool pools providers render roles run state-store task_state tasks teams test trigger_dag users variables
asset backfil backfills connection dag dataset job role runs task tests triggers user variable
"""
LOOKS = """
check details export get info list list-runs next-execution report show state status
"""
HALTS = "cancel pause stop"
PAIRS = [(group, verb) for group in GROUPS.split() for verb in [*LOOKS.split(), *HALTS.split()]]


def does_no_more_than(verb: str, words: str) -> bool:
    """Tell whether a command does nothing that somebody who types this verb would not want."""
    return only_reads(words) or (verb == "pause" and words.split()[-1] == "pause")


@pytest.mark.parametrize("version", [None, (1, 10, 12), (2, 10, 5), (3, 0, 6)])
def test_who_wants_to_look_or_to_halt_is_never_sent_to_what_changes_something(version: Version | None) -> None:
    for group, verb in PAIRS:
        lines = [f"{group} {verb}", f"{verb}_{group}"]
        if f"{group} list" in catalogue():  # elsewhere it may be the name of a DAG: `backfill checks`
            lines += [f"{group} {verb}s x", f"{group} {verb}-x"]
        for line in lines:
            found = successor(line, version) or misspelled(line, version)
            assert found is None or does_no_more_than(verb, found), (line, found)


@pytest.mark.parametrize("verb", ["get", "list", "set", "delete", "create", "pause", "unpause", "cancel"])
@pytest.mark.parametrize("group", ["backfill", "variables", "pool"])
def test_a_subcommand_of_a_later_version_is_no_argument_on_1_10(group: str, verb: str) -> None:
    assert is_offered(f"{group} demo", (1, 10, 12))
    assert not is_offered(f"{group} {verb} x", (1, 10, 12))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("command", [*ALL, "bogus", "dags", "x y z", "''", "dags tigger", "variable st"])
def test_what_is_named_instead_is_always_offered(command: str, version: Version | None) -> None:
    for found in (successor(command, version), misspelled(command, version)):
        assert found is None or is_offered(found, version)


def test_a_misspelling_is_looked_for_at_once_however_long_the_words_are() -> None:
    started = time.process_time()
    assert misspelled("dags\u00a0" * 200_000, None) is None
    assert time.process_time() - started < 1


READS = """
cheat-sheet · version · assets details · assets list · dags list · dags list-import-errors · dags list-jobs ·
dags list-runs · dags next-execution · dags report · dags show · dags state · providers behaviours · providers get ·
providers hooks · providers links · providers list · providers notifications · providers secrets ·
providers triggerer · providers widgets · roles list · tasks failed-deps · tasks list · tasks render · tasks state ·
tasks states-for-dag-run · variables get · variables list · list_dags · list_dag_runs · next_execution · show_dag ·
dag_state · task_failed_deps · list_tasks · render · task_state · variables
"""


@pytest.mark.parametrize("command", ALL)
def test_a_command_only_reads_where_it_changes_nothing_in_airflow(command: str) -> None:
    assert only_reads(command) == (command in READS.replace("\n", " ").strip().split(" · "))


@pytest.mark.parametrize(
    ("line", "reads"),
    [
        ("variables -g k", True),
        ("variables --get k", True),
        ("variables -s k v", False),
        ("variables --set k v", False),
        ("variables -x k", False),
        ("variables --delete k", False),
        ("variables -j -s k v", False),  # 1.10 takes its options in any order
        ("variables --import file.json", False),
        # 1.10 does all that its options say, one after the other.
        ("variables -g x -d 1 -s k v", False),
        ("variables --get x --set k v", False),
        ("variables -g x -xk", False),
        ("variables --get x --delete=k", False),
        ("variables -g x -i file.json", False),
        ("variables -g x '-s' k v", False),
        ("variables -g x --se k v", False),
        ("variables -g x -j -d 1", True),
        ("variables --get x --default=1", True),
        ("variables get x", True),
        ("pool -g p -x p", False),
        ("pool -g p", True),
        ("pool --get p", True),
        ("pool -s p 3 text", False),
        ("pool", False),
        ("list_dags -r", True),
        ("version --anything", True),
        ("'dags' list", True),
        ("dags trigger list", False),
        ("bogus", False),
    ],
)
def test_what_a_line_of_any_version_does_is_told_by_its_first_words(line: str, reads: bool) -> None:
    assert only_reads(line) is reads


# Recorded with no answer and exit status 0, or read in airflow/bin/cli.py and airflow/cli/commands/*.py.
MAY_BE_SILENT = """
backfill · backfill create · clear · dags backfill · dags reserialize · dags test · db clean · list_tasks · render ·
run · tasks clear · tasks list · tasks render · tasks run · tasks test · test · variables
"""


@pytest.mark.parametrize("command", ALL)
def test_what_may_succeed_without_an_answer_is_known(command: str) -> None:
    silent = MAY_BE_SILENT.replace("\n", " ").strip().split(" · ")
    assert always_answers(f"{command} --option x") == (command not in silent)


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("variables -s k v", False),  # 1.10
        ("variables --delete k", False),
        ("variables -j -s k v", False),
        ("variables -g k", True),
        ("variables set k v", True),
        ("'tasks' \"clear\" etl", False),
        ("users create -u x", True),  # not known
    ],
)
def test_whether_a_line_of_any_version_always_answers_is_told_by_its_first_words(line: str, answers: bool) -> None:
    assert always_answers(line) is answers


@pytest.mark.parametrize("version", RECORDED)
def test_every_recorded_success_without_an_answer_is_one_of_a_command_that_may_be_silent(version: str) -> None:
    done = [record for record in records(version) if not record.exit]
    silent = [" ".join(record.argv) for record in done if not answered(record.stdout)]
    assert silent
    assert not [line for line in silent if always_answers(line)]
