"""Which environment a command is for, so that everybody who means the same one waits in the same queue."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

# botocore's service model of mwaa/2020-07-01, shape EnvironmentName
_NAME = re.compile(r"[a-zA-Z][0-9a-zA-Z\-_]{0,79}")

# botocore's partitions.json: dnsSuffix and dualStackDnsSuffix of each partition
_AWS = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".api.aws",
    ".api.amazonwebservices.com.cn",
    ".api.amazonwebservices.eu",
    ".c2s.ic.gov",
    ".api.aws.ic.gov",
    ".sc2s.sgov.gov",
    ".api.aws.scloud",
    ".cloud.adc-e.uk",
    ".api.cloud-aws.adc-e.uk",
    ".csp.hci.ic.gov",
    ".api.aws.hci.ic.gov",
)
_THIS_HOST = ("localhost", "127.0.0.1", "::1")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class EnvironmentId:
    """One environment among all of AWS's partitions and regions; `endpoint` is `None` where it is AWS's own.

    The account is no part of it: nothing but one more request to AWS would tell it. Two environments of the same name
    and region in two accounts share a slot, which costs time only.
    """

    partition: str
    region: str
    name: str
    endpoint: str | None = None

    def __str__(self) -> str:
        parts = (self.partition, self.region, self.name, self.endpoint)
        return ":".join(part for part in parts if part)


def check_name(name: str) -> str:
    """Return the environment's name, or raise `ValueError` where AWS would not accept it."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot be the name of an MWAA environment: a letter, then letters, digits, '-' and '_', "
            "at most 80 characters in all"
        )
    return name


def own_endpoint(url: str) -> str | None:
    """Return the endpoint as everybody writes it who means the same one, or `None` for one of AWS's own.

    AWS's own are also a VPC's interface endpoints, which lead to the same environments as the public ones.
    """
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").rstrip(".")
    if host.endswith(_AWS):
        return None
    host = "localhost" if host in _THIS_HOST else host
    try:
        port = parts.port or _PORTS.get(parts.scheme, 443)
    except ValueError:
        return url  # no port; the first request says so
    return f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/')}"
