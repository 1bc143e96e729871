"""`with Emulator()`: the servers run in a thread of their own, and are used from this one."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mwaa_async import MwaaClient
from mwaa_async.emulator import AirflowBinary, EmbeddedAirflow, Emulator

FORKED = """
import os
from mwaa_async.emulator import Emulator

with Emulator() as emulator:
    child = os.fork()
    if not child:
        for use in (lambda: emulator.commands, lambda: emulator.max_running("demo"), emulator.reset):
            try:
                use()
            except RuntimeError as error:
                print(error)
        raise SystemExit(3)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert os.path.exists(emulator.environ()["SSL_CERT_FILE"])
    emulator.reset()
raise SystemExit(status)
"""


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "mwaa-async emulator"]


def run(emulator: Emulator, command: str = "version") -> None:
    async def run_it() -> None:
        async with MwaaClient(**emulator.client_options()) as client:
            await client.environment("demo").run(command)

    asyncio.run(run_it())


def test_it_serves_synchronous_code_and_records_what_came() -> None:
    with Emulator() as emulator:
        run(emulator, "dags trigger etl")
        assert [(record.command, record.exit_code) for record in emulator.commands] == [("dags trigger etl", 0)]
        assert (len(emulator.tokens), emulator.max_running("demo"), emulator.connections("demo")) == (1, 1, 1)
        airflow = emulator.airflow("demo")
        assert isinstance(airflow, EmbeddedAirflow)
        assert [dag_run.dag_id for dag_run in airflow.dag_runs()] == ["etl"]
    assert len(emulator.commands) == 1
    assert not threads()


@pytest.mark.anyio
async def test_it_serves_where_an_event_loop_is_running() -> None:
    with Emulator() as emulator:
        async with MwaaClient(**emulator.client_options()) as client:
            await client.environment("demo").run("version")
        await emulator.reset()
        assert emulator.commands == []


def test_several_serve_at_once() -> None:
    with Emulator() as one, Emulator() as other:
        run(one)
        assert (len(one.commands), len(other.commands), len(threads())) == (1, 0, 2)
        assert one.endpoint_url != other.endpoint_url


def test_web_servers_stop_and_start_without_an_event_loop() -> None:
    with Emulator() as emulator:
        address = emulator.web_server_url("demo")
        emulator.stop_web_server("demo")
        emulator.start_web_server("demo")
        run(emulator)
        assert emulator.web_server_url("demo") == address


def test_what_goes_wrong_at_the_start_is_raised_here() -> None:
    with Emulator() as emulator:
        port = int(emulator.endpoint_url.rpartition(":")[2])
        taken = Emulator(port=port)
        with pytest.raises(OSError, match="in use"):
            taken.__enter__()
    with taken:  # the port is free now
        run(taken)
    assert not threads()


@pytest.mark.parametrize("kind", [ZeroDivisionError, KeyboardInterrupt])
def test_the_thread_ends_with_a_block_that_raises(kind: type[BaseException]) -> None:
    with pytest.raises(kind), Emulator() as emulator:
        raise kind
    assert not threads()
    assert repr(emulator).startswith("<Emulator")


def test_it_says_that_it_is_running_already_or_no_longer() -> None:
    with Emulator() as emulator:
        with pytest.raises(RuntimeError, match="running already"):
            emulator.__enter__()
        run(emulator)
    for use in (emulator.environ, emulator.client_options, emulator.reset, lambda: emulator.stop_web_server("demo")):
        with pytest.raises(RuntimeError, match="not running"):
            use()


def test_a_real_airflows_program_runs_in_the_thread(tmp_path: Path) -> None:
    program = tmp_path / "airflow"
    program.write_text("#!/bin/sh\necho 2.10.3\n")
    program.chmod(0o755)
    with Emulator(airflow=AirflowBinary(program)) as emulator:
        run(emulator)
        emulator.reset()
        run(emulator)
        assert [record.exit_code for record in emulator.commands] == [0]


def test_a_forked_process_is_told_to_ask_the_one_it_comes_from() -> None:
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout.count("from which this one was forked"), done.stderr) == (3, 3, "")
