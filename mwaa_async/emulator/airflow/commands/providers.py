"""``airflow providers …`` of Airflow 2 and 3: what was recorded, since nothing can be installed here."""

from collections.abc import Callable

from mwaa_async.emulator.airflow.call import Call

LISTED = ("behaviours", "hooks", "links", "list", "notifications", "secrets", "triggers", "widgets")


def listed(what: str) -> Callable[[Call], None]:
    """Gives the command that lists something about all providers."""

    def list_them(call: Call) -> None:
        call.show(call.dialect.providers[what])

    return list_them


def get(call: Call) -> None:
    name = call.arguments.provider_name
    details = call.dialect.providers["get"].get(name)
    if details is None:
        call.fail(f"No such provider installed: {name}")
    version = next(row["version"] for row in call.dialect.providers["list"] if row["package_name"] == name)
    if call.arguments.full:
        call.show([details])
    elif call.version >= (2, 6, 0):
        call.show([{"Provider": name, "Version": version}])
    else:
        call.print(f"Provider: {name}")
        call.print(f"Version: {version}")
