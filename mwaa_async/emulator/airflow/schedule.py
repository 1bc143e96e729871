"""When DAGs run by themselves: as in the recorded file, ``etl`` daily at midnight, and the others never."""

from datetime import UTC, datetime, timedelta

from mwaa_async._protocol.versions import Version
from mwaa_async.emulator.airflow.call import Call

_DAILY = "etl"
_DAY = timedelta(days=1)
_MOST_DATES = 1000


def is_scheduled(dag_id: str) -> bool:
    return dag_id == _DAILY


def midnight(date: datetime) -> datetime:
    """Gives the last midnight in UTC."""
    return date.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def next_date(version: Version, now: datetime) -> datetime:
    """Gives the logical date of the next run, from when nothing has to be caught up.

    Before 3.0 a run is about the day that ends when it starts; since then it is about the moment when it starts.
    """
    return midnight(now) if version >= (3, 0, 0) else midnight(now) - _DAY


def interval(version: Version, dag_id: str, date: datetime, run_type: str) -> tuple[datetime, datetime]:
    """Gives the data interval of a run with that logical date."""
    if version >= (3, 0, 0) or not is_scheduled(dag_id):
        return date, date
    if run_type == "manual":
        return midnight(date) - _DAY, midnight(date)
    return date, date + _DAY


def day_after(date: datetime) -> datetime:
    return date + _DAY


def dates_between(call: Call, start: datetime, end: datetime) -> list[datetime]:
    """Gives every date on which a daily DAG runs, both ends included; refuses to give too many of them."""
    first = midnight(start)
    if first != start:
        first += _DAY
    count = max(0, (end.astimezone(UTC) - first) // _DAY + 1)
    if count > _MOST_DATES:
        call.fail(f"mwaa-async emulator: the embedded Airflow plays {_MOST_DATES} runs at most, not {count} at once")
    return [first + number * _DAY for number in range(count)]
