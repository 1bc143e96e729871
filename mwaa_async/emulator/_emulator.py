"""The emulator: starts and stops the servers, and says how to reach them."""

import os
import ssl
import tempfile
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypedDict

from aiohttp import web
from anyio import to_thread

from mwaa_async._identity import check_name
from mwaa_async.emulator._certificates import Certificates, make_certificates
from mwaa_async.emulator._environment import Airflow, EmulatedEnvironment
from mwaa_async.emulator._faults import Faults, check_seconds
from mwaa_async.emulator._records import CommandRecord, TokenRecord
from mwaa_async.emulator._signature import ACCESS_KEY, SECRET_KEY
from mwaa_async.emulator._token_api import token_api
from mwaa_async.emulator._web_server import web_server
from mwaa_async.emulator.airflow import DAGS, EmbeddedAirflow, MwaaLogs, logs_of

if TYPE_CHECKING:
    from aiobotocore.session import AioSession

_HOST = "127.0.0.1"
_SHUTDOWN = 0.5  # seconds for requests that are still open when the emulator ends


class ClientOptions(TypedDict):
    """Arguments of `MwaaClient`, by which it finds an emulator and trusts its certificate."""

    session: "AioSession"
    endpoint_url: str
    ssl_context: ssl.SSLContext


class Emulator:
    """A local MWAA on loopback: `async with Emulator(environments=["demo"], airflow="2.10.3") as emulator:`.

    `airflow` is the version of an Airflow in memory, with the DAGs `dags`, or an `AirflowBinary`, or a
    `RecordedAirflow`; any other object with `version` and `execute` does, too. A DAG is its id, after which may stand
    that it is paused, or that its runs fail: `dags=["etl", "new:paused", "broken:fails"]`. `port` is the token API's
    (0: any free one); every environment's web server has a port of its own.

    The Airflow in memory prints the lines of MWAA's own logging set-up as the real service does: from 2.9.2 on, those
    of a new environment. `mwaa_logs` has them printed (`True`) or not (`False`) by any version, or says which: an
    `MwaaLogs`. What any other Airflow prints stays as it is.

    The service can be made to behave as one of the ways that are possible: `failed_status` (200 or 400) answers
    commands that Airflow fails, tokens live for `token_lifetime` seconds and are taken once only with
    `single_use_tokens`, and every token takes `token_time` and every command `command_time` seconds. On Airflow 3 the
    address without a slash at its end is answered with 307 to `redirect_location`, in which `{host}` is the web
    server's own name and port: `"/aws_mwaa/cli/"` is the relative one, and any other is possible too. Commands that
    begin with the words of one of `refused_commands` (`"dags report"`) are answered with 403, whatever the token.
    AWS's clock is `clock_offset` seconds ahead of this machine's; signatures of another time than the last and the next
    five minutes are refused.

    `commands` and `tokens` record what was run and issued; `faults` is a script of what goes wrong next.
    """

    def __init__(
        self,
        environments: Sequence[str] = ("demo",),
        airflow: str | Airflow = "2.10.3",
        *,
        dags: Sequence[str] = DAGS,
        mwaa_logs: bool | MwaaLogs | None = None,
        port: int = 0,
        region: str = "us-east-1",
        failed_status: int = 200,
        token_lifetime: float = 60.0,
        single_use_tokens: bool = False,
        token_time: float = 0.0,
        command_time: float = 0.0,
        redirect_location: str = "https://{host}/aws_mwaa/cli/",
        refused_commands: Collection[str] = (),
        clock_offset: float = 0.0,
    ) -> None:
        if failed_status not in (200, 400):
            raise ValueError("failed_status is 200 or 400")
        if mwaa_logs and not isinstance(airflow, str):
            raise ValueError(
                "mwaa_logs is for an Airflow in memory, given by its version; others print what they print"
            )
        if twice := [name for name, times in Counter(environments).items() if times > 1]:
            raise ValueError(f"the environment {twice[0]!r} is given twice")
        check_seconds(token_time)
        check_seconds(command_time)
        self.commands: list[CommandRecord] = []
        self.tokens: list[TokenRecord] = []
        self.faults = Faults()
        self.region = region
        self._port = port
        self._token_time = token_time
        self._clock_offset = clock_offset
        self._failed_status = failed_status
        self._redirect_location = redirect_location
        self._environments = {
            check_name(name): EmulatedEnvironment(
                name,
                _in_memory(airflow, dags, mwaa_logs) if isinstance(airflow, str) else airflow,
                commands=self.commands,
                tokens=self.tokens,
                token_lifetime=token_lifetime,
                single_use_tokens=single_use_tokens,
                command_time=command_time,
                refused_commands=refused_commands,
            )
            for name in environments
        }
        self._web_servers: dict[str, web.AppRunner] = {}
        self._resources = AsyncExitStack()
        self._certificates: Certificates | None = None
        self.endpoint_url = ""

    def max_running(self, environment: str) -> int:
        """Return how many commands of an environment were running at the same time, at most."""
        return self._environments[environment].record.max_running

    def connections(self, environment: str) -> int:
        """Return over how many TCP connections an environment's commands came."""
        return len(self._environments[environment].record.connections)

    def redirects(self, environment: str) -> int:
        """Return how many of an environment's requests were redirected, which runs nothing and spends no token."""
        return self._environments[environment].record.redirects

    @property
    def descriptions(self) -> int:
        """Return how often `GetEnvironment` was called for one of the environments."""
        return sum(environment.record.descriptions for environment in self._environments.values())

    def airflow(self, environment: str) -> Airflow:
        """Return the Airflow of an environment."""
        return self._environments[environment].airflow

    def web_server_url(self, environment: str) -> str:
        """Return where the web server of an environment is."""
        return f"https://{self._environments[environment].hostname}"

    async def stop_web_server(self, environment: str) -> None:
        """Make the web server of an environment go away: its connections end and new ones are refused."""
        await self._web_servers.pop(environment).cleanup()

    async def start_web_server(self, environment: str) -> None:
        """Make the web server of an environment come (back), on the port that it had."""
        emulated = self._environments[environment]
        application = web_server(
            emulated, self.faults, failed_status=self._failed_status, redirect_location=self._redirect_location
        )
        port = int(emulated.hostname.rpartition(":")[2] or 0)
        runner = self._web_servers[environment] = await self._serve(application, port)
        emulated.hostname = f"{_HOST}:{runner.addresses[0][1]}"

    def environ(self) -> dict[str, str]:
        """Return the environment variables that lead any AWS client, and curl, to this emulator."""
        bundle = str(self._running().bundle)
        direct = ",".join(filter(None, [os.environ.get("NO_PROXY", os.environ.get("no_proxy")), _HOST, "localhost"]))
        return {
            "AWS_ENDPOINT_URL_MWAA": self.endpoint_url,
            "AWS_ENDPOINT_URL_STS": self.endpoint_url,
            # The operations' host prefixes ("env.", "api.") name nothing before this endpoint.
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            **dict.fromkeys(("AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), bundle),
            "NODE_EXTRA_CA_CERTS": bundle,
            "NO_PROXY": direct,
            "no_proxy": direct,
        }

    def client_options(self) -> ClientOptions:
        """Return the arguments that lead a client to this emulator: `MwaaClient(**emulator.client_options())`."""
        from aiobotocore.session import AioSession

        session = AioSession()
        session.set_credentials(ACCESS_KEY, SECRET_KEY)
        session.set_config_variable("region", self.region)
        return {"session": session, "endpoint_url": self.endpoint_url, "ssl_context": self._running().client}

    async def __aenter__(self) -> Self:
        directory = self._resources.enter_context(tempfile.TemporaryDirectory(prefix="mwaa-async-emulator-"))
        self._certificates = await to_thread.run_sync(make_certificates, Path(directory))
        self._resources.push_async_callback(self._stop_web_servers)
        try:
            await self._start()
        except BaseException:
            await self._resources.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._certificates = None
        await self._resources.aclose()

    async def _start(self) -> None:
        for name in self._environments:
            await self.start_web_server(name)
        api = token_api(
            self._environments,
            self.faults,
            region=self.region,
            token_time=self._token_time,
            clock_offset=self._clock_offset,
        )
        runner = await self._serve(api, self._port)
        self._resources.push_async_callback(runner.cleanup)
        self.endpoint_url = f"https://{_HOST}:{runner.addresses[0][1]}"

    async def _stop_web_servers(self) -> None:
        for name in list(self._web_servers):
            await self.stop_web_server(name)

    async def _serve(self, application: web.Application, port: int) -> web.AppRunner:
        # No access log: nobody reads it, and it would be the one place where a URL is written down.
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN)
        await runner.setup()
        try:
            await web.TCPSite(runner, _HOST, port, ssl_context=self._running().server).start()
        except BaseException:
            await runner.cleanup()
            raise
        return runner

    def _running(self) -> Certificates:
        if self._certificates is None:
            raise RuntimeError("the emulator is not running: use it as 'async with Emulator() as emulator:'")
        return self._certificates

    def __repr__(self) -> str:
        return f"<Emulator {self.endpoint_url or 'not running'} [{', '.join(self._environments)}]>"


def _in_memory(version: str, dags: Sequence[str], mwaa_logs: bool | MwaaLogs | None) -> EmbeddedAirflow:
    return EmbeddedAirflow(version, dags=dags, mwaa_logs=logs_of(version, mwaa_logs))
