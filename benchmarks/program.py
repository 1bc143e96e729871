"""What `mwaa-async run ENV version` takes, the whole process, against what people write without it.

MWAA_ASYNC_AWS_CLIENTS names a virtual environment with awscli, boto3 and requests; curl and jq are the system's.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.processes import emulator
from benchmarks.rounds import by_turns, median_ratio
from benchmarks.table import Row

ROUNDS = 15

BOTO3 = """
import base64, boto3, requests

token = boto3.client("mwaa").create_cli_token(Name="demo")
answer = requests.post(
    f"https://{token['WebServerHostname']}/aws_mwaa/cli",
    data="version",
    headers={"Authorization": f"Bearer {token['CliToken']}", "Content-Type": "text/plain"},
).json()
print(base64.b64decode(answer["stdout"]).decode())
"""
# As Amazon's page shows it: https://docs.aws.amazon.com/mwaa/latest/userguide/call-mwaa-apis-cli.html
SHELL = """
set -e
TOKEN=$(aws mwaa create-cli-token --name demo)
curl --silent --fail --request POST "https://$(jq -r .WebServerHostname <<<"$TOKEN")/aws_mwaa/cli" \
  --header "Authorization: Bearer $(jq -r .CliToken <<<"$TOKEN")" \
  --header "Content-Type: text/plain" --data-raw "version" | jq -r .stdout | base64 --decode
"""


def rows() -> Iterator[Row]:
    """Compare the three ways to run one command."""
    others = Path(os.environ["MWAA_ASYNC_AWS_CLIENTS"]) / "bin"
    ways = {
        "ours": [sys.executable, "-m", "mwaa_async", "run", "demo", "version"],
        "boto3": [str(others / "python"), "-c", BOTO3],
        "aws": ["bash", "-c", SHELL],
    }
    with emulator(), tempfile.TemporaryDirectory() as compiled:
        path = os.pathsep.join((str(others), os.environ["PATH"]))
        # Installed programs are compiled, too.
        environ = {**os.environ, "PATH": path, "PYTHONPYCACHEPREFIX": compiled}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        times = by_turns(ROUNDS, {name: partial(_seconds, way, environ) for name, way in ways.items()})
    what = "mwaa-async run ENV version, the whole process, against"
    yield Row(f"{what} aws, curl and jq", 0.75, median_ratio(times["ours"], times["aws"]))
    yield Row(f"{what} boto3 and requests", 1.3, median_ratio(times["ours"], times["boto3"]))


def _seconds(command: Sequence[str], environ: dict[str, str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, check=True, env=environ, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    assert "2.10.3" in done.stdout
    return seconds
