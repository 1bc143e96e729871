"""`environment.providers`, against what Airflow's own Python says of them."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from mwaa_async import Environment

from ..conftest import RealAirflow

# The names in Airflow's code are the same in 2.2 and 3.
SAID = """
import json
from airflow.providers_manager import ProvidersManager

manager = ProvidersManager()
triggers = getattr(manager, "trigger", [])
said = {
    "list": {name: provider.version for name, provider in manager.providers.items()},
    "hooks": {
        name: [hook.hook_class_name, hook.connection_id_attribute_name, hook.package_name, hook.hook_name]
        for name, hook in manager.hooks.items()
    },
    "widgets": {
        name: [widget.hook_class_name, widget.package_name] for name, widget in manager.connection_form_widgets.items()
    },
    "behaviours": list(manager.field_behaviours),
    "links": list(manager.extra_links_class_names),
    "notifications": list(getattr(manager, "notification", [])),
    "secrets": list(manager.secrets_backend_class_names),
    "triggers": {one.trigger_class_name: [one.package_name, one.integration_name] for one in triggers},
}
print()
print(json.dumps(said))
"""


@cache
def said(airflow: RealAirflow) -> Any:
    return airflow.python(SAID)


def assert_same(told: Sequence[str], expected: Sequence[str]) -> None:
    assert sorted(told) == sorted(expected)


async def providers_list(airflow: RealAirflow, demo: Environment) -> None:
    told = await demo.providers.list()
    assert {provider.package_name: provider.version for provider in told} == said(airflow)["list"]
    assert all(provider.description for provider in told)


async def providers_get(airflow: RealAirflow, demo: Environment) -> None:
    # Each comes with its Airflow.
    name = f"apache-airflow-providers-{'sqlite' if airflow.parsed_version < (3, 0, 0) else 'standard'}"
    provider = await demo.providers.get(name)
    assert (provider.package_name, provider.version) == (name, said(airflow)["list"][name])


async def providers_hooks(airflow: RealAirflow, demo: Environment) -> None:
    told = {
        hook.connection_type: [hook.hook_class, hook.conn_id_attribute_name, hook.package_name, hook.hook_name]
        for hook in await demo.providers.hooks()
    }
    assert told == said(airflow)["hooks"]


async def providers_widgets(airflow: RealAirflow, demo: Environment) -> None:
    widgets = await demo.providers.widgets()
    told = {widget.connection_parameter_name: [widget.hook_class, widget.package_name] for widget in widgets}
    assert told == said(airflow)["widgets"]


async def providers_triggers(airflow: RealAirflow, demo: Environment) -> None:
    triggers = await demo.providers.triggers()
    told = {trigger.trigger_class: [trigger.package_name, trigger.integration_name] for trigger in triggers}
    assert told == said(airflow)["triggers"]


async def providers_behaviours(airflow: RealAirflow, demo: Environment) -> None:
    assert_same(await demo.providers.behaviours(), said(airflow)["behaviours"])


async def providers_links(airflow: RealAirflow, demo: Environment) -> None:
    assert_same(await demo.providers.links(), said(airflow)["links"])


async def providers_notifications(airflow: RealAirflow, demo: Environment) -> None:
    assert_same(await demo.providers.notifications(), said(airflow)["notifications"])


async def providers_secrets(airflow: RealAirflow, demo: Environment) -> None:
    assert_same(await demo.providers.secrets(), said(airflow)["secrets"])
