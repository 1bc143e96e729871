"""The program `mwaa-async`, as in the tests of the command line."""

from tests.cli.conftest import mwaa_async as mwaa_async
