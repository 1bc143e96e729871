"""``airflow variables`` of Airflow 1.10: one command whose options say what to do, several at once if wanted."""

import json

from mwaa_async.emulator.airflow.call import Call


def variables(call: Call) -> None:
    arguments = call.arguments
    if arguments.get:
        call.print(_value(call, arguments.get))
    if arguments.delete:
        call.metadata.variables.pop(arguments.delete, None)
    if arguments.set:
        call.metadata.set_variable(*arguments.set)
        call.log("store_variable")
    # A file of the web server, of which a client has none there.
    if getattr(arguments, "import"):
        call.print("Missing variables file.")
    if not (arguments.set or arguments.get or arguments.delete or arguments.export or getattr(arguments, "import")):
        call.print("\n".join(call.metadata.variables))


def _value(call: Call, key: str) -> object:
    stored = call.metadata.variables.get(key)
    if stored is None:
        return call.arguments.default
    try:
        return json.loads(stored) if call.arguments.json else stored
    # Airflow prints the error as if it were the value, and exits with 0.
    except ValueError as error:
        return error
