"""Promise: a batch that is killed again and again triggers every row once, in a real Airflow."""

import json
import os
import signal
import sys
from pathlib import Path

import anyio
import pytest

from mwaa_async.emulator import CutConnection, Emulator, StatusAnswer, WrongAnswer

from .conftest import RealAirflow, with_logs

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(400), with_logs("mwaa")]

TRIGGER_MANY = [sys.executable, "-m", "mwaa_async", "trigger-many"]
CONFS = [{"row": number, "text": 'it\'s "quoted" $HOME 🎉'} for number in range(8)]


async def test_a_batch_that_is_killed_again_and_again_triggers_every_row_once(
    airflow: RealAirflow, emulator: Emulator, tmp_path: Path
) -> None:
    rows, journal = tmp_path / "rows.jsonl", tmp_path / "rows.journal"
    rows.write_text("".join(json.dumps({"dag_id": "etl", "conf": conf}) + "\n" for conf in CONFS))
    command = [*TRIGGER_MANY, str(rows), "--environment", "demo", "--journal", str(journal)]
    for fault in (CutConnection(ran=True), StatusAnswer(504, ran=False), WrongAnswer()):
        emulator.faults.commands.extend([None, fault])
        await kill_after_two_commands(command, emulator)
    done = await anyio.run_process(command, check=False, env={**os.environ, **emulator.environ()})
    assert done.returncode == 0, done.stderr.decode()

    batch = [row for row in airflow.rows("dag_run", dag_id="etl") if row["run_id"].startswith("bulk__rows_")]
    assert sorted((row["conf"] for row in batch), key=lambda conf: int(conf["row"])) == CONFS
    assert len({row["run_id"] for row in batch}) == len(CONFS)


async def kill_after_two_commands(command: list[str], emulator: Emulator) -> None:
    """Start the program, and kill it while its second command runs."""
    before = len(emulator.commands)
    async with await anyio.open_process(command, env={**os.environ, **emulator.environ()}) as process:
        while len(emulator.commands) < before + 2 and process.returncode is None:
            await anyio.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    # Airflow goes on with it, and its SQLite takes one at a time.
    while any(record.end is None for record in emulator.commands):
        await anyio.sleep(0.05)
