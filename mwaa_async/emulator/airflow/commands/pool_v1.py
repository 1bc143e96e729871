"""``airflow pool`` of Airflow 1.10."""

from mwaa_async.emulator.airflow.call import Call

Row = tuple[str, int, str]

_DEFAULT = "default_pool"


class _Refused(Exception):
    """What was asked for is wrong, of which Airflow prints the message and exits with 0."""


def pool(call: Call) -> None:
    try:
        rows = _rows(call)
    except _Refused as refusal:
        call.print(refusal)
    else:
        call.print(_table(rows))


def _rows(call: Call) -> list[Row]:
    """Does what was asked for, or the first of it, and gives the pools that are printed then."""
    asked = call.arguments
    if asked.get is not None:
        return [_get(call, asked.get)]
    if asked.set:
        return [_set(call, *asked.set)]
    if asked.delete:
        return [_delete(call, asked.delete)]
    if getattr(asked, "import"):
        # A file of the web server, of which a client has none there.
        call.print("Missing pools file.")
    elif asked.export:
        call.print(f"{len(call.metadata.pools)} pools successfully exported to {asked.export}")
    return [(name, *stored) for name, stored in call.metadata.pools.items()]


def _get(call: Call, name: str) -> Row:
    _check_name(name)
    if name not in call.metadata.pools:
        raise _Refused(f"Pool '{name}' doesn't exist")
    return name, *call.metadata.pools[name]


def _check_name(name: str) -> None:
    if not name.strip():
        raise _Refused("Pool name shouldn't be empty")


def _set(call: Call, name: str, slots: str, description: str) -> Row:
    _check_name(name)
    try:
        call.metadata.pools[name] = (int(slots), description)
    except ValueError:
        raise _Refused(f"Bad value for `slots`: {slots}") from None
    return _get(call, name)


def _delete(call: Call, name: str) -> Row:
    if name == _DEFAULT:
        raise _Refused(f"{_DEFAULT} cannot be deleted")
    row = _get(call, name)
    del call.metadata.pools[name]
    return row


def _table(rows: list[Row]) -> str:
    # A heavy import, made where it is needed.
    from tabulate import tabulate

    return "\n" + tabulate(rows, ["Pool", "Slots", "Description"], tablefmt="fancy_grid")
