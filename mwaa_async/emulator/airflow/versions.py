"""Which Airflow versions can be played, and whose recorded texts each of them speaks."""

import re

from mwaa_async._protocol.versions import Version

_ACCEPTED = re.compile(r"(1)\.(10)\.(\d+)|([23])\.(\d+)\.(\d+)")

# The first version that sounds more like this recorded one than like the one before it.
_FIRST_OF_DIALECT: tuple[tuple[Version, str], ...] = (
    # 3.1 put structlog in the place of the log lines of 2, prints the user of a trigger, and takes most DAGs from the
    # database instead of their files; with all that 3.1 and 3.2 are nearer to 3.3.
    ((3, 1, 0), "3.3.2"),
    ((3, 0, 0), "3.0.6"),
    ((2, 6, 0), "2.10.5"),
    ((2, 4, 0), "2.5.3"),
    ((2, 0, 0), "2.2.5"),
    ((1, 10, 0), "1.10.12"),
)


def parse_version(text: str) -> Version:
    """Gives the three numbers of a version; a ``ValueError`` if it cannot be played."""
    match = _ACCEPTED.fullmatch(text)
    if match is None:
        raise ValueError(f"Cannot play Airflow {text!r}: a version is 1.10.x, 2.y.z or 3.y.z, for example 2.10.3")
    major, minor, patch = (int(number) for number in match.groups() if number is not None)
    return major, minor, patch


def recorded_dialect(version: Version) -> str:
    """Names the recorded version whose texts come nearest."""
    return next(name for first, name in _FIRST_OF_DIALECT if version >= first)
