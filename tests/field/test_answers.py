"""Answers that programs in the field have stumbled over."""

import ast
import base64
import http.client
import json

import anyio
import pytest
from aiobotocore.config import AioConfig

from mwaa_async import OutcomeUnknownError
from mwaa_async.emulator import Emulator, StatusAnswer
from tests.field import answer, environment, recorded

pytestmark = pytest.mark.anyio


async def test_what_dag_files_print_before_the_answer_is_no_part_of_it() -> None:
    printed = "Sample operation result: <Task(DatabricksSqlOperator): select_data>\n"
    printed += "Sample operation type: <class 'airflow.providers.databricks.operators.databricks_sql.X'>\n"
    row = {"dag_id": "etl", "filepath": "etl.py", "owner": "airflow", "paused": "False"}
    output = answer(printed + json.dumps([row]) + "\n")
    async with recorded(output, version="2.5.1") as emulator, environment(emulator) as demo:
        assert [dag.dag_id for dag in await demo.dags.list()] == ["etl"]


async def test_log_lines_before_json_are_no_part_of_it() -> None:
    async with Emulator(airflow="2.10.5") as emulator, environment(emulator) as demo:
        result = await demo.run("dags list -o json")
    assert not result.stdout.startswith("[{")
    assert {row["dag_id"] for row in result.json()} == {"demo", "etl", "report"}


async def test_a_warning_on_stderr_is_no_failure() -> None:
    async with Emulator(airflow="2.2.5") as emulator, environment(emulator) as demo:
        result = await demo.run("dags trigger demo")
    assert "DeprecationWarning" in result.stderr
    assert "externally triggered: True" in result.stdout


@pytest.mark.parametrize(
    "value", ['{"test": "value\n"}', 'it\'s "quoted" $HOME \\', '{"a": {"b": "c\'d"}}', "postgres://u:p@h/d?x=1&y=2#z"]
)
async def test_a_variable_is_stored_whatever_its_value_has_in_it(value: str) -> None:
    async with Emulator(airflow="2.5.3") as emulator, environment(emulator) as demo:
        await demo.variables.set("key", value)
        assert await demo.variables.get("key") == value


async def test_a_token_that_has_expired_is_replaced() -> None:
    async with Emulator(airflow="2.5.3") as emulator, environment(emulator) as demo:
        await demo.run("version")
        emulator.faults.commands.append(StatusAnswer(403))
        assert "2.5.3" in (await demo.run("version")).stdout
        assert len(emulator.tokens) == 2


async def test_a_gateway_that_does_not_wait_leaves_it_open_whether_the_task_ran() -> None:
    async with Emulator(airflow="2.2.5") as emulator, environment(emulator, settle_time=0.0) as demo:
        emulator.faults.commands.append(StatusAnswer(504, ran=True))
        with pytest.raises(OutcomeUnknownError, match="the load balancer did not wait any longer") as caught:
            await demo.run("tasks run -m demo extract 2023-06-20")
    assert caught.value.ran is None


async def test_a_date_that_is_no_runs_date_has_no_state() -> None:
    async with Emulator(airflow="2.10.5") as emulator, environment(emulator) as demo:
        await demo.dags.trigger("etl", run_id="r1")
        assert await demo.dags.state("etl", "2026-02-15T00:00:00+00:00") is None


async def test_an_answer_is_a_literal_of_python_too() -> None:
    async with Emulator(airflow="2.10.3") as emulator:
        session = emulator.client_options()["session"]
        verified = {"verify": emulator.environ()["AWS_CA_BUNDLE"], "config": AioConfig(inject_host_prefix=False)}
        async with session.create_client("mwaa", endpoint_url=emulator.endpoint_url, **verified) as mwaa:
            token = await mwaa.create_cli_token(Name="demo")
        printed = await anyio.to_thread.run_sync(
            _lambda_handler, emulator, token["WebServerHostname"], token["CliToken"]
        )
    assert b"2.10.3" in printed


def _lambda_handler(emulator: Emulator, host: str, token: str) -> bytes:
    """Do what AWS's sample of a Lambda function does."""
    connection = http.client.HTTPSConnection(host, context=emulator.client_options()["ssl_context"])
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/plain"}
    connection.request("POST", "/aws_mwaa/cli", "version", headers)
    document = ast.literal_eval(connection.getresponse().read().decode())
    connection.close()
    return base64.b64decode(document["stdout"])
