"""An Airflow in memory: takes the arguments of its command line and answers like the real one of that version."""

from mwaa_async.emulator.airflow.embedded import EmbeddedAirflow, Execution
from mwaa_async.emulator.airflow.metadata import DAGS
from mwaa_async.emulator.airflow.mwaa_logs import MwaaLogs, logs_of

__all__ = ["DAGS", "EmbeddedAirflow", "Execution", "MwaaLogs", "logs_of"]
