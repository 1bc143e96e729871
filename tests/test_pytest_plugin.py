"""The pytest plugin, as users' own tests use it: each test here is a run of pytest over files of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

HEAVY = ("aiohttp", "aioboto3", "aiobotocore", "trustme", "anyio.from_thread", "mwaa_async._client", "pytest_asyncio")

ASYNC = """
    import asyncio

    import pytest

    from mwaa_async import MwaaClient
    from mwaa_async.emulator import Emulator

    pytestmark = pytest.mark.{marker}


    async def test_triggers(mwaa_client: MwaaClient, mwaa_emulator: Emulator) -> None:
        await mwaa_client.environment("demo").dags.trigger("etl")
        assert len(mwaa_emulator.commands) == 1


    @pytest.mark.mwaa(faults=["slow-answer:3600"])
    async def test_leaves_a_command_running(mwaa_client: MwaaClient, mwaa_emulator: Emulator) -> None:
        running = asyncio.create_task(mwaa_client.environment("demo").run("dags trigger etl"))
        while not mwaa_emulator.commands:
            await asyncio.sleep(0.01)
        running.cancel()


    async def test_finds_nothing_of_another_test(mwaa_client: MwaaClient, mwaa_emulator: Emulator) -> None:
        assert mwaa_emulator.commands == []
        assert await mwaa_client.environment("demo").dags.list_runs("etl") == []


    @pytest.mark.mwaa(faults=["cut-connection:ran=true"])
    async def test_needs_not_wait_for_what_a_fault_has_cut(mwaa_client: MwaaClient) -> None:
        await mwaa_client.environment("demo").dags.trigger("etl")
"""

IN_A_SESSIONS_LOOP = """

    @pytest.mark.asyncio(loop_scope="session")
    async def test_in_a_loop_of_the_session(mwaa_client: MwaaClient) -> None:
        await mwaa_client.environment("demo").run("version")
"""

ANYIO = """

    @pytest.fixture
    def anyio_backend() -> str:
        return "asyncio"
"""

SYNC = """
    import asyncio
    import os
    import unittest

    import pytest

    from mwaa_async import MwaaClient
    from mwaa_async.emulator import Emulator, StatusAnswer


    def service(command: str, environment: str = "demo") -> str:
        async def run() -> str:
            async with MwaaClient() as client:
                return (await client.environment(environment).run(command)).text

        return asyncio.run(run())


    @pytest.fixture(scope="session")
    def wide(mwaa_server: Emulator) -> Emulator:
        return mwaa_server


    def test_shares_the_server_of_the_session(mwaa_emulator: Emulator, wide: Emulator) -> None:
        assert wide is mwaa_emulator
        assert service("version").strip() == "2.10.3"
        assert (len(mwaa_emulator.commands), mwaa_emulator.max_running("demo")) == (1, 1)


    def test_fails(mwaa_emulator: Emulator) -> None:
        mwaa_emulator.stop_web_server("demo")
        raise AssertionError("as it should")


    def test_comes_after_one_that_failed(mwaa_emulator: Emulator) -> None:
        assert service("version")


    @pytest.mark.mwaa(environments=["dev", "prod"], dags=["nightly"], airflow="3.0.6")
    class TestMarked:
        def test_has_what_the_class_says(self) -> None:
            assert service("version", "prod").strip() == "3.0.6"

        @pytest.mark.mwaa(airflow="2.5.3", faults=[StatusAnswer(503), None])
        def test_has_what_stands_closest(self, mwaa_emulator: Emulator) -> None:
            assert list(mwaa_emulator.faults.commands) == [StatusAnswer(503), None]
            mwaa_emulator.faults.clear()
            assert service("version", "dev").strip() == "2.5.3"


    @pytest.mark.parametrize("version", [pytest.param("2.5.3", marks=pytest.mark.mwaa(airflow="2.5.3"))])
    def test_marked_by_a_parameter(version: str) -> None:
        assert service("version").strip() == version


    @pytest.mark.mwaa
    class OldStyle(unittest.TestCase):
        def test_in_a_test_case(self) -> None:
            self.assertEqual(service("version").strip(), "2.10.3")


    def test_the_environment_is_as_it_was() -> None:
        assert os.environ["AWS_PROFILE"] == "users-own"
        assert "AWS_ENDPOINT_URL_MWAA" not in os.environ
        assert "MWAA_ASYNC_LOCK_DIRECTORY" not in os.environ
"""

WRONG = """
    import pytest


    @pytest.mark.mwaa(airflo="3.0.6")
    def test_of_an_unknown_argument() -> None: ...


    @pytest.mark.mwaa("3.0.6")
    def test_of_an_argument_without_its_name() -> None: ...


    @pytest.mark.mwaa(airflow="three")
    def test_of_a_version_that_is_none() -> None: ...


    @pytest.mark.mwaa(faults=["cut-connections"])
    def test_of_a_fault_that_is_none() -> None: ...


    @pytest.mark.mwaa(faults=[504])
    def test_of_a_number() -> None: ...


    def test_that_is_synchronous(mwaa_client: object) -> None: ...


    @pytest.mark.anyio
    @pytest.mark.parametrize("anyio_backend", ["trio"])
    async def test_on_trio(mwaa_client: object) -> None: ...
"""

UNUSED = f"""
    import sys


    def test_nothing_heavy_is_loaded() -> None:
        assert "mwaa_async.pytest_plugin" in sys.modules
        assert not set(sys.modules) & set({HEAVY!r})
"""

WITHOUT_THE_EXTRA = """
    import sys

    sys.modules["trustme"] = None


    def test_needs_it(mwaa_emulator: object) -> None: ...
"""


# Other plugins that are installed here take seconds to load.
PLUGIN_ALONE = ("--disable-plugin-autoload", "-p", "mwaa_async.pytest_plugin")
ANYIO_ALONE = (*PLUGIN_ALONE, "-p", "anyio.pytest_plugin")


def run_pytest(directory: Path, test_file: str, *options: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run pytest over a file, with warnings as errors and without the settings of this project's own tests."""
    (directory / "test_it.py").write_text(dedent(test_file), encoding="utf-8")
    (directory / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MWAA_", "AWS_"))}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rA", *options]
    return subprocess.run(
        command, cwd=directory, env={**kept, **environ}, capture_output=True, text=True, timeout=55, check=False
    )


def counted(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Return how many passed, failed …, by the last line that pytest prints."""
    found = re.findall(r"(\d+) (passed|failed|errors?|warnings?)", (done.stdout.splitlines() or [""])[-1])
    assert found, done.stdout + done.stderr
    return {kind: int(number) for number, kind in found}


def with_asyncio(mode: str) -> tuple[str, ...]:
    return (
        *ANYIO_ALONE,
        "-p",
        "pytest_asyncio.plugin",
        "-o",
        f"asyncio_mode={mode}",
        "-o",
        "asyncio_default_fixture_loop_scope=function",
    )


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_a_client_is_open_in_the_loops_of_pytest_asyncio(mode: str, tmp_path: Path) -> None:
    done = run_pytest(tmp_path, ASYNC.format(marker="asyncio") + IN_A_SESSIONS_LOOP, *with_asyncio(mode))
    assert counted(done) == {"passed": 5}, done.stdout


def test_a_client_is_open_in_the_loop_of_anyio(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, ASYNC.format(marker="anyio") + ANYIO, *ANYIO_ALONE)
    assert counted(done) == {"passed": 4}, done.stdout


def test_synchronous_tests_lead_what_they_test_to_the_emulator(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, SYNC, *PLUGIN_ALONE, AWS_PROFILE="users-own")
    assert counted(done) == {"failed": 1, "passed": 7}, done.stdout
    assert "AssertionError: as it should" in done.stdout


def test_each_worker_of_xdist_has_its_own(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, SYNC, *PLUGIN_ALONE, "-p", "xdist.plugin", "-n", "2", "-k", "shares or closest")
    assert counted(done) == {"passed": 2}, done.stdout


def test_what_is_asked_for_wrongly_is_said_with_the_name_of_the_test(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, WRONG, *ANYIO_ALONE)
    assert counted(done) == {"errors": 7}, done.stdout
    for name, reason in [
        ("of_an_unknown_argument", "there is no argument 'airflo', but there are faults, environments, airflow"),
        ("of_an_argument_without_its_name", "arguments of the marker mwaa have names"),
        ("of_a_version_that_is_none", "'three'"),
        ("of_a_fault_that_is_none", "'cut-connections' is no fault; there are: "),
        ("of_a_number", "504 is no fault"),
        ("that_is_synchronous", "MwaaClient(**mwaa_emulator.client_options())"),
        ("on_trio[trio]", "MwaaClient is for asyncio"),
    ]:
        [line] = [line for line in done.stdout.splitlines() if line.startswith(f"test_it.py::test_{name}: ")]
        assert reason in line
    assert "Traceback" not in done.stdout


def test_who_does_not_use_it_loads_nothing_heavy(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, UNUSED, "-p", "no:asyncio")
    assert counted(done) == {"passed": 1}, done.stdout


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, WITHOUT_THE_EXTRA, *PLUGIN_ALONE)
    assert "\nthe emulator needs the extra 'emulator': pip install 'mwaa-async[emulator]'\n" in done.stdout
