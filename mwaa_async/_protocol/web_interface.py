"""Where Airflow's web interface shows a DAG run."""

from datetime import datetime
from urllib.parse import quote, urlencode

from mwaa_async._protocol.versions import Version


def run_url(hostname: str, version: Version, dag_id: str, run_id: str, logical_date: datetime | None) -> str:
    """Return the address of the run's page, or of its DAG's where that version cannot show the run without its date.

    The paths are those of `TaskInstance.log_url` (airflow/models/taskinstance.py of 2.10 and 3.0), before 2.3 of
    `get_date_time_num_runs_dag_runs_form_data` (airflow/www_rbac/views.py of 1.10, airflow/www/views.py).
    """
    if version >= (3, 0, 0):
        page = f"dags/{_quoted(dag_id)}/runs/{_quoted(run_id)}"
    elif version >= (2, 3, 0):
        page = f"dags/{_quoted(dag_id)}/grid?dag_run_id={_quoted(run_id)}"
    elif logical_date is not None:
        asked = {"dag_id": dag_id, "execution_date": logical_date.isoformat()}
        page = f"graph?{urlencode(asked, quote_via=quote)}"
    else:
        page = f"tree?dag_id={_quoted(dag_id)}"
    return f"https://{hostname}/{page}"


def _quoted(text: str) -> str:
    return quote(text, safe="")
