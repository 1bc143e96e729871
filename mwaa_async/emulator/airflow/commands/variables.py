"""``airflow variables …`` of Airflow 2 and 3."""

import json

from mwaa_async.emulator.airflow.call import Call


def list_variables(call: Call) -> None:
    # Since 3.2 only the keys are selected, which SQLite reads from their index, and so in its order.
    stored = call.metadata.variables
    keys = sorted(stored) if call.version >= (3, 2, 0) else list(stored)
    show_values = getattr(call.arguments, "show_values", False)
    hide = getattr(call.arguments, "hide_sensitive", False)
    if hide and not show_values:
        call.fail("--hide-sensitive can only be used with --show-values")
    if show_values:
        call.show([{"key": key, "val": "***" if hide else value} for key, value in stored.items()])
    else:
        call.show([{"key": key} for key in keys])


def get(call: Call) -> None:
    stored = call.metadata.variables.get(call.arguments.key)
    if stored is None:
        _print_default(call)
    elif call.arguments.json:
        _print_json(call, stored)
    else:
        call.print(stored)


def _print_default(call: Call) -> None:
    if call.arguments.default is None:
        end = "." if call.version >= (3, 1, 0) else ""
        call.fail(f"Variable {call.arguments.key} does not exist{end}")
    call.print(call.arguments.default)


def _print_json(call: Call, stored: str) -> None:
    try:
        call.print(json.loads(stored))
    except ValueError as error:
        call.fail(str(error))


def set_variable(call: Call) -> None:
    key, value = call.arguments.key, call.arguments.value
    # With --json Airflow encodes the text once more, valid JSON or not; `get --json` gives back the same text.
    call.metadata.set_variable(key, json.dumps(value) if call.arguments.json else value)
    call.log("store_variable")
    call.print(f"Variable {key} created")


def delete(call: Call) -> None:
    # Airflow says so even where there was none.
    call.metadata.variables.pop(call.arguments.key, None)
    call.print(f"Variable {call.arguments.key} deleted")
