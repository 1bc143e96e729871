"""Which environment a command is for, so that everybody who means the same one waits in the same queue."""

import re
from dataclasses import dataclass

# botocore's service model of mwaa/2020-07-01, shape EnvironmentName
_NAME = re.compile(r"[a-zA-Z][0-9a-zA-Z\-_]{0,79}")


@dataclass(frozen=True, slots=True)
class EnvironmentId:
    """One environment among all of AWS's partitions and regions; `endpoint` is `None` where it is AWS's own."""

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
