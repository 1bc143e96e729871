"""Telling what Airflow and MWAA log on stdout from what a command answers."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import takewhile
from typing import NamedTuple

_COLOUR = r"(?:\x1b\[[\d;]*m)*"
_SECOND = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d"
_TIME = rf"{_COLOUR}{_SECOND}"
# "[2026-11-22 10:33:13,100] {dagbag.py:417} INFO - …" up to 3.0, "2026-11-22T10:33:13.100000Z [info  ] …" since then.
LOG_LINE = re.compile(rf"\[{_TIME}|{_TIME}\S* {_COLOUR}\[")
_LOGGER = r"\[[\w.-]+\](?: \w+=.*)?"
# A record of version 3 over several lines ends in its logger and in where it comes from: "… [airflow.models.dag]
# loc=dag.py:615", "… [py.warnings] category=UserWarning lineno=57". A line "[section]" is none: texts have such lines.
_LONG_RECORDS_END = r"\[(?:py\.warnings\]|[\w.-]+\] loc=).*"
LONG_RECORD = rf"{_TIME}\S* {_COLOUR}\[.*\n(?:(?!{_TIME}).*\n){{0,20}}?.*{_LONG_RECORDS_END}"
_SHORT_RECORD = rf"\[{_TIME}.*|{_TIME}\S* {_COLOUR}\[.*"
_WHOLE_RECORD = rf"{_TIME}\S* {_COLOUR}\[.*{_LOGGER}"
# `[logging] json_logs` of 3.2 (airflow/_shared/logging/structlog.py, `json_dumps`): these three first, without blanks.
_JSON_RECORD = rf'\{{"timestamp":"{_SECOND}[^"\n]*","level":"\w+","event":.*'
# https://github.com/aws/amazon-mwaa-docker-images, images/airflow/*/python/mwaa: logging/cloudwatch_handlers.py,
# logging/utils.py, and of January and February 2026 config/airflow_rds_iam_patch.py, utils/get_rds_iam_credentials.py.
_MWAA_START = (
    r"CloudWatch logging is disabled for \w+|airflow_rds_iam_patch loaded"
    rf"|Successfully generated RDS auth token at {_SECOND}"
)
_MWAA_ANYWHERE = r"Throttling \w+ for \d+\.\d\d more seconds\.|MWAA logging error: .*"
# 1.10 logs to stdout, where the traceback of a DAG file that cannot be loaded stands before the answer.
_TRACEBACK = "Traceback (most recent call last):\n"
_TRACEBACKS = (
    r"(?:(?:\n(?:During|The above) .*\n\n)?Traceback \(most recent call last\):\n(?:[ \t].*\n)*\S.*(?:\n|\Z))*"
)
_LOGGED = (
    rf"(?:{_WHOLE_RECORD}|{LONG_RECORD}|{_SHORT_RECORD})(?:\n|\Z){_TRACEBACKS}"
    rf"|(?:{_JSON_RECORD}|{_MWAA_START}|{_MWAA_ANYWHERE})\r?(?:\n|\Z)"
)
# Most lines are none, which their first characters tell.
_RECORDS = re.compile(rf"^(?=\[?[\d\x1b]|\{{\"|[CSTM]\w|airflow_)({_LOGGED})", re.MULTILINE)
_BLANK_LINES = re.compile(r"(?:[^\S\n]*+\n)+")
_LINE = re.compile(r".*(?:\n|\Z)")
_JSON_RECORDS = re.compile(rf"^{_JSON_RECORD}", re.MULTILINE)

_LAST_LINE = re.compile(rf"{LOG_LINE.pattern}|{_JSON_RECORD}|(?:{_MWAA_START}|{_MWAA_ANYWHERE})\Z")
_LAST_OF_A_LONG_RECORD = re.compile(rf".*{_LONG_RECORDS_END}")
_LONGEST_RECORD = 22  # lines, as in `LONG_RECORD`

_OF_THE_START = re.compile(rf"(?:{_MWAA_START})\s*")
_OF_MWAA = re.compile(rf"(?:{_MWAA_ANYWHERE})\s*")
# A block has three lines for each of four kinds of log that is off, and one or two for that of the tasks; a fifth kind
# would make three more, and a build of early 2026 two.
_LONGEST_BLOCK = 19
_DATE = re.compile(rf"({_SECOND})(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?")
# AWS refuses what is signed by a clock that is off by more, so that the local clock and the web server's are as near.
_PRESENT = timedelta(minutes=5)
# What Airflow logs around every command at the level DEBUG, and where (`airflow/settings.py` …).
_AROUND_COMMANDS = (
    r"(?:settings|configuration|cli_action_loggers|providers_manager|providers_discovery|plugins_manager)"
)
_SAID_AROUND = (
    r"(?:Setting up DB connection pool|Disposing DB connection pool|settings\.prepare_engine_args"
    r"|Could not retrieve value from section|Loading providers configuration|Adding <function|Calling callbacks: \["
    r"|Initializ(?:ing|ation of) Providers? Manager|Loading EntryPoint\(|Initialize extra operators links plugins"
    r"|Integrate DAG plugins|Loading plugins|Plugins are already loaded\.)"
)
_AROUND = re.compile(
    rf"\{{{_COLOUR}{_AROUND_COMMANDS}\.py:{_COLOUR}\d+\}}{_COLOUR} {_COLOUR}DEBUG{_COLOUR} - {_COLOUR}{_SAID_AROUND}"
    rf"|{_TIME}\S* {_COLOUR}\[{_COLOUR}debug *{_COLOUR} *\]{_COLOUR} {_COLOUR}{_SAID_AROUND}"
    rf".*\] loc={_AROUND_COMMANDS}\.py:"
    rf'|"level":"debug","event":"{_SAID_AROUND}.*"filename":"{_AROUND_COMMANDS}\.py"'
)


class Divided(NamedTuple):
    """What a command printed to stdout: its answer, and the log lines of Airflow and MWAA."""

    answer: str
    log_lines: str


def divided(stdout: str, *, is_text: bool = False) -> Divided:
    """Divide a stdout into the answer and the log lines, each with every blank and line break.

    Log lines are found before, after and within the answer. Where it `is_text` that somebody stored, such as a
    variable's value, those within belong to it.
    """
    # Answers and log lines by turns, with an answer first and last; either may be empty.
    parts = _RECORDS.split(stdout)
    if is_text:
        first, last = _ends(parts)
        before, text, after = parts[:first], parts[first : last + 1], parts[last + 1 :]
        return Divided("".join(text), "".join([*before, *after]))
    return Divided("".join(parts[::2]), "".join(parts[1::2]))


def text_in(stdout: str, now: datetime) -> str:
    """Return the text that a command printed, whole, without the log lines before and after it.

    The text may begin or end in what looks like a log line, or hold some. So a record is taken for a log's only where
    it bears the present time, or is one of those that Airflow logs around every command, and MWAA's lines where MWAA
    prints them. Raises `ValueError` where this does not tell the log from the text.
    """
    parts = _RECORDS.split(stdout)
    first, last = _ends(parts)
    before, text, after = parts[1:first:2], parts[first : last + 1], parts[last + 1 :: 2]
    block = [*takewhile(_OF_THE_START.fullmatch, before)]
    certain = all(_is_logged(record, now) for record in [*before[len(block) :], *after])
    if not certain or len(block) > _LONGEST_BLOCK or (before and _TRACEBACK in before[-1]):
        raise ValueError("what looks like log lines at an end of it may belong to it")
    if any(_is_present(record, now) for record in text[1::2]):
        raise ValueError("there are log lines of this moment in the midst of it")
    if not any(text):
        raise ValueError("there is nothing but log lines, and even an empty one prints a line break")
    return "".join(text)


def answered(stdout: str, *, is_text: bool = False) -> bool:
    """Tell whether there is more than log lines and blanks: a line break alone is what an empty answer prints.

    Where the answer `is_text` that somebody stored, a record may be all of it, unless it is one that always is printed.
    """
    if is_text:
        return any(not is_record or not _is_always_printed(part) for is_record, part in _parts(stdout))
    blanks = ""
    for is_record, part in _parts(stdout):
        if not is_record:
            if part.strip():
                return True
            blanks = f"{blanks}{part}"[:2]
    return blanks == "\n"


def has_answer(stdout: str) -> bool:
    """Tell whether there is anything but log lines and blanks."""
    return any(not is_record and part.strip() for is_record, part in _parts(stdout))


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    """Yield log records, and of what is between them blank lines and single other ones, with whether it is a record.

    Whoever looks for an answer finds it in the first of some MB.
    """
    position = 0
    while position < len(text):
        record = _RECORDS.match(text, position)
        found = record or _BLANK_LINES.match(text, position) or _LINE.match(text, position)
        assert found
        yield record is not None, found[0]
        position = found.end()


def without_last_records(text: str) -> str:
    """Return the text without the log records that end it; a logged traceback at the end stays, with its record."""
    lines = text.rstrip().split("\n")
    while lines and (count := _last_record(lines)):
        del lines[-count:]
    return "\n".join(lines).rstrip()


def are_around_commands(log_lines: str) -> bool:
    """Tell whether all of them are records that Airflow logs around every command, also around one that failed."""
    return all(_AROUND.search(line) for line in log_lines.split("\n") if line.strip())


def _last_record(lines: list[str]) -> int:
    """Return of how many lines the record is that ends here, 0 where none does."""
    if not lines[-1].strip() or _LAST_LINE.match(lines[-1]):
        return 1
    if not _LAST_OF_A_LONG_RECORD.match(lines[-1]):
        return 0
    last = lines[: -_LONGEST_RECORD - 1 : -1]
    return next((number for number, line in enumerate(last, 1) if LOG_LINE.match(line)), 0)


def with_json_records_blank(text: str) -> str:
    """Return the text, as long as it is, with blanks for the log records that are JSON."""
    if '{"timestamp":"' not in text:
        return text
    return _JSON_RECORDS.sub(lambda record: " " * len(record[0]), text)


def answer_lines(text: str) -> list[str]:
    """Return the lines of the answer that are not blank."""
    return [line for line in divided(text).answer.splitlines() if line.strip()]


def last_line(text: str) -> str:
    """Return the last line of the answer, or "" where there is none."""
    return next(reversed(answer_lines(text)), "")


def _ends(parts: list[str]) -> tuple[int, int]:
    """Return the positions of the first and of the last piece between log lines that is not empty."""
    filled = [position for position in range(0, len(parts), 2) if parts[position]]
    return (filled[0], filled[-1]) if filled else (len(parts) - 1, len(parts) - 1)


def _is_always_printed(record: str) -> bool:
    return any(known.match(record) for known in (_OF_THE_START, _OF_MWAA)) or _AROUND.search(record) is not None


def _is_logged(record: str, now: datetime) -> bool:
    if _OF_MWAA.fullmatch(record):
        return True
    line, _, more = record.partition("\n")
    # In several lines it may be a record and the beginning of the text, or the other way round.
    is_one = not more or more.startswith(_TRACEBACK) or "[py.warnings] " in more or "[airflow." in more
    return is_one and (_is_present(record, now) or _AROUND.search(line) is not None)


def _is_present(record: str, now: datetime) -> bool:
    """Tell whether the record bears the present time; without a time zone it is UTC, MWAA's own."""
    date = _DATE.search(record)
    if date is None:
        return False
    try:
        moment = datetime.fromisoformat(date[1] + (date[2] or "Z"))
    except ValueError:
        return False
    return abs(now - moment) < _PRESENT
