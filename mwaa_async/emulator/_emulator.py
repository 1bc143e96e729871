"""The emulator: starts and stops the servers, and says how to reach them."""

import os
import shutil
import ssl
import tempfile
import weakref
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypedDict

from aiohttp import web
from anyio import to_thread

from mwaa_async._identity import check_name
from mwaa_async.emulator._certificates import Certificates, make_certificates
from mwaa_async.emulator._environment import Airflow, Behaviour, EmulatedEnvironment, ResettableAirflow
from mwaa_async.emulator._faults import Faults, check_seconds
from mwaa_async.emulator._records import CommandRecord, TokenRecord
from mwaa_async.emulator._server_thread import Done, ServerThread
from mwaa_async.emulator._signature import ACCESS_KEY, SECRET_KEY
from mwaa_async.emulator._token_api import token_api
from mwaa_async.emulator._web_server import web_server
from mwaa_async.emulator.airflow import DAGS, EmbeddedAirflow, MwaaLogs, logs_of

if TYPE_CHECKING:
    from aiobotocore.session import AioSession

_HOST = "127.0.0.1"
_SHUTDOWN = 0.5  # seconds for requests that are still open when the emulator ends

# They would lead an AWS client away from the emulator's own credentials, and this project's from the emulator.
MISLEADING_VARIABLES = (
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
    *("MWAA_ASYNC_REGION", "MWAA_ASYNC_PROFILE", "MWAA_ASYNC_ENDPOINT_URL"),
    *("MWAA_ASYNC_PROXY", "MWAA_ASYNC_CONNECT_TO"),
)


class ClientOptions(TypedDict):
    """Arguments of `MwaaClient`, by which it finds an emulator and trusts its certificate."""

    session: "AioSession"
    endpoint_url: str
    ssl_context: ssl.SSLContext


class Emulator:
    """A local MWAA on loopback: `async with Emulator(environments=["demo"], airflow="2.10.3") as emulator:`.

    It serves in the event loop that runs. `with Emulator() as emulator:` serves in a thread with an event loop of its
    own, whether one runs here or not, until the end of the block. Methods that
    return an awaitable have to be awaited in the former, and may be in the latter, where they are done on return.

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
        self.faults = Faults()
        self.region = region
        self._port = port
        self._token_time = token_time
        self._clock_offset = clock_offset
        self._failed_status = failed_status
        self._redirect_location = redirect_location
        self._airflow = airflow
        self._dags = tuple(dags)
        self._mwaa_logs = mwaa_logs
        self._behaviour = Behaviour(token_lifetime, single_use_tokens, command_time, refused_commands)
        self._environments: dict[str, EmulatedEnvironment] = {}
        self._issued: dict[str, TokenRecord] = {}
        self._pid = os.getpid()
        self._begin({check_name(name): "" for name in environments})
        self._web_servers: dict[str, web.AppRunner] = {}
        self._resources = AsyncExitStack()
        self._certificates: Certificates | None = None
        self._thread: ServerThread | None = None
        self.endpoint_url = ""

    @property
    def commands(self) -> list[CommandRecord]:
        """Return the records of the commands that Airflow was given, in their order."""
        self._check_process()
        return self._commands

    @property
    def tokens(self) -> list[TokenRecord]:
        """Return the records of the CLI tokens that were issued, in their order."""
        self._check_process()
        return self._tokens

    def max_running(self, environment: str) -> int:
        """Return how many commands of an environment were running at the same time, at most."""
        return self._emulated(environment).record.max_running

    def connections(self, environment: str) -> int:
        """Return over how many TCP connections an environment's commands came."""
        return len(self._emulated(environment).record.connections)

    def redirects(self, environment: str) -> int:
        """Return how many of an environment's requests were redirected, which runs nothing and spends no token."""
        return self._emulated(environment).record.redirects

    @property
    def descriptions(self) -> int:
        """Return how often `GetEnvironment` was called for one of the environments."""
        return sum(self._emulated(name).record.descriptions for name in self._environments)

    def airflow(self, environment: str) -> Airflow:
        """Return the Airflow of an environment; after a reset it is another one, where it is in memory."""
        return self._emulated(environment).airflow

    def web_server_url(self, environment: str) -> str:
        """Return where the web server of an environment is."""
        return f"https://{self._emulated(environment).hostname}"

    def reset(self) -> Awaitable[None]:
        """Make everything as it was in the beginning: no faults, nothing recorded, web servers up, a new Airflow.

        Addresses, connections and tokens stay valid, so that a client may go on. A command that is running takes no
        more of its `command_time`, or of a fault's time: it is run by the Airflow of before, answered, and recorded in
        the lists of before. An `airflow` that was given as an object is asked to `reset`, where it can: an
        `AirflowBinary` cannot, its DAGs, runs and variables stay. Raises `RuntimeError` where the emulator is not
        running.
        """
        return self._in_servers(self._reset)

    def finish_commands(self) -> Awaitable[None]:
        """Let no command that is running take any more of its `command_time`, or of a fault's: it is answered now."""
        return self._in_servers(self._finish_commands)

    def stop_web_server(self, environment: str) -> Awaitable[None]:
        """Make the web server of an environment go away: its connections end and new ones are refused."""
        return self._in_servers(self._stop_web_server, environment)

    def start_web_server(self, environment: str) -> Awaitable[None]:
        """Make the web server of an environment come (back), on the port that it had."""
        return self._in_servers(self._start_web_server, environment)

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

    def __enter__(self) -> Self:
        self._thread = ServerThread(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        thread, self._thread = self._thread, None
        # Where a forked process leaves the block, the servers are still those of the process that it comes from.
        if thread is not None and self._pid == os.getpid():
            thread.close()

    async def __aenter__(self) -> Self:
        if self._certificates is not None:
            raise RuntimeError("this emulator is running already; make another one")
        self._pid = os.getpid()
        directory = tempfile.mkdtemp(prefix="mwaa-async-emulator-")
        self._resources.callback(weakref.finalize(self, _remove, directory, self._pid))
        self._certificates = await to_thread.run_sync(make_certificates, Path(directory))
        self._resources.push_async_callback(self._stop_web_servers)
        try:
            await self._start()
        except BaseException:
            self._certificates = None
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
            await self._start_web_server(name)
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
            await self._stop_web_server(name)

    async def _stop_web_server(self, environment: str) -> None:
        await self._web_servers.pop(environment).cleanup()

    async def _start_web_server(self, environment: str) -> None:
        emulated = self._environments[environment]
        application = web_server(
            lambda: self._environments[environment],
            self.faults,
            failed_status=self._failed_status,
            redirect_location=self._redirect_location,
        )
        port = int(emulated.hostname.rpartition(":")[2] or 0)
        runner = self._web_servers[environment] = await self._serve(application, port)
        emulated.hostname = f"{_HOST}:{runner.addresses[0][1]}"

    async def _finish_commands(self) -> None:
        for environment in self._environments.values():
            environment.hurry()

    async def _reset(self) -> None:
        before = list(self._environments.values())
        if isinstance(self._airflow, ResettableAirflow):
            self._airflow.reset()
        self.faults.clear()
        self._begin({environment.name: environment.hostname for environment in before})
        for environment in before:
            environment.end()
        for name in self._environments.keys() - self._web_servers.keys():
            await self._start_web_server(name)

    def _begin(self, hostnames: Mapping[str, str]) -> None:
        """Have all environments, at these addresses, as they are in the beginning."""
        self._commands: list[CommandRecord] = []
        self._tokens: list[TokenRecord] = []
        for name, hostname in hostnames.items():
            self._environments[name] = EmulatedEnvironment(
                name,
                self._new_airflow(),
                self._behaviour,
                commands=self._commands,
                tokens=self._tokens,
                issued=self._issued,
                hostname=hostname,
            )

    def _new_airflow(self) -> Airflow:
        if not isinstance(self._airflow, str):
            return self._airflow
        return EmbeddedAirflow(self._airflow, dags=self._dags, mwaa_logs=logs_of(self._airflow, self._mwaa_logs))

    def _in_servers(self, function: Callable[..., Coroutine[Any, Any, None]], *arguments: str) -> Awaitable[None]:
        self._check_process()
        self._running()
        if self._thread is None:
            return function(*arguments)
        self._thread.call(function, *arguments)
        return Done()

    def _emulated(self, environment: str) -> EmulatedEnvironment:
        self._check_process()
        return self._environments[environment]

    def _check_process(self) -> None:
        if self._pid != os.getpid():
            raise RuntimeError(
                "the emulator runs in the process from which this one was forked, and only there it can be asked and "
                "told something; `environ()` and `client_options()` lead to it from here, too"
            )

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
            raise RuntimeError(
                "the emulator is not running: use it inside of 'with Emulator() as emulator:', or 'async with'"
            )
        return self._certificates

    def __repr__(self) -> str:
        return f"<Emulator {self.endpoint_url or 'not running'} [{', '.join(self._environments)}]>"


def _remove(directory: str, pid: int) -> None:
    # A forked process ends with the finalizers of the one that it comes from.
    if pid == os.getpid():
        shutil.rmtree(directory, ignore_errors=True)
