"""Airflow's versions, as three numbers that can be compared."""

import re

Version = tuple[int, int, int]

# "2.10.5", "3.0.6", "v2.10.3", "1.10.12", also "2.10.5+astro.1" or "3.1.0rc2", whose command line is that of 2.10.5 …
_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:[^\d.].*)?", re.ASCII)
_SHOWN = 80  # characters


def parse_version(text: str) -> Version:
    """Return the numbers of a version. Raises `ValueError` for what is none, or none that MWAA ever had."""
    found = _VERSION.fullmatch(text.strip())
    if found is None or not 1 <= int(found[1]) <= 3:
        raise ValueError(f"an Airflow version is 1.10.x, 2.y.z or 3.y.z, such as '2.10.3', not {text[:_SHOWN]!r}")
    return int(found[1]), int(found[2]), int(found[3] or 0)
