"""Where the endpoint is: behind a slash on Airflow 3, at the host that AWS named and nowhere else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mwaa_async import MwaaClient, OutcomeUnknownError, RequestRejectedError
from mwaa_async.emulator import CutConnection, Emulator, RefusedByAws, StatusAnswer

pytestmark = pytest.mark.anyio

UNTOLD = RefusedByAws("AccessDeniedException", 403)  # to `GetEnvironment`, so that nobody knows the version


@asynccontextmanager
async def listener() -> AsyncIterator[tuple[int, list[object]]]:
    """Listen on a port, and tell who has connected to it."""
    visits: list[object] = []

    async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(writer.get_extra_info("peername"))
        writer.close()

    async with await asyncio.start_server(visited, "127.0.0.1") as server:
        yield server.sockets[0].getsockname()[1], visits


async def test_a_redirect_to_the_slash_is_taken_over_the_same_connection_and_spends_no_token() -> None:
    async with Emulator(airflow="3.0.6", single_use_tokens=True) as emulator:
        emulator.faults.descriptions.append(UNTOLD)
        async with MwaaClient(**emulator.client_options()) as client:
            demo = client.environment("demo")
            assert (await demo.run("dags trigger demo")).http_status == 200
            await demo.run("version")
        assert emulator.redirects("demo") == 1
        assert emulator.connections("demo") == 1
        assert [token.uses for token in emulator.tokens] == [1, 1]
        assert [record.command for record in emulator.commands] == ["dags trigger demo", "version"]


async def test_airflow_3_costs_no_redirect_where_aws_tells_the_version() -> None:
    async with Emulator(airflow="3.0.6") as emulator, MwaaClient(**emulator.client_options()) as client:
        await client.environment("demo").dags.trigger("demo")
        assert (emulator.redirects("demo"), len(emulator.tokens)) == (0, 1)


async def test_airflow_3_costs_no_redirect_where_the_user_tells_the_version() -> None:
    async with Emulator(airflow="3.0.6") as emulator, MwaaClient(**emulator.client_options()) as client:
        await client.environment("demo", airflow_version="3.0.6").run("dags trigger demo")
        assert emulator.redirects("demo") == 0


async def test_the_address_is_remembered_for_each_environment() -> None:
    async with Emulator(environments=["a", "b"], airflow="3.0.6") as emulator:
        emulator.faults.descriptions.extend([UNTOLD, UNTOLD])
        async with MwaaClient(**emulator.client_options()) as client:
            for name in ("a", "b", "a", "b"):
                await client.environment(name).run("version")
        assert [emulator.redirects(name) for name in ("a", "b")] == [1, 1]


async def test_the_address_is_remembered_also_where_the_command_then_fails() -> None:
    async with Emulator(airflow="3.0.6") as emulator:
        emulator.faults.descriptions.append(UNTOLD)
        emulator.faults.commands.append(CutConnection())
        async with MwaaClient(**emulator.client_options(), settle_time=0.0) as client:
            with pytest.raises(OutcomeUnknownError):
                await client.environment("demo").run("variables set key value")
            await client.environment("demo").run("version")
        assert emulator.redirects("demo") == 1


@pytest.mark.parametrize("status", [307, 308])
async def test_a_version_that_was_told_wrong_finds_the_endpoint_all_the_same(status: int) -> None:
    async with Emulator(airflow="2.10.3") as emulator, MwaaClient(**emulator.client_options()) as client:
        emulator.faults.commands.append(StatusAnswer(status, location="/aws_mwaa/cli"))
        demo = client.environment("demo", airflow_version="3.0.6")
        assert await demo.run("version")
        assert len(emulator.tokens) == 1


async def test_the_endpoint_is_looked_for_without_the_slash_where_404_is_answered_with_it(emulator: Emulator) -> None:
    async with MwaaClient(**emulator.client_options()) as client:
        emulator.faults.commands.append(StatusAnswer(404))
        demo = client.environment("demo", airflow_version="3.0.6")
        assert await demo.run("version")
        assert (len(emulator.commands), len(emulator.tokens)) == (1, 1)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("path", ["/aws_mwaa/cli/", "/elsewhere"])
async def test_a_redirect_to_another_address_gets_neither_token_nor_command(scheme: str, path: str) -> None:
    async with listener() as (port, visits):
        location = f"{scheme}://127.0.0.1:{port}{path}"
        async with Emulator(airflow="3.0.6", redirect_location=location) as emulator:
            emulator.faults.descriptions.append(UNTOLD)
            async with MwaaClient(**emulator.client_options()) as client:
                assert await client.environment("demo").run("dags trigger demo")
            assert (emulator.redirects("demo"), len(emulator.commands)) == (1, 1)
    assert not visits


@pytest.mark.parametrize("location", ["/aws_mwaa/cli/", "http://{host}/aws_mwaa/cli/"])
async def test_it_does_not_matter_how_the_redirect_is_written(location: str) -> None:
    async with Emulator(airflow="3.0.6", redirect_location=location) as emulator:
        emulator.faults.descriptions.append(UNTOLD)
        async with MwaaClient(**emulator.client_options()) as client:
            assert await client.environment("demo").run("dags trigger demo")
        assert len(emulator.commands) == 1


@pytest.mark.parametrize("status", [301, 302, 303])
async def test_any_other_redirect_is_refused_with_where_it_points_to(
    emulator: Emulator, client: MwaaClient, status: int
) -> None:
    async with listener() as (port, visits):
        emulator.faults.commands.append(StatusAnswer(status, location=f"http://127.0.0.1:{port}/login?next=x"))
        with pytest.raises(RequestRejectedError, match=f"points to 'http://127.0.0.1:{port}/login', which is not"):
            await client.environment("demo").run("dags trigger demo")
    assert not visits
    assert not emulator.commands


async def test_a_redirect_in_a_circle_is_refused(emulator: Emulator, client: MwaaClient) -> None:
    emulator.faults.commands.extend([StatusAnswer(307, location="/a"), StatusAnswer(307, location="/b")])
    with pytest.raises(RequestRejectedError, match=r"points to '/b', which is not followed.*HTTP 307") as caught:
        await client.environment("demo").run("dags trigger demo")
    assert (caught.value.ran, caught.value.http_status) == (False, 307)
    assert (emulator.commands, len(emulator.tokens)) == ([], 1)
    assert await client.environment("demo").run("version")
