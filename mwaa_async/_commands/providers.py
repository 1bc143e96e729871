"""`airflow providers …`."""

import builtins
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Unpack

from mwaa_async._commands.call import call
from mwaa_async._commands.rows import read_row, read_rows, rows
from mwaa_async._commands.runner import CommandRunner, EnvironmentRunner
from mwaa_async._model.portable import Portable
from mwaa_async._model.result import unexpected
from mwaa_async._model.timeouts import Timeouts


@dataclass(frozen=True, kw_only=True)
class Provider(Portable):
    """An installed provider package; `providers get` prints no description."""

    ALIASES: ClassVar[Mapping[str, str]] = {"Provider": "package_name", "Version": "version"}

    package_name: str
    version: str
    description: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class Hook(Portable):
    """A connection type with the hook that uses it; the built-in types have none."""

    ALIASES: ClassVar[Mapping[str, str]] = {"class": "hook_class"}

    connection_type: str
    hook_class: str | None = None
    conn_id_attribute_name: str | None = None
    package_name: str | None = None
    hook_name: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class Widget(Portable):
    """A field that a hook adds to the form of its connections; its type is a class's name, in Airflow 3 a schema's."""

    ALIASES: ClassVar[Mapping[str, str]] = {"class": "hook_class"}

    connection_parameter_name: str
    hook_class: str | None = None
    package_name: str | None = None
    field_type: Any = field(default=None, hash=False)
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class Trigger(Portable):
    """A trigger class of a provider."""

    ALIASES: ClassVar[Mapping[str, str]] = {"class": "trigger_class"}

    package_name: str
    trigger_class: str
    integration_name: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)


class Providers:
    """Installed provider packages and what they bring: the commands `airflow providers …` of one environment."""

    def __init__(self, runner: EnvironmentRunner) -> None:
        self._runner = runner

    async def list(self, **timeouts: Unpack[Timeouts]) -> list[Provider]:
        """Return the installed providers. Raises what every command raises."""
        return read_rows(Provider, await call(self._runner.within(**timeouts), "providers list"))

    async def get(self, provider_name: str, **timeouts: Unpack[Timeouts]) -> Provider:
        """Return one provider. Raises `CommandFailedError` where it is not installed, and what every command raises."""
        result = await call(self._runner.within(**timeouts), "providers get", provider_name)
        # Up to 2.5 it takes `--output json` as well, and prints "Provider: …" and "Version: …" all the same.
        printed = dict(re.findall(r"^(Provider|Version): (.+)$", result.text, re.MULTILINE))
        found = [read_row(Provider, printed)] if len(printed) == 2 else read_rows(Provider, result)
        if len(found) != 1:
            raise unexpected(result, "provider")
        return found[0]

    async def hooks(self, **timeouts: Unpack[Timeouts]) -> builtins.list[Hook]:
        """Return the connection types and their hooks. Raises what every command raises."""
        return read_rows(Hook, await call(self._runner.within(**timeouts), "providers hooks"))

    async def widgets(self, **timeouts: Unpack[Timeouts]) -> builtins.list[Widget]:
        """Return the fields that hooks add to forms of connections. Raises what every command raises."""
        return read_rows(Widget, await call(self._runner.within(**timeouts), "providers widgets"))

    async def triggers(self, **timeouts: Unpack[Timeouts]) -> builtins.list[Trigger]:
        """Return the trigger classes (AWS's list calls the command `triggerer`). Raises what every command raises."""
        return read_rows(Trigger, await call(self._runner.within(**timeouts), "providers triggers"))

    async def behaviours(self, **timeouts: Unpack[Timeouts]) -> builtins.list[str]:
        """Return the connection types whose forms are customized. Raises what every command raises."""
        return await _column(self._runner.within(**timeouts), "providers behaviours")

    async def links(self, **timeouts: Unpack[Timeouts]) -> builtins.list[str]:
        """Return the classes of extra links. Raises what every command raises."""
        return await _column(self._runner.within(**timeouts), "providers links")

    async def notifications(self, **timeouts: Unpack[Timeouts]) -> builtins.list[str]:
        """Return the classes of notifiers. Raises what every command raises."""
        return await _column(self._runner.within(**timeouts), "providers notifications")

    async def secrets(self, **timeouts: Unpack[Timeouts]) -> builtins.list[str]:
        """Return the classes of secrets backends. Raises what every command raises."""
        return await _column(self._runner.within(**timeouts), "providers secrets")


async def _column(runner: CommandRunner, words: str) -> list[str]:
    result = await call(runner, words)
    return [str(value) for row in rows(result) for value in row.values()]
