"""DynamoDB as npm's dynalite plays it: a program of other people than moto's, who read the same documentation.

It has no operation that sets a time to live.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.guards.dynamodb.server import TABLE, StartResponse
from tests.guards.redis.server import free_port

# Where tox installs it.
DIRECTORY = os.environ.get("MWAA_ASYNC_DYNALITE", "")
_LONGEST = 30  # seconds for an answer

BY_BOTH = pytest.mark.parametrize("empty_server", ["moto", "dynalite"], indirect=True)
"""Has a test run a second time, with dynalite."""


class Dynalite:
    """Dynalite's server, in a process."""

    sets_time_to_live = False

    def __init__(self) -> None:
        self._port = free_port()
        times = [word for name in ("create", "delete", "update") for word in (f"--{name}TableMs", "0")]
        self._process = subprocess.Popen(
            [*_program(), "--host", "127.0.0.1", "--port", str(self._port), *times], stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert b"listening" in self._process.stdout.readline()
        self._client: Any = boto3.client(
            "dynamodb",
            endpoint_url=f"http://127.0.0.1:{self._port}",
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def stop(self) -> None:
        self._client.close()
        self._process.kill()
        self._process.communicate()

    def forget(self) -> None:
        """Forget the table of the test before."""
        if TABLE in self._client.list_tables()["TableNames"]:
            self._client.delete_table(TableName=TABLE)
            while TABLE in self._client.list_tables()["TableNames"]:
                time.sleep(0.01)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Pass a request on, and its answer back."""
        headers = {
            name[5:].replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_") and name != "HTTP_CONNECTION"
        }
        headers["Content-Type"] = environ["CONTENT_TYPE"]
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_LONGEST)
        try:
            connection.request("POST", "/", body, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        kept = [(name, value) for name, value in answer.getheaders() if name != "Connection"]
        start_response(f"{answer.status} {answer.reason}", kept)
        return [content]


def _program() -> list[str]:
    """Return the words that run it; without node the test is skipped."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not there, and so no dynalite")
    program = Path(DIRECTORY, "node_modules/dynalite/cli.js")
    if not program.is_file():
        pytest.fail("dynalite is not installed (tox does that, and says where in MWAA_ASYNC_DYNALITE)")
    return [node, str(program)]
