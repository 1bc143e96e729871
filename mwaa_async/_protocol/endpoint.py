"""The addresses of the CLI endpoint at a web server.

https://docs.aws.amazon.com/mwaa/latest/userguide/call-mwaa-apis-cli.html posts to the one without a slash. Airflow 3
answers there with 307 and has the endpoint behind the slash; AWS's example for it has `curl -L`.
"""

from mwaa_async._protocol.versions import Version

PATH = "/aws_mwaa/cli"
PATH_WITH_SLASH = "/aws_mwaa/cli/"


def first_path(version: Version | None) -> str:
    """Return where to look for the endpoint first."""
    return PATH_WITH_SLASH if version is not None and version >= (3, 0, 0) else PATH


def other_path(path: str, status: int) -> str | None:
    """Return the other address where this status at `path` says that the endpoint may be there, else `None`.

    Where a redirect points to does not matter: the token is for the host that AWS named, and the endpoint is known at
    these two addresses only.
    """
    if status in (307, 308):
        return PATH if path == PATH_WITH_SLASH else PATH_WITH_SLASH
    return PATH if status == 404 and path == PATH_WITH_SLASH else None
