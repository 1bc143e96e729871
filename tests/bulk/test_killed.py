"""Promise: killed at any moment, with anything going wrong in between, every row has run once in the end."""

import asyncio
import itertools
import json
import os
import random
import signal
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from mwaa_async._bulk.journal import read_journal
from mwaa_async.emulator import CutConnection, Emulator, SlowAnswer, StatusAnswer, WrongAnswer
from tests.bulk.rows import ENVIRONMENTS, Run, existing, requests, until
from tests.bulk.worker import SETTLE_TIME

pytestmark = pytest.mark.anyio

SEED = int(os.environ.get("MWAA_ASYNC_KILL_SEED", str(random.SystemRandom().randrange(10**9))))
BATCHES = 4
KILLS = 14  # of each batch
ROWS = 200
PART_OF_FAULTS = 0.15
FAULTS = (
    CutConnection(ran=True),
    CutConnection(ran=False),
    CutConnection(runs_on_for=SETTLE_TIME / 2),
    StatusAnswer(504, ran=True),
    StatusAnswer(504),
    StatusAnswer(504, runs_on_for=SETTLE_TIME / 2),
    WrongAnswer(),
    WrongAnswer(b"garbage"),
    WrongAnswer(truncated=True),
)


class Worker:
    """The program that triggers the rows, each time from where the one before was killed."""

    def __init__(self, emulator: Emulator, journal: Path, *environments: str) -> None:
        self._environ = {**os.environ, **emulator.environ()}
        self._arguments = (str(journal), str(ROWS), *environments)

    async def start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bulk.worker", *self._arguments),
            env=self._environ,
            stdout=asyncio.subprocess.PIPE,
        )

    async def finish(self) -> Counter[str]:
        """Run until the rows are done, and return the outcomes."""
        process = await self.start()
        output, _ = await process.communicate()
        assert process.returncode == 0
        return Counter(json.loads(output.splitlines()[-1])["outcomes"])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", range(BATCHES))
async def test_however_often_it_is_killed_every_row_has_run_once_with_its_own_conf(tmp_path: Path, number: int) -> None:
    print(f"MWAA_ASYNC_KILL_SEED={SEED}")
    chance = random.Random(SEED + number)
    journal = tmp_path / "batch.journal"
    async with Emulator(environments=ENVIRONMENTS, command_time=0.005) as emulator:
        emulator.faults.commands.extend(_faults(chance))
        worker = Worker(emulator, journal)
        kills = sum([await _killed(worker, emulator, chance, kill) for kill in range(KILLS)])
        outcomes = await worker.finish()
        while outcomes["unknown"]:  # one that stays so is for the next start
            outcomes = await worker.finish()
        print(f"{kills} kills, {len(emulator.commands)} commands, {outcomes}")
        assert kills >= KILLS - 1  # one may have come to its end before
        assert {*outcomes} <= {"triggered", "already_triggered"}
        assert outcomes.total() == ROWS
        assert existing(emulator) == _finished(journal)
        assert all(emulator.max_running(name) == 1 for name in ENVIRONMENTS)


async def _killed_after(worker: Worker, emulator: Emulator, commands: int, *, into_it: float) -> None:
    """Start the program and kill it that long after it has begun the command of this number."""
    process = await worker.start()
    await until(lambda: len(emulator.commands) >= commands)
    await asyncio.sleep(into_it)
    process.send_signal(signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL
    assert len(emulator.commands) == commands


@pytest.mark.parametrize("quick", [0, 60], ids=["", "after commands that were quicker than the disk"])
async def test_killed_with_slow_commands_two_rows_are_left_as_sent(tmp_path: Path, quick: int) -> None:
    slow = 50 if quick else 5
    path = tmp_path / "batch.journal"
    async with Emulator(environments=["one"]) as emulator:
        emulator.faults.commands.extend([*[None] * quick, *[SlowAnswer(0.25 if quick else 1.0)] * (slow + 1)])
        worker = Worker(emulator, path, "one")
        await _killed_after(worker, emulator, quick + slow + 1, into_it=0.1)
        with closing(read_journal(path)) as journal:
            counts = {status: count for (_, status), count in journal.counts().items()}
        assert counts == {"triggered": quick + slow, "sent": 2, "planned": ROWS - quick - slow - 2}


def _faults(chance: random.Random) -> list[CutConnection | StatusAnswer | WrongAnswer | None]:
    return [chance.choice(FAULTS) if chance.random() < PART_OF_FAULTS else None for _ in range(ROWS * 10)]


async def _killed(worker: Worker, emulator: Emulator, chance: random.Random, kill: int) -> bool:
    """Start the program and kill it at a random moment; tell whether it was running then."""
    process = await worker.start()
    assert process.stdout is not None
    await process.stdout.readline()
    if kill % 3:
        enough = len(emulator.commands) + chance.randrange(1, ROWS // KILLS)
        await until(lambda: len(emulator.commands) >= enough or process.returncode is not None)
        await asyncio.sleep(chance.random() * 0.01)
    else:  # while it opens the journal, or plans the first rows, or sends them
        await asyncio.sleep(chance.random() * 0.1)
    if process.returncode is not None:
        return False
    process.send_signal(signal.SIGKILL)
    return await process.wait() == -signal.SIGKILL


def _finished(path: Path) -> list[Run]:
    """Return the rows as runs with the ids that the journal gives them; it has all of them as triggered."""
    with closing(read_journal(path)) as journal:
        assert journal.counts().keys() <= set(itertools.product(ENVIRONMENTS, ("triggered", "already_triggered")))
        assert sum(journal.counts().values()) == ROWS
        return sorted(
            (one.environment, one.dag_id, f"bulk__{journal.batch}__{number:06d}", repr(one.conf))
            for number, one in enumerate(requests(ROWS), 1)
        )
