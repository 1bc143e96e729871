"""The scripts of AWS's page "Creating an Apache Airflow CLI token", for Airflow v1, v2 and v3, against the emulator."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mwaa_async.emulator import EmbeddedAirflow, Emulator

from .conftest import Finished, Programs

pytestmark = pytest.mark.anyio

SCRIPTS = Path(__file__).parent / "scripts"


@dataclass(frozen=True, slots=True)
class Generation:
    """One of the forms that the page has of every script."""

    scripts: Path
    airflow: str
    trigger: str
    list_runs: tuple[str, ...]


V1 = Generation(SCRIPTS / "v1", "1.10.12", "trigger_dag", ("list_dag_runs", "demo"))
V2 = Generation(SCRIPTS / "v2", "2.10.5", "dags trigger", ("dags", "list-runs", "-o", "plain", "-d", "demo"))
V3 = Generation(SCRIPTS / "v3", "3.0.6", "dags trigger", ("dags", "list-runs", "-o", "plain", "demo"))


@pytest.fixture(params=[V1, V2, V3], ids=["v1", "v2", "v3"])
def generation(request: pytest.FixtureRequest) -> Generation:
    assert isinstance(request.param, Generation)
    return request.param


@pytest.fixture(params=[200, 400])
def failed_status(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
async def emulator(generation: Generation, failed_status: int) -> AsyncIterator[Emulator]:
    async with Emulator(["demo"], generation.airflow, failed_status=failed_status) as emulator:
        yield emulator


@dataclass(frozen=True, slots=True)
class Page:
    """The page's scripts with their placeholders filled in."""

    programs: Programs
    emulator: Emulator
    generation: Generation

    async def curl_script(self, dag: str) -> Finished:
        return await self._run(str(self.generation.scripts / "curl.sh"), self.emulator.region, "demo", dag)

    async def bash_script(self, dag: str, script: Path | None = None) -> Finished:
        path = script or self.generation.scripts / "get-cli-token.sh"
        return await self._run(str(path), "demo", await self._hostname(), dag)

    async def python_script(self, dag: str) -> Finished:
        return await self._run("python3", str(self.generation.scripts / "create-cli-token.py"), "demo", dag)

    async def _hostname(self) -> str:
        query = ("--query", "Environment.WebserverUrl", "--output", "text")
        return (await self._run("aws", "mwaa", "get-environment", "--name", "demo", *query)).stdout.strip()

    async def _run(self, *command: str) -> Finished:
        return await self.programs.run(self.emulator, command)


@pytest.fixture
def page(programs: Programs, emulator: Emulator, generation: Generation) -> Page:
    return Page(programs, emulator, generation)


def assert_triggered(page: Page) -> None:
    """The command came once, with a fresh token, and Airflow has the run."""
    (command,) = page.emulator.commands
    assert command.command == f"{page.generation.trigger} demo"
    assert command.exit_code == 0
    assert len(page.emulator.tokens) == 1
    assert len(runs(page)) == 1


def assert_not_triggered(page: Page) -> None:
    """The command came, and Airflow failed it."""
    (command,) = page.emulator.commands
    assert command.command == f"{page.generation.trigger} nosuch"
    assert command.exit_code == 1
    assert not runs(page)


def runs(page: Page) -> list[str]:
    """The rows of the DAG's runs, asked of Airflow directly."""
    airflow = page.emulator.airflow("demo")
    assert isinstance(airflow, EmbeddedAirflow)
    return [row for row in airflow.execute(page.generation.list_runs).stdout.splitlines() if "manual__" in row]


def streams(answer: str) -> tuple[str, str]:
    document = json.loads(answer)
    assert document.keys() == {"stdout", "stderr"}
    return base64.b64decode(document["stdout"]).decode(), base64.b64decode(document["stderr"]).decode()


@pytest.mark.parametrize("failed_status", [200], indirect=True)
async def test_the_curl_script_triggers_the_dag_and_prints_airflows_output(page: Page) -> None:
    finished = await page.curl_script("demo")
    assert finished.status == 0
    output, _, errors = finished.stdout.removeprefix("Output:\n").partition("Errors:\n")
    assert finished.stdout.startswith("Output:\n")
    assert "manual__" in output
    assert "Traceback" not in errors
    assert_triggered(page)


async def test_the_curl_script_shows_that_airflow_failed(page: Page) -> None:
    finished = await page.curl_script("nosuch")
    _, _, errors = finished.stdout.partition("Errors:\n")
    assert "DagNotFound: Dag id nosuch not found" in errors
    assert_not_triggered(page)


@pytest.mark.parametrize("failed_status", [200], indirect=True)
async def test_the_bash_script_triggers_the_dag_and_prints_the_web_servers_answer(page: Page) -> None:
    finished = await page.bash_script("demo")
    assert finished.status == 0
    stdout, stderr = streams(finished.stdout)
    assert "manual__" in stdout
    assert "Traceback" not in stderr
    assert_triggered(page)


async def test_the_bash_script_shows_that_airflow_failed(page: Page) -> None:
    finished = await page.bash_script("nosuch")
    assert "DagNotFound: Dag id nosuch not found" in streams(finished.stdout)[1]
    assert_not_triggered(page)


@pytest.mark.parametrize("failed_status", [200], indirect=True)
async def test_the_bash_script_as_the_page_has_it_loses_its_token_in_a_subshell(page: Page, tmp_path: Path) -> None:
    as_published = tmp_path / "get-cli-token.sh"
    ours = (page.generation.scripts / "get-cli-token.sh").read_text()
    as_published.write_text(ours.replace("shopt -s lastpipe\n", ""))
    as_published.chmod(0o755)
    finished = await page.bash_script("demo", as_published)
    assert json.loads(finished.stdout) == {"message": "Forbidden"}
    assert len(page.emulator.tokens) == 1
    assert not page.emulator.commands


@pytest.mark.parametrize("failed_status", [200], indirect=True)
async def test_the_python_script_triggers_the_dag_and_prints_status_errors_and_output(page: Page) -> None:
    finished = await page.python_script("demo")
    assert finished.status == 0
    assert finished.stdout.startswith("200\n")
    assert "manual__" in finished.stdout
    assert "Traceback" not in finished.stdout
    assert_triggered(page)


async def test_the_python_script_shows_that_airflow_failed(page: Page, failed_status: int) -> None:
    finished = await page.python_script("nosuch")
    assert finished.status == 0
    assert finished.stdout.startswith(f"{failed_status}\n")
    assert "DagNotFound: Dag id nosuch not found" in finished.stdout
    assert_not_triggered(page)


async def test_the_curl_script_for_v2_gets_nothing_from_airflow_3(programs: Programs) -> None:
    async with Emulator(["demo"], "3.0.6") as emulator:
        finished = await programs.run(emulator, [str(SCRIPTS / "v2" / "curl.sh"), emulator.region, "demo", "demo"])
    assert finished.stdout == "Output:\nErrors:\n"
    assert (emulator.redirects("demo"), emulator.commands) == (1, [])


async def test_the_python_standard_library_triggers_a_dag_of_airflow_3_at_the_address_with_a_slash(
    programs: Programs,
) -> None:
    script = SCRIPTS / "v3" / "standard-library.py"
    async with Emulator(["demo"], "3.0.6") as emulator:
        page = Page(programs, emulator, V3)
        finished = await programs.run(emulator, ["python3", str(script), "demo", "demo"])
    assert finished.stdout.startswith("200\n"), finished.stderr
    assert emulator.redirects("demo") == 0
    assert_triggered(page)
