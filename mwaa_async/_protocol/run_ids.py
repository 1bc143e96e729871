"""Run ids: which ones Airflow takes, and ones of our own."""

import re
import secrets
from datetime import UTC, datetime

# The default of Airflow's setting `allowed_run_id_pattern` (airflow/config_templates/config.yml).
RUN_ID_PATTERN = "^[A-Za-z0-9_.~:+-]+$"
# The column's width in Airflow's table of DAG runs (airflow/models/dagrun.py).
LONGEST_RUN_ID = 250
# `RUN_ID_REGEX` there, of 2.6 to 3: what Airflow makes itself it always takes.
_OF_AIRFLOW = re.compile(
    r"(?:manual|scheduled|dataset_triggered|asset_triggered)__\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+00:00"
)


def run_id_pattern(pattern: str) -> re.Pattern[str]:
    """Return the compiled pattern. Raises `ValueError` for what is no regular expression."""
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"allowed_run_id_pattern is no regular expression: {error}") from None


def new_run_id(now: datetime | None = None) -> str:
    """Return a run id that nobody else makes; later ones sort after earlier ones."""
    moment = (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="microseconds")
    return f"mwaa_async__{moment}_{secrets.token_hex(4)}"


def check_length(run_id: str) -> None:
    """Raise `ValueError` for a run id that is none, or too long for every Airflow."""
    if not run_id or len(run_id) > LONGEST_RUN_ID:
        raise ValueError(f"a run id has 1 to {LONGEST_RUN_ID} characters, not {len(run_id)}")


def check_run_id(run_id: str, pattern: re.Pattern[str]) -> str:
    """Return the run id. Raises `ValueError` where Airflow would refuse it."""
    check_length(run_id)
    # Airflow uses `re.match`, in which "$" lets a line break through (airflow/models/dag.py).
    if not (pattern.match(run_id) or _OF_AIRFLOW.fullmatch(run_id)) or "\n" in run_id:
        raise ValueError(
            f"Airflow takes no run id {run_id!r}: it must match {pattern.pattern!r}. Where the environment's setting "
            "'allowed_run_id_pattern' is another one, give it to MwaaClient(allowed_run_id_pattern=…)"
        )
    return run_id
