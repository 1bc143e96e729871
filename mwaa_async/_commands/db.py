"""`airflow db …`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Unpack

from mwaa_async._commands.call import Value, call
from mwaa_async._commands.runner import EnvironmentRunner
from mwaa_async._model.portable import Portable
from mwaa_async._model.result import unexpected
from mwaa_async._model.timeouts import Timeouts
from mwaa_async._protocol.log_lines import answered

_FOUND = re.compile(r"^Checking table (\S+)\n(?:(?!Checking table).*\n)*?Found (\d+) rows", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class CleanedTable(Portable):
    """A table of Airflow's database, and how many of its rows are old enough to be deleted."""

    name: str
    rows: int


class Db:
    """Airflow's metadata database: the command `airflow db clean` of one environment."""

    def __init__(self, runner: EnvironmentRunner) -> None:
        self._runner = runner

    async def clean(
        self,
        clean_before_timestamp: datetime,
        *,
        tables: Sequence[str] = (),
        dry_run: bool = False,
        skip_archive: bool = False,
        **timeouts: Unpack[Timeouts],
    ) -> list[CleanedTable]:
        """Delete the rows of before that date, or with `dry_run` only count them; return the tables with rows.

        Deleted rows are kept in archive tables unless `skip_archive`. Raises what every command raises.
        """
        options: dict[str, Value] = {
            "clean-before-timestamp": clean_before_timestamp,
            "tables": ",".join(tables) or None,
            "dry-run": dry_run,
            "skip-archive": skip_archive,
            "yes": True,
        }
        result = await call(self._runner.within(**timeouts), "db clean", options=options)
        # It may say nothing of tables that are not there; of all of them some always are.
        if not tables and not answered(result.stdout):
            raise unexpected(result, "table that was looked at")
        found = _FOUND.findall(result.text)
        return [CleanedTable(name=name, rows=int(count)) for name, count in found if int(count)]
