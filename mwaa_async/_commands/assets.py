"""`airflow assets …`, of Airflow 3."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Unpack

from mwaa_async._commands.call import call
from mwaa_async._commands.dag_runs import Watcher
from mwaa_async._commands.rows import read_rows
from mwaa_async._commands.runner import EnvironmentRunner
from mwaa_async._model.dag_run import DagRun, watched
from mwaa_async._model.portable import Portable
from mwaa_async._model.result import unexpected
from mwaa_async._model.timeouts import Timeouts


@dataclass(frozen=True, kw_only=True)
class Asset(Portable):
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

    def __init__(self, runner: EnvironmentRunner) -> None:
        self._runner = runner

    async def list(self, **timeouts: Unpack[Timeouts]) -> list[Asset]:
        """Return the assets. Raises what every command raises."""
        return read_rows(Asset, await call(self._runner.within(**timeouts), "assets list"))

    async def details(self, *, name: str | None = None, uri: str | None = None, **timeouts: Unpack[Timeouts]) -> Asset:
        """Return one asset, given by its name or its URI.

        Raises `CommandFailedError` where there is none or more than one, and what every command raises.
        """
        result = await call(self._runner.within(**timeouts), "assets details", options={"name": name, "uri": uri})
        found = read_rows(Asset, result)
        if len(found) != 1:
            raise unexpected(result, "asset")
        return found[0]

    async def materialize(
        self, *, name: str | None = None, uri: str | None = None, **timeouts: Unpack[Timeouts]
    ) -> DagRun:
        """Trigger the DAG that produces the asset, and return the run.

        Airflow chooses the run id, so this is not repeated when nobody knows whether it ran.
        Raises `CommandFailedError` where there is no such asset or more than one, and what every command raises.
        """
        runner = self._runner.within(**timeouts)
        result = await call(runner, "assets materialize", options={"name": name, "uri": uri})
        runs = read_rows(DagRun, result)
        if len(runs) != 1:
            raise unexpected(result, "DAG run")
        return watched(runs[0], Watcher(self._runner))
