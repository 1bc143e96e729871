"""AWS's side: credentials, region and endpoint as every AWS SDK finds them, and the token API."""

import asyncio
import logging
import os
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from mwaa_async._aws_errors import Refusal, RefusedError, refusal_of, token_error
from mwaa_async._clock import now
from mwaa_async._errors import TokenError
from mwaa_async._identity import EnvironmentId, own_endpoint
from mwaa_async._protocol.aws_answers import UnusableAnswerError, read_description, read_page, read_token
from mwaa_async._transport.connections import connector, proxy_of_variable
from mwaa_async._transport.trust import default_ssl_context, with_bundle
from mwaa_async._version import __version__

if TYPE_CHECKING:
    import aioboto3
    from aiobotocore.session import AioSession
    from aiohttp import BaseConnector

PERMISSIONS = {
    "create_cli_token": "airflow:CreateCliToken",
    "get_environment": "airflow:GetEnvironment",
    "list_environments": "airflow:ListEnvironments",
}
# MWAA's own, that of a guard, and those that credentials come from (botocore's credentials.py and tokens.py).
_SERVICES = ["mwaa", "dynamodb", "signin", "sso", "sso-oidc", "sts"]
T = TypeVar("T")
# aiobotocore writes into loggers of botocore's, too.
_TELLING = ("botocore.auth", "botocore.endpoint", "botocore.httpsession", "aiobotocore.endpoint")


@dataclass(frozen=True, slots=True)
class AwsOptions:
    """What the user said about AWS; the rest comes from the environment, as in every AWS SDK."""

    session: "aioboto3.Session | AioSession | None" = None
    region_name: str | None = None
    profile_name: str | None = None
    endpoint_url: str | None = None
    ssl_context: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class CliTokenAnswer:
    """What `CreateCliToken` answers to who asked at that moment; the token is a secret and never shown."""

    token: str = field(repr=False)
    hostname: str
    asked_at: float


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS session with everything about it that is known before the first request."""

    session: "AioSession"
    partition: str
    region: str
    endpoint_url: str
    is_custom_endpoint: bool
    ssl_context: ssl.SSLContext

    def identity(self, environment: str) -> EnvironmentId:
        """Return who the environment of this name is."""
        endpoint = own_endpoint(self.endpoint_url) if self.is_custom_endpoint else None
        return EnvironmentId(self.partition, self.region, environment, endpoint)


async def open_account(options: AwsOptions) -> Account:
    """Find credentials' source, region, endpoint and trust. Raises `TokenError` where one is missing."""
    # Importing aiobotocore and reading its data files takes a third of a second, during which the event loop goes on,
    # and OpenSSL reads the system's authorities.
    authorities, session = await asyncio.gather(
        asyncio.to_thread(lambda: options.ssl_context or default_ssl_context()), asyncio.to_thread(_session, options)
    )
    return await asyncio.to_thread(_open_account, options, session, authorities)


def _session(options: AwsOptions) -> "AioSession":
    with _errors_of_the_sdk():
        return _new_session(options) if options.session is None else _sdk_session(options.session)


def _open_account(options: AwsOptions, session: "AioSession", authorities: ssl.SSLContext) -> Account:
    with _errors_of_the_sdk():
        return asyncio.run(_account(options, session, authorities))


@contextmanager
def _errors_of_the_sdk() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError

    try:
        yield
    except BotoCoreError as error:
        raise token_error(refusal_of(error)) from error
    except ValueError as error:
        raise TokenError(f"AWS's SDK cannot be set up: {error}") from error
    except OSError as error:
        raise TokenError(f"the certificates in AWS_CA_BUNDLE cannot be used: {error}") from error


def _new_session(options: AwsOptions) -> "AioSession":
    from aiobotocore.session import AioSession

    session = AioSession(profile=options.profile_name)
    # Otherwise it looks through the directories of all 400 services, twice, to see whether there is this one.
    session.get_component("data_loader").list_available_services = lambda type_name: _SERVICES
    # Python's SDK reads AWS_DEFAULT_REGION only; AWS_REGION is what every other one reads.
    if region := options.region_name or os.environ.get("AWS_REGION"):
        session.set_config_variable("region", region)
    return session


def _sdk_session(session: "aioboto3.Session | AioSession") -> "AioSession":
    # aioboto3 wraps aiobotocore's, and shows neither its configuration nor its clients' options otherwise.
    return getattr(session, "_session", session)


async def _account(options: AwsOptions, session: "AioSession", authorities: ssl.SSLContext) -> Account:
    from botocore.exceptions import NoRegionError

    # A variable that is set to nothing, as compose files do, hides the profile's region from the SDK.
    region = options.region_name or session.get_config_variable("region") or session.get_scoped_config().get("region")
    if not region:
        raise NoRegionError
    bundle = None if options.ssl_context else session.get_config_variable("ca_bundle")
    ssl_context, chosen, awss_own = await asyncio.gather(
        asyncio.to_thread(with_bundle, authorities, bundle),
        _meta(session, region, options.endpoint_url),
        _meta(session, region, None, ignore_configured_endpoint_urls=True),
    )
    return Account(
        session=session,
        partition=chosen.partition,
        region=chosen.region_name,
        endpoint_url=chosen.endpoint_url,
        is_custom_endpoint=chosen.endpoint_url != awss_own.endpoint_url,
        ssl_context=ssl_context,
    )


async def _meta(session: "AioSession", region: str | None, endpoint_url: str | None, **config: bool) -> Any:
    """Return what the SDK makes of region and endpoint."""
    from aiobotocore.config import AioConfig

    # Made only to be asked, so it gets credentials that nobody has to look for.
    async with session.create_client(
        "mwaa",
        region_name=region,
        endpoint_url=endpoint_url,
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
        config=AioConfig(**config),
    ) as client:
        return client.meta


@dataclass(frozen=True, slots=True)
class Caller:
    """Who AWS says that calls, or why it does not say so.

    `method` is where the SDK found the credentials, if it found any, and `answered_at` the header `Date` of AWS's
    answer, where there was one.
    """

    method: str | None = None
    arn: str | None = None
    refusal: Refusal | None = None
    answered_at: str | None = None


async def find_caller(account: Account, timeout: float) -> Caller:
    """Ask who calls, within `timeout` seconds for each step, which needs no permission.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    method: str | None = None
    try:
        credentials = await account.session.get_credentials()
        method = getattr(credentials, "method", None)
        async with AsyncExitStack() as resources:
            try:
                sts = await resources.enter_async_context(aws_client(account, "sts", timeout=timeout))
            except (ValueError, ImportError) as error:
                return Caller(method, refusal=_no_way(error))
            answer = await sts.get_caller_identity()
        return Caller(method, str(answer.get("Arn")), answered_at=_date(answer))
    except Exception as error:  # noqa: BLE001  # as of every call of the SDK's
        return Caller(method, refusal=refusal_of(error), answered_at=_date(getattr(error, "response", {})))


def _no_way(error: Exception) -> Refusal:
    """Say that a proxy of the environment variables cannot be used."""
    return Refusal("unreachable", "", f"no way to AWS: {error}", "look at HTTPS_PROXY, ALL_PROXY and NO_PROXY")


def _date(answer: Mapping[str, Any]) -> str | None:
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return None if date is None else str(date)


class MwaaApi:
    """MWAA's API, as one account may call it: an AWS client that is made when first needed and lives until `aclose`.

    With a `timeout` every step of a call may take that many seconds, and none is tried again.
    """

    def __init__(self, account: Account, timeout: float | None = None) -> None:
        self._account = account
        self._timeout = timeout
        self._resources = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._client: Any = None

    async def create_cli_token(self, environment: str) -> CliTokenAnswer:
        """Ask for a CLI token. Raises `TokenError`.

        https://docs.aws.amazon.com/mwaa/latest/API/API_CreateCliToken.html
        """
        (token, hostname), asked_at = await self._call("create_cli_token", read_token, environment, Name=environment)
        return CliTokenAnswer(token, hostname, asked_at)

    async def get_environment(self, environment: str) -> dict[str, Any]:
        """Return what AWS knows of an environment. Raises `TokenError`.

        https://docs.aws.amazon.com/mwaa/latest/API/API_GetEnvironment.html
        """
        description, _ = await self._call("get_environment", read_description, environment, Name=environment)
        return description

    async def list_environments(self) -> list[str]:
        """Return the names of the environments in the account's region. Raises `TokenError`.

        https://docs.aws.amazon.com/mwaa/latest/API/API_ListEnvironments.html
        """
        page, _ = await self._call("list_environments", read_page, None)
        names = page.names
        while page.next_token:
            page, _ = await self._call("list_environments", read_page, None, NextToken=page.next_token)
            names += page.names
        return names

    async def aclose(self) -> None:
        """Close the AWS client's connections."""
        await self._resources.aclose()

    async def ask(self, operation: str, read: Callable[[object], T], **arguments: str) -> tuple[T, float]:
        """Return what `read` makes of the answer, and when AWS was asked: making the AWS client is none of that time.

        Raises `RefusedError` for whatever AWS answers and its SDK raises.
        """
        try:
            client = self._client or await self._open()
        except (ValueError, ImportError) as error:
            raise RefusedError(_no_way(error)) from None
        asked_at = now()
        try:
            return read(await getattr(client, operation)(**arguments)), asked_at
        except UnusableAnswerError as error:
            raise RefusedError(Refusal("unusable", "", str(error))) from None
        except Exception as error:  # noqa: BLE001  # its parser takes an answer for granted, and fails in many ways
            raise RefusedError(refusal_of(error)) from None

    async def _call(
        self, operation: str, read: Callable[[object], T], environment: str | None, **arguments: str
    ) -> tuple[T, float]:
        try:
            return await self.ask(operation, read, **arguments)
        except RefusedError as error:
            raise token_error(error.refusal, environment, PERMISSIONS[operation]) from None

    async def _open(self) -> Any:
        async with self._opening:
            if self._client is None:
                self._client = await self._resources.enter_async_context(
                    aws_client(self._account, "mwaa", self._account.endpoint_url, self._timeout)
                )
        return self._client


def aws_client(account: Account, service: str, endpoint_url: str | None = None, timeout: float | None = None) -> Any:
    """Return an AWS client of the account, to be entered; without `endpoint_url` where the SDK finds the service.

    With a `timeout` every step of a call may take that many seconds, and none is tried again.
    """
    from aiobotocore.config import AioConfig
    from aiobotocore.httpsession import AIOHTTPSession

    scheme = urlsplit(endpoint_url or "https:").scheme

    class VerifyingSession(AIOHTTPSession):  # type: ignore[misc]  # aiobotocore is not annotated
        # botocore takes every proxy for an HTTP proxy. `proxies` is empty where NO_PROXY says so.
        def __init__(self, *, proxies: Mapping[str, str], **settings: Any) -> None:
            proxy = proxy_of_variable(f"{scheme.upper()}_PROXY", proxies.get(scheme))
            self._socks = proxy if proxy is not None and proxy.is_socks else None
            super().__init__(proxies={} if self._socks else proxies, **settings)

        # aiobotocore turns verification off where a proxy is used, and knows certifi's authorities only.
        def _create_connector(self, proxy_url: str | None) -> "BaseConnector | Awaitable[BaseConnector]":
            made = connector(account.ssl_context, self._socks, limit=self._max_pool_connections)
            # A coroutine since https://github.com/aio-libs/aiobotocore/issues/1469
            return _soon(made) if iscoroutinefunction(AIOHTTPSession._create_connector) else made  # noqa: SLF001

    _silence_token_dumps()
    options: dict[str, Any] = {}
    if account.is_custom_endpoint:
        # A host prefix ("env.") belongs to AWS's own host names; before a custom endpoint it names nothing.
        options["inject_host_prefix"] = False
    if timeout is not None:
        options |= {"connect_timeout": timeout, "read_timeout": timeout, "retries": {"total_max_attempts": 1}}
    config = AioConfig(http_session_cls=VerifyingSession, user_agent_extra=f"mwaa-async/{__version__}", **options)
    return account.session.create_client(service, region_name=account.region, endpoint_url=endpoint_url, config=config)


async def _soon(made: T) -> T:
    return made


def _silence_token_dumps() -> None:
    """Keep botocore from logging secrets: at DEBUG it would write every CLI token, and the session's, into the log."""
    logging.getLogger("botocore.parsers").addFilter(_shows_no_body)
    for name in _TELLING:
        logging.getLogger(name).addFilter(_shows_no_session_token)


def _shows_no_body(record: logging.LogRecord) -> bool:
    return "body" not in str(record.msg)


def _shows_no_session_token(record: logging.LogRecord) -> bool:
    record.exc_info = None  # aiohttp's errors quote what came, and so perhaps a token
    return "security-token" not in record.getMessage().lower()
