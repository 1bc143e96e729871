"""The library and the programs with a real Airflow behind the emulator."""

import pytest

pytest.register_assert_rewrite("tests.real_airflow.checks")
