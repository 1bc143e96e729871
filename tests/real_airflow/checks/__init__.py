"""What each typed command does with good arguments, against Airflow's own database or what Airflow itself says.

A check is named after the command and calls its method. None needs another one, and only `dags_delete` takes away what
others need.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# The run of the DAG "etl" that the checks look at, a date for other runs, and one of which there is none.
RUN_ID, DATE = "typed", datetime(2024, 5, 1, tzinfo=UTC)
OTHER_DATE = datetime(2024, 6, 1, tzinfo=UTC)
NO_DATE = datetime(2020, 1, 1, tzinfo=UTC)


def assert_told(told: object, stored: Mapping[str, Any], *names: str) -> None:
    """Compare field by field what a command told with what is stored."""
    assert {name: getattr(told, name) for name in names} == {name: stored[name] for name in names}
