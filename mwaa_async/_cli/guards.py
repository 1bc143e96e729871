"""The option `--guard`."""

import click

from mwaa_async import Guard, LocalGuard


def guard_from(text: str) -> Guard | None:
    """Return the guard that the text names; `None` is the client's default. Raises `click.UsageError`."""
    if text == "host":
        return None
    if text == "local":
        return LocalGuard()
    # What follows the scheme may hold a password.
    scheme, separator, _ = text.partition("://")
    raise click.UsageError(f"--guard {scheme}{separator} is not available in this version; there are: local, host")
