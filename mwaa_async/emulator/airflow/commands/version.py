"""``airflow version``."""

from mwaa_async.emulator.airflow.call import Call


def version(call: Call) -> None:
    call.print(".".join(str(number) for number in call.version))
