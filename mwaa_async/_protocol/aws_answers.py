"""What AWS answers, looked at before anything is made of it: botocore checks neither types nor values."""

import re
from typing import Any, NamedTuple

# A bearer token that a header can hold (RFC 6750, 2.1, is narrower); that of MWAA has about 1 kB.
_TOKEN = re.compile(r"[!-~]{1,16384}")
# A name of labels, and perhaps a port, which the emulator's web servers have; neither a path nor a user.
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,261}}\Z){_LABEL}(?:\.{_LABEL})*(?::(\d{{1,5}}))?", re.ASCII)
_SHOWN = 80  # characters


class UnusableAnswerError(ValueError):
    """AWS's answer is not what the operation should give; the text shows no token."""


class TokenAndHost(NamedTuple):
    """A CLI token and the web server that takes it."""

    token: str
    hostname: str


class Page(NamedTuple):
    """Names of environments, and where the next page begins, if there is one."""

    names: list[str]
    next_token: str | None


def read_token(answer: object) -> TokenAndHost:
    """Return what `CreateCliToken` answers. Raises `UnusableAnswerError`."""
    token, hostname = _member(answer, "CliToken"), _member(answer, "WebServerHostname")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise UnusableAnswerError("AWS answered without a usable token")
    if not isinstance(hostname, str) or not _is_host(hostname):
        raise UnusableAnswerError(f"AWS answered without a usable web server name ({_shown(hostname)})")
    return TokenAndHost(token, hostname)


def read_description(answer: object) -> dict[str, Any]:
    """Return what `GetEnvironment` tells of an environment. Raises `UnusableAnswerError`."""
    description = _member(answer, "Environment")
    if not isinstance(description, dict):
        raise UnusableAnswerError("AWS answered without a description of the environment")
    return description


def read_page(answer: object) -> Page:
    """Return what `ListEnvironments` answers. Raises `UnusableAnswerError`."""
    names, following = _member(answer, "Environments"), _member(answer, "NextToken")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UnusableAnswerError("AWS answered without the names of environments")
    return Page(names, following if isinstance(following, str) and following else None)


def _member(answer: object, name: str) -> object:
    return answer.get(name) if isinstance(answer, dict) else None


def _is_host(name: str) -> bool:
    found = _HOST.fullmatch(name)
    return found is not None and (found[1] is None or 0 < int(found[1]) < 1 << 16)


def _shown(name: object) -> str:
    return repr(name[:_SHOWN]) if isinstance(name, str) else "none"
