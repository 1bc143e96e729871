"""The option `--guard`."""

import click

from mwaa_async import Guard, LocalGuard

_REDIS = ("redis", "rediss")


def guard_from(text: str) -> Guard | None:
    """Return the guard that the text names; `None` is the client's default. Raises `click.UsageError`."""
    if text == "host":
        return None
    if text == "local":
        return LocalGuard()
    if text.partition("://")[0] in _REDIS:
        return _redis_guard(text)
    # What follows the scheme may hold a password.
    scheme, separator, _ = text.partition("://")
    known = "local, host, redis://…, rediss://…"
    raise click.UsageError(f"--guard {scheme}{separator} is not available in this version; there are: {known}")


def _redis_guard(url: str) -> Guard:
    from mwaa_async import RedisGuard

    try:
        return RedisGuard(url)
    except (ImportError, ValueError) as error:
        raise click.UsageError(f"--guard: {error}") from error
