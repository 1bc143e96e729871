"""What AWS's answers say: region, clock, caller, permission and environment. Pure functions."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from mwaa_async._aws import Account, Caller
from mwaa_async._aws_errors import Refusal
from mwaa_async._doctor.findings import Finding, failed, not_checked, ok, warning
from mwaa_async._protocol.versions import parse_version

_TOLERATED = 300.0  # seconds between AWS's clock and a signature's
_NOTICED = 60.0
_NTP = "Set this machine's clock, which is what NTP is for (timedatectl set-ntp true)"
# https://docs.aws.amazon.com/mwaa/latest/API/API_Environment.html
_CHANGING = ("CREATING_SNAPSHOT", "MAINTENANCE", "PENDING", "ROLLING_BACK", "UPDATING")
_ACCESS = {
    "PUBLIC_ONLY": "the web server is reached from everywhere",
    "PRIVATE_ONLY": "the web server is reached from inside its VPC only: by a VPN, --proxy, or --connect-to",
    "PUBLIC_AND_PRIVATE": "the web server is reached from everywhere, and from inside its VPC",
}


def region_found(account: Account, source: str) -> Finding:
    """Say which region it is, and whose endpoint."""
    endpoint = f", endpoint {account.endpoint_url}" if account.is_custom_endpoint else ""
    return ok("region", f"{account.region} (from {source}){endpoint}")


def region_source(option: str | None, profile: str | None, environ: Mapping[str, str]) -> str:
    """Return what has named the region, in the order in which it counts."""
    if option:
        return "--region"
    variable = next((name for name in ("AWS_REGION", "AWS_DEFAULT_REGION") if environ.get(name)), None)
    named = profile or environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE")
    return variable or (f"the profile {named!r}" if named else "the default profile")


def region_missing(refusal: Refusal) -> Finding:
    """Say why AWS's SDK cannot be set up."""
    return failed("region", refusal.told, _sentence(refusal.remedy) or "Look at AWS_PROFILE and ~/.aws/config")


def clock_found(caller: Caller, now: datetime) -> Finding:
    """Compare AWS's clock with ours at the moment `now` in which it answered."""
    ahead = _seconds_ahead(caller.answered_at, now)
    if ahead is None:
        if caller.refusal is not None and caller.refusal.kind == "clock":
            return failed("clock", caller.refusal.told, _NTP)
        return Finding("clock", "not checked", "needs an answer of AWS's")
    if abs(ahead) < _NOTICED:
        return ok("clock", "as AWS's, give or take some seconds")
    told = f"AWS's clock is {_duration(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} this machine's"
    if abs(ahead) < _TOLERATED and not _is_refused_for(caller, "clock"):
        return warning("clock", f"{told}; from 5 minutes on it refuses every request", _NTP)
    return failed("clock", f"{told}, and it refuses requests that are 5 minutes off", _NTP)


def caller_found(caller: Caller) -> Finding:
    """Say who calls. Whoever STS does not know is refused by everybody; where it cannot be asked, others may answer."""
    source = f" (credentials: {caller.method})" if caller.method else ""
    refusal = caller.refusal
    if refusal is None:
        return ok("credentials", f"{caller.arn}{source}")
    match refusal.kind:
        case "clock":
            return not_checked("credentials", "clock")
        case "expired":
            return failed("credentials", f"they have expired{source}: {refusal.told}", _sentence(refusal.remedy))
        case "credentials":
            remedy = _sentence(refusal.remedy) or "Look at AWS_PROFILE and the profile's credential source"
            return failed("credentials", f"{refusal.told}{source}", remedy)
        case _:
            told = f"STS does not say who calls: {refusal.told}{source}"
            needless = "No command needs STS; doctor asks it who calls"
            return warning("credentials", told, f"{_sentence(refusal.remedy)}. {needless}".removeprefix(". "))


def token_refused(refusal: Refusal, account: Account, caller: Caller, environment: str) -> tuple[Finding, Finding]:
    """Say why there is no CLI token: whether AWS can be asked at all, and whether the caller may have one."""
    answers = ok("aws", _answers(account))
    match refusal.kind:
        case "denied":
            policy = json.dumps(minimal_policy(account, caller, environment))
            return answers, failed("permission", refusal.told, f"Let the caller have this policy: {policy}")
        case "not found":
            return answers, not_checked("permission", "environment")
        case _:
            found = failed("aws", refusal.told, _sentence(refusal.remedy) or "Try again later")
            return found, not_checked("permission", "aws")


def token_given(account: Account, hostname: str) -> tuple[Finding, Finding]:
    """Say that there is a CLI token, and for which web server."""
    return ok("aws", _answers(account)), ok("permission", f"airflow:CreateCliToken gives a token for {hostname}")


def _answers(account: Account) -> str:
    return f"MWAA's API answers in {account.region}"


def minimal_policy(account: Account, caller: Caller, environment: str) -> dict[str, Any]:
    """Return the policy that lets the caller run commands on this environment and do nothing else.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmanagedworkflowsforapacheairflow.html
    """
    owner = caller.arn.split(":")[4] if caller.arn and caller.arn.count(":") >= 5 else "*"
    resource = f"arn:{account.partition}:airflow:{account.region}:{owner}:environment/{environment}"
    statement = {"Effect": "Allow", "Action": "airflow:CreateCliToken", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def environment_missing(account: Account, environment: str) -> Finding:
    """Say that there is no environment of this name."""
    return failed("environment", f"there is no environment {environment!r} in {account.region}", _NO_ENVIRONMENT)


def description_refused(refusal: Refusal) -> Finding:
    """Say why AWS does not describe the environment, which no command needs."""
    told = f"AWS does not describe it: {refusal.told}"
    if refusal.kind == "denied":
        remedy = "Commands run without it; 'airflow:GetEnvironment' lets the version be known before the first one"
        return warning("environment", told, remedy)
    return warning("environment", told, f"Commands run without it. {_sentence(refusal.remedy) or 'Try again later'}")


def state_found(description: Mapping[str, Any]) -> Finding:
    """Say whether the environment is there to be used."""
    status = str(description.get("Status"))
    if status == "AVAILABLE":
        return ok("environment", status)
    if status == "UPDATE_FAILED":
        return warning(
            "environment", f"{status}: it is in use as it was before its last update", _last_error(description)
        )
    if status in _CHANGING:
        return warning("environment", status, "Commands may fail until it is AVAILABLE again")
    return failed("environment", status, f"Wait until it is AVAILABLE. {_last_error(description)}")


def access_found(description: Mapping[str, Any]) -> Finding:
    """Say from where the web server is reached."""
    mode = str(description.get("WebserverAccessMode"))
    if mode in _ACCESS:
        return ok("access mode", f"{mode}: {_ACCESS[mode]}")
    return warning("access mode", f"{mode}, which doctor does not know")


def version_found(description: Mapping[str, Any]) -> Finding:
    """Say which Airflow it is."""
    version = str(description.get("AirflowVersion"))
    try:
        parse_version(version)
    except ValueError:
        return warning("version", f"{version}, which doctor does not know", "Look for a newer mwaa-async")
    return ok("version", f"Airflow {version}")


_NO_ENVIRONMENT = (
    "Look at the name, the region and the account: 'mwaa-async environments' lists the environments that there are"
)


def _last_error(description: Mapping[str, Any]) -> str:
    update = description.get("LastUpdate")
    error = update.get("Error") if isinstance(update, dict) else None
    message = error.get("ErrorMessage") if isinstance(error, dict) else None
    return f"Its last update says: {message}" if message else "Look at it in the AWS console"


def _seconds_ahead(date: str | None, now: datetime) -> float | None:
    try:
        return (parsedate_to_datetime(date).astimezone(UTC) - now).total_seconds() if date else None
    except ValueError:
        return None


def _is_refused_for(caller: Caller, kind: str) -> bool:
    return caller.refusal is not None and caller.refusal.kind == kind


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
