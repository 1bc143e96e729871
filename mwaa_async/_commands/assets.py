"""`airflow assets …`, of Airflow 3."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mwaa_async._commands.call import call
from mwaa_async._commands.dag_runs import Watcher
from mwaa_async._commands.rows import read_rows
from mwaa_async._commands.runner import CommandRunner
from mwaa_async._model.dag_run import DagRun
from mwaa_async._model.result import unexpected


@dataclass(frozen=True, kw_only=True)
class Asset:
    """An asset; `assets list` prints name, URI and group only."""

    name: str
    uri: str
    group: str | None = None
    id: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)


class Assets:
    """Airflow 3's assets: the commands `airflow assets …` of one environment."""

    def __init__(self, runner: CommandRunner) -> None:
        self._runner = runner

    async def list(self) -> list[Asset]:
        """Return the assets. Raises what every command raises."""
        return read_rows(Asset, await call(self._runner, "assets list"))

    async def details(self, *, name: str | None = None, uri: str | None = None) -> Asset:
        """Return one asset, given by its name or its URI.

        Raises `CommandFailedError` where there is none or more than one, and what every command raises.
        """
        result = await call(self._runner, "assets details", options={"name": name, "uri": uri})
        found = read_rows(Asset, result)
        if len(found) != 1:
            raise unexpected(result, "asset")
        return found[0]

    async def materialize(self, *, name: str | None = None, uri: str | None = None) -> DagRun:
        """Trigger the DAG that produces the asset, and return the run.

        Airflow chooses the run id, so this is not repeated when nobody knows whether it ran.
        Raises `CommandFailedError` where there is no such asset or more than one, and what every command raises.
        """
        result = await call(self._runner, "assets materialize", options={"name": name, "uri": uri})
        runs = read_rows(DagRun, result, environment=Watcher(self._runner))
        if len(runs) != 1:
            raise unexpected(result, "DAG run")
        return runs[0]
