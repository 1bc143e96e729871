"""Telling from Airflow's output whether a command failed, since the answer does not hold the exit status.

Not everything can be told. A command that exits with 1 and says nothing of it (`dags backfill` prints a `ValueError` to
stdout as if it were an answer), or with a message that no version here has, after an answer, a warning or an exception
that a DAG file caught, or where a success says nothing either, is taken as done. A task that fails in a process of its
own (`tasks run`) writes that to its log only. And what a variable holds may read like one of the failures below
(`words_of_airflow`).
"""

import json
import re

from mwaa_async._protocol.catalogue import answers, prints_a_text, prints_stored_values
from mwaa_async._protocol.log_lines import (
    LOG_LINE,
    LONG_RECORD,
    answered,
    are_around_commands,
    has_answer,
    without_last_records,
)

# argparse as Airflow sets it up (exit 2), in every version, and a message of `connections add` (exit 1). Both repeat
# what they were given, line breaks too.
_REPEATED = re.compile(
    r"""airflow(?:\ [\w-]+){0,2}\ command\ error:\ .*,\ see\ help\ above\.
    |The\ URI\ provided\ to\ --conn-uri\ is\ invalid:\ .*""",
    re.DOTALL | re.VERBOSE,
)
# What Airflow's commands pass to `sys.exit()` or `SystemExit` (airflow/cli/commands/*.py): Python prints it as the last
# line of stderr and exits with 1.
_EXIT_MESSAGES = re.compile(
    "|".join(
        (
            r"DAG: .* does not exist in ('dag' table|the database)",
            r"Can not find dag '.*'( in database)?",
            r"DagRun failed",
            r"Configuration .* is not valid JSON\. Error: .*",
            r"Option --save and --imgcat are mutually exclusive\. .*",
            r"Failed to execute\. Make sure the imgcat executables are on your systems 'PATH'",
            r"Cannot use --table and --field together",
            r"(One of )?--run-id, --partition-key, .*",
            r"--partition-date-start must be on or before --partition-date-end\.",
            r"Variable .* does not exist\.?",
            r"[A-Z].*: line \d+ column \d+ \(char \d+\)",  # `variables get --json` of what is no JSON
            r"--hide-sensitive can only be used with --show-values",
            r"A connection with `conn_id`=.* already exists\.",
            r"(Did not find a|Found more than one) connection with `conn_id`=.*",
            r"(Must supply either|Cannot supply both) conn-uri .*conn-json.*",
            r"The following args are (required to add a connection|not compatible with the .*--conn-\w+ flag): .*",
            r"conn-json is invalid; must supply conn-type",
            r"Could not create connection\. .*",
            r"No such provider installed: .*",
            r"Asset (alias )?with .* does not exist\.",
            r"More than one (asset exists|DAG materializes asset) with .*",
            r"(Either --name or --uri is required|Required --name with --alias|Cannot use --uri with --alias)",
            r"Bundles not found: .*",
            r"No tables selected for db cleanup\. .*",
            r"User did not confirm; exiting\.",
            r"ERROR: You need to \w+ the database\. .*",
        )
    )
)
# What commands print to stdout before they exit with 1: `roles` and, in version 3, `backfill create`.
_LAST_WORDS = re.compile(
    r"(?:Role|Resource|Action) named '.*' does not exist|Warning: No runs to create for (?i:dag) .* in the range \[.*\]"
)
_END = 10_000  # characters, in which they and the records after them are
# With `[logging] json_logs` of 3.2 the traceback of an exception that nobody caught is a log record, on stdout
# (airflow/_shared/logging/structlog.py, `_install_excepthook`).
# It is glued to the question of a command that asks, which has no line break.
_UNHANDLED = re.compile(
    r"(?:^|(?P<question>(?<!\n)))"
    r'(?P<record>\{"timestamp":"[^"\n]*","level":"critical","event":"[^"\n]*","logger":"unhandled_exception",.*)',
    re.MULTILINE,
)
# What `input()` raises where there is no terminal.
_NO_ANSWER = "EOFError"
# What a shell prints of a process that a signal ended; nothing else is on that line.
_KILLED = re.compile(
    r"(?:Killed|Terminated|Aborted|Bus error|Segmentation fault|Illegal instruction)(?: \(core dumped\))?"
)
# `dags list-import-errors` with something to list, as a table or plain, as JSON, as YAML.
_IMPORT_ERRORS = re.compile(
    r"""^(?:bundle_name\ +(?:\|\ +)?)?filepath\ +(?:\|\ +)?error\ *$
    |^\[\{(?:"bundle_name":\ (?:"[^"\n]*"|null),\ )?"filepath":\ "(?:[^"\\\n]|\\.)*",\ "error":\ "
    |^-\ (?:bundle_name:\ .*\n\ \ )?error:\ (?:.*\n(?!-\ ))*?\ \ filepath:\ """,
    re.MULTILINE | re.VERBOSE,
)

_LAST_RECORD = re.compile(rf"^{LONG_RECORD}\Z", re.MULTILINE)
_WARNING = re.compile(r"\S+:\d+:? \w*Warning: ")
# The last of them ends a warning of several lines (airflow/cli/commands/dag_command.py of 3.0).
_NOTE = re.compile(
    r"\[(?:INFO|WARN|WARNING|DEBUG)\] |(?:DEBUG|INFO|WARNING|ERROR)(?: +\[|:\S+:)|MWAA logging error: "
    r"|Run `pip install graphviz` to attempt to install it\.$"
)

_TRACEBACK = "Traceback (most recent call last):"
_CHAINED = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
_GROUP = re.compile(r"^  \+ Exception Group Traceback .*\n  \|( .*)\n(?:  \|   .*\n)*  \| (\S.*)\n", re.MULTILINE)
# Where a process begins, and so the traceback that ends it: in a program, which has no suffix whatever its path is, or
# in a module that was run as one. What a DAG file prints (`traceback.print_exc()`) begins where it was caught.
_PROGRAM = re.compile(
    r"""\ +File\ "(?:(?:.*/)?[^/".]+",\ line\ \d+,\ in\ <module>
    |.*\b__main__\.py",\ line\ \d+,\ in\ <module>
    |.*\brunpy(?:\.py|>)",\ line\ \d+,\ in\ _run_module_as_main)""",
    re.VERBOSE,
)
# Airflow 2 and 3 begin in it (airflow/__main__.py), whoever calls them.
_MAIN = re.compile(r' +File ".*/airflow/__main__\.py", line \d+, in main')
# Where exceptions are caught and printed: DAG files and plugins, in MWAA's own folders, and libraries.
_IN_USERS_CODE = re.compile(r' +(?:\| +)?File "(?:.*/)?(?:dags|plugins|site-packages|dist-packages)/')
_BEGINNING = 8  # lines, of up to three for each frame
# What Python reports of finalizers, threads and loggers: none of them ends the process.
_ASIDE = re.compile(
    r"""^(?:Exception\ ignored\ |Exception\ in\ thread\ |---\ Logging\ error\ ---).*\n
    (?:(?:\n(?:During|The\ above).*\n\n)?Traceback\ \(most\ recent\ call\ last\):\n(?:[ \t].*\n)*\S.*(?:\n|\Z))*
    (?:Call\ stack:\n(?:[ \t].*\n)*Message:\ .*(?:\n|\Z)(?:Arguments:\ .*(?:\n|\Z))?)?""",
    re.MULTILINE | re.VERBOSE,
)
# What MWAA's own log handlers report of themselves with `traceback.print_exception`, below a line that they print to
# stdout (mwaa/logging/cloudwatch_handlers.py, `_report_logging_error`): the last one of a chain begins in them.
_MWAA_ASIDE = re.compile(
    r"""^(?<!occurred:\n\n)(?<!exception:\n\n)(?:MWAA\ logging\ error:\ .*\n)?
    (?:Traceback\ \(most\ recent\ call\ last\):\n(?:[ \t].*\n)*\S.*\n\n(?:During|The\ above).*\n\n)*
    Traceback\ \(most\ recent\ call\ last\):\n\ +File\ ".*/mwaa/logging/.*\n(?:[ \t].*\n)*\S.*(?:\n|\Z)""",
    re.MULTILINE | re.VERBOSE,
)


def failure(stdout: str, stderr: str, *, always_answers: bool = True) -> str | None:
    """Return the line in which Airflow says why the command failed, or `None` where it did not fail.

    Warnings and log lines on stderr are no failure, nor is the word "Error" in them. What counts is the end of stderr:
    a usage error, an exception that nobody caught, a message that the process exited with. A few commands say it on
    stdout.

    DAG files may print to stderr, too. So a line that is none of the known messages is believed only where a command
    that `always_answers` when it succeeds did not answer.
    """
    return (_told_on_stderr(stdout, stderr, always_answers) if stderr else None) or _told_on_stdout(stdout)


def is_refusal(reason: str) -> bool:
    """Tell whether the reason of a failure is Airflow's own word on what was asked for, and no crash."""
    told = _REPEATED.match(reason) or _EXIT_MESSAGES.fullmatch(reason) or _LAST_WORDS.fullmatch(reason)
    return told is not None and not reason.startswith("ERROR: ")


def words_of_airflow(command: str, stdout: str) -> str:
    """Return the stdout with another text in the place of stored values, which may read like any failure."""
    return "a value\n" if prints_stored_values(command) and answered(stdout) else stdout


def printed_nothing(command: str, stdout: str) -> bool:
    """Tell whether there is nothing but log lines of a command that always prints something when it succeeds.

    Of the empty value of a variable there is the line break, and a value may look like log lines.
    """
    if not answers(command):
        return False
    return not (answered(stdout, is_text=True) if prints_a_text(command) else has_answer(stdout))


def lists_import_errors(stdout: str) -> bool:
    """Tell whether `dags list-import-errors` found some: an answer, with which newer versions exit with 1.

    Up to 2.7 they exit with 0 after the same output.
    """
    return _IMPORT_ERRORS.search(stdout) is not None


def _told_on_stderr(stdout: str, stderr: str, always_answers: bool) -> str | None:
    printed = _without_asides(stderr)
    # At the level DEBUG, 3.1 and later log to stderr what they do after a command, failed ones too.
    text = without_last_records(printed)
    if not text:
        return None
    lines = text.split("\n")
    error = max(text.rfind(" command error: "), text.rfind(" --conn-uri is invalid: "))
    if error >= 0 and (repeated := _REPEATED.fullmatch(text, text.rfind("\n", 0, error) + 1)):
        return repeated[0].replace("\n", " ")
    if _EXIT_MESSAGES.fullmatch(lines[-1]):
        return lines[-1]
    if reason := _uncaught_exception(
        text, lines, stdout, always_answers, went_on=not are_around_commands(printed[len(text) :])
    ):
        return reason
    if always_answers:
        return _exit_message(text, lines, stdout)
    return lines[-1] if _KILLED.fullmatch(lines[-1]) and not answered(stdout) else None


def _without_asides(stderr: str) -> str:
    text = stderr.rstrip()
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if "Exception i" in text or "--- Logging" in text:
        text = _ASIDE.sub("", text).rstrip()
    if "/mwaa/logging/" in text:
        text = _MWAA_ASIDE.sub("", text).rstrip()
    return text


def _uncaught_exception(text: str, lines: list[str], stdout: str, always_answers: bool, *, went_on: bool) -> str | None:
    """Return the exception's line of the last traceback that can have ended the process.

    One that belongs to a log record did not where more was logged after it: the command `went_on`.
    """
    tracebacks = [number for number, line in enumerate(lines) if line == _TRACEBACK]
    starts = tracebacks.copy()
    while starts and not _begins_in_a_program(lines[starts[-1] + 1 : starts[-1] + 1 + _BEGINNING]):
        starts.pop()
    if not starts and tracebacks and not answered(stdout):
        # It has failed, in whatever MWAA may run Airflow; a command that may be silent only where nobody caught it.
        starts = tracebacks if always_answers or _nobody_caught(lines, tracebacks) else []
    if not starts:
        groups = _GROUP.findall(text) if " Exception Group " in text else []
        return next((str(group) for frame, group in reversed(groups) if _begins_in_a_program([frame])), None)
    after = [line for line in lines[starts[-1] + 1 :] if not line.startswith(" ")]
    if not after or any(LOG_LINE.match(line) for line in after):
        return None  # logged, and the command went on
    if _was_logged(lines, starts) and (went_on or answered(stdout)):
        return None
    return after[0].strip()


def _begins_in_a_program(lines: list[str]) -> bool:
    """Tell whether these are the first frames of a process, or none, which is no DAG file's either.

    Of chained exceptions it is the last one's that are: those before it begin where they were caught.
    """
    if not lines or not lines[0].startswith(" "):
        return True
    return _PROGRAM.match(lines[0]) is not None or any(_MAIN.match(line) for line in lines)


def _nobody_caught(lines: list[str], starts: list[int]) -> bool:
    """Tell whether the last traceback is neither a log's nor begins where exceptions are caught and printed."""
    return not (_was_logged(lines, starts) or _IN_USERS_CODE.match("".join(lines[starts[-1] + 1 : starts[-1] + 2])))


def _was_logged(lines: list[str], starts: list[int]) -> bool:
    """Tell whether the last traceback, with what it is chained to, belongs to a log record."""
    first = starts[-1]
    for start in reversed(starts[:-1]):
        if not (first >= 2 and lines[first - 2] in _CHAINED):
            break
        first = start
    record = lines[first - 1] if first else ""
    return LOG_LINE.match(record) is not None and not are_around_commands(record)


def _exit_message(text: str, lines: list[str], stdout: str) -> str | None:
    """Return the last line where it can only be what the process exited with: no answer, log, warning, traceback."""
    last = lines[-1]
    if _TRACEBACK in text:
        return None
    if last.startswith((" ", "\t")) or LOG_LINE.match(last) or _NOTE.match(last):
        return None
    if _WARNING.match(last) or answered(stdout) or _LAST_RECORD.search(text):
        return None
    return last


def _told_on_stdout(stdout: str) -> str | None:
    if '"logger":"unhandled_exception"' in stdout and (reason := _logged_as_unhandled(stdout)):
        return reason
    last = without_last_records(stdout[-_END:]).rpartition("\n")[2]
    return last if _LAST_WORDS.fullmatch(last) else None


def _logged_as_unhandled(stdout: str) -> str | None:
    for found in _UNHANDLED.finditer(stdout):
        reason = _logged_exception(found["record"])
        if found["question"] is None or reason.startswith(_NO_ANSWER):
            return reason
    return None


def _logged_exception(record: str) -> str:
    """Return what Python would have printed of the exception that the record holds: the first is the one uncaught."""
    try:
        exception = json.loads(record)["exception"][0]
        return f"{exception['exc_type']}: {exception['exc_value']}".partition("\n")[0].removesuffix(": ")
    except (ValueError, LookupError, TypeError):
        return "Unhandled exception"
