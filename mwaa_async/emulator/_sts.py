"""AWS's Security Token Service in the emulator: `GetCallerIdentity` and `AssumeRole`.

Their answers are those of botocore's service model sts/2011-06-15, which is XML (protocol `query`).
"""

from datetime import datetime, timedelta
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from aiohttp import web

from mwaa_async.emulator._faults import RefusedByAws, TokenFault, WrongAwsAnswer
from mwaa_async.emulator._signature import ACCESS_KEY, SECRET_KEY

ACCOUNT = "123456789012"
_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_LIFETIME = timedelta(hours=1)


async def sts(request: web.Request, fault: TokenFault | None, at: datetime) -> web.Response:
    """Answer as STS does, at this moment of its clock."""
    if isinstance(fault, WrongAwsAnswer):
        return web.Response(status=fault.status, body=fault.body, content_type="text/xml")
    if isinstance(fault, RefusedByAws):
        return sts_error(fault.status, fault.code, "No identity for you")
    form = parse_qs((await request.read()).decode(errors="replace"))
    match action := form.get("Action", [""])[0]:
        case "GetCallerIdentity":
            return _answer(action, _identity(f"arn:aws:iam::{ACCOUNT}:user/emulator"))
        case "AssumeRole":
            role = form.get("RoleArn", [""])[0].rpartition("/")[2] or "emulator"
            return _answer(action, _credentials(at + _LIFETIME) + _assumed(role))
        case _:
            return sts_error(400, "InvalidAction", f"Could not find operation {action}")


def sts_error(status: int, code: str, message: str) -> web.Response:
    """Return an error as STS writes it."""
    error = f"<Error><Type>Sender</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    return _xml(f'<ErrorResponse xmlns="{_NAMESPACE}">{error}</ErrorResponse>', status)


def _answer(action: str, result: str) -> web.Response:
    return _xml(f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result>{result}</{action}Result></{action}Response>')


def _identity(arn: str) -> str:
    return f"<Arn>{arn}</Arn><UserId>AIDAEMULATOR</UserId><Account>{ACCOUNT}</Account>"


def _credentials(expiration: datetime) -> str:
    keys = f"<AccessKeyId>{ACCESS_KEY}</AccessKeyId><SecretAccessKey>{SECRET_KEY}</SecretAccessKey>"
    token = f"<SessionToken>local</SessionToken><Expiration>{expiration:%Y-%m-%dT%H:%M:%SZ}</Expiration>"
    return f"<Credentials>{keys}{token}</Credentials>"


def _assumed(role: str) -> str:
    arn = escape(f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/emulator")
    return f"<AssumedRoleUser><AssumedRoleId>AROAEMULATOR</AssumedRoleId><Arn>{arn}</Arn></AssumedRoleUser>"


def _xml(text: str, status: int = 200) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/xml")
