"""What AWS refuses, and what its SDK raises: what happened, and what to do."""

import re
from typing import Any, Literal, NamedTuple

from mwaa_async._errors import AccessDeniedError, EnvironmentNotFoundError, ThrottledError, TokenError
from mwaa_async._protocol.secrets import beginning
from mwaa_async._transport.broken_answers import what_happened

Kind = Literal[
    "not found", "clock", "expired", "credentials", "denied", "throttled", "unreachable", "unusable", "other"
]

# Of error codes: the common ones of all services, those of STS, and the names of what the SDK raises by itself.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-signing.html
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("not found", re.compile(r"ResourceNotFound")),
    ("clock", re.compile(r"TimeTooSkewed|RequestExpired|RequestInTheFuture")),
    ("expired", re.compile(r"ExpiredToken|TokenRetrievalError|SSOTokenLoadError|UnauthorizedSSOToken")),
    (
        "credentials",
        re.compile(
            r"UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSignature"
            r"|MissingAuthenticationToken|IncompleteSignature|NoCredentials|PartialCredentials|CredentialRetrieval"
            r"|LoginTokenLoad|LoginRefresh"
        ),
    ),
    ("denied", re.compile(r"AccessDenied|Unauthorized|OptInRequired")),
    ("throttled", re.compile(r"Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|LimitExceeded")),
    (
        "unreachable",
        re.compile(
            r"^(?:SSLError|ProxyConnectionError|HTTPClientError|EndpointConnectionError|ConnectionClosedError"
            r"|ConnectTimeoutError|ReadTimeoutError)$"
        ),
    ),
)
# What a signature of another day or hour is answered with, under the code of a wrong one.
_OTHER_TIME = re.compile(r"Signature (?:expired|not yet current)")
_HAS_EXPIRED = re.compile(r"(?i)\bexpired\b")
# A gateway in front of AWS answers with a bare number for a code.
_STATUSES = {429: "TooManyRequests", 403: "AccessDenied", 401: "Unauthorized"}
_NETWORK = "look at the region, the network and the proxy"
_REMEDIES = {
    "NoRegionError": "name one with AWS_REGION, in the profile, or as region_name= (--region)",
    "NoCredentialsError": "give some with AWS_PROFILE, AWS_ACCESS_KEY_ID or an instance role",
    "PartialCredentialsError": "give all of them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "CredentialRetrievalError": "look at the profile's credential source",
    "SSLError": "name the authority to trust with AWS_CA_BUNDLE, SSL_CERT_FILE or ssl_context=",
    "ProxyConnectionError": "look at HTTPS_PROXY and NO_PROXY",
    "HTTPClientError": "look at HTTPS_PROXY and NO_PROXY",
    "EndpointConnectionError": _NETWORK,
    "ConnectTimeoutError": _NETWORK,
    "ReadTimeoutError": _NETWORK,
}
_NEW_CREDENTIALS = (
    "get new ones: 'aws sso login' for a profile of IAM Identity Center, 'aws login' for a console session, "
    "or those that AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN came from"
)
_CLOCK = "set this machine's clock, which is what NTP is for (timedatectl set-ntp true)"
_LONGEST_TEXT = 300  # characters of what AWS says


class Refusal(NamedTuple):
    """Why AWS did not do what it was asked; `text` is what it says, and holds no secret."""

    kind: Kind
    code: str
    text: str
    remedy: str = ""

    @property
    def told(self) -> str:
        """Return what AWS says, with its code."""
        return f"{self.code}: {self.text}" if self.code else self.text


class RefusedError(Exception):
    """AWS did not do what it was asked."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.told)
        self.refusal = refusal


def refusal_of(error: Exception) -> Refusal:
    """Return what an error of the SDK's says of AWS's answer, or of there being none."""
    code, text, name = _code(error), _text(error), type(error).__name__
    kind = _kind(code or name, text)
    if kind == "clock":
        return Refusal(kind, code, text, _CLOCK)
    if kind == "expired":
        return Refusal(kind, code, text, _NEW_CREDENTIALS)
    if kind == "credentials" and code:
        return Refusal(kind, code, text, "look at AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    return Refusal(kind, code, text, _REMEDIES.get(name, ""))


def token_error(refusal: Refusal, environment: str | None = None, permission: str | None = None) -> TokenError:
    """Return the error for a refusal; `permission` is the IAM action of what AWS was asked, if it was asked at all."""
    place = f"{environment}: " if environment else ""
    kind, code, text, remedy = refusal
    match kind:
        case "not found":
            return EnvironmentNotFoundError(
                f"{place}there is no environment of this name here; look at the name, the region and the account "
                "('mwaa-async environments' lists what there is)",
                environment=environment,
            )
        case "expired":
            told = f"the AWS credentials have expired ({refusal.told}); {remedy}"
            return AccessDeniedError(f"{place}{told}", environment=environment)
        case "clock":
            told = f"AWS does not accept the time of the request ({refusal.told}); {remedy}"
            return AccessDeniedError(f"{place}{told}", environment=environment)
        case "credentials" if code:
            told = f"AWS does not accept the credentials ({refusal.told}); {remedy}"
            return AccessDeniedError(f"{place}{told}", environment=environment)
        case "denied":
            on = " on the environment" if environment else ""
            told = f"AWS refused ({refusal.told}); the caller needs {permission!r}{on}"
            return AccessDeniedError(f"{place}{told}", environment=environment)
        case "throttled":
            return ThrottledError(
                f"{place}AWS takes no more requests for now ({code}); nothing was sent, try again later",
                environment=environment,
            )
        case "unusable":
            return TokenError(f"{place}{text}", environment=environment)
        case _:
            told = f"{_missing(permission)}: {text}{remedy and '; '}{remedy}"
            return TokenError(f"{place}{told}", environment=environment)


def _missing(permission: str | None) -> str:
    if permission is None:
        return "AWS cannot be asked"
    return "no CLI token from AWS" if permission == "airflow:CreateCliToken" else "no answer from AWS"


def _kind(name: str, text: str) -> Kind:
    kind: Kind = next((kind for kind, pattern in _KINDS if pattern.search(name)), "other")
    if kind == "credentials" and _OTHER_TIME.search(text):
        return "clock"
    if kind in ("credentials", "denied", "other") and "oken" in text and _HAS_EXPIRED.search(text):
        return "expired"
    return kind


def _code(error: Exception) -> str:
    answer: dict[str, Any] = getattr(error, "response", None) or {}
    code = str(answer.get("Error", {}).get("Code", ""))
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return _STATUSES.get(status, code) if not code or code.isdigit() else code


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
