"""An Airflow in memory: takes the arguments of its command line and answers like the real one of that version."""

from mwaa_async.emulator.airflow.embedded import EmbeddedAirflow, Execution

__all__ = ["EmbeddedAirflow", "Execution"]
