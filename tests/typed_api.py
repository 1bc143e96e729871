"""What a type checker must say of the public face: `assert_type` of what checks, and an ignore at what must not.

An ignore that is not needed is an error itself (mypy's `warn_unused_ignores`). Nothing here is run.
"""

import ssl
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Unpack, assert_type

from mwaa_async import (
    CommandOutcome,
    CommandRequest,
    CommandResult,
    Dag,
    DagRun,
    Environment,
    LocalGuard,
    MwaaClient,
    MwaaError,
    Timeouts,
    TriggerOutcome,
    TriggerRequest,
)
from mwaa_async.emulator import ClientOptions, Emulator


async def the_emulators_options_are_arguments_of_the_client(emulator: Emulator) -> None:
    assert_type(emulator.client_options(), ClientOptions)
    assert_type(emulator.client_options()["endpoint_url"], str)
    assert_type(emulator.client_options()["ssl_context"], ssl.SSLContext)
    MwaaClient(**emulator.client_options())
    MwaaClient(**emulator.client_options(), guard=LocalGuard(), settle_time=1)
    emulator.client_options()["endpoint"]  # type: ignore[typeddict-item]


async def a_variable_is_text_unless_it_is_read_as_json(demo: Environment) -> None:
    assert_type(await demo.variables.get("key"), str)
    assert_type(await demo.variables.get("key", deserialize_json=False), str)
    assert_type(await demo.variables.get("key", default=None), str | None)
    assert_type(await demo.variables.get("key", default="other"), str)
    assert_type(await demo.variables.get("key", default=7, timeout=5), str | int)
    assert_type(await demo.variables.get("key", deserialize_json=True), Any)
    assert_type(await demo.variables.get("key", default=None, deserialize_json=True, queue_timeout=5), Any)
    (await demo.variables.get("key", default=None)).strip()  # type: ignore[union-attr]
    await demo.variables.get("key", "default")  # type: ignore[call-overload]
    await demo.variables.get("key", timeout="5")  # type: ignore[call-overload]


async def every_method_takes_both_timeouts_and_nothing_that_is_none(demo: Environment) -> None:
    assert_type(await demo.run("version", timeout=5, queue_timeout=None), CommandResult)
    assert_type(await demo.airflow_version(timeout=5), str)
    assert_type(await demo.dags.list(timeout=5, queue_timeout=0.5), list[Dag])
    assert_type(await demo.dags.state("etl", datetime(2026, 1, 1), timeout=None), str | None)
    await demo.dags.list(timeout="5")  # type: ignore[arg-type]
    await demo.dags.list(5)  # type: ignore[call-arg]
    await demo.dags.list(time_out=5)  # type: ignore[call-arg]
    await demo.roles.create("a", "b", timeout=5)
    await demo.roles.create("a", "b", timeout=True, queue=5)  # type: ignore[call-arg]


async def a_function_of_ones_own_passes_timeouts_on(demo: Environment, **timeouts: Unpack[Timeouts]) -> DagRun:
    if (await demo.dags.list(**timeouts))[0].is_paused:
        await demo.dags.unpause("etl", **timeouts)
    given: Timeouts = {"timeout": 5}
    wrong: Timeouts = {"timeout": 5, "patience": 5}  # type: ignore[typeddict-unknown-key]
    return await demo.dags.trigger("etl", **given or wrong)


async def a_run_goes_on_by_its_values(demo: Environment) -> None:
    run = await demo.dags.get_run("etl", "run-1", timeout=5)
    assert_type(run, DagRun)
    assert_type(await run.wait(timeout=5), DagRun)
    assert_type(run.environment, str | None)
    assert_type(run.conf, Mapping[str, Any] | None)
    assert_type(run.to_dict(), dict[str, Any])
    DagRun(dag_id="etl", run_id="run-1", watcher=None)  # type: ignore[call-arg]
    run.state = "success"  # type: ignore[misc]


async def an_outcome_has_an_error_or_none(client: MwaaClient) -> None:
    async for outcome in client.trigger_many([TriggerRequest("demo", "etl")]):
        assert_type(outcome, TriggerOutcome)
        assert_type(outcome.error, Exception | None)
        if isinstance(outcome.error, MwaaError):
            assert_type(outcome.error.ran, bool | None)
            assert_type(outcome.error.to_dict(), dict[str, Any])


async def a_batch_of_commands_has_what_each_printed(client: MwaaClient) -> None:
    commands = [CommandRequest("demo", "dags list"), CommandRequest("demo", ["variables", "set", "key", "value"])]
    async for outcome in client.run_many(commands, journal="journal", on_error="stop", resume=True):
        assert_type(outcome, CommandOutcome)
        assert_type(outcome.result, CommandResult | None)
        assert_type(outcome.error, Exception | None)
        assert_type(outcome.row, int)
    client.run_many([TriggerRequest("demo", "etl")])  # type: ignore[list-item]
    client.trigger_many(commands)  # type: ignore[arg-type]
    CommandRequest("demo", 7)  # type: ignore[arg-type]
