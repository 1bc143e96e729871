"""What all simulations have in common."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable()  # retries and lost leases are logged, which costs more than they do
    yield
    logging.disable(logging.NOTSET)
