"""403 for a command with a good token, as people see it for `dags report` and others on 2.10.3."""

import pytest

from mwaa_async import RequestRejectedError
from mwaa_async.emulator import Emulator, StatusAnswer
from tests.field import environment

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("command", ["dags report", "dags show etl", "tasks states-for-dag-run etl r1"])
async def test_a_command_that_is_refused_is_named_and_the_tokens_stay_in_use(command: str) -> None:
    async with Emulator(airflow="2.10.3") as emulator, environment(emulator) as demo:
        await demo.run("version")
        for _ in range(2):
            emulator.faults.commands.extend([StatusAnswer(403)] * 2)
            with pytest.raises(RequestRejectedError, match=command.split()[1]) as caught:
                await demo.run(command)
            assert caught.value.ran is False
            assert caught.value.http_status == 403
            emulator.faults.commands.clear()
        await demo.run("version")
        assert len(emulator.tokens) == 2  # the one, and the fresh one that has shown that it is not the token
