"""Checking that a request to AWS is signed (AWS Signature Version 4), with botocore's own signer."""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

ACCESS_KEY = "AKIAMWAAASYNCEMULATE"
SECRET_KEY = "local-emulator-secret-key-of-no-worth"  # noqa: S105  # it opens nothing

_TIME = "%Y%m%dT%H%M%SZ"
_TOLERANCE = timedelta(minutes=5)
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, ?"
    r"SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


class Refusal(NamedTuple):
    """Why AWS would not take the request."""

    code: str
    message: str


def refusal(
    method: str, url: str, headers: Mapping[str, str], body: bytes, *, service: str, at: datetime
) -> Refusal | None:
    """Return why the request is refused, or `None` where it is signed as it should be, for this service and moment.

    Any access key is taken, so that clients may keep the credentials they have; a signature with the emulator's own
    key is checked to the last digit.
    """
    authorization = headers.get("Authorization", "")
    if not authorization:
        return Refusal("MissingAuthenticationTokenException", "Missing Authentication Token")
    parts = _AUTHORIZATION.fullmatch(authorization)
    if parts is None or "X-Amz-Date" not in headers:
        return Refusal("IncompleteSignatureException", "The request is not signed with AWS Signature Version 4")
    if parts["service"] != service:
        return Refusal("InvalidSignatureException", f"Credential should be scoped to correct service: '{service}'.")
    if other_time := _other_time(headers["X-Amz-Date"], at):
        return Refusal("InvalidSignatureException", other_time)
    if parts["key"] == ACCESS_KEY and not _matches(parts, method, url, headers, body):
        return Refusal("InvalidSignatureException", "The request signature we calculated does not match the signature")
    return None


def _other_time(signed: str, at: datetime) -> str | None:
    """Return what AWS says of a signature that is not of this moment, as its SDKs' issues quote it."""
    earliest, latest = f"{at - _TOLERANCE:{_TIME}}", f"{at + _TOLERANCE:{_TIME}}"
    if signed < earliest:
        return f"Signature expired: {signed} is now earlier than {earliest} ({at:{_TIME}} - 5 min.)"
    if signed > latest:
        return f"Signature not yet current: {signed} is still later than {latest} ({at:{_TIME}} + 5 min.)"
    return None


def _matches(parts: re.Match[str], method: str, url: str, headers: Mapping[str, str], body: bytes) -> bool:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    signed = {name: headers.get(name, "") for name in parts["headers"].split(";")}
    request = AWSRequest(method=method, url=url, headers=signed, data=body)
    request.context["timestamp"] = headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), parts["service"], parts["region"])
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return hmac.compare_digest(str(signer.signature(text, request)), parts["signature"])
