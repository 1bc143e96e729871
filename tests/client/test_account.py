"""Whom the client talks to at AWS: region, partition, endpoint and trust, as every AWS SDK finds them."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.session import AioSession

from mwaa_async import EnvironmentId, MwaaClient, TokenError
from mwaa_async._aws import Account, AwsOptions, open_account
from mwaa_async.emulator import Emulator

pytestmark = pytest.mark.anyio

CONFIG = """
[default]
region = eu-west-1
[profile far]
region = cn-north-1
[profile local]
region = eu-west-3
services = here
[services here]
mwaa =
  endpoint_url = http://localhost:3
"""
# aioboto3 cannot be installed beside the newest aiobotocore (`tox -e newest-aws`).
SDKS = ["aiobotocore", *(["aioboto3"] if find_spec("aioboto3") else [])]
OWN = "https://airflow.{}.amazonaws.com"


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_MWAA"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "config"
    config.write_text(CONFIG)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


def found(account: Account) -> tuple[str, str, str, bool]:
    return account.partition, account.region, account.endpoint_url, account.is_custom_endpoint


@pytest.mark.parametrize(
    ("options", "environ", "expected"),
    [
        ({}, {}, ("aws", "eu-west-1", OWN.format("eu-west-1"), False)),
        ({}, {"AWS_REGION": "eu-west-2"}, ("aws", "eu-west-2", OWN.format("eu-west-2"), False)),
        ({}, {"AWS_DEFAULT_REGION": "eu-west-2"}, ("aws", "eu-west-2", OWN.format("eu-west-2"), False)),
        (
            {"region_name": "eu-west-2"},
            {"AWS_REGION": "eu-west-3"},
            ("aws", "eu-west-2", OWN.format("eu-west-2"), False),
        ),
        ({"profile_name": "far"}, {}, ("aws-cn", "cn-north-1", OWN.format("cn-north-1") + ".cn", False)),
        ({}, {"AWS_PROFILE": "far"}, ("aws-cn", "cn-north-1", OWN.format("cn-north-1") + ".cn", False)),
        ({"profile_name": "local"}, {}, ("aws", "eu-west-3", "http://localhost:3", True)),
        ({"endpoint_url": "http://localhost:1"}, {}, ("aws", "eu-west-1", "http://localhost:1", True)),
        ({"endpoint_url": OWN.format("eu-west-1")}, {}, ("aws", "eu-west-1", OWN.format("eu-west-1"), False)),
        ({}, {"AWS_ENDPOINT_URL_MWAA": "http://localhost:2"}, ("aws", "eu-west-1", "http://localhost:2", True)),
        ({}, {"AWS_ENDPOINT_URL": "http://localhost:2"}, ("aws", "eu-west-1", "http://localhost:2", True)),
        (
            {"endpoint_url": "http://localhost:1"},
            {"AWS_ENDPOINT_URL_MWAA": "http://localhost:2"},
            ("aws", "eu-west-1", "http://localhost:1", True),
        ),
        (
            {},
            {"AWS_ENDPOINT_URL_MWAA": "http://localhost:2", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
            ("aws", "eu-west-1", OWN.format("eu-west-1"), False),
        ),
    ],
)
@pytest.mark.parametrize("source", ["options", *SDKS])
async def test_region_and_endpoint_are_those_of_every_aws_sdk(
    source: str,
    options: dict[str, Any],
    environ: dict[str, str],
    expected: tuple[str, str, str, bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if source != "options":  # whoever makes the session chooses the region, and Python's SDK does not read this one
        environ = {{"AWS_REGION": "AWS_DEFAULT_REGION"}.get(name, name): value for name, value in environ.items()}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    session = session_of(source, options)
    said = {name: value for name, value in options.items() if not session or name != "profile_name"}
    assert found(await open_account(AwsOptions(**said, **session))) == expected


def session_of(source: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the session of one kind, as an option."""
    if source == "options":
        return {}
    profile = options.get("profile_name")
    if source == "aiobotocore":
        return {"session": AioSession(profile=profile)}
    return {"session": import_module("aioboto3").Session(profile_name=profile)}


@pytest.mark.parametrize("kind", SDKS)
async def test_the_users_own_session_gives_credentials_and_region(kind: str, emulator: Emulator) -> None:
    environ = emulator.environ()
    session: Any = import_module("aioboto3").Session() if kind == "aioboto3" else AioSession()
    sdk = session._session if kind == "aioboto3" else session
    sdk.set_credentials(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"])
    sdk.set_config_variable("region", environ["AWS_REGION"])
    options = emulator.client_options()
    async with MwaaClient(
        session=session, endpoint_url=environ["AWS_ENDPOINT_URL_MWAA"], ssl_context=options["ssl_context"]
    ) as client:
        assert await client.environment("demo").version() == "2.10.3"


async def test_a_profile_that_is_not_there_is_told() -> None:
    with pytest.raises(TokenError, match=r"profile .*nobody"):
        await open_account(AwsOptions(profile_name="nobody"))


async def test_without_a_region_it_is_said_where_one_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(TokenError, match="AWS_REGION"):
        await open_account(AwsOptions())


async def test_opening_asks_for_no_credentials() -> None:
    """There may be none yet, and the instance's role answers slowly: the first command asks."""
    account = await open_account(AwsOptions())
    assert account.identity("demo") == EnvironmentId("aws", "eu-west-1", "demo")
