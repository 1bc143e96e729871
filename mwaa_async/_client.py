"""The client: one for a program, with its credentials, its connections and its guard."""

import asyncio
import os
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from importlib import import_module
from inspect import iscoroutinefunction
from types import TracebackType
from typing import TYPE_CHECKING

from mwaa_async._airflow_version import Airflow
from mwaa_async._aws import Account, AwsOptions, CliTokenAnswer, MwaaApi, open_account
from mwaa_async._clock import check_seconds
from mwaa_async._environment import Environment
from mwaa_async._errors import EventLoopError, TokenError
from mwaa_async._guards import Guard, HostGuard, RestingGuard, queueing
from mwaa_async._identity import check_name
from mwaa_async._protocol.run_ids import RUN_ID_PATTERN, run_id_pattern
from mwaa_async._runner import Runner
from mwaa_async._transport.connections import Route, parse_address, parse_proxy

if TYPE_CHECKING:
    import aioboto3
    from aiobotocore.session import AioSession

    from mwaa_async._bulk.batch import OnError
    from mwaa_async._bulk.rows import CommandOutcome, CommandRequest, TriggerOutcome, TriggerRequest
    from mwaa_async._bulk.sources import Requests
    from mwaa_async._bulk.work import Kind, O, Q
    from mwaa_async._queue import CommandQueue
    from mwaa_async.events import Event


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait for what, in seconds."""

    command_timeout: float
    queue_timeout: float | None
    settle_time: float
    token_lifetime: float

    def __post_init__(self) -> None:
        for name in self.__slots__:
            check_seconds(name, getattr(self, name))
        if not self.command_timeout or not self.token_lifetime:
            raise ValueError("command_timeout and token_lifetime must be more than 0 seconds")


class MwaaClient:
    """Runs Airflow commands on MWAA environments, one at a time on each.

    Use it as `async with MwaaClient() as client:`, one for a program. Credentials, region, profile and endpoint come
    from where every AWS SDK takes them; `session` is an `aioboto3.Session` or an
    `aiobotocore.session.AioSession` of your own.

    `guard` says with whom the rule "one at a time" is shared (default: `HostGuard`, every process of this user on this
    host). With `retry_reads` a command that only reads is sent once more, after `settle_time`, when nobody knows
    whether it ran. With `allow_unlisted` commands are sent that MWAA does not list as offered.
    `allowed_run_id_pattern` is the environment's setting of that name in Airflow's section `[scheduler]`.

    Durations are in seconds: `command_timeout` is how long one request may be open, `queue_timeout` how long a command
    may wait for its turn (`None`: for ever), `settle_time` how long an environment is left alone after a command whose
    end could not be seen, and `token_lifetime` how long AWS lets a CLI token live.

    `proxy` is the way to the web servers (`http://…`, or `socks5h://…` with the extra `socks`); without it that is what
    `HTTPS_PROXY` and `NO_PROXY` say, as it is for AWS's API. `connect_to="host:port"` connects to another address than
    the web server's own, such as the end of an SSH tunnel (`-L`), a VPC endpoint or a load balancer: it is the TCP
    connection that goes there, with the web server's name in SNI, certificate check and `Host` unchanged, and no proxy.
    All environments of the client are connected to there, which is right only where they are behind that one address:
    otherwise take a client for each. `ssl_context` replaces the trust in the system's authorities.

    `on_event` is called with everything that happens (`mwaa_async.events`), in the event loop: it must not block. What
    it raises is logged, and no command fails for it.

    Raises `ValueError` for a duration that is negative or not a number, for what is no URL, address or pattern, and for
    `proxy` with `connect_to`; `TypeError` for an `on_event` that would have to be awaited; `ImportError` where the
    proxy needs the extra `socks`.
    """

    def __init__(
        self,
        *,
        session: "aioboto3.Session | AioSession | None" = None,
        region_name: str | None = None,
        profile_name: str | None = None,
        endpoint_url: str | None = None,
        guard: Guard | None = None,
        command_timeout: float = 120.0,
        queue_timeout: float | None = None,
        settle_time: float = 10.0,
        token_lifetime: float = 60.0,
        proxy: str | None = None,
        connect_to: str | None = None,
        ssl_context: ssl.SSLContext | None = None,
        retry_reads: bool = True,
        allow_unlisted: bool = False,
        allowed_run_id_pattern: str = RUN_ID_PATTERN,
        on_event: "Callable[[Event], None] | None" = None,
    ) -> None:
        if session is not None and profile_name is not None:
            raise ValueError("a session has its profile already: give either session or profile_name")
        if endpoint_url is not None and not endpoint_url.startswith(("http://", "https://")):
            raise ValueError(f"endpoint_url must be a URL, not {endpoint_url!r}")
        self._timing = Timing(command_timeout, queue_timeout, settle_time, token_lifetime)
        self._aws = AwsOptions(session, region_name, profile_name, endpoint_url, ssl_context)
        self._route = Route(
            None if proxy is None else parse_proxy(proxy), None if connect_to is None else parse_address(connect_to)
        )
        self._retry_reads = retry_reads
        self._allow_unlisted = allow_unlisted
        self._run_id_pattern = run_id_pattern(allowed_run_id_pattern)
        if iscoroutinefunction(on_event):
            raise TypeError("on_event is called, not awaited: it must not be a coroutine function")
        self._on_event = on_event
        self._guard = queueing(guard or HostGuard())
        self._environments: dict[str, Environment] = {}
        self._queues: dict[str, CommandQueue] = {}
        self._web_servers: dict[str, str] = {}
        self._account: Account | TokenError | None = None
        self._api: MwaaApi | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def environment(self, name: str, *, airflow_version: str | None = None) -> Environment:
        """Return the handle of an environment; the same name gives the same handle.

        With `airflow_version` ("2.10.3") nobody has to be asked for it, which otherwise needs the permission
        `airflow:GetEnvironment` or one more command. Raises `ValueError` where AWS would not accept the name, and for
        what is no version.
        """
        if name not in self._environments:
            self._environments[name] = Environment(self._new_runner(check_name(name)))
        if airflow_version is not None:
            self._environments[name].runner.airflow.set_version(airflow_version)
        return self._environments[name]

    def trigger_many(
        self,
        requests: "Requests[TriggerRequest]",
        *,
        journal: str | os.PathLike[str] | None = None,
        on_error: "OnError" = "continue",
        resume: bool = False,
        new_batch: bool = False,
    ) -> "AsyncGenerator[TriggerOutcome, None]":
        """Trigger a DAG run for each request, and yield the outcome of each as soon as it is known.

        `requests` is read as it is consumed. Environments go in parallel, each one run at a time. With
        `on_error="stop"` no more rows are begun after the first that is not triggered.

        With a `journal`, the path of a file, every row runs exactly once whatever happens: call it again with the same
        requests and the same journal, and rows that are finished are not sent again (their known outcomes are yielded),
        while the others are sent with the run ids that they had. Rows without a run id get one that depends on the
        journal and their number only. An outcome that is unknown is settled in the end, by sending the row again.

        A journal is of one batch. When all its rows are finished, `BatchFinishedError` is raised before any is read: a
        program that runs every night takes a journal for each night, or says what it wants. With `resume` it goes on
        with a journal that must be there, finished or not. With `new_batch` another batch begins, and the finished
        journal is kept under the name of its batch; one that is not finished is a `JournalError`.

        Raises `JournalError` where the journal cannot be used or is one of other requests, and `TypeError` for what is
        no `TriggerRequest`. What else goes wrong with a row is in its outcome.
        """
        from mwaa_async._bulk.dag_runs import DAG_RUNS

        return self._batch(DAG_RUNS, requests, journal, on_error, resume=resume, new_batch=new_batch)

    def run_many(
        self,
        commands: "Requests[CommandRequest]",
        *,
        journal: str | os.PathLike[str] | None = None,
        on_error: "OnError" = "continue",
        resume: bool = False,
        new_batch: bool = False,
    ) -> "AsyncGenerator[CommandOutcome, None]":
        """Run each command, and yield the outcome of each as soon as it is known.

        It is `trigger_many` for commands that are idempotent: those that read, and those that leave the same behind
        when they run twice (`variables set`, `dags pause` …). Any other is not sent, and its outcome says what to use
        in its place. The same command may be there twice.

        With a `journal`, commands that are done are not sent again by another call with the same commands and the same
        journal; what they printed is not kept. It has no value of a variable or connection, but tells whether one has
        changed. Without one, the same call sends all of them again, which does no harm.

        Everything else, `on_error`, `resume` and `new_batch` too, is as with `trigger_many`. Raises `JournalError`, as
        `BatchFinishedError` where all commands are done, and `TypeError` for what is no `CommandRequest`.
        """
        from mwaa_async._bulk.actions import COMMANDS

        return self._batch(COMMANDS, commands, journal, on_error, resume=resume, new_batch=new_batch)

    async def _batch(
        self,
        kind: "Kind[Q, O]",
        requests: "Requests[Q]",
        journal: str | os.PathLike[str] | None,
        on_error: "OnError",
        *,
        resume: bool,
        new_batch: bool,
    ) -> "AsyncGenerator[O, None]":
        from mwaa_async._bulk.batch import Batch
        from mwaa_async._bulk.sources import source_of
        from mwaa_async._bulk.writer import opened_journal

        if (resume or new_batch) and (journal is None or (resume and new_batch)):
            raise ValueError("resume and new_batch say what to do with a journal: give one, and one of them")
        source, opened = source_of(requests, kind), None
        if journal is not None:
            opened = await opened_journal(journal, kind.layout, resume=resume, new_batch=new_batch)
        try:
            async with aclosing(Batch(self.environment, kind, opened, on_error).outcomes(source)) as outcomes:
                async for outcome in outcomes:
                    yield outcome
        finally:
            if opened is not None:
                opened.close()

    async def __aenter__(self) -> "MwaaClient":
        if self._account is not None:
            raise RuntimeError("this MwaaClient is or was in use already; make a new one")
        self._loop = asyncio.get_running_loop()
        try:
            # Of the modules that the first queue needs, regular expressions among them, many milliseconds go by while
            # OpenSSL is busy.
            account, _ = await asyncio.gather(
                open_account(self._aws), asyncio.to_thread(import_module, "mwaa_async._queue")
            )
        except TokenError as error:
            self._account = error  # raised to whoever runs a command, like everything else that AWS lacks
        else:
            self._account, self._api = account, MwaaApi(account)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the client; it waits for what is on the wire, at most `settle_time`.

        Raises `EventLoopError` in another event loop than the client's, unless that one is closed.
        """
        if self._loop is not None and asyncio.get_running_loop() is not self._loop:
            self._leave_behind(self._loop)
            return
        closing = asyncio.create_task(self._close(), name="mwaa_async: close the client")
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:
            # Cancelled or not: nothing may stay open. Every step of closing ends by itself.
            from anyio import CancelScope  # which takes as long to import as everything else takes to close

            with CancelScope(shield=True):
                await asyncio.wait([closing])
            raise

    def _leave_behind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close what a closed event loop has left: nothing goes on there, and nothing can be waited for."""
        if not loop.is_closed():
            raise EventLoopError(
                "this MwaaClient was opened in another event loop, to which its connections belong, and can be closed "
                "there only; nothing was closed"
            )
        self._account = TokenError("the client was closed, as its event loop")
        self._api = None

    async def _close(self) -> None:
        waits = (environment.runner.airflow.aclose() for environment in self._environments.values())
        await asyncio.gather(*(queue.aclose() for queue in self._queues.values()), *waits)
        if isinstance(self._guard, RestingGuard):
            await self._guard.rest()
        if self._api is not None:
            await self._api.aclose()
        self._account = self._account or TokenError("the client was closed before it was opened")
        self._api = None

    def _new_runner(self, environment: str) -> Runner:
        airflow = Airflow(environment, lambda: self._version_from_aws(environment), allow_unlisted=self._allow_unlisted)
        return Runner(
            environment,
            airflow,
            lambda: self._queue(environment, airflow),
            queue_timeout=self._timing.queue_timeout,
            retry_reads=self._retry_reads,
            run_id_pattern=self._run_id_pattern,
            web_server=lambda: self._web_servers.get(environment),
        )

    async def _version_from_aws(self, environment: str) -> str:
        if self._api is None:
            raise TokenError("the client is closed")
        return str((await self._api.get_environment(environment)).get("AirflowVersion"))

    def _queue(self, environment: str, airflow: Airflow) -> "CommandQueue":
        """Return the environment's queue. Synchronous, so that commands queue in the order in which they are asked."""
        if isinstance(self._account, TokenError):
            raise type(self._account)(f"{environment}: {self._account}", environment=environment)
        if self._account is None or self._api is None:
            raise RuntimeError(
                "the MwaaClient is not open, or not any more: use it inside of 'async with MwaaClient() as client:'"
            )
        if asyncio.get_running_loop() is not self._loop:
            raise EventLoopError(
                f"{environment}: this MwaaClient was opened in another event loop, to which its connections belong; "
                "nothing was sent. Open one client in each event loop, or run everything in one loop "
                "(asyncio.Runner, which AWS Lambda can keep from one invocation to the next)",
                environment=environment,
            )
        if environment not in self._queues:
            self._queues[environment] = self._new_queue(self._account, self._api, airflow, environment)
        return self._queues[environment]

    def _new_queue(self, account: Account, api: MwaaApi, airflow: Airflow, environment: str) -> "CommandQueue":
        from mwaa_async._execution import Execution
        from mwaa_async._protocol.endpoint import first_path
        from mwaa_async._queue import CommandQueue
        from mwaa_async._reporting import Reporter
        from mwaa_async._tokens import Tokens
        from mwaa_async._transport.web_server import WebServer
        from mwaa_async._waiting import Waiting

        async def fetch() -> CliTokenAnswer:
            answer = await api.create_cli_token(environment)
            self._web_servers[environment] = answer.hostname
            return answer

        identity, report = account.identity(environment), Reporter(environment, self._on_event)
        waiting = Waiting(identity, self._guard, report)
        tokens = Tokens(
            fetch,
            self._timing.token_lifetime,
            wanted_next=lambda: queue.has_next,
            report=report,
        )
        execution = Execution(
            environment,
            tokens=tokens,
            web_server=WebServer(
                timeout=self._timing.command_timeout, ssl_context=account.ssl_context, route=self._route
            ),
            settle_time=self._timing.settle_time,
            find_version=airflow.get_ready,
            check=airflow.check,
            first_path=lambda: first_path(airflow.version),
            waiting=waiting,
            report=report,
        )
        queue = CommandQueue(
            identity,
            guard=self._guard,
            execution=execution,
            settle_time=self._timing.settle_time,
            waiting=waiting,
            report=report,
        )
        return queue

    def __repr__(self) -> str:
        state = "open" if self._api else "not open"
        return f"<MwaaClient [{state}, {len(self._queues)} environments, {self._guard!r}]>"
