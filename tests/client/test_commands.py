"""Running commands: order, one at a time, results, and what is refused before anything is sent."""

import asyncio
import base64
import json
import subprocess
import sys

import pytest

from mwaa_async import (
    CommandFailedError,
    EnvironmentId,
    LocalGuard,
    MwaaClient,
    OutcomeUnknownError,
    OutputError,
    Slot,
)
from mwaa_async.emulator import Emulator, WrongAnswer

pytestmark = pytest.mark.anyio


def printed(stdout: bytes, stderr: bytes = b"") -> WrongAnswer:
    """Return an answer with output of the test's own."""
    streams = {"stdout": stdout, "stderr": stderr}
    return WrongAnswer(json.dumps({name: base64.b64encode(text).decode() for name, text in streams.items()}).encode())


@pytest.mark.parametrize("guard", [None, LocalGuard()], ids=["default guard", "LocalGuard"])
async def test_two_thousand_commands_at_once_run_in_order_one_at_a_time_over_one_connection_with_one_token(
    emulator: Emulator, guard: LocalGuard | None
) -> None:
    async with MwaaClient(**emulator.client_options(), guard=guard) as client:
        demo = client.environment("demo")
        lines = [f"variables set key{number} value" for number in range(2000)]
        results = await asyncio.gather(*(demo.run(line) for line in lines))
    assert [record.command for record in emulator.commands] == lines
    assert [result.command for result in results] == lines
    assert emulator.max_running("demo") == 1
    assert emulator.connections("demo") == 1
    assert len(emulator.tokens) == 1


async def test_environments_do_not_wait_for_one_another() -> None:
    async with (
        Emulator(environments=["one", "two"], command_time=0.2) as emulator,
        MwaaClient(**emulator.client_options()) as client,
    ):
        await asyncio.gather(*(client.environment(name).run("version") for name in ("one", "two")))
        first, second = emulator.commands
        assert first.end is not None
        assert second.start < first.end


async def test_two_clients_of_one_event_loop_share_the_slot_and_the_order(emulator: Emulator) -> None:
    async with MwaaClient(**emulator.client_options()) as one, MwaaClient(**emulator.client_options()) as other:
        clients = [(one, other)[number % 2].environment("demo") for number in range(40)]
        await asyncio.gather(*(demo.run(f"variables set key{n} value") for n, demo in enumerate(clients)))
    assert [record.command for record in emulator.commands] == [f"variables set key{n} value" for n in range(40)]
    assert emulator.max_running("demo") == 1


async def test_a_result_tells_what_was_printed_and_how_long_it_took() -> None:
    async with (
        Emulator(airflow="2.10.5", command_time=0.05) as emulator,
        MwaaClient(**emulator.client_options()) as client,
    ):
        first, second = await asyncio.gather(*(client.environment("demo").run("version") for _ in range(2)))
    assert (first.environment, first.command, first.text) == ("demo", "version", "2.10.5\n")
    assert first.stdout.startswith("CloudWatch logging is disabled for ")
    assert first.stdout.endswith("\n2.10.5\n")
    assert "FutureWarning" in first.stderr
    assert first.http_status == 200
    assert first.took >= 0.05
    assert second.queued_for >= 0.05


async def test_json_is_found_behind_the_log_lines(client: MwaaClient) -> None:
    result = await client.environment("demo").run(["dags", "list", "--output", "json"])
    assert result.stdout.startswith("CloudWatch logging is disabled for ")
    assert [row["dag_id"] for row in result.json()] == ["demo", "etl", "report"]


async def test_output_without_json_is_an_output_error_with_the_result(client: MwaaClient) -> None:
    result = await client.environment("demo").run("dags list")
    with pytest.raises(OutputError, match="--output json") as caught:
        result.json()
    assert caught.value.ran is True
    assert caught.value.result is result


@pytest.mark.parametrize("status", [200, 400])
async def test_a_failed_command_is_the_same_error_whatever_status_the_service_answers(status: int) -> None:
    async with (
        Emulator(failed_status=status) as emulator,
        MwaaClient(**emulator.client_options()) as client,
    ):
        demo = client.environment("demo")
        with pytest.raises(CommandFailedError) as caught:
            await demo.run("dags trigger nosuch")
        result = await demo.run("dags trigger nosuch", check=False)
    error = caught.value
    assert error.ran is True
    assert "airflow.exceptions.DagNotFound: Dag id nosuch not found in DagModel" in str(error)
    assert error.result is not None
    assert error.result.stderr.splitlines()[-1] == result.stderr.splitlines()[-1]
    assert (error.environment, error.command, result.http_status) == ("demo", "dags trigger nosuch", status)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("", "empty"),
        ("airflow", "empty"),
        ([], "empty"),
        ("dags list\nversion", "line break"),
        ("dags\0list", "NUL"),
        ("dags trigger 'demo", "never closed"),
    ],
)
async def test_a_command_that_cannot_be_sent_is_refused_before_anything_is_sent(
    emulator: Emulator, client: MwaaClient, command: str | list[str], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        await client.environment("demo").run(command)
    assert not emulator.commands
    assert not emulator.tokens


@pytest.mark.parametrize("name", ["", "1demo", "de mo", "demo/x", "ä", "a" * 81])
def test_an_environment_name_that_aws_would_not_accept_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name of an MWAA environment"):
        MwaaClient().environment(name)


def test_the_same_name_gives_the_same_handle() -> None:
    client = MwaaClient()
    assert client.environment("demo") is client.environment("demo")
    assert client.environment("demo") is not client.environment("other")


@pytest.mark.parametrize("name", ["command_timeout", "queue_timeout", "settle_time", "token_lifetime"])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_a_duration_that_is_no_number_of_seconds_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        MwaaClient(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["timeout", "queue_timeout"])
@pytest.mark.parametrize("value", [-0.1, float("nan")])
async def test_a_duration_of_a_command_that_is_no_number_of_seconds_is_refused(
    client: MwaaClient, name: str, value: float
) -> None:
    with pytest.raises(ValueError, match=name):
        await client.environment("demo").run("version", **{name: value})  # type: ignore[arg-type]


async def test_a_client_that_is_not_open_says_so(emulator: Emulator) -> None:
    client = MwaaClient(**emulator.client_options())
    with pytest.raises(RuntimeError, match="async with"):
        await client.environment("demo").run("version")
    async with client:
        await client.environment("demo").run("version")
    with pytest.raises(RuntimeError, match="async with"):
        await client.environment("demo").run("version")


async def test_output_that_is_not_utf8_is_decoded_with_replacement(emulator: Emulator, client: MwaaClient) -> None:
    emulator.faults.commands.append(printed(b"caf\xe9\n"))
    assert (await client.environment("demo").run("version")).stdout == "caf\ufffd\n"


async def test_twenty_megabytes_of_output_come_through_and_a_hundred_are_a_clear_error(
    emulator: Emulator, client: MwaaClient
) -> None:
    demo = client.environment("demo")
    emulator.faults.commands.extend([printed(b"x" * 20_000_000), printed(b"x" * 100_000_000)])
    assert len((await demo.run("version")).stdout) == 20_000_000
    with pytest.raises(OutputError, match="printed more than 24 MB") as caught:
        await demo.run("version")
    assert caught.value.ran is True
    assert (await demo.run("version")).stdout


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (WrongAnswer(), r"Sign In - Airflow"),
        (WrongAnswer(b"not json"), "not JSON .*HTTP 200 'not json'"),
        (WrongAnswer(b'{"stdout": "***", "stderr": ""}'), "stdout in the answer is not base64"),
        (WrongAnswer(b'["a"]'), "neither stdout nor stderr"),
        (WrongAnswer(b"what?", status=400), "HTTP 400"),
        (WrongAnswer(b"", status=418), "HTTP 418"),
        (
            WrongAnswer(truncated=True),
            "the answer broke off in the midst of a chunk|the answer is shorter than it says",
        ),
    ],
    ids=["login page", "text", "not base64", "other JSON", "bare 400", "418", "truncated"],
)
async def test_an_answer_that_is_not_the_documented_one_leaves_the_outcome_unknown(
    emulator: Emulator, answer: WrongAnswer, cause: str
) -> None:
    emulator.faults.commands.append(answer)
    async with MwaaClient(**emulator.client_options(), settle_time=0.0) as client:
        with pytest.raises(OutcomeUnknownError, match=cause) as caught:
            await client.environment("demo").run("dags trigger demo")
    assert caught.value.ran is None
    assert emulator.tokens[0].value not in f"{caught.value!r}"
    assert len(emulator.commands) == 1


async def test_statistics_count_what_happened(emulator: Emulator, client: MwaaClient) -> None:
    demo = client.environment("demo")
    assert demo.statistics().completed == 0
    await demo.run("version")
    with pytest.raises(CommandFailedError):
        await demo.run("dags list --bogus")
    statistics = demo.statistics()
    assert (statistics.completed, statistics.failed, statistics.tokens_fetched) == (1, 1, 1)
    assert (statistics.queued, statistics.running, statistics.settling) == (0, 0, False)
    assert repr(demo) == "<Environment demo [0 running, 0 queued]>"


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = {"aioboto3", "aiobotocore", "aiohttp", "boto3", "botocore", "click", "rich", "mwaa_async.emulator"}
    code = f"import sys, mwaa_async; print({heavy!r} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


class BrokenGuard:
    """A guard of somebody's own that does not keep to the interface."""

    async def acquire(self, environment: EnvironmentId) -> Slot:
        raise RuntimeError(f"no slot for {environment.name}")


async def test_whatever_a_guard_of_ones_own_raises_reaches_the_caller(emulator: Emulator) -> None:
    async with MwaaClient(**emulator.client_options(), guard=BrokenGuard()) as client:
        with pytest.raises(RuntimeError, match="no slot for demo"):
            await client.environment("demo").run("version")
    assert not emulator.commands
