"""An answer with nothing in it, which scripts in the field take for a failure: these commands always say something."""

import pytest

from mwaa_async import MwaaError
from tests.field import TWELVE_LINES, answer, environment, recorded

pytestmark = pytest.mark.anyio

SILENCE = [
    "",
    TWELVE_LINES,
    "[2026-11-25T03:22:20.549+0000] {__init__.py:43} INFO - Loaded API auth backend: session\n",
]


@pytest.mark.parametrize("printed", SILENCE, ids=["nothing", "MWAA's lines", "log lines"])
async def test_a_variable_of_which_nothing_was_said_is_not_set(printed: str) -> None:
    async with recorded(answer(printed)) as emulator, environment(emulator) as demo:
        with pytest.raises(MwaaError) as caught:
            await demo.variables.set("key", "value")
    assert caught.value.ran is not False


@pytest.mark.parametrize("printed", SILENCE, ids=["nothing", "MWAA's lines", "log lines"])
async def test_a_trigger_of_which_nothing_was_said_has_not_succeeded(printed: str) -> None:
    async with recorded(answer(printed)) as emulator, environment(emulator) as demo:
        with pytest.raises(MwaaError) as caught:
            await demo.run("dags trigger etl")
    assert caught.value.ran is not False


async def test_a_command_that_may_be_silent_may() -> None:
    async with recorded(answer(TWELVE_LINES)) as emulator, environment(emulator) as demo:
        assert (await demo.run("tasks clear etl --yes")).stdout == TWELVE_LINES
