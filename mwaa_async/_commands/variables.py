"""`airflow variables …`."""

import json
import secrets
from enum import Enum
from typing import Any, Literal, TypeVar, Unpack, overload

from mwaa_async._commands.call import call
from mwaa_async._commands.rows import rows
from mwaa_async._commands.runner import CommandRunner, EnvironmentRunner
from mwaa_async._errors import VariableNotFoundError
from mwaa_async._model.result import CommandResult, unexpected
from mwaa_async._model.timeouts import Timeouts
from mwaa_async._outcomes import check
from mwaa_async._protocol.log_lines import answer_lines

D = TypeVar("D")


class _Missing(Enum):
    MISSING = "no default"


_MISSING = _Missing.MISSING


class Variables:
    """Airflow's variables: the commands `airflow variables …` of one environment."""

    def __init__(self, runner: EnvironmentRunner) -> None:
        self._runner = runner

    @overload
    async def get(self, key: str, *, deserialize_json: Literal[False] = False, **timeouts: Unpack[Timeouts]) -> str: ...
    @overload
    async def get(
        self, key: str, *, default: D, deserialize_json: Literal[False] = False, **timeouts: Unpack[Timeouts]
    ) -> str | D: ...
    @overload
    async def get(
        self, key: str, *, default: Any = ..., deserialize_json: bool, **timeouts: Unpack[Timeouts]
    ) -> Any: ...
    async def get(
        self, key: str, *, default: Any = _MISSING, deserialize_json: bool = False, **timeouts: Unpack[Timeouts]
    ) -> Any:
        """Return the value of the variable: the text as it is stored, or with `deserialize_json` what it says as JSON.

        Log lines around the text are recognised by their source, by their time, which is the present, and
        by MWAA's wording. Where this leaves a doubt, as with a text whose own first or last lines look like log
        records, it is an `OutputError`, and `run(["variables", "get", key]).stdout` has all that was printed. On
        Airflow 1.10 every text loses the escape sequences of a terminal. Raises `VariableNotFoundError` where there is
        no such variable and no `default`, `OutputError` for what is no JSON, too, and what every command raises.
        """
        text, result = await _text(self._runner.within(**timeouts), key)
        if text is None:
            if default is _MISSING:
                raise self._not_found(key)
            return default
        try:
            return json.loads(text) if deserialize_json else text
        except ValueError as error:
            raise unexpected(result, "JSON") from error

    async def set(self, key: str, value: Any, **timeouts: Unpack[Timeouts]) -> None:
        """Store a value under the key: text as it is, everything else as JSON. Linux takes less than 128 KiB of it.

        Raises `ValueError` or `TypeError` for what JSON cannot express, and `UnsupportedCommandError` for a key or text
        that the command line has no way to say: exactly "--", and on Airflow 1.10 everything with a leading dash.
        Raises what every command raises.
        """
        text = value if isinstance(value, str) else json.dumps(value, allow_nan=False)
        await call(self._runner.within(**timeouts), "variables set", key, text)

    async def delete(self, key: str, **timeouts: Unpack[Timeouts]) -> None:
        """Delete the variable; one that is not there is none, to Airflow too. Raises what every command raises."""
        await call(self._runner.within(**timeouts), "variables delete", key)

    async def list(self, **timeouts: Unpack[Timeouts]) -> list[str]:
        """Return the keys. Raises what every command raises."""
        runner = self._runner.within(**timeouts)
        version = await runner.version()
        result = await call(runner, "variables list", version=version)
        if version < (2, 0, 0):
            return answer_lines(result.stdout)
        return [str(row["key"]) for row in rows(result)]

    def _not_found(self, key: str) -> VariableNotFoundError:
        name = self._runner.name
        return VariableNotFoundError(f"{name}: there is no variable {key!r}", environment=name)


async def _text(runner: CommandRunner, key: str) -> tuple[str | None, CommandResult]:
    """Return the variable's text, or `None` without one."""
    version = await runner.version()
    # 1.10 prints "None" where there is no variable, and that may be a value.
    nothing = f"mwaa-async-{secrets.token_hex(8)}" if version < (2, 0, 0) else None
    try:
        result = await call(runner, "variables get", key, options={"default": nothing}, check=False, version=version)
        check(result)
    except VariableNotFoundError as error:
        assert error.result is not None
        return None, error.result
    text = result.stored_text(result.stdout).removesuffix("\n")
    return (None if text == nothing else text), result
