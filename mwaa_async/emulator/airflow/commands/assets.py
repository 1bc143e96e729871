"""``airflow assets …`` of Airflow 3, whose DAGs have none here."""

from typing import NoReturn

from mwaa_async.emulator.airflow.call import Call


def list_assets(call: Call) -> None:
    call.show([])


def details(call: Call) -> None:
    if call.arguments.alias:
        _fail_without_alias(call)
    _fail_without_asset(call)


def _fail_without_alias(call: Call) -> NoReturn:
    if not call.arguments.name:
        call.fail("Required --name with --alias")
    if call.arguments.uri:
        call.fail("Cannot use --uri with --alias")
    call.fail(f"Asset alias with name {call.arguments.name} does not exist.")


def materialize(call: Call) -> None:
    _fail_without_asset(call)


def _fail_without_asset(call: Call) -> NoReturn:
    name, uri = call.arguments.name, call.arguments.uri
    if not name and not uri:
        call.fail("Either --name or --uri is required")
    asked = [f"name {name}"] if name else []
    asked += [f"URI {uri}"] if uri else []
    call.fail(f"Asset with {' and '.join(asked)} does not exist.")
