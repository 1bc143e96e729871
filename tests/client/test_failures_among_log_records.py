"""Promise: a failure is the same error, whatever Airflow and MWAA log before and after it."""

from collections.abc import Awaitable, Callable

import pytest

from mwaa_async import (
    CommandFailedError,
    DagNotFoundError,
    DagRunAlreadyExistsError,
    DagRunNotFoundError,
    Environment,
    LocalGuard,
    MwaaClient,
    MwaaError,
    VariableNotFoundError,
)
from mwaa_async.emulator import Emulator, MwaaLogs

pytestmark = pytest.mark.anyio

LOGS = [
    *((version, MwaaLogs(debug=True)) for version in ("2.10.3", "3.0.6", "3.3.1")),
    ("3.3.1", MwaaLogs(json=True)),
    ("3.3.1", MwaaLogs(json=True, debug=True)),
]
FAILURES: dict[str, tuple[type[CommandFailedError], Callable[[Environment], Awaitable[object]]]] = {
    "unpause": (DagNotFoundError, lambda demo: demo.dags.unpause("nosuch")),
    "pause": (DagNotFoundError, lambda demo: demo.dags.pause("nosuch")),
    "trigger": (DagNotFoundError, lambda demo: demo.dags.trigger("nosuch")),
    "trigger again": (DagRunAlreadyExistsError, lambda demo: demo.dags.trigger("etl", run_id="run1")),
    "list runs": (DagNotFoundError, lambda demo: demo.dags.list_runs("nosuch")),
    "next": (DagNotFoundError, lambda demo: demo.dags.next_execution("nosuch")),
    "show": (DagNotFoundError, lambda demo: demo.dags.show("nosuch")),
    "test": (DagNotFoundError, lambda demo: demo.dags.test("nosuch")),
    "delete": (DagNotFoundError, lambda demo: demo.dags.delete("nosuch")),
    "delete, asked": (CommandFailedError, lambda demo: demo.run("dags delete etl")),
    "usage": (CommandFailedError, lambda demo: demo.run("dags list --nosuch")),
    "tasks": (DagNotFoundError, lambda demo: demo.tasks.list("nosuch")),
    "states": (DagRunNotFoundError, lambda demo: demo.tasks.states_for_dag_run("etl", "nosuch")),
    "clear": (DagNotFoundError, lambda demo: demo.tasks.clear("nosuch")),
    "clear, asked": (CommandFailedError, lambda demo: demo.run("tasks clear etl")),
    "render": (CommandFailedError, lambda demo: demo.tasks.render("etl", "nosuch", "run1")),
    "variable": (VariableNotFoundError, lambda demo: demo.variables.get("nosuch")),
    "connection": (CommandFailedError, lambda demo: demo.connections.delete("nosuch")),
    "permissions": (
        CommandFailedError,
        lambda demo: demo.roles.add_perms("nosuch", resource=["DAGs"], action=["can_read"]),
    ),
    "provider": (CommandFailedError, lambda demo: demo.providers.get("nosuch")),
}


@pytest.mark.parametrize("failed_status", [200, 400])
@pytest.mark.parametrize(("version", "logs"), LOGS, ids=str)
async def test_a_failure_is_the_same_error_whatever_is_logged_around_it(
    version: str, logs: MwaaLogs, failed_status: int
) -> None:
    async with (
        Emulator(airflow=version, mwaa_logs=logs, failed_status=failed_status) as emulator,
        MwaaClient(**emulator.client_options(), guard=LocalGuard(), settle_time=0.1) as client,
    ):
        demo = client.environment("demo")
        await demo.dags.unpause("etl")
        await demo.dags.trigger("etl", run_id="run1")
        assert {name: await raised_by(call(demo)) for name, (_, call) in FAILURES.items()} == {
            name: kind.__name__ for name, (kind, _) in FAILURES.items()
        }


async def raised_by(call: Awaitable[object]) -> str:
    try:
        return repr(await call)
    except MwaaError as error:
        return type(error).__name__
