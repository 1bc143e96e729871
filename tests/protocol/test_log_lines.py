"""Telling Airflow's answers from the log records around them."""

import time

import pytest

from mwaa_async._protocol.log_lines import answer_lines, divided, last_line
from mwaa_async._protocol.verdicts import failure

from . import RECORDED, Record, record, records

# As they were recorded, of each version.
LOG_1_10 = "[2026-11-22 10:33:09,298] {__init__.py:50} INFO - Using executor SequentialExecutor\n"
LOG_2_2 = "[2026-11-22 10:40:50,523] {dagbag.py:500} INFO - Filling up the DagBag from /usr/local/airflow/dags\n"
LOG_2_5 = (
    "[\x1b[34m2026-11-22 10:37:47,466\x1b[0m] {\x1b[34mdagbag.py:\x1b[0m532} INFO\x1b[0m - "
    "Filling up the DagBag from /usr/local/airflow/dags\x1b[0m\n"
)
LOG_2_10 = "[2026-11-22T10:34:48.594+0000] {plugins.py:37} INFO - setup plugin alembic.autogenerate.schemas\n"
LOG_3 = (
    "2026-11-22T10:35:09.457993Z [warning  ] empty cryptography key - values will not be stored encrypted. "
    "[airflow.models.crypto] loc=crypto.py:169\n"
)
LONG_LOG_3 = (
    "2026-11-22T10:33:15.593293Z [warning  ] Could not import graphviz. Rendering graph to the graphical format will "
    "not be possible. \nYou might need to install the graphviz package and necessary system packages.\n"
    "Run `pip install graphviz` to attempt to install it. [py.warnings] category=UserWarning "
    "filename=/usr/local/airflow/.local/lib/python3.11/site-packages/airflow/cli/commands/dag_command.py lineno=57\n"
)
BROKEN_1_10 = (
    "[2026-11-22 15:12:41,116] {dagbag.py:259} ERROR - Failed to import: /usr/local/airflow/dags/broken.py\n"
    "Traceback (most recent call last):\n"
    '  File "/usr/local/airflow/dags/broken.py", line 2, in <module>\n'
    "    import nosuch_module\n"
    "ModuleNotFoundError: No module named 'nosuch_module'\n"
)
LOGS = {
    "1.10": LOG_1_10,
    "2.2": LOG_2_2,
    "2.5, coloured": LOG_2_5,
    "2.10": LOG_2_10,
    "3": LOG_3,
    "3, over several lines": LONG_LOG_3,
    "3, several": LONG_LOG_3 + LOG_3 + LONG_LOG_3,
    "1.10, of a DAG file that cannot be loaded": LOG_1_10 + BROKEN_1_10 + LOG_1_10,
}
ANSWERS = [
    "queued\n",
    "None\n",
    "\n\n  a value that begins with blanks\n",
    "no line break at its end",
    "[1, 2]\n",
    '{"a": [1, true]}\n',
    "[INFO] Please be reminded this DAG is PAUSED now.\nNone\n",
    "[a] {b} [c.d]\n",
    "2026-11-21T00:00:00+00:00\n",
    "2026-11-21\n",
    "digraph etl {\n\tgraph [label=etl]\n}\n",
    "",
]


def answer_of(stdout: str) -> str:
    """Return the answer, without log lines wherever they stand; what was divided is all of the stdout."""
    answer, log_lines = divided(stdout)
    assert sorted(answer + log_lines) == sorted(stdout)
    return answer


def text_of(stdout: str) -> str:
    """Return the answer where that is somebody's text; what was divided is all of the stdout."""
    text, log_lines = divided(stdout, is_text=True)
    assert text in stdout
    assert len(text) + len(log_lines) == len(stdout)
    return text


@pytest.fixture(params=list(LOGS.values()), ids=list(LOGS))
def log(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("answer", ANSWERS)
def test_after_the_first_records_everything_is_the_answer_with_every_blank(log: str, answer: str) -> None:
    assert text_of(answer) == answer
    assert text_of(log + answer) == answer
    assert text_of(log + log + answer) == answer


def test_what_looks_like_a_record_within_the_answer_is_part_of_it(log: str) -> None:
    assert text_of(f"{log}a value\n{log}its end\n") == f"a value\n{log}its end\n"


@pytest.mark.parametrize("answer", [answer for answer in ANSWERS if answer.endswith("\n")])
def test_records_are_left_out_wherever_they_stand(log: str, answer: str) -> None:
    assert answer_of(answer) == answer
    assert answer_of(f"{log}{answer}{log}{answer}{log}") == answer * 2


def test_a_record_is_one_without_a_line_break_at_its_end_too(log: str) -> None:
    assert text_of(log.rstrip("\n")) == ""
    assert answer_of("queued\n" + log.rstrip("\n")) == "queued\n"


def test_the_lines_of_an_answer_are_those_that_say_something(log: str) -> None:
    assert answer_lines(f"{log}\n\nextract\n  \n{log}load\n\n") == ["extract", "load"]
    assert answer_lines(log) == []


def test_the_last_line_is_that_of_the_answer_and_not_of_the_log(log: str) -> None:
    assert last_line(f"{log}running\nqueued\n\n{log}") == "queued"
    assert last_line(log) == ""
    assert last_line("") == ""


@pytest.mark.parametrize(
    ("version", "command", "line"),
    [
        ("1.10.12", "version", "1.10.12"),
        ("1.10.12", "dag_state demo 2024-05-01", "running"),
        ("1.10.12", "next_execution etl", "None"),
        ("1.10.12", "variables --set k v 'w' \"x\"", ""),
        ("2.2.5", "dags state demo 2024-05-01T00:00:00+00:00", "queued"),
        ("2.2.5", "dags next-execution demo", "None"),
        ("2.2.5", "tasks clear -y demo", ""),
        ("2.5.3", "dags next-execution etl", "2026-11-21T00:00:00+00:00"),
        ("2.5.3", "dags delete -y report", "Removed 2 record(s)"),
        ("2.5.3", "dags reserialize", ""),
        ("2.10.5", "dags state demo 2020-01-01", "None"),
        ("2.10.5", "dags next-execution etl", "2026-11-21T00:00:00+00:00"),
        ("2.10.5", "dags test report 2024-05-01", ""),
        ("3.3.2", "dags state demo 2024-05-01T00:00:00+00:00", "queued"),
        ("3.3.2", "dags next-execution etl", "2026-11-22T00:00:00+00:00"),
        ("3.3.2", "connections delete c1", "Successfully deleted connection with `conn_id`=c1"),
        ("3.3.2", "dags reserialize", ""),
        ("3.3.2", "dags test report 2024-05-01", ""),
        ("3.3.2", "tasks test demo extract 2024-05-01", ""),
    ],
)
def test_the_last_line_of_a_recorded_answer_is_the_one_that_a_person_would_name(
    version: str, command: str, line: str
) -> None:
    assert last_line(record(version, command).stdout) == line


FAILED = [record for version in RECORDED for record in records(version) if record.exit == 1]


@pytest.mark.parametrize("failed", FAILED, ids=lambda failed: f"{failed.version}: {' '.join(failed.argv)}"[:60])
def test_a_recorded_failure_has_no_answer_beside_its_log(failed: Record) -> None:
    assert answer_of(failed.stdout).strip() == ""
    assert text_of(failed.stdout).strip() == ""


# Records of version 3 with brackets and braces in the message and in what follows the logger, as they were recorded.
BRACKETS_3 = [
    "2026-11-22T10:33:37.699255Z [info     ] creating dag run               [airflow.serialization.definitions.dag] "
    "loc=dag.py:615 logical_date=None partition_key=None run_after=datetime.datetime(2026, 11, 22, 10, 33, 37, "
    "694931, tzinfo=Timezone('UTC')) run_id=run1\n",
    "2026-11-22T10:33:55.931710Z [info     ] creating dag run               [airflow.serialization.definitions.dag] "
    "loc=dag.py:615 run_id='has space'\n",
    "2026-11-22T10:35:31.561495Z [warning  ] Supported --conn-types are:['generic', 'email', 'fs', 'package_index', "
    "'smtp'].Hence overriding the conn-type with generic [py.warnings] category=UserWarning lineno=49\n",
    "2026-11-22T10:35:02.831386Z [info     ] [DAG TEST] end task task_id=extract map_index=-1 "
    "[airflow.sdk.definitions.dag] loc=dag.py:1563\n",
    "2026-11-22T10:35:02.807182Z [info     ] ::endgroup::                   [task] loc=task_runner.py:2232\n",
    "2026-11-22T10:34:38.623953Z [info     ] Marking run <DagRun report @ 2024-05-01 00:00:00+00:00: manual, "
    "state:running> successful [airflow.models.dagrun.DagRun] loc=dagrun.py:1249\n",
    "2026-11-22T10:33:23.881615Z [debug    ] {braces} in [brackets] [cron_descriptor.GetText] loc=GetText.py:61\n",
    "2026-11-22T10:33:23.881615Z [info     ] nothing but an event\n",
]


@pytest.mark.parametrize("log", BRACKETS_3)
def test_brackets_and_braces_in_a_record_do_not_end_it(log: str) -> None:
    assert text_of(log + '[{"a": 1}]\n') == '[{"a": 1}]\n'
    assert answer_of(f"{log}queued\n{log}") == "queued\n"


def test_a_whole_record_does_not_take_the_answer_for_its_next_lines() -> None:
    answer = "line one\nsee [docs]\n"
    assert text_of(LOG_3 + answer) == answer
    assert text_of(LOG_2_10 + answer) == answer


# Records of version 3 whose logger has another name than a module, or none.
INI = "[section]\nkey = 1\n\n[other.section]\nkey = 2\n"
ONE_LINE_3 = [
    "2026-11-22T18:00:00.123456Z [warning  ] careful                        [my-plugin]\n",
    "2026-11-22T18:00:00.123456Z [warning  ] careful                        [my-plugin] loc=a.py:1\n",
    "2026-11-22T18:00:00.123456Z [warning  ] careful                        [my plugin] loc=a.py:1\n",
    "2026-11-22T18:00:00.123456Z [warning  ] careful\n",
    "2026-11-22T18:00:00.123456Z [warning  ] careful                        key=1\n",
    "2026-11-22T18:00:00.123456Z [\x1b[33m\x1b[1mwarning  \x1b[0m] \x1b[1mcareful\x1b[0m\n",
]


@pytest.mark.parametrize("log", ONE_LINE_3)
@pytest.mark.parametrize("answer", [INI, "extract\nload\n", "see [docs]\n", "[a-b]\n", "[[1],\n[true]]\n"])
def test_a_record_in_one_line_does_not_take_a_line_in_brackets_for_its_end(log: str, answer: str) -> None:
    assert text_of(log + answer) == answer
    assert text_of(log + LONG_LOG_3 + log + answer) == answer
    assert answer_of(f"{log}{answer}{log}{answer}") == answer * 2
    assert answer_lines(log + answer) == [line for line in answer.splitlines() if line]
    assert failure(log + answer, "Something that a plugin has to say\n") is None


def test_a_record_of_any_logger_may_have_several_lines() -> None:
    log = "2026-11-22T18:00:00.123456Z [warning  ] first\nsecond\n\nlast [my-plugin.sub] loc=a.py:1\n"
    assert text_of(log + INI) == INI
    assert answer_of(f"queued\n{log}") == "queued\n"


@pytest.mark.parametrize("line", ["[a] ", "[", "[a.b-c", "2026-11-22T18:00:00Z [info] ", "[a] loc"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_long_texts_take_no_longer_than_they_are(line: str, end: str) -> None:
    text = ONE_LINE_3[3] + (line + end) * 100_000
    started = time.perf_counter()
    text_of(text)
    answer_of(text)
    failure(text, text)
    assert time.perf_counter() - started < 5  # and minutes, where it grew with the square
