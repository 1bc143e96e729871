"""MWAA's kind of logging set-up, for a real Airflow: it prints what every command prints on MWAA before its answer.

Airflow itself loads this module, as `[logging] logging_config_class`. It stands for `mwaa/logging/config.py` and
`cloudwatch_handlers.py` in the images of aws/amazon-mwaa-docker-images: there each handler for a kind of logs that is
switched off prints a line when it is made. A new environment has four such kinds, of three handlers each.
"""

import logging
import os

from airflow.config_templates.airflow_local_settings import DEFAULT_LOGGING_CONFIG  # type: ignore[import-not-found]

KINDS = ("worker", "scheduler", "webserver", "triggerer")


class SubprocessLogHandler(logging.NullHandler):
    """The handler for what one of MWAA's own processes logs, switched off."""

    def __init__(self) -> None:
        print(f"CloudWatch logging is disabled for {type(self).__name__}")
        super().__init__()


HANDLERS = {
    f"mwaa_{kind}{part}": {"class": f"{__name__}.SubprocessLogHandler"}
    for kind in KINDS
    for part in ("", "_requirements", "_startup")
}
LOGGING_CONFIG = {
    **DEFAULT_LOGGING_CONFIG,
    "handlers": {**DEFAULT_LOGGING_CONFIG["handlers"], **HANDLERS},
    # MWAA sets this variable to the log level that its user has chosen for the web server.
    "root": {**DEFAULT_LOGGING_CONFIG["root"], "level": os.environ.get("AIRFLOW_CONSOLE_LOG_LEVEL", "INFO")},
}
