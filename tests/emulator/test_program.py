"""`mwaa-async emulator`: what its options choose."""

import json
import re
import shlex
import subprocess
import sys
from dataclasses import fields

import pytest

from mwaa_async.emulator import (
    CutConnection,
    Faults,
    RefusedByAws,
    SlowAnswer,
    SlowToken,
    StatusAnswer,
    WrongAnswer,
    WrongAwsAnswer,
)
from mwaa_async.emulator._fault_words import fault_from
from mwaa_async.emulator._faults import CommandFault, TokenFault

PROGRAM = (sys.executable, "-m", "mwaa_async")
DISABLED = "CloudWatch logging is disabled for SubprocessLogHandler\n"


def emulator(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, "emulator", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ((), 12),
        (("--no-mwaa-logs",), 0),
        (("--airflow-version", "2.5.3"), 0),
        (("--airflow-version", "2.5.3", "--mwaa-logs"), 12),
    ],
)
def test_mwaas_own_lines_are_printed_as_asked(options: tuple[str, ...], lines: int) -> None:
    done = emulator(*options, *PROGRAM, "run", "demo", "variables", "set", "key", "value")
    assert (done.stdout + done.stderr).count(DISABLED) == lines
    assert "Variable key created\n" in done.stdout


def test_mwaas_own_lines_are_not_added_to_what_an_installed_airflow_prints() -> None:
    done = emulator("--airflow-binary", "/bin/sh", "--mwaa-logs")
    assert done.returncode == 2
    assert "--mwaa-logs is for an Airflow in memory" in done.stderr


ALL_IN_WORDS = [
    ("refused-by-aws", RefusedByAws()),
    ("refused-by-aws:AccessDeniedException,status=403", RefusedByAws("AccessDeniedException", 403)),
    ('wrong-aws-answer:{"a": 1, "b": "c=d"},status=502', WrongAwsAnswer(b'{"a": 1, "b": "c=d"}', 502)),
    ("slow-token:1.5", SlowToken(1.5)),
    ("SlowToken:seconds=2", SlowToken(2.0)),
    ("cut-connection", CutConnection()),
    ("cut-connection:ran=false,runs-on-for=3", CutConnection(ran=False, runs_on_for=3.0)),
    ("status-answer:504,ran=yes", StatusAnswer(504, ran=True)),
    ("StatusAnswer:status=429,retry_after=7", StatusAnswer(429, retry_after="7")),
    (
        "status_answer:307,location=https://elsewhere.example/a?b=c",
        StatusAnswer(307, location="https://elsewhere.example/a?b=c"),
    ),
    ("wrong-answer:truncated=true", WrongAnswer(truncated=True)),
    ("wrong-answer:<html>,status=502", WrongAnswer(b"<html>", 502)),
    ("slow-answer:0.5", SlowAnswer(0.5)),
    ("none", None),
    ("None", None),
]
KINDS = (RefusedByAws, WrongAwsAnswer, SlowToken, CutConnection, StatusAnswer, WrongAnswer, SlowAnswer)


def in_small_letters(kind: type[TokenFault | CommandFault]) -> str:
    return re.sub(r"\B(?=[A-Z])", "-", kind.__name__).lower()


@pytest.mark.parametrize(("words", "fault"), ALL_IN_WORDS)
def test_every_fault_can_be_said_in_words(words: str, fault: TokenFault | CommandFault | None) -> None:
    assert fault_from(words) == fault
    faults = Faults()
    faults.add(fault)
    assert [*faults.tokens, *faults.commands] == [fault]
    assert bool(faults.tokens) == isinstance(fault, TokenFault)


def test_what_is_no_fault_is_wrong_usage_and_the_error_lists_what_there_is() -> None:
    done = emulator("--fault", "nosuch:1", "true")
    assert done.returncode == 2
    assert "'nosuch' is no fault" in done.stderr
    for kind in KINDS:
        assert f" {in_small_letters(kind)}" in done.stderr
        assert all(field.name.replace("_", "-") in done.stderr.lower() for field in fields(kind))


@pytest.mark.parametrize(
    "words",
    [
        *("status-answer", "status-answer:x", "slow-token:3,foo=1", "status-answer:504,ran=maybe", "none:1", "none,"),
        *("status-answer:504,status=503", "wrong-answer:truncated=true,truncated=true"),
    ],
)
def test_arguments_that_a_fault_does_not_take_are_wrong_usage(words: str) -> None:
    with pytest.raises(ValueError, match=r"is not what this fault takes: |is no fault; there are: ") as caught:
        fault_from(words)
    assert repr(words.partition(":")[0])[:-1] in str(caught.value)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        *((f"status-answer:{status}", "a status is 200 to 599") for status in ("99", "100", "600", "1000", "-1")),
        *((f"{kind},status=0", "a status is 200 to 599") for kind in ("refused-by-aws:X", "wrong-answer:x")),
        ("wrong-aws-answer:x,status=1000", "a status is 200 to 599"),
        *((f"slow-token:{time}", "seconds are 0 to 86400") for time in ("-1", "nan", "inf", "1e99")),
        ("slow-answer:-0.1", "seconds are 0 to 86400"),
        ("cut-connection:runs-on-for=nan", "seconds are 0 to 86400"),
        ("status-answer:504,runs-on-for=-1", "seconds are 0 to 86400"),
    ],
)
def test_a_number_that_cannot_be_played_is_refused_with_those_that_can(words: str, what: str) -> None:
    with pytest.raises(ValueError, match=f"^{what}, not ") as caught:
        fault_from(words)
    done = emulator("--fault", words, "true")
    assert (done.returncode, str(caught.value) in done.stderr) == (2, True)


def test_none_takes_no_arguments_and_says_so() -> None:
    with pytest.raises(ValueError, match="'none:1' is not what this fault takes: none"):
        fault_from("none:1")


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--dag", "etl", "--dag", "etl:paused"), "the DAG 'etl' is given twice"),
        (("--environment", "x", "--environment", "x"), "the environment 'x' is given twice"),
        (("--command-time", "nan"), "a number of seconds is 0 or more"),
        (("--command-time", "inf"), "a number of seconds is 0 or more"),
        *((("--dag", name), f"not {name!r}") for name in ("a b", "../x", " etl", "etl\n", "a" * 251)),
        (("--dag", "etl:paused:paused"), "not 'etl:paused:paused'"),
    ],
)
def test_what_would_be_lost_or_no_airflow_takes_is_wrong_usage(options: tuple[str, ...], what: str) -> None:
    done = emulator(*options, "true")
    assert (done.returncode, done.stdout, what in " ".join(done.stderr.split())) == (2, "", True), done.stderr


def test_a_dag_may_have_every_name_that_airflow_takes() -> None:
    done = emulator("--dag", "Größe_2.v-1", *PROGRAM, "run", "demo", "dags list -o json")
    assert [row["dag_id"] for row in json.loads(done.stdout)] == ["Größe_2.v-1"]


def test_the_help_names_every_fault_and_fits_80_columns() -> None:
    shown = emulator("--help").stdout
    assert all(f"\n  {name}" in shown for name in ("none", *map(in_small_letters, KINDS)))
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_faults_come_in_their_order_and_once() -> None:
    script = "; ".join([shlex.join([*PROGRAM, "run", "demo", "variables", "set", "k", "v"]) + "; echo =$?"] * 3)
    done = emulator("--fault", "none", "--fault", "status-answer:404", "bash", "-c", script)
    assert [line for line in done.stdout.splitlines() if line.startswith("=")] == ["=0", "=3", "=0"]


def test_the_dags_are_those_that_are_named_paused_or_failing() -> None:
    list_dags = [*PROGRAM, "run", "demo", "dags list -o json"]
    done = emulator("--dag", "nightly", "--dag", "new:paused", "--dag", "broken:fails", *list_dags)
    seen = {row["dag_id"]: row["is_paused"] for row in json.loads(done.stdout)}
    assert seen == {"broken": "False", "new": "True", "nightly": "False"}


def test_a_dag_that_cannot_be_understood_is_wrong_usage() -> None:
    done = emulator("--dag", "etl:stopped", "true")
    assert (done.returncode, done.stdout) == (2, "")
    assert "not 'etl:stopped'" in done.stderr


def test_an_installed_airflow_has_the_dags_of_its_files() -> None:
    done = emulator("--airflow-binary", "/bin/sh", "--dag", "etl")
    assert done.returncode == 2
    assert "--dag is for an Airflow in memory" in done.stderr
