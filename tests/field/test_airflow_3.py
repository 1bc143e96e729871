"""What people met who moved to Airflow 3."""

import pytest

from mwaa_async.emulator import Emulator
from tests.field import environment, refusal

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("version", ["3.0.6", "3.3.1"])
async def test_the_redirect_of_airflow_3_is_no_answer_and_costs_no_token(version: str) -> None:
    async with Emulator(airflow=version) as emulator, environment(emulator) as demo:
        assert (await demo.dags.trigger("etl", run_id="r1")).run_id == "r1"
        assert len(emulator.commands) == 1
        assert len(emulator.tokens) == 1


async def test_variables_are_set_and_a_dag_is_unpaused_behind_the_redirect() -> None:
    async with Emulator(airflow="3.0.6") as emulator, environment(emulator) as demo:
        await demo.variables.set("DR_BACKUP_BUCKET", "bucket")
        await demo.dags.unpause("etl")
        assert await demo.variables.get("DR_BACKUP_BUCKET") == "bucket"
        assert [dag.is_paused for dag in await demo.dags.list() if dag.dag_id == "etl"] == [False]


async def test_a_backfill_is_told_its_new_words_and_options() -> None:
    told = await refusal("3.0.6", "dags backfill etl -s 2026-01-01 -e 2026-01-02")
    assert "there it is 'backfill create --dag-id DAG_ID --from-date DATE --to-date DATE'" in told


async def test_a_task_is_not_run_by_itself_any_more() -> None:
    assert "'dags trigger' runs its DAG" in await refusal("3.0.6", "tasks run etl load 2026-01-01")


@pytest.mark.parametrize("option", ["-e", "--exec-date"])
async def test_the_execution_date_is_told_its_new_name(option: str) -> None:
    told = await refusal("3.0.6", f"dags trigger demo {option} 2026-01-01")
    assert "Airflow 3 calls it --logical-date" in told


@pytest.mark.parametrize("option", ["-d", "--dag-id"])
async def test_runs_are_listed_without_an_option(option: str) -> None:
    assert "dags list-runs DAG_ID" in await refusal("3.0.6", f"dags list-runs {option} demo")


async def test_the_tree_of_tasks_is_gone() -> None:
    assert "'dags show DAG_ID' shows" in await refusal("3.0.6", "tasks list etl --tree")


async def test_the_directory_of_the_dags_is_left_out() -> None:
    assert "leave it out" in await refusal("3.0.6", "dags test demo --subdir /usr/local/airflow/dags")


@pytest.mark.parametrize("command", ["dags delete demo", "db clean --clean-before-timestamp 2020-01-01"])
async def test_a_command_that_asks_is_told_to_have_yes_on_3(command: str) -> None:
    assert "nobody can answer over MWAA's endpoint: add --yes" in await refusal("3.0.6", command)
