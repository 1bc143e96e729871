"""A provider as versions tell it that print JSON and as those do that only take the option."""

import pytest

from mwaa_async import CommandFailedError, MwaaClient
from mwaa_async.emulator import Emulator

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("version", ["2.2.5", "2.5.3", "2.10.5", "3.3.2"])
async def test_a_provider_is_the_one_of_the_list(version: str) -> None:
    async with Emulator(["demo"], version) as emulator, MwaaClient(**emulator.client_options()) as client:
        providers = client.environment("demo").providers
        listed = (await providers.list())[0]
        told = await providers.get(listed.package_name)
        assert (told.package_name, told.version) == (listed.package_name, listed.version)
        with pytest.raises(CommandFailedError, match="No such provider installed: nosuch"):
            await providers.get("nosuch")
