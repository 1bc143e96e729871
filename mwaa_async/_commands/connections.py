"""`airflow connections …`."""

import json
from collections.abc import Mapping
from typing import Any, Unpack

from mwaa_async._commands.call import Value, call
from mwaa_async._commands.runner import EnvironmentRunner
from mwaa_async._model.timeouts import Timeouts


class Connections:
    """Airflow's connections: the commands `airflow connections …` of one environment."""

    def __init__(self, runner: EnvironmentRunner) -> None:
        self._runner = runner

    async def add(
        self,
        conn_id: str,
        *,
        conn_uri: str | None = None,
        conn_type: str | None = None,
        conn_host: str | None = None,
        conn_port: int | None = None,
        conn_login: str | None = None,
        conn_password: str | None = None,
        conn_schema: str | None = None,
        conn_extra: Mapping[str, Any] | str | None = None,
        conn_description: str | None = None,
        **timeouts: Unpack[Timeouts],
    ) -> None:
        """Add a connection, given as a URI or by its parts.

        What Airflow prints of it, which may be the password, is dropped. Raises `CommandFailedError` where there is a
        connection of this id already, or parts are missing, and what every command raises.
        """
        options: dict[str, Value] = {
            "conn-uri": conn_uri,
            "conn-type": conn_type,
            "conn-host": conn_host,
            "conn-port": conn_port,
            "conn-login": conn_login,
            "conn-password": conn_password,
            "conn-schema": conn_schema,
            "conn-extra": json.dumps(dict(conn_extra)) if isinstance(conn_extra, Mapping) else conn_extra,
            "conn-description": conn_description,
        }
        await call(self._runner.within(**timeouts), "connections add", conn_id, options=options)

    async def delete(self, conn_id: str, **timeouts: Unpack[Timeouts]) -> None:
        """Delete a connection. Raises `CommandFailedError` where there is none, and what every command raises."""
        await call(self._runner.within(**timeouts), "connections delete", conn_id)
