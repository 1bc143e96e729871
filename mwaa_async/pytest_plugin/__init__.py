"""The pytest plugin: an emulator for tests, which each test finds as new, and a client of it.

pytest imports this module in every run of an environment in which mwaa-async is installed. So fixtures import what is
heavy, and nothing else does.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from inspect import iscoroutinefunction, signature
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from mwaa_async.pytest_plugin.opening import opened_client

if TYPE_CHECKING:
    from mwaa_async import MwaaClient
    from mwaa_async.emulator import Emulator

_MARKER = (
    "mwaa(**options): what mwaa_emulator is in this test. Options are `faults`, the faults of the next requests, and "
    "arguments of Emulator, such as airflow='3.0.6', environments=['dev', 'prod'] or dags=['etl:fails']."
)
_BY_PYTEST_ASYNCIO = "mwaa_async_pytest_asyncio"
_NAMES_OF_PYTEST_ASYNCIO = ("asyncio", "pytest_asyncio", "pytest_asyncio.plugin")  # the last ones after `-p`


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and the fixtures that only pytest-asyncio can run."""
    config.addinivalue_line("markers", _MARKER)
    if any(map(config.pluginmanager.hasplugin, _NAMES_OF_PYTEST_ASYNCIO)):
        from mwaa_async.pytest_plugin import by_pytest_asyncio

        config.pluginmanager.register(by_pytest_asyncio, _BY_PYTEST_ASYNCIO)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Have a test that is marked use the emulator, wherever its mark comes from."""
    names: list[str] | None = getattr(item, "fixturenames", None)
    if names is not None and "mwaa_emulator" not in names and item.get_closest_marker("mwaa"):
        names.insert(0, "mwaa_emulator")


@pytest.fixture(scope="session")
def mwaa_emulator_options() -> dict[str, Any]:
    """Arguments of `Emulator` for all tests; to be overridden in a `conftest.py`."""
    return {}


@pytest.fixture(scope="session")
def mwaa_server(_mwaa_emulators: "Callable[..., Emulator]", mwaa_emulator_options: dict[str, Any]) -> "Emulator":
    """The emulator with `mwaa_emulator_options`, for fixtures of a session: it sets no environment variables."""
    return _mwaa_emulators(**mwaa_emulator_options)


@pytest.fixture
def mwaa_emulator(
    request: pytest.FixtureRequest,
    _mwaa_emulators: "Callable[..., Emulator]",
    mwaa_emulator_options: dict[str, Any],
    _mwaa_lock_directories: Iterator[str],
) -> "Iterator[Emulator]":
    """A running emulator that is as new, to which environment variables lead every AWS client during the test."""
    with _said_with_the_name_of(request):
        options = _marked(request)
        faults = options.pop("faults", ())
        emulator = _mwaa_emulators(**{**mwaa_emulator_options, **options})
        emulator.reset()
        _add(faults, emulator)
    with pytest.MonkeyPatch.context() as patch:
        _lead(emulator, patch)
        # What a former test has left running must not keep this one waiting, nor any real command.
        patch.setenv("MWAA_ASYNC_LOCK_DIRECTORY", next(_mwaa_lock_directories))
        yield emulator


@pytest.fixture
def mwaa_client(request: pytest.FixtureRequest, mwaa_emulator: "Emulator") -> "MwaaClient":
    """An open client of `mwaa_emulator`, in the event loop of the test, which pytest-asyncio or anyio runs.

    After a command of which nobody sees the end it waits for a tenth of a second only (`settle_time`).
    """
    client: MwaaClient = request.getfixturevalue(_opening_fixture(request))
    return client


@pytest.fixture
async def _mwaa_client_of_anyio(anyio_backend_name: str, mwaa_emulator: "Emulator") -> Any:
    async with opened_client(mwaa_emulator) as client:
        yield client


@pytest.fixture(scope="session")
def _mwaa_emulators() -> "Iterator[Callable[..., Emulator]]":
    try:
        from mwaa_async.emulator import Emulator
    except ImportError as error:  # it says which extra is missing
        pytest.fail(str(error), pytrace=False)
    running: dict[object, Emulator] = {}
    with ExitStack() as resources:

        def emulator_with(**options: Any) -> Emulator:
            parameters = signature(Emulator).parameters
            if unknown := sorted(options.keys() - parameters):
                raise TypeError(f"there is no argument {unknown[0]!r}, but there are faults, {', '.join(parameters)}")
            key = _key({name: options.get(name, one.default) for name, one in parameters.items()})
            if key not in running:
                running[key] = resources.enter_context(Emulator(**options))
            return running[key]

        yield emulator_with


@pytest.fixture(scope="session")
def _mwaa_lock_directories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("mwaa-async-locks")
    return (str(root / str(number)) for number in count())


def _marked(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return what the markers say; each argument counts where it stands closest to the test."""
    options: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("mwaa"))):
        if mark.args:
            raise TypeError(f"arguments of the marker mwaa have names, and {mark.args[0]!r} has none")
        options.update(mark.kwargs)
    return options


def _add(faults: Any, emulator: "Emulator") -> None:
    """Put faults, or the words of a command line for them, on the emulator's scripts."""
    from mwaa_async.emulator._fault_words import fault_from

    if isinstance(faults, str):
        raise TypeError(f"faults is a list, such as [{faults!r}]")
    for fault in faults:
        emulator.faults.add(fault_from(fault) if isinstance(fault, str) else fault)


def _lead(emulator: "Emulator", patch: pytest.MonkeyPatch) -> None:
    from mwaa_async.emulator import MISLEADING_VARIABLES

    for name in MISLEADING_VARIABLES:
        patch.delenv(name, raising=False)
    for name, value in emulator.environ().items():
        patch.setenv(name, value)


def _opening_fixture(request: pytest.FixtureRequest) -> str:
    """Return the name of the fixture that opens the client in the event loop of this test."""
    marked = request.node.get_closest_marker("asyncio")
    if not iscoroutinefunction(getattr(request.node, "obj", None)):
        raise _failure(
            request,
            "mwaa_client is open in the event loop of an async test, and this test is none. What you test can make its "
            "own MwaaClient() with mwaa_emulator, whose environment variables lead it there; "
            "MwaaClient(**mwaa_emulator.client_options()) needs no variables",
        )
    if marked and request.config.pluginmanager.hasplugin(_BY_PYTEST_ASYNCIO):
        scope = marked.kwargs.get("loop_scope") or request.config.getini("asyncio_default_test_loop_scope")
        return f"_mwaa_client_in_{scope}_loop"
    if "anyio_backend" not in request.fixturenames:
        raise _failure(
            request, "mwaa_client needs a test that pytest-asyncio or anyio runs: mark it with one of the two"
        )
    if request.getfixturevalue("anyio_backend_name") != "asyncio":
        raise _failure(request, "MwaaClient is for asyncio: have a fixture anyio_backend that returns 'asyncio'")
    return "_mwaa_client_of_anyio"


@contextmanager
def _said_with_the_name_of(request: pytest.FixtureRequest) -> Iterator[None]:
    try:
        yield
    except (TypeError, ValueError) as error:
        raise _failure(request, f"mwaa_emulator cannot be what it is asked for: {error}") from None


def _failure(request: pytest.FixtureRequest, reason: str) -> BaseException:
    failure: BaseException = pytest.fail.Exception(f"{request.node.nodeid}: {reason}", pytrace=False)
    return failure


def _key(value: object) -> object:
    """Return something with a hash, which is the same for the same options."""
    if isinstance(value, dict):
        return frozenset((name, _key(one)) for name, one in value.items())
    return tuple(map(_key, value)) if isinstance(value, list | tuple | set) else value
