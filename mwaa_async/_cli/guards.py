"""The option `--guard`."""

import os
from urllib.parse import parse_qs

import click

from mwaa_async import Guard, LocalGuard

_REDIS = ("redis", "rediss")
_DYNAMODB = "dynamodb"


def guard_from(text: str, region: str | None = None, profile: str | None = None) -> Guard | None:
    """Return the guard that the text names; `None` is the client's default. Raises `click.UsageError`.

    A guard on DynamoDB uses that region and profile, unless its own URL names a region.
    """
    if text == "host":
        return None
    if text == "local":
        return LocalGuard()
    if text.partition("://")[0] in _REDIS:
        return _redis_guard(text)
    if text.partition("://")[0] == _DYNAMODB:
        return _dynamodb_guard(text, region, profile)
    # What follows the scheme may hold a password.
    scheme, separator, _ = text.partition("://")
    known = "local, host, dynamodb://TABLE, redis://…, rediss://…"
    raise click.UsageError(f"--guard {scheme}{separator} is not available in this version; there are: {known}")


def _redis_guard(url: str) -> Guard:
    from mwaa_async import RedisGuard

    try:
        return RedisGuard(url)
    except (ImportError, ValueError) as error:
        raise click.UsageError(f"--guard: {error}") from error


def _dynamodb_guard(url: str, region: str | None, profile: str | None) -> Guard:
    from mwaa_async import DynamoDBGuard

    table_name, _, query = url.removeprefix(f"{_DYNAMODB}://").partition("?")
    options = parse_qs(query, keep_blank_values=True)
    if "@" in table_name or set(options) - {"region"}:  # whatever stands before the @ is not shown
        raise click.UsageError("--guard: a guard on DynamoDB is dynamodb://TABLE or dynamodb://TABLE?region=REGION")
    session = None
    if profile is not None:
        from aiobotocore.session import AioSession

        session = AioSession(profile=profile)
    # AWS_REGION is not read by a session of the SDK's own.
    region = options.get("region", [""])[0] or region or os.environ.get("AWS_REGION")
    try:
        return DynamoDBGuard(table_name.rstrip("/"), session=session, region_name=region)
    except ValueError as error:
        raise click.UsageError(f"--guard: {error}") from error
