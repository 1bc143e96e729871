"""``airflow cheat-sheet``."""

from mwaa_async.emulator.airflow.call import Call


def cheat_sheet(call: Call) -> None:
    call.stdout.append(call.dialect.cheat_sheet)
