"""`airflow roles …`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Unpack

from mwaa_async._commands.call import call
from mwaa_async._commands.rows import read_rows
from mwaa_async._commands.runner import CommandRunner, EnvironmentRunner
from mwaa_async._model.portable import Portable
from mwaa_async._model.result import unexpected
from mwaa_async._model.timeouts import Timeouts


@dataclass(frozen=True, kw_only=True)
class Role(Portable):
    """A role of Airflow's users."""

    name: str
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)


class Roles:
    """The roles of Airflow's users: the commands `airflow roles …` of one environment."""

    def __init__(self, runner: EnvironmentRunner) -> None:
        self._runner = runner

    async def list(self, **timeouts: Unpack[Timeouts]) -> list[Role]:
        """Return the roles. Raises what every command raises."""
        return read_rows(Role, await call(self._runner.within(**timeouts), "roles list"))

    async def create(self, *names: str, **timeouts: Unpack[Timeouts]) -> None:
        """Create roles without permissions; one that exists stays as it is. Raises what every command raises."""
        await call(self._runner.within(**timeouts), "roles create", *names)

    async def add_perms(
        self, *names: str, resource: Sequence[str], action: Sequence[str], **timeouts: Unpack[Timeouts]
    ) -> int:
        """Let roles do every one of the actions with every one of the resources; return how many permissions are new.

        Raises `CommandFailedError` for a name that Airflow does not know, and what every command raises.
        """
        return await _change(self._runner.within(**timeouts), "roles add-perms", names, resource, action)

    async def del_perms(
        self, *names: str, resource: Sequence[str], action: Sequence[str] = (), **timeouts: Unpack[Timeouts]
    ) -> int:
        """Take permissions away from roles, those for all actions if none are given; return how many these were.

        Raises `CommandFailedError` for a name that Airflow does not know, and what every command raises.
        """
        return await _change(self._runner.within(**timeouts), "roles del-perms", names, resource, action)


async def _change(
    runner: CommandRunner, words: str, names: Sequence[str], resource: Sequence[str], action: Sequence[str]
) -> int:
    options = {"action": tuple(action) or None, "resource": tuple(resource)}
    # These options take every word up to the next one, so that roles cannot stand after them.
    result = await call(runner, words, *names, options=options, positionals_first=True)
    changed = re.search(r"(?:Added|Deleted) (\d+) permission", result.text)
    if changed is None:
        raise unexpected(result, "number of permissions")
    return int(changed[1])
