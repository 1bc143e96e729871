"""The log records that Airflow prints among its answers."""

import re

_COLOUR = r"(?:\x1b\[[\d;]*m)*"
_TIME = rf"{_COLOUR}\d{{4}}-\d\d-\d\d[ T]\d\d:\d\d:\d\d"
# "[2026-11-22 10:33:13,100] {dagbag.py:417} INFO - …" up to version 2, "2026-11-22T10:33:13.100000Z [info  ] …" in 3.
LOG_LINE = re.compile(rf"\[{_TIME}|{_TIME}\S* {_COLOUR}\[")
_LOGGER = r"\[[\w.-]+\](?: \w+=.*)?"
# A record of version 3 over several lines ends in its logger and in where it comes from: "… [airflow.models.dag]
# loc=dag.py:615", "… [py.warnings] category=UserWarning lineno=57". A line "[section]" is none: texts have such lines.
_LONG_RECORDS_END = r"\[(?:py\.warnings\]|[\w.-]+\] loc=).*"
LONG_RECORD = rf"{_TIME}\S* {_COLOUR}\[.*\n(?:(?!{_TIME}).*\n){{0,20}}?.*{_LONG_RECORDS_END}"
_SHORT_RECORD = rf"\[{_TIME}.*|{_TIME}\S* {_COLOUR}\[.*"
_WHOLE_RECORD = rf"{_TIME}\S* {_COLOUR}\[.*{_LOGGER}"
RECORDS_AND_BLANKS = re.compile(rf"(?:(?:{_WHOLE_RECORD}|{LONG_RECORD}|{_SHORT_RECORD}|[ \t\r]*)\n)*")
# 1.10 logs to stdout, where the traceback of a DAG file that cannot be loaded stands before the answer.
_TRACEBACKS = (
    r"(?:(?:\n(?:During|The above) .*\n\n)?Traceback \(most recent call last\):\n(?:[ \t].*\n)*\S.*(?:\n|\Z))*"
)
_RECORD = rf"(?:{_WHOLE_RECORD}|{LONG_RECORD}|{_SHORT_RECORD})(?:\n|\Z){_TRACEBACKS}"
_FIRST_RECORDS = re.compile(rf"(?:{_RECORD})*")
_RECORDS = re.compile(rf"^{_RECORD}", re.MULTILINE)


def after_records(text: str) -> str:
    """Return the text from where it is not log records any more, with every blank and line break."""
    records = _FIRST_RECORDS.match(text)
    return text[records.end() :] if records else text


def without_records(text: str) -> str:
    """Return the text without the log records, wherever they stand."""
    return _RECORDS.sub("", text)


def answer_lines(text: str) -> list[str]:
    """Return the lines of the answer that are not blank."""
    return [line for line in without_records(text).splitlines() if line.strip()]


def last_line(text: str) -> str:
    """Return the last line of the answer, or "" where there is none."""
    return next(reversed(answer_lines(text)), "")
