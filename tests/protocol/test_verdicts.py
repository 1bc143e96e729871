"""Telling a failed command from a succeeded one by what Airflow printed."""

import shlex
import subprocess
import sys
import time

import pytest

from mwaa_async._protocol.catalogue import always_answers
from mwaa_async._protocol.verdicts import failure, lists_import_errors, printed_nothing

from . import RECORDED, RECORDED_IN_JSON, RECORDED_ON_MWAA, Record, record, records

ALL = [record for version in (*RECORDED, *RECORDED_ON_MWAA) for record in records(version)]

STACK = (
    'Traceback (most recent call last):\n  File "/usr/local/bin/airflow", line 8, in <module>\n    sys.exit(main())\n'
)
DURING = "\nDuring handling of the above exception, another exception occurred:\n\n"
DIRECT = "\nThe above exception was the direct cause of the following exception:\n\n"
LOG_1 = "[2026-11-22 10:33:15,100] {dagbag.py:417} INFO - Filling up the DagBag from /usr/local/airflow/dags\n"
LOG_2 = "[2026-11-22T10:34:04.903+0000] {dagbag.py:588} ERROR - Error: failed to import\n"
COLOURED = "[\x1b[34m2026-11-22 10:36:34,850\x1b[0m] {\x1b[34mdagbag.py:\x1b[0m532} INFO\x1b[0m - Filling up\x1b[0m\n"
LOG_3 = (
    "2026-11-22T10:33:23.708062Z [warning  ] Could not import graphviz. Rendering is not possible. \n"
    "You might need to install the graphviz package and necessary system packages.\n"
    "Run `pip install graphviz` to attempt to install it. [py.warnings] category=UserWarning lineno=57\n"
)
WARNING_2 = "/usr/local/lib/airflow/cli/commands/dag_command.py:48 UserWarning: Could not import graphviz.\n"
WARNING_PYTHON = (
    "/usr/local/lib/airflow/configuration.py:276: DeprecationWarning: distutils Version classes are deprecated.\n"
    "  if StrictVersion(sqlite3.sqlite_version) < StrictVersion(min_sqlite_version):\n"
)


def _name(record: Record) -> str:
    return f"{record.version}: {' '.join(record.argv)}"[:60]


@pytest.mark.parametrize("record", ALL, ids=_name)
def test_a_recorded_command_failed_exactly_where_its_exit_status_says_so(record: Record) -> None:
    assert (failure(record.stdout, record.stderr) is not None) == (record.exit != 0)
    assert failure(record.stdout, record.stderr, always_answers=False) == failure(record.stdout, record.stderr)


@pytest.mark.parametrize("record", records(RECORDED_IN_JSON), ids=_name)
def test_a_command_whose_log_is_json_failed_exactly_where_its_exit_status_says_so(record: Record) -> None:
    answers = always_answers(shlex.join(record.argv))
    assert (failure(record.stdout, record.stderr, always_answers=answers) is not None) == (record.exit != 0)


@pytest.mark.parametrize("record", [record for record in ALL if record.exit], ids=_name)
def test_the_reason_is_a_line_that_airflow_printed(record: Record) -> None:
    assert failure(record.stdout, record.stderr) in record.stderr.splitlines()


@pytest.mark.parametrize(
    ("version", "command", "reason"),
    [
        ("1.10.12", "unpause nosuch", "AttributeError: 'NoneType' object has no attribute 'set_is_paused'"),
        (
            "1.10.12",
            "trigger_dag demo -r run1",
            "airflow.exceptions.DagRunAlreadyExists: Run id run1 already exists for dag id demo",
        ),
        ("1.10.12", "delete_dag -y nosuch", "airflow.exceptions.DagNotFound: Dag id nosuch not found"),
        (
            "1.10.12",
            "trigger_dag",
            "airflow trigger_dag command error: the following arguments are required: dag_id, see help above.",
        ),
        ("2.2.5", "dags unpause nosuch", "DAG: nosuch does not exist in 'dag' table"),
        ("2.2.5", "variables get nosuch", "Variable nosuch does not exist"),
        (
            "2.2.5",
            "connections add c3",
            "The following args are required to add a connection: ['conn-uri or conn-type']",
        ),
        (
            "2.5.3",
            "dags list-runs demo -o json",
            "airflow dags list-runs command error: the following arguments are required: -d/--dag-id, see help above.",
        ),
        (
            "2.5.3",
            "dags trigger demo -c {not json",
            "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        ("2.10.5", "dags trigger nosuch", "airflow.exceptions.DagNotFound: Dag id nosuch not found in DagModel"),
        (
            "2.10.5",
            "tasks list nosuch",
            "airflow.exceptions.AirflowException: "
            "Dag 'nosuch' could not be found; either it does not exist or it failed to parse.",
        ),
        ("2.10.5", "connections delete nosuch", "Did not find a connection with `conn_id`=nosuch"),
        ("2.10.5", "providers get nosuch", "No such provider installed: nosuch"),
        ("3.3.2", "dags next-execution nosuch", "DAG: nosuch does not exist in the database"),
        ("3.3.2", "assets details --name nosuch", "Asset with name nosuch does not exist."),
        ("3.3.2", "variables get nosuch", "Variable nosuch does not exist."),
        (
            "3.3.2",
            "connections add c3",
            "Must supply either conn-uri or conn-json if not supplying conn-type",
        ),
        (
            "3.3.2",
            "dags list --bogus",
            "airflow command error: unrecognized arguments: --bogus, see help above.",
        ),
    ],
)
def test_the_reason_is_the_telling_line(version: str, command: str, reason: str) -> None:
    failed = [record for record in records(version) if " ".join(record.argv) == command and record.exit]
    assert failure(failed[0].stdout, failed[0].stderr) == reason


def test_the_reason_is_the_exception_and_not_what_its_message_ends_in() -> None:
    failed = record("3.3.2", "dags trigger demo -l 2024-05-01T00:00:00+00:00", nth=1)
    assert failed.stderr.rstrip().endswith("(Background on this error at: https://sqlalche.me/e/21/gkpj)")
    reason = failure(failed.stdout, failed.stderr)
    assert reason is not None
    assert reason.startswith("sqlalchemy.exc.IntegrityError: (sqlite3.IntegrityError) UNIQUE constraint failed")


@pytest.mark.parametrize(
    "stderr",
    [
        "",
        "\n",
        WARNING_2,
        WARNING_PYTHON,
        LOG_1,
        LOG_2,
        COLOURED,
        LOG_3,
        LOG_2 + STACK + "KeyError: 'dag'\n" + LOG_1,
        LOG_2 + STACK + "KeyError: 'dag'\n\n" + DURING.lstrip("\n") + STACK + "ValueError: no\n" + LOG_2,
        "[INFO] Please be reminded this DAG is PAUSED now.\n",
        WARNING_PYTHON + "[WARN] Only applicable when there is execution record found for the DAG.\n",
        "INFO  [alembic.runtime.migration] Context impl SQLiteImpl.\n",
        "WARNING:root:ValueError: no failure\n",
    ],
)
@pytest.mark.parametrize("stdout", ["", "[]\n", LOG_1 + "None\n", LOG_3])
def test_warnings_logs_and_notes_are_no_failure(stdout: str, stderr: str) -> None:
    assert failure(stdout, stderr) is None


@pytest.mark.parametrize("answer", ["[]\n", "dag_id | fileloc\n=======+========\n", "No data found\n"])
def test_a_dag_file_that_cannot_be_imported_does_not_fail_the_list(answer: str) -> None:
    # Recorded with 2.5.3, 2.10.5 and 3.3.2; rich breaks the line.
    note = "Error: Failed to load all files. For details, run `airflow dags \nlist-import-errors`\n"
    assert failure(LOG_2 + answer, WARNING_2 + note) is None


def test_a_logged_exception_at_the_end_does_not_fail_a_command_that_answered() -> None:
    logged = LOG_2 + STACK + "KeyError: 'dag'\n" + DURING + STACK + "ValueError: no\n"
    assert failure("Variable k created\n", logged) is None
    assert failure("", logged) == "ValueError: no"
    assert failure("Variable k created\n", STACK + "ValueError: no\n") == "ValueError: no"


@pytest.mark.parametrize(
    "aside",
    [
        "Exception ignored in: <function Pool.__del__ at 0x7f>\n" + STACK + "TypeError: 'NoneType' is not callable\n",
        "Exception in thread Thread-1 (run):\n" + STACK + "OSError: gone\n" + DURING + STACK + "KeyError: 1\n",
        "--- Logging error ---\n" + STACK + 'ValueError: bad format\nCall stack:\n  File "x.py", line 1, in <module>\n'
        "    main()\nMessage: 'a %s'\nArguments: ()\n",
    ],
)
def test_what_python_reports_of_finalizers_threads_and_loggers_is_no_failure(aside: str) -> None:
    assert failure("", aside) is None
    assert failure("Variable k created\n", WARNING_2 + aside) is None
    assert failure("", STACK + "ValueError: no\n" + aside) == "ValueError: no"
    assert failure("", "Variable k does not exist\n" + aside) == "Variable k does not exist"


@pytest.mark.parametrize(
    "message", ["ValueError: first\nsecond\n\nthird", "ValueError: first", "ValueError: first\n  x\n"]
)
def test_of_a_message_in_several_lines_the_first_is_the_reason(message: str) -> None:
    assert failure(LOG_1, WARNING_2 + STACK + message + "\n") == "ValueError: first"


@pytest.mark.parametrize("connection", [DURING, DIRECT])
def test_of_chained_exceptions_the_last_one_is_the_reason(connection: str) -> None:
    chain = STACK + "KeyError: 'first'\n" + connection + STACK + "airflow.exceptions.AirflowException: last\n"
    assert failure("", chain) == "airflow.exceptions.AirflowException: last"
    assert failure("None\r\n", chain.replace("\n", "\r\n")) == "airflow.exceptions.AirflowException: last"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            "raise ExceptionGroup('several', [ValueError('x'), KeyError('y')])",
            "ExceptionGroup: several (2 sub-exceptions)",
        ),
        ("raise KeyError", "KeyError"),
        ("import sys; sys.exit('Bundles not found: a')", "Bundles not found: a"),
        ("def f(\n", "SyntaxError: '(' was never closed"),
        ("try: 1/0\nexcept Exception as e: raise ValueError('two\\nlines') from e", "ValueError: two"),
        ("import warnings; warnings.warn('Error'); print('done')", None),
    ],
)
def test_what_this_python_prints_is_understood(code: str, reason: str | None) -> None:
    if code.startswith("def"):
        code = f"exec({code!r})"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode != 0) == (reason is not None)
    assert failure(done.stdout, done.stderr) == reason


# What DAG files print that go without a library (`except ImportError: traceback.print_exc()`), and what that calls.
CAUGHT = (
    'Traceback (most recent call last):\n  File "/usr/local/airflow/dags/etl.py", line 3, in <module>\n'
    "    import optional_library\nModuleNotFoundError: No module named 'optional_library'\n"
)
CAUGHT_CHAIN = (
    CAUGHT + DURING + 'Traceback (most recent call last):\n  File "/usr/local/airflow/plugins/fallback.py", line 7, in '
    'load\n    raise ValueError("first\\nsecond")\nValueError: first\nsecond\n'
)
CAUGHT_GROUP = (
    '  + Exception Group Traceback (most recent call last):\n  |   File "/usr/local/airflow/dags/etl.py", line 3, in '
    "<module>\n  |     raise ExceptionGroup('several', [ValueError()])\n  | ExceptionGroup: several (1 sub-exception)\n"
    "  +-+---------------- 1 ----------------\n    | ValueError\n    +------------------------------------\n"
)


@pytest.mark.parametrize("caught", [CAUGHT, CAUGHT_CHAIN, CAUGHT_GROUP, LOG_2 + CAUGHT, WARNING_2 + CAUGHT])
@pytest.mark.parametrize("stdout", ["", LOG_1, "Created <DagRun etl @ 2024-05-01: run1, externally triggered: True>\n"])
def test_an_exception_that_a_dag_file_caught_and_printed_is_no_failure(stdout: str, caught: str) -> None:
    assert failure(stdout, caught, always_answers=stdout.startswith("Created")) is None
    assert failure(stdout, caught, always_answers=False) is None


@pytest.mark.parametrize("stdout", ["", LOG_1])
def test_what_should_have_answered_and_did_not_has_failed_wherever_its_exception_begins(stdout: str) -> None:
    reason = "ModuleNotFoundError: No module named 'optional_library'"
    assert failure(stdout, CAUGHT) == reason
    assert failure(stdout, LOG_2 + CAUGHT) == reason


@pytest.mark.parametrize("caught", [CAUGHT, CAUGHT_CHAIN, CAUGHT_GROUP])
@pytest.mark.parametrize("stdout", ["", LOG_1 + "printed before\n"])
def test_next_to_an_exception_that_a_dag_file_caught_the_one_that_ended_the_process_counts(
    stdout: str, caught: str
) -> None:
    for stderr in (caught + STACK + "KeyError: 'ours'\n", STACK + "KeyError: 'ours'\n" + caught):
        assert failure(stdout, stderr, always_answers=False) == "KeyError: 'ours'"
    assert failure(stdout, caught + "Variable k does not exist\n") == "Variable k does not exist"


@pytest.mark.parametrize(
    "first_frames",
    [
        '  File "/home/airflow/.local/bin/airflow", line 8, in <module>\n    sys.exit(main())\n',
        '  File "/opt/mwaa/run-cli", line 8, in <module>\n    sys.exit(main())\n',
        '  File "airflow", line 37, in <module>\n    args.func(args)\n',
        '  File "<frozen runpy>", line 198, in _run_module_as_main\n',
        '  File "/usr/lib/python3.7/runpy.py", line 193, in _run_module_as_main\n    "__main__", mod_spec)\n',
        '  File "/usr/local/lib/python3.11/site-packages/airflow/__main__.py", line 66, in <module>\n    main()\n',
        '  File "/opt/mwaa/cli.py", line 5, in execute\n    main()\n    ^^^^^^\n'
        '  File "/usr/local/lib/python3.11/site-packages/airflow/__main__.py", line 62, in main\n',
    ],
)
def test_wherever_airflow_is_installed_an_exception_that_nobody_caught_is_a_failure(first_frames: str) -> None:
    stack = f'Traceback (most recent call last):\n{first_frames}  File "/dags/etl.py", line 3, in <module>\n'
    for stdout in ("", "an answer\n"):
        assert failure(stdout, f"{CAUGHT}{stack}KeyError: 'ours'\n") == "KeyError: 'ours'"


# What the commands that MWAA offers pass to `SystemExit`, from 1.10.12 to 3.3.2.
EXIT_MESSAGES = [
    "DAG: nosuch does not exist in 'dag' table",
    "DAG: nosuch does not exist in the database",
    "Can not find dag 'nosuch'",
    "Can not find dag 'nosuch' in database",
    "DagRun failed",
    "Configuration '{bad' is not valid JSON. Error: Expecting property name enclosed in double quotes: line 1 column 2",
    "Option --save and --imgcat are mutually exclusive. Please remove one option to execute the command.",
    "Failed to execute. Make sure the imgcat executables are on your systems 'PATH'",
    "Cannot use --table and --field together",
    "One of --run-id, --partition-key, or --partition-date-start / --partition-date-end must be provided.",
    "Variable nosuch does not exist",
    "Variable nosuch does not exist.",
    "Expecting value: line 1 column 1 (char 0)",
    "Extra data: line 1 column 3 (char 2)",
    "--hide-sensitive can only be used with --show-values",
    "A connection with `conn_id`=c1 already exists.",
    "Did not find a connection with `conn_id`=nosuch",
    "Found more than one connection with `conn_id`=c1",
    "Must supply either conn-uri or conn-json if not supplying conn-type",
    "Cannot supply both conn-uri and conn-json",
    "The following args are required to add a connection: ['conn-uri or conn-type']",
    "The following args are not compatible with the add flag and --conn-uri flag: ['conn_host']",
    "The following args are not compatible with the --conn-json flag: ['conn_host']",
    "The URI provided to --conn-uri is invalid: nonsense",
    "conn-json is invalid; must supply conn-type",
    "Could not create connection. The key 'a/b' has to be made of alphanumeric characters",
    "No such provider installed: nosuch",
    "Asset with name nosuch does not exist.",
    "Asset alias with name nosuch does not exist.",
    "More than one asset exists with name a.",
    "More than one DAG materializes asset with name a.",
    "Either --name or --uri is required",
    "Required --name with --alias",
    "Cannot use --uri with --alias",
    "Bundles not found: a, b",
    "No tables selected for db cleanup. Please choose valid table names.",
    "User did not confirm; exiting.",
    "ERROR: You need to initialize the database. Please run `airflow db init`. Make sure the command is run using …",
]


@pytest.mark.parametrize("message", EXIT_MESSAGES)
@pytest.mark.parametrize("before", ["", WARNING_2, WARNING_PYTHON, LOG_2, "[INFO] Please be reminded.\n"])
@pytest.mark.parametrize("stdout", ["", LOG_1, LOG_3, LOG_3 + "something printed before\n"])
def test_a_message_that_the_process_exited_with_is_a_failure(message: str, before: str, stdout: str) -> None:
    assert failure(stdout, f"{before}{message}\n") == message
    assert failure(stdout, f"{before}{message}\n", always_answers=False) == message


@pytest.mark.parametrize("stdout", ["", LOG_1 * 2, COLOURED, LOG_3 * 2, "\n\n" + LOG_2 + LOG_3])
def test_an_unknown_message_is_a_failure_where_nothing_was_answered(stdout: str) -> None:
    assert failure(stdout, "A reason of a version to come\n") == "A reason of a version to come"
    assert failure(stdout, LOG_2 + "A reason of a version to come\n") == "A reason of a version to come"


@pytest.mark.parametrize("stdout", ["", LOG_1 * 2, LOG_3, "\n" + LOG_2, "the output of a task\n"])
def test_of_a_command_that_may_print_nothing_an_unknown_message_is_no_failure(stdout: str) -> None:
    # `print("using the fallback configuration", file=sys.stderr)` in a DAG file.
    for before in ("", WARNING_2, LOG_2, "another one\n"):
        assert failure(stdout, before + "using the fallback configuration\n", always_answers=False) is None


@pytest.mark.parametrize("answer", ["None\n", "[]", "Variable k created\n", "2026-11-22T00:00:00+00:00\n", "0"])
def test_an_unknown_message_next_to_an_answer_is_no_failure(answer: str) -> None:
    for logs in ("", LOG_1, COLOURED, LOG_3):
        assert failure(logs + answer, "Something that a plugin has to say\n") is None


def test_a_usage_error_that_repeats_line_breaks_is_a_failure() -> None:
    # Recorded with 2.10.5: `dags list` with the argument "--bo\ngus".
    reason = failure(
        "usage: airflow [-h]\n", "\nairflow command error: unrecognized arguments: --bo\ngus, see help above.\n"
    )
    assert reason == "airflow command error: unrecognized arguments: --bo gus, see help above."


def test_a_message_that_repeats_line_breaks_is_one_line() -> None:
    reason = failure("", WARNING_2 + "The URI provided to --conn-uri is invalid: non\nsense\n")
    assert reason == "The URI provided to --conn-uri is invalid: non sense"


@pytest.mark.parametrize(
    "line",
    [
        "Role named 'nosuch' does not exist",
        "Resource named 'nosuch' does not exist",
        "Action named 'can_nothing' does not exist",
        "Warning: No runs to create for Dag etl in the range [2024-01-02 01:00:00+00:00, 2024-01-02 02:00:00+00:00]",
    ],
)
def test_a_command_that_says_so_on_stdout_and_exits_without_a_message_is_a_failure(line: str) -> None:
    # Recorded with 2.10.5 (`roles add-perms`) and 3.3.2 (`backfill create`); stderr is empty.
    for logs in ("", LOG_1, LOG_3):
        assert failure(f"{logs}{line}\n", "") == line
        assert failure(f"{logs}{line}\n", WARNING_2) == line
        for after in (AFTER_2, AFTER_3, JSON_AFTER, AFTER_2 * 3):
            assert failure(f"{logs}{line}\n{after}", after) == line
    assert failure(f"{line}\nAdded 1 role(s)\n", "") is None
    assert failure(f"The {line}\n", "") is None


# `dags list-import-errors`, recorded with 2.10.5 and 3.3.2, where it exits with 1, as from 2.8 on. Up to 2.7 it exits
# with 0 after the same output, so that it did what it was asked for is all that can be told.
IMPORT_ERRORS = [
    "filepath        | error                             \n================+===\nbroken.py | Traceback\n",
    "bundle_name | filepath  | error             \n============+=====\ndags-folder | broken.py | Traceback (most\n",
    "filepath                            error\n/dags/broken.py  Traceback (most recent call last):\n",
    "bundle_name    filepath    error\ndags-folder    broken.py   Traceback (most recent call last):\n",
    '[{"filepath": "/dags/broken.py", "error": "Traceback (most recent call last):\\n  File"}]\n',
    '[{"bundle_name": "dags-folder", "filepath": "broken.py", "error": "Traceback"}]\n',
    '- error: "Traceback (most recent call last):\\n  File \\"<frozen>\\",\n    line 241"\n  filepath: broken.py\n',
    "- bundle_name: dags-folder\n  error: 'no'\n  filepath: broken.py\n",
]


@pytest.mark.parametrize("stdout", IMPORT_ERRORS)
def test_import_errors_that_were_asked_for_are_an_answer(stdout: str) -> None:
    for logs in ("", LOG_2, LOG_3):
        assert lists_import_errors(logs + stdout)
        assert failure(logs + stdout, WARNING_2) is None


@pytest.mark.parametrize("record", ALL, ids=_name)
def test_no_other_output_is_taken_for_a_list_of_import_errors(record: Record) -> None:
    assert not lists_import_errors(record.stdout)


# MWAA's block, and what is always on the stderr of its 2.10.3.
BLOCK = "CloudWatch logging is disabled for SubprocessLogHandler\n" * 12
WARNINGS_2_10_3 = record("mwaa-2.10.3", "version").stderr
MWAA_NOISE = [
    BLOCK,
    "CloudWatch logging is disabled for CloudWatchRemoteTaskLogger\n" + BLOCK,
    f"airflow_rds_iam_patch loaded\n{BLOCK}Successfully generated RDS auth token at 2026-02-01 10:00:00\n",
    f"{BLOCK}Throttling _report_logging_error for 59.99 more seconds.\n{LOG_2}",
    f"{BLOCK}MWAA logging error: Failed to emit log record.\n",
    BLOCK + '{"timestamp":"2026-11-25T10:17:39.621700Z","level":"debug","event":"Setting up","logger":"airflow"}\n',
]
UNKNOWN_PROGRAM = (
    'Traceback (most recent call last):\n  File "/opt/python/mwaa_cli.py", line 3, in handle\n    run(line)\n'
    "KeyError: 'ours'\n"
)


def test_the_warnings_of_mwaas_2_10_3_are_two() -> None:
    assert len(WARNINGS_2_10_3.splitlines()) == 2


@pytest.mark.parametrize("stdout", MWAA_NOISE)
@pytest.mark.parametrize(
    ("told", "reason"),
    [("A reason of a version to come\n", "A reason of a version to come"), (UNKNOWN_PROGRAM, "KeyError: 'ours'")],
)
def test_what_mwaa_logs_is_no_answer_and_its_warnings_hide_no_failure(stdout: str, told: str, reason: str) -> None:
    assert failure(stdout, WARNINGS_2_10_3 + told) == reason
    assert failure(f"{stdout}queued\n", WARNINGS_2_10_3 + told) is None
    assert failure(stdout, WARNINGS_2_10_3) is None


MWAA_TRACEBACK = (
    'Traceback (most recent call last):\n  File "/usr/local/lib/python3.11/site-packages/watchtower/__init__.py", line '
    "470, in emit\n    self._submit(batch)\nOSError: gone\n\nDuring handling of the above exception, another exception "
    'occurred:\n\nTraceback (most recent call last):\n  File "/python/mwaa/logging/cloudwatch_handlers.py", line 300, '
    "in emit\n    self.handler.emit(record)\nValueError: no such log group\n"
)


@pytest.mark.parametrize("header", ["", "MWAA logging error: Failed to emit log record.\n"])
def test_what_mwaas_log_handlers_report_of_themselves_is_no_failure_and_hides_none(header: str) -> None:
    aside = header + MWAA_TRACEBACK
    for stdout in ("", BLOCK, BLOCK + "MWAA logging error: Failed to emit log record.\n", "an answer\n"):
        assert failure(stdout, WARNINGS_2_10_3 + aside) is None
        assert failure(stdout, STACK + "KeyError: 'ours'\n" + aside) == "KeyError: 'ours'"
        assert failure(stdout, aside + STACK + "KeyError: 'ours'\n") == "KeyError: 'ours'"
        assert failure(stdout, "Variable k does not exist\n" + aside) == "Variable k does not exist"


def test_long_chains_of_tracebacks_take_no_longer_than_they_are() -> None:
    chain = (UNKNOWN_PROGRAM + DURING) * 50_000 + UNKNOWN_PROGRAM
    started = time.thread_time()
    assert failure(BLOCK, f"{chain}\n/mwaa/logging/\n{chain}") is not None
    assert time.thread_time() - started < 5


UNHANDLED = (
    '{"timestamp":"2026-11-25T10:17:36.236476Z","level":"critical","event":"Unhandled exception",'
    '"logger":"unhandled_exception","filename":"structlog.py","lineno":772,"exception":%s}\n'
)


@pytest.mark.parametrize(
    ("exception", "reason"),
    [
        ('[{"exc_type":"DagNotFound","exc_value":"Dag id a not found"}]', "DagNotFound: Dag id a not found"),
        ('[{"exc_type":"ValueError","exc_value":"first\\nsecond"},{"exc_type":"KeyError"}]', "ValueError: first"),
        ('[{"exc_type":"KeyError","exc_value":""}]', "KeyError"),
        ("[]", "Unhandled exception"),
        ('"cut off', "Unhandled exception"),
    ],
)
def test_an_exception_that_is_a_log_record_in_json_is_a_failure(exception: str, reason: str) -> None:
    record = UNHANDLED % exception
    for stdout in (record, BLOCK + record, f"{BLOCK}half an answer\n{record}{LOG_2}"):
        assert failure(stdout, "") == reason
        assert failure(stdout, WARNINGS_2_10_3, always_answers=False) == reason
    assert failure(f"a value {record}", "") is None


def test_an_exception_in_json_that_is_glued_to_a_question_is_a_failure() -> None:
    question = "This will drop all existing records related to the specified DAG. Proceed? (y/n)"
    record = UNHANDLED % '[{"exc_type":"EOFError","exc_value":"EOF when reading a line"}]'
    for after in ("", JSON_AFTER):
        assert failure(f"{BLOCK}{question}{record}{after}", "") == "EOFError: EOF when reading a line"
        assert failure(f"{question}{record}", after, always_answers=False) == "EOFError: EOF when reading a line"


# What 3.3.1 logs to stderr after every command at the level DEBUG, and what the others log to stdout.
AFTER_3 = (
    "2026-11-25T11:53:27.621688Z [debug    ] Calling callbacks: []          [airflow.utils.cli_action_loggers] "
    "loc=cli_action_loggers.py:98\n"
    "2026-11-25T11:53:27.621688Z [debug    ] Disposing DB connection pool (PID 12430) [airflow.settings] "
    "loc=settings.py:622\n"
)
AFTER_2 = "[2026-11-25T11:53:26.268+0000] {settings.py:612} DEBUG - Disposing DB connection pool (PID 32370)\n"
JSON_AFTER = (
    '{"timestamp":"2026-11-25T10:17:41.956035Z","level":"debug","event":"Disposing DB connection pool (PID 17)",'
    '"logger":"airflow.settings","filename":"settings.py","lineno":622}\n'
)


@pytest.mark.parametrize("after", [AFTER_3, AFTER_2, JSON_AFTER, "\n" + AFTER_3 + "\n"])
@pytest.mark.parametrize("record", ALL, ids=_name)
def test_records_after_the_end_of_a_command_change_no_verdict(record: Record, after: str) -> None:
    for always in (True, False):
        told = failure(record.stdout, record.stderr, always_answers=always)
        assert failure(record.stdout, record.stderr.rstrip("\n") + f"\n{after}", always_answers=always) == told


@pytest.mark.parametrize("before", [AFTER_3, AFTER_2, JSON_AFTER, LOG_2 + AFTER_3])
@pytest.mark.parametrize("stdout", ["", "Proceed? (y/n)"])
def test_an_exception_between_the_records_around_a_command_is_a_failure(stdout: str, before: str) -> None:
    # 3.3.1 logs "Calling callbacks" to stderr before it asks, too.
    for always in (True, False):
        stderr = f"{before}{STACK}EOFError: EOF when reading a line\n{AFTER_3}"
        assert failure(stdout, stderr, always_answers=always) == "EOFError: EOF when reading a line"


@pytest.mark.parametrize("after", ["", AFTER_3, JSON_AFTER])
def test_a_record_of_several_lines_at_the_end_hides_no_failure(after: str) -> None:
    assert failure("", f"{STACK}KeyError: 'ours'\n{LOG_3}{after}") == "KeyError: 'ours'"
    assert failure("", f"Variable k does not exist\n{LOG_3}{after}") == "Variable k does not exist"
    assert failure("", f"{LOG_2}{STACK}KeyError: 'logged'\n{LOG_3}{after}") is None


def test_many_records_after_a_failure_take_no_longer_than_they_are() -> None:
    started = time.thread_time()
    assert failure("", f"{STACK}KeyError: 'ours'\n{(AFTER_3 + LOG_3) * 20_000}") == "KeyError: 'ours'"
    assert time.thread_time() - started < 5


@pytest.mark.parametrize("before", ["", WARNING_2, WARNINGS_2_10_3])
@pytest.mark.parametrize("after", ["", AFTER_3])
def test_a_command_that_may_be_silent_is_no_success_where_it_died(before: str, after: str) -> None:
    for log in ("", BLOCK, BLOCK + LOG_2):
        assert failure(log, f"{before}Killed\n{after}", always_answers=False) == "Killed"
        assert failure(log, f"{before}{UNKNOWN_PROGRAM}{after}", always_answers=False) == "KeyError: 'ours'"
        assert failure(log, f"{LOG_2}{UNKNOWN_PROGRAM}{after}", always_answers=False) is None
    assert failure("the output of a task\n", f"{before}Killed\n{after}", always_answers=False) is None
    assert failure("the output of a task\n", f"{before}{UNKNOWN_PROGRAM}{after}", always_answers=False) is None


@pytest.mark.parametrize("version", [*RECORDED, *RECORDED_ON_MWAA])
def test_no_recorded_success_of_a_command_that_always_answers_printed_nothing(version: str) -> None:
    done = [record for record in records(version) if not record.exit]
    assert not [record.argv for record in done if printed_nothing(shlex.join(record.argv), record.stdout)]


@pytest.mark.parametrize("stdout", ["", LOG_2, LOG_3, *MWAA_NOISE, BLOCK + LOG_2 + LOG_2, BLOCK + "\n\n"])
def test_nothing_but_log_lines_is_silence_of_what_always_answers(stdout: str) -> None:
    for command in ("dags trigger etl", "variables set k v", "roles create r", "dags list -o json", "variables list"):
        assert printed_nothing(command, stdout)
    for command in ("tasks clear -y etl", "dags reserialize", "variables --set k v", "db clean -y", "sync-perm"):
        assert not printed_nothing(command, stdout)


def test_the_value_of_a_variable_may_look_like_a_log_record() -> None:
    around = "[2026-11-25T04:00:41.010+0000] {settings.py:475} DEBUG - Setting up DB connection pool (PID 32367)\n"
    for log in ("", *MWAA_NOISE[:3], BLOCK + around * 2):
        assert printed_nothing("variables get k", log)
        assert not printed_nothing("variables get k", log + LOG_2)
        assert not printed_nothing("variables get k", f"{log}{LOG_3}{around}")


@pytest.mark.parametrize("answer", ["\n", "None\n", "[]\n", "[a]"])
@pytest.mark.parametrize("log", ["", BLOCK, BLOCK + LOG_2])
def test_the_line_break_of_an_empty_value_is_an_answer(log: str, answer: str) -> None:
    assert not printed_nothing("variables get k", f"{log}{answer}")
    if answer.endswith("\n"):
        assert not printed_nothing("variables get k", f"{log}{answer}{log[len(BLOCK) :]}")
