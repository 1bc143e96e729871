"""The fixtures that pytest-asyncio runs: a client in an event loop of each scope that such a loop may have."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Literal

import pytest_asyncio

from mwaa_async.pytest_plugin.opening import opened_client

if TYPE_CHECKING:
    from mwaa_async import MwaaClient
    from mwaa_async.emulator import Emulator


def _fixture_in(scope: Literal["session", "package", "module", "class", "function"]) -> Any:
    @pytest_asyncio.fixture(name=f"_mwaa_client_in_{scope}_loop", loop_scope=scope)
    async def client(mwaa_emulator: "Emulator") -> "AsyncIterator[MwaaClient]":
        async with opened_client(mwaa_emulator) as client:
            yield client

    return client


in_session_loop = _fixture_in("session")
in_package_loop = _fixture_in("package")
in_module_loop = _fixture_in("module")
in_class_loop = _fixture_in("class")
in_function_loop = _fixture_in("function")
