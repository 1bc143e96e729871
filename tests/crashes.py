"""An Airflow whose program crashes now and then, as where its database is away for a moment."""

from collections.abc import Sequence

from mwaa_async.emulator import EmbeddedAirflow, Execution

CRASH = Execution(
    1,
    "",
    """Traceback (most recent call last):
  File "/usr/local/airflow/.local/bin/airflow", line 8, in <module>
    sys.exit(main())
sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) server closed the connection unexpectedly
""",
)


class CrashingAirflow(EmbeddedAirflow):
    """Crashes in some of the runs of a command, counted from 0: before it has done anything, or when all is done."""

    def __init__(self, command: str, *, before: Sequence[int] = (), after: Sequence[int] = ()) -> None:
        super().__init__("2.10.5")
        self._words = command.split()
        self._before = before
        self._after = after
        self._runs = 0

    def execute(self, argv: Sequence[str]) -> Execution:
        if list(argv[: len(self._words)]) != self._words:
            return super().execute(argv)
        run, self._runs = self._runs, self._runs + 1
        if run in self._before:
            return CRASH
        done = super().execute(argv)
        return CRASH if run in self._after else done
