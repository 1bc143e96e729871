"""AWS's side: credentials, region and endpoint as every AWS SDK finds them, and the token API."""

import asyncio
import logging
import os
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from mwaa_async._clock import now
from mwaa_async._errors import AccessDeniedError, EnvironmentNotFoundError, ThrottledError, TokenError
from mwaa_async._identity import EnvironmentId, own_endpoint
from mwaa_async._protocol.aws_answers import UnusableAnswerError, read_description, read_page, read_token
from mwaa_async._protocol.secrets import beginning
from mwaa_async._transport.broken_answers import what_happened
from mwaa_async._transport.connections import connector, proxy_of_variable
from mwaa_async._transport.trust import default_ssl_context, with_bundle
from mwaa_async._version import __version__

if TYPE_CHECKING:
    import aioboto3
    from aiobotocore.session import AioSession
    from aiohttp import BaseConnector

_DENIED = re.compile(
    r"AccessDenied|Unauthorized|UnrecognizedClient|InvalidClientTokenId|ExpiredToken|SignatureDoesNotMatch"
    r"|MissingAuthenticationToken|InvalidSignature|IncompleteSignature|OptInRequired"
)
_THROTTLED = re.compile(r"Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|LimitExceeded")
_PERMISSIONS = {
    "create_cli_token": "airflow:CreateCliToken",
    "get_environment": "airflow:GetEnvironment",
    "list_environments": "airflow:ListEnvironments",
}
T = TypeVar("T")
_LONGEST_TEXT = 300  # characters of what AWS says


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
        raise token_error(error, None) from error
    except ValueError as error:
        raise TokenError(f"AWS's SDK cannot be set up: {error}") from error
    except OSError as error:
        raise TokenError(f"the certificates in AWS_CA_BUNDLE cannot be used: {error}") from error


def _new_session(options: AwsOptions) -> "AioSession":
    from aiobotocore.session import AioSession

    session = AioSession(profile=options.profile_name)
    # Otherwise it looks through the directories of all 400 services, twice, to see whether there is this one.
    session.get_component("data_loader").list_available_services = lambda type_name: ["mwaa"]
    # Python's SDK reads AWS_DEFAULT_REGION only; AWS_REGION is what every other one reads.
    if region := options.region_name or os.environ.get("AWS_REGION"):
        session.set_config_variable("region", region)
    return session


def _sdk_session(session: "aioboto3.Session | AioSession") -> "AioSession":
    # aioboto3 wraps aiobotocore's, and shows neither its configuration nor its clients' options otherwise.
    return getattr(session, "_session", session)


async def _account(options: AwsOptions, session: "AioSession", authorities: ssl.SSLContext) -> Account:
    region = options.region_name or session.get_config_variable("region")
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


class MwaaApi:
    """MWAA's API, as one account may call it: an AWS client that is made when first needed and lives until `aclose`."""

    def __init__(self, account: Account) -> None:
        self._account = account
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

    async def _call(
        self, operation: str, read: Callable[[object], T], environment: str | None, **arguments: str
    ) -> tuple[T, float]:
        """Return what `read` makes of the answer, and when AWS was asked: making the AWS client is none of that time.

        Raises `TokenError` for whatever AWS answers and its SDK raises.
        """
        place = f"{environment}: " if environment else ""
        try:
            client = self._client or await self._open()
        except (ValueError, ImportError) as error:  # a proxy of the environment variables that cannot be used
            raise TokenError(f"{place}no way to AWS: {error}", environment=environment) from None
        asked_at = now()
        try:
            return read(await getattr(client, operation)(**arguments)), asked_at
        except UnusableAnswerError as error:
            raise TokenError(f"{place}{error}", environment=environment) from None
        except Exception as error:  # noqa: BLE001  # its parser takes an answer for granted, and fails in many ways
            raise token_error(error, environment, _PERMISSIONS[operation]) from None

    async def _open(self) -> Any:
        async with self._opening:
            if self._client is None:
                self._client = await self._resources.enter_async_context(_aws_client(self._account))
        return self._client


def _aws_client(account: Account) -> Any:
    from aiobotocore.config import AioConfig
    from aiobotocore.httpsession import AIOHTTPSession

    class VerifyingSession(AIOHTTPSession):  # type: ignore[misc]  # aiobotocore is not annotated
        # botocore takes every proxy for an HTTP proxy. `proxies` is empty where NO_PROXY says so.
        def __init__(self, *, proxies: Mapping[str, str], **settings: Any) -> None:
            scheme = urlsplit(account.endpoint_url).scheme
            proxy = proxy_of_variable(f"{scheme.upper()}_PROXY", proxies.get(scheme))
            self._socks = proxy if proxy is not None and proxy.is_socks else None
            super().__init__(proxies={} if self._socks else proxies, **settings)

        # aiobotocore turns verification off where a proxy is used, and knows certifi's authorities only.
        def _create_connector(self, proxy_url: str | None) -> "BaseConnector":
            return connector(account.ssl_context, self._socks, limit=self._max_pool_connections)

    _silence_token_dumps()
    # A host prefix ("env.") belongs to AWS's own host names; before a custom endpoint it names nothing.
    prefix = {"inject_host_prefix": False} if account.is_custom_endpoint else {}
    config = AioConfig(http_session_cls=VerifyingSession, user_agent_extra=f"mwaa-async/{__version__}", **prefix)
    return account.session.create_client(
        "mwaa", region_name=account.region, endpoint_url=account.endpoint_url, config=config
    )


def _silence_token_dumps() -> None:
    """Keep botocore from logging secrets: at DEBUG it would write every CLI token, and the session's, into the log."""
    logging.getLogger("botocore.parsers").addFilter(_shows_no_body)
    for name in ("botocore.auth", "botocore.endpoint", "aiobotocore.endpoint", "aiobotocore.httpsession"):
        logging.getLogger(name).addFilter(_shows_no_session_token)


def _shows_no_body(record: logging.LogRecord) -> bool:
    return "body" not in str(record.msg)


def _shows_no_session_token(record: logging.LogRecord) -> bool:
    return "security-token" not in record.getMessage().lower()


def token_error(error: Exception, environment: str | None, permission: str = "airflow:CreateCliToken") -> TokenError:
    """Return the error that tells, of what botocore raised, what happened and what to do.

    `permission` is the IAM action that the call needs.
    """
    code = _code(error)
    place = f"{environment}: " if environment else ""
    if code == "ResourceNotFoundException":
        return EnvironmentNotFoundError(
            f"{place}there is no environment of this name here; look at the name, the region and the account "
            "('mwaa-async environments' lists what there is)",
            environment=environment,
        )
    if _DENIED.search(code):
        return AccessDeniedError(
            f"{place}AWS refused ({code}): {_text(error)}; the caller needs {permission!r}"
            f"{' on the environment' if environment else ''}, and valid credentials",
            environment=environment,
        )
    if _THROTTLED.search(code):
        return ThrottledError(
            f"{place}AWS takes no more requests for now ({code}); nothing was sent, try again later",
            environment=environment,
        )
    wanted = "no CLI token" if permission == "airflow:CreateCliToken" else "no answer"
    return TokenError(f"{place}{wanted} from AWS: {_text(error)}{_remedy(error)}", environment=environment)


def _code(error: Exception) -> str:
    answer = getattr(error, "response", None) or {}
    code = str(answer.get("Error", {}).get("Code", ""))
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    # A gateway in front of AWS answers with a bare number for a code.
    return (
        {429: "TooManyRequests", 403: "AccessDenied", 401: "Unauthorized"}.get(status, code)
        if (not code or code.isdigit())
        else code
    )


def _text(error: Exception) -> str:
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    if isinstance(error, ClientError):
        text = str(error.response.get("Error", {}).get("Message") or error)
    elif type(error) is HTTPClientError:
        # Its own text has that of aiohttp, which quotes what came, and so perhaps a token.
        text = what_happened(getattr(error, "kwargs", {}).get("error") or error)
    elif isinstance(error, BotoCoreError | ImportError):
        text = str(error)
    else:
        text = f"what it answered cannot be read ({type(error).__name__})"
    return beginning(text, _LONGEST_TEXT).rstrip(". ")


def _remedy(error: Exception) -> str:
    return {
        "NoRegionError": "; name one with AWS_REGION, in the profile, or as region_name= (--region)",
        "NoCredentialsError": "; give some with AWS_PROFILE, AWS_ACCESS_KEY_ID or an instance role",
        "CredentialRetrievalError": "; look at the profile's credential source",
        "SSLError": "; name the authority to trust with AWS_CA_BUNDLE, SSL_CERT_FILE or ssl_context=",
        "ProxyConnectionError": "; look at HTTPS_PROXY and NO_PROXY",
        "HTTPClientError": "; look at HTTPS_PROXY and NO_PROXY",
        "EndpointConnectionError": "; look at the region, the network and the proxy",
        "ConnectTimeoutError": "; look at the region, the network and the proxy",
    }.get(type(error).__name__, "")
