"""Points in time, as Airflow reads and writes them."""

from datetime import UTC, datetime, timezone

from mwaa_async._protocol.versions import Version


# argparse names this function when it refuses a date ("invalid parse value: 'x'"): it must be called as Airflow's is.
def parse(text: str) -> datetime:
    """Reads a date like Airflow's ``timezone.parse``: UTC unless it says otherwise."""
    value = datetime.fromisoformat(text)
    offset = value.utcoffset()
    try:
        value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"Out of range in UTC: {text}") from error
    if offset is None or text.endswith(("Z", "z")):
        return value.replace(tzinfo=UTC)
    return value.replace(tzinfo=timezone(offset, value.isoformat()[-6:]))


def log_time(version: Version, now: datetime) -> str:
    """Writes a time as the log lines of that version begin."""
    if version >= (3, 1, 0):
        return now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    milliseconds = f"{now.microsecond // 1000:03d}"
    if version >= (2, 6, 0):
        return now.strftime(f"%Y-%m-%dT%H:%M:%S.{milliseconds}+0000")
    return now.strftime(f"%Y-%m-%d %H:%M:%S,{milliseconds}")


def asked_date(version: Version, value: datetime) -> str:
    """Writes a date that came from the command line: a pendulum object, which printed itself with a T before 3.0."""
    return str(value) if version >= (2, 8, 0) else value.isoformat()


def python_repr(value: datetime) -> str:
    """Writes a moment in UTC as structlog prints it in Airflow 3."""
    return f"{repr(value.replace(tzinfo=None))[:-1]}, tzinfo=Timezone('UTC'))"


def pendulum_repr(value: datetime | None) -> str:
    """Writes a date from the command line as structlog prints it in Airflow 3."""
    if value is None:
        return "None"
    offset = value.utcoffset()
    seconds = int(offset.total_seconds()) if offset else 0
    zone = "Timezone('UTC')" if value.tzinfo is UTC else f'FixedTimezone({seconds}, name="{value.tzname()}")'
    fraction = f", {value.microsecond}" if value.microsecond else ""
    fields = f"{value.year}, {value.month}, {value.day}, {value.hour}, {value.minute}, {value.second}{fraction}"
    return f"DateTime({fields}, tzinfo={zone})"


def database_text(value: datetime) -> str:
    """Writes a moment as SQLite stores it."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
