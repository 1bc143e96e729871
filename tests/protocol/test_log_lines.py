"""Telling Airflow's answers from the log lines around them, its own and MWAA's."""

import json
import time
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mwaa_async._protocol.log_lines import answer_lines, answered, divided, has_answer, last_line, text_in
from mwaa_async._protocol.verdicts import failure

from . import RECORDED, RECORDED_IN_JSON, RECORDED_ON_MWAA, Record, processor_time, record, records

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


FAILED = [
    record
    for version in (*RECORDED, *RECORDED_ON_MWAA, RECORDED_IN_JSON)
    for record in records(version)
    if record.exit == 1
]


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
    started = time.process_time()
    text_of(text)
    answer_of(text)
    failure(text, text)
    assert time.process_time() - started < 5  # of this process; and minutes, where it grew with the square


# MWAA's own, as aws/amazon-mwaa-docker-images prints them.
BLOCK = "CloudWatch logging is disabled for SubprocessLogHandler\n"
TASK_BLOCK = "CloudWatch logging is disabled for CloudWatchRemoteTaskLogger\n"
THROTTLING = "Throttling _report_logging_error for 59.99 more seconds.\n"
LOGGING_ERROR = "MWAA logging error: Failed to emit log record.\n"
EARLY_2026 = f"airflow_rds_iam_patch loaded\n{BLOCK * 12}Successfully generated RDS auth token at 2026-02-01 10:00:00\n"
STARTS = ["", BLOCK * 3, BLOCK * 12, "CloudWatch logging is disabled for TaskLogHandler\n" + BLOCK * 12]
STARTS += [TASK_BLOCK + BLOCK * 12 + TASK_BLOCK, EARLY_2026]

NOW = datetime(2026, 11, 25, 4, 2, 30, tzinfo=UTC)


def of(moment: datetime) -> list[str]:
    """Return records of a moment in every form that Airflow has, from a module that logs only now and then."""
    seconds, day = moment.strftime("%Y-%m-%d %H:%M:%S"), moment.strftime("%Y-%m-%dT%H:%M:%S")
    return [
        f"[{seconds},298] {{my_plugin.py:50}} INFO - Using it\n",
        f"[\x1b[34m{seconds},466\x1b[0m] {{\x1b[34mdagbag.py:\x1b[0m532}} INFO\x1b[0m - Filling up\x1b[0m\n",
        f"[{day}.594+0000] {{base_aws.py:37}} INFO - Connecting\n",
        f"{day}.457993Z [warning  ] careful [airflow.models.crypto] loc=crypto.py:169\n",
        f"{day}.593293Z [warning  ] Not found. \nYou might install it.\nRun it. [py.warnings] category=UserWarning\n",
        f'{{"timestamp":"{day}.904482Z","level":"info","event":"a","logger":"b","filename":"c.py","lineno":1}}\n',
    ]


PRESENT, PAST = of(NOW - timedelta(seconds=1)), of(NOW - timedelta(days=30))
AROUND = [
    "[2026-11-25T03:02:29.500+0000] {settings.py:475} DEBUG - Setting up DB connection pool (PID 32763)\n",
    "2026-11-25T03:17:48.071702Z [debug    ] Disposing DB connection pool [airflow.settings] loc=settings.py:6\n",
    '{"timestamp":"2026-11-25T03:17:39.621700Z","level":"debug","event":"Setting up DB connection pool (PID 1)",'
    '"logger":"airflow.settings","filename":"settings.py","lineno":461}\n',
]
LOGGED = [THROTTLING, LOGGING_ERROR, *PRESENT, *AROUND]
VALUES = ["v", "", "\n\n  with blanks \n", "[INFO] note", '{"a": [1, true]}', '{"level": "debug"}', INI, "2026-11-25"]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("log", LOGGED)
def test_a_text_is_told_from_every_log_before_and_after_it(start: str, log: str, value: str) -> None:
    for stdout in (
        f"{start}{value}\n",
        f"{start}{log}{value}\n",
        f"{start}{value}\n{log}",
        f"{start}{log * 3}{AROUND[0]}{value}\n{AROUND[1]}{log * 2}",
    ):
        assert text_in(stdout, NOW) == f"{value}\n"
        assert text_of(stdout) == f"{value}\n"
        assert answer_of(stdout) == f"{value}\n"
        assert answered(stdout)


@pytest.mark.parametrize("old", [*PAST, BLOCK])
def test_a_text_that_begins_or_ends_in_what_looks_like_another_log_is_told_to_be_in_doubt(old: str) -> None:
    for log in ("", *LOGGED):
        for stdout in (f"{log}{old}v\n", f"v\n{old}{log}", f"{log}{old}{log}v\n", f"{old}{log}v\n{log}{old}"):
            if not stdout.startswith(BLOCK) or stdout.endswith(BLOCK):  # where MWAA prints it
                with pytest.raises(ValueError, match="what looks like log lines at an end of it may belong to it"):
                    text_in(stdout, NOW)


@pytest.mark.parametrize("old", [*PAST, *AROUND, BLOCK, THROTTLING])
def test_a_text_keeps_what_looks_like_another_log_in_its_midst(old: str) -> None:
    for log in ("", *LOGGED):
        assert text_in(f"{log}first\n{old}last\n{log}", NOW) == f"first\n{old}last\n"


@pytest.mark.parametrize("record", PRESENT)
def test_a_log_record_of_this_moment_in_the_midst_tells_that_the_log_has_further_lines(record: str) -> None:
    # botocore logs "Response body:" with the body in the next line.
    for stdout in (f"{AROUND[0]}b'body'\n{record}v\n", f"{record}b'body'\n{record}v\n", f"v\n{record}b'body'\n"):
        with pytest.raises(ValueError, match="log lines of this moment in the midst"):
            text_in(stdout, NOW)


@pytest.mark.parametrize("log", LOGGED)
def test_where_nothing_is_left_a_text_was_taken_for_a_log(log: str) -> None:
    for stdout in ("", BLOCK * 12, log, BLOCK * 12 + log * 3):
        with pytest.raises(ValueError, match="nothing but log lines"):
            text_in(stdout, NOW)
        assert not answered(stdout)


def test_more_of_mwaas_lines_than_it_prints_are_in_doubt() -> None:
    # Stored by a client that took the lines for a part of the value.
    with pytest.raises(ValueError, match="may belong to it"):
        text_in(BLOCK * 12 + BLOCK * 12 + "v\n", NOW)


def test_a_traceback_between_a_record_and_the_text_may_be_of_either() -> None:
    traceback = BROKEN_1_10.partition("\n")[2]
    for log in PRESENT[:3]:
        with pytest.raises(ValueError, match="may belong to it"):
            text_in(f"{log}{traceback}v\n", NOW)
        assert text_in(f"{log}{traceback}{log}v\n{log}{traceback}", NOW) == "v\n"


def test_lines_that_may_end_a_record_or_begin_the_text_are_in_doubt() -> None:
    record_without_logger = PRESENT[3].partition(" [airflow")[0] + "\n"
    with pytest.raises(ValueError, match="may belong to it"):
        text_in(f"{record_without_logger}a copied line [my.plugin] loc=a.py:1\nv\n", NOW)
    assert text_in(f"{record_without_logger}v\n", NOW) == "v\n"


@pytest.mark.parametrize(
    ("time", "is_present"),
    [
        ("2026-11-25T04:06:00.000+0000", True),
        ("2026-11-25T03:58:00.000Z", True),
        ("2026-11-25T13:02:00.000+0900", True),
        ("2026-11-25 04:02:00,000", True),
        ("2026-11-25T04:08:00.000+0000", False),
        ("2026-11-25T03:57:00.000+0000", False),
        ("2026-11-25T04:02:00.000+0900", False),
        ("2026-11-31T04:02:00.000+0000", False),
        ("9999-12-31T23:59:59.000-0900", False),
        ("0001-01-01T00:00:00.000+0900", False),
    ],
)
def test_the_present_are_the_five_minutes_for_which_aws_trusts_a_clock(time: str, is_present: bool) -> None:
    stdout = f"v\n[{time}] {{plugin.py:1}} INFO - done\n"
    for now in (NOW, NOW.astimezone(timezone(timedelta(hours=-5)))):
        if is_present:
            assert text_in(stdout, now) == "v\n"
        else:
            with pytest.raises(ValueError, match="may belong to it"):
                text_in(stdout, now)


pieces = st.sampled_from(
    [
        "v",
        "",
        " ",
        "[section]",
        "x [a.b] loc=1",
        "[py.warnings] category=x",
        "Traceback (most recent call last):\n  x\ny",
    ]
    + [record.removesuffix("\n") for record in (*PAST, *BRACKETS_3, *ONE_LINE_3, BLOCK, LONG_LOG_3, BROKEN_1_10)]
) | st.text(max_size=20)
noises = st.lists(st.sampled_from(LOGGED), max_size=4).map("".join)


@given(st.lists(pieces, max_size=5).map("\n".join), st.sampled_from(STARTS), noises, noises)
def test_any_text_survives_any_log_or_is_told_to_be_in_doubt(text: str, start: str, before: str, after: str) -> None:
    assume(not text.startswith(BLOCK.removesuffix("\n")))  # at the very start MWAA's lines cannot be told from MWAA's
    stdout = f"{start}{before}{text}\n{after}"
    try:
        found = text_in(stdout, NOW)
    except ValueError:
        assert any(looks in text for looks in ("20", "CloudWatch", "Traceback"))
    else:
        assert found == f"{text}\n"


@given(st.text(), st.sampled_from(STARTS), noises, noises)
@example("", EARLY_2026, "", "")
def test_text_that_has_no_date_always_survives(text: str, start: str, before: str, after: str) -> None:
    assert text_in(f"{start}{before}{text}\n{after}", NOW) == f"{text}\n"


ROWS = json.dumps([{"dag_id": f"dag{n}", "date": "2026-11-25T04:02:30+00:00"} for n in range(100)]) + "\n"
TABLE = "".join(f"dag{n} | 2026-11-25T04:02:30+00:00 | [info]\n" for n in range(100))


@pytest.mark.parametrize("unit", [ROWS, TABLE, "\n", "[\n", *PRESENT, PRESENT[4].partition("[py")[0], TABLE + LOG_2_10])
def test_20_megabytes_are_divided_in_a_moment(unit: str) -> None:
    times = []
    for megabytes in (5, 20):
        stdout = BLOCK * 12 + unit * (megabytes * 1_000_000 // len(unit)) + "\n" + AROUND[1]
        times.append(processor_time.of_large(partial(divided, stdout)))
    assert times[1] < 3  # it is less than one
    assert times[1] < 12 * times[0] + 0.5  # it is four times as long, and 16 times where it grew with the square


LINES = [
    *("", " ", "\t\r", "an answer", "\x1b[1m", "2026-11-22", "[section]", "{", '{"a": 1}'),
    *(
        "[2026-11-22 10:33:13,100] {dagbag.py:417} INFO - a",
        "2026-11-22T10:33:13Z [warning  ] a",
        "b [py.warnings] c=d",
    ),
    *('{"timestamp":"2026-11-22T10:33:13Z","level":"info","event":"a"}', "CloudWatch logging is disabled for X"),
    *("Traceback (most recent call last):", '  File "a.py", line 1, in a', "ValueError: a"),
    "Throttling X for 1.00 more seconds.",
]


@given(st.lists(st.sampled_from(LINES), max_size=8), st.sampled_from(["", "\n"]))
def test_whether_there_is_an_answer_is_told_from_its_beginning_as_from_all_of_it(lines: list[str], end: str) -> None:
    stdout = "\n".join(lines) + end
    answer, log_lines = divided(stdout)
    assert has_answer(stdout) == bool(answer.strip())
    assert answered(stdout) == (answer == "\n" or bool(answer.strip()))
    if answer or not log_lines:
        assert answered(stdout, is_text=True) == bool(answer)
