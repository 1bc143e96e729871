"""Ten thousand commands from four processes, while all kinds of things go wrong: real sockets, real locks."""

import asyncio
import multiprocessing
import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mwaa_async import HostGuard, MwaaClient, MwaaError
from mwaa_async.emulator import CutConnection, Emulator, RefusedByAws, SlowAnswer, StatusAnswer, WrongAnswer

_PROCESSES = 4
_COMMANDS = int(os.environ.get("MWAA_ASYNC_STRESS", "10000"))
_SEED = int(os.environ.setdefault("MWAA_ASYNC_STRESS_SEED", str(random.SystemRandom().randrange(10**9))))
_SETTLE_TIME = 0.05
_RUNS_ON_FOR = 0.03
_TOKEN_LIFETIME = 3.0
_FAULTS = (
    CutConnection(ran=True),
    CutConnection(ran=False),
    CutConnection(runs_on_for=_RUNS_ON_FOR),
    StatusAnswer(504, ran=True, runs_on_for=_RUNS_ON_FOR),
    StatusAnswer(502),
    StatusAnswer(500, ran=True),
    StatusAnswer(503, retry_after="0"),
    StatusAnswer(401),
    StatusAnswer(403),
    StatusAnswer(429),
    WrongAnswer(),
    WrongAnswer(truncated=True),
    SlowAnswer(0.02),
)
_PART_OF_FAULTS = 0.03
_PART_OF_IMPATIENT = 0.02

# What a process was told about each of its commands: whether it ran.
Told = dict[str, bool | None]


class Ran(NamedTuple):
    """What the emulator says."""

    times: Counter[str]
    at_once: int


@pytest.mark.timeout(300)
def test_commands_of_four_processes_run_one_at_a_time_and_at_most_once_and_every_error_tells_the_truth(
    tmp_path: Path,
) -> None:
    print(f"MWAA_ASYNC_STRESS_SEED={_SEED}")
    with _process(_serve) as service:
        environ = service.recv()
        told = _told_by_all(environ, tmp_path / "locks")
        service.send("stop")
        ran: Ran = service.recv()
    assert len(told) == _COMMANDS
    assert ran.at_once == 1
    assert [line for line, times in ran.times.items() if times > 1] == []
    lies = {line: one for line, one in told.items() if one is not None and one != bool(ran.times[line])}
    assert not lies
    # A test in which nothing goes wrong, or everything, would show nothing.
    print(Counter(told.values()))
    assert 0.8 * _COMMANDS < Counter(told.values())[True] < _COMMANDS
    assert {False, None} <= set(told.values())


def _told_by_all(environ: Mapping[str, str], directory: Path) -> Told:
    told: Told = {}
    with ExitStack() as stack:
        processes = [stack.enter_context(_process(_run_commands, number)) for number in range(_PROCESSES)]
        for process in processes:
            process.send((environ, directory))
        for process in processes:
            told |= process.recv()
    return told


@contextmanager
def _process(target: Any, *arguments: Any) -> Iterator[Connection]:
    """Start a process, and end it with the block."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process: BaseProcess = context.Process(target=target, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()  # so that the end of the process is the end of the pipe
    try:
        yield ours
        process.join(10)
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()


def _serve(pipe: Connection) -> None:
    """Be the service, until told to stop; then tell what ran."""
    asyncio.run(_serve_until_stopped(pipe, random.Random(_SEED)))


async def _serve_until_stopped(pipe: Connection, chance: random.Random) -> None:
    async with Emulator(token_lifetime=_TOKEN_LIFETIME) as emulator:
        for _ in range(_COMMANDS * 2):
            emulator.faults.commands.append(chance.choice(_FAULTS) if chance.random() < _PART_OF_FAULTS else None)
            emulator.faults.tokens.append(RefusedByAws("AccessDeniedException", 403) if chance.random() < 0.1 else None)
        pipe.send(emulator.environ())
        await asyncio.to_thread(pipe.recv)
        times = Counter(record.command for record in emulator.commands)
        pipe.send(Ran(times, emulator.max_running("demo")))


def _run_commands(pipe: Connection, number: int) -> None:
    """Be one of the processes: run commands, and tell what became of them."""
    environ, directory = pipe.recv()
    os.environ.update(environ)
    pipe.send(asyncio.run(_run_all(number, directory, random.Random(_SEED + number))))


async def _run_all(number: int, directory: Path, chance: random.Random) -> Told:
    lines = [f"variables set s-{number}-{one} value" for one in range(_COMMANDS // _PROCESSES)]
    options: dict[str, Any] = {"settle_time": _SETTLE_TIME, "token_lifetime": _TOKEN_LIFETIME}
    async with MwaaClient(guard=HostGuard(directory), **options) as client:
        timeouts = [0.004 if chance.random() < _PART_OF_IMPATIENT else None for _ in lines]
        outcomes = await asyncio.gather(*map(_ran, [client] * len(lines), lines, timeouts))
    return dict(zip(lines, outcomes, strict=True))


async def _ran(client: MwaaClient, line: str, timeout: float | None) -> bool | None:
    try:
        await client.environment("demo").run(line, timeout=timeout)
    except MwaaError as error:
        return error.ran
    return True
