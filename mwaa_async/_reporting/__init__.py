"""What a client tells while it works: the log, and its `on_event`."""

from mwaa_async._reporting.log_lines import log_text
from mwaa_async._reporting.reporter import Reporter

__all__ = ["Reporter", "log_text"]
