"""Promise: many rows need no more memory than few; `benchmarks/bulk.py` shows it with a hundred thousand."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from mwaa_async.emulator import Emulator
from tests.bulk.rows import ENVIRONMENTS

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell of its processes"),
]


@pytest.mark.timeout(300)
async def test_ten_times_the_rows_need_hardly_more_memory(tmp_path: Path) -> None:
    few, many = [await _memory(tmp_path / f"{rows}.journal", rows) for rows in (1000, 10_000)]
    print(f"{few} KB, {many} KB")
    assert many < 1.1 * few


async def _memory(journal: Path, rows: int) -> int:
    """Return how much memory a program has at most that triggers so many rows."""
    async with Emulator(environments=ENVIRONMENTS) as emulator:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bulk.worker", str(journal), str(rows)),
            env={**os.environ, **emulator.environ()},
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
    told = json.loads(output.splitlines()[-1])
    assert told["outcomes"] == {"triggered": rows}
    return int(told["memory"])
