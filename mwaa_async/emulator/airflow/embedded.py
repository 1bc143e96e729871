"""The embedded Airflow: runs a command by finding it in the tables of its version."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

from mwaa_async.emulator.airflow import json_logs
from mwaa_async.emulator.airflow.call import Call, Failed
from mwaa_async.emulator.airflow.command_line import Answered, Parsed
from mwaa_async.emulator.airflow.commands import Command, commands_of
from mwaa_async.emulator.airflow.dialect import Dialect, dialect_of
from mwaa_async.emulator.airflow.metadata import DAGS, DagRun, Metadata
from mwaa_async.emulator.airflow.mwaa_logs import MwaaLogs, print_first
from mwaa_async.emulator.airflow.versions import parse_version


@dataclass(frozen=True)
class Execution:
    """What a process ``airflow …`` leaves behind."""

    exit_code: int
    stdout: str
    stderr: str


def _utc_now() -> datetime:
    return datetime.now(UTC)


class EmbeddedAirflow:
    """An Airflow whose state is in memory and whose command line is a method.

    `dags` are the ids of its DAGs. Runs of `"etl"` succeed after a second, those of `"etl:fails"` fail then, and those
    of `"etl:paused"` stay queued until it is unpaused. Raises `ValueError` for a version or a DAG that is none.
    With `mwaa_logs` it has MWAA's own logging set-up; without, it prints what a plain installation does.
    """

    def __init__(
        self,
        version: str = "2.10.3",
        *,
        dags: Sequence[str] = DAGS,
        mwaa_logs: MwaaLogs | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.version = version
        self._version = parse_version(version)
        self._mwaa_logs = mwaa_logs
        self._dialect = dialect_of(self._version, on_mwaa=mwaa_logs is not None)
        self._commands = commands_of(self._version)
        self._dags = tuple(dags)
        self._metadata = Metadata(self._dags)
        self._now = now
        # A test may look at it, and run commands, while an emulator's thread does.
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"<EmbeddedAirflow {self.version} [{len(self._metadata.dags)} DAGs, {self._metadata.run_count} runs]>"

    def dag_runs(self) -> list[DagRun]:
        """Return the runs of all DAGs, each with its `conf`, for tests to look at."""
        with self._lock:
            return [run for dag in self._metadata.dags.values() for run in dag.runs.values()]

    def reset(self) -> None:
        """Has the DAGs that it had in the beginning, and nothing else."""
        with self._lock:
            self._metadata = Metadata(self._dags)

    def execute(self, argv: Sequence[str]) -> Execution:
        """Runs one command, given without the leading ``airflow``; never raises, whatever the arguments."""
        with self._lock:
            return self._execute(argv)

    def _execute(self, argv: Sequence[str]) -> Execution:
        call = Call(self._version, self._dialect, self._metadata, self._now().astimezone(UTC))
        if self._mwaa_logs:
            call.json_logs = self._mwaa_logs.json and self._version >= json_logs.FIRST_VERSION
            print_first(self._mwaa_logs, call)
        call.log("airflow")
        self._log_debug("before", call)
        exit_code = self._run(argv, call)
        self._log_debug("after", call)
        return Execution(exit_code, "".join(call.stdout), "".join(call.stderr))

    def _run(self, argv: Sequence[str], call: Call) -> int:
        try:
            self._play(self._dialect.command_line.parse(argv), call)
        except Answered as answer:
            call.stdout.append(answer.stdout)
            call.stderr.append(answer.stderr)
            return answer.exit_code
        except Failed:
            return 1
        except OverflowError as error:
            # A date next to the first or the last one that Python knows.
            call.stderr.append(f"Traceback (most recent call last):\nOverflowError: {error}\n")
            return 1
        except RecursionError:
            # JSON that is nested too deeply, on which Airflow stumbles likewise.
            call.stderr.append("Traceback (most recent call last):\nRecursionError: maximum recursion depth exceeded\n")
            return 1
        return 0

    def _play(self, parsed: Parsed, call: Call) -> None:
        command = self._commands.get(parsed.words)
        if command is None or parsed.arguments is None:
            call.fail(f"mwaa-async emulator: the embedded Airflow does not play {parsed.words!r} (yet)")
        call.arguments = parsed.arguments
        self._log_debug("before", call, parsed.words)
        try:
            self._call(command, parsed.words, call)
        finally:
            self._log_debug("after", call, parsed.words)

    def _call(self, command: Command, words: str, call: Call) -> None:
        verbose = getattr(call.arguments, "verbose", False)
        for event in _events(words, verbose, self._dialect):
            call.log(event)
        command(call)
        if verbose and not self._debug:
            call.log("verbose end")

    @property
    def _debug(self) -> bool:
        return self._mwaa_logs is not None and self._mwaa_logs.debug

    def _log_debug(self, when: str, call: Call, words: str = "") -> None:
        """Prints the DEBUG records around everything, or around one command, which may have some of its own."""
        if self._debug:
            event = f"debug {when} {words}".strip()
            call.log(event if not words or event in self._dialect.logs else f"debug {when} command")


def _events(words: str, verbose: bool, dialect: Dialect) -> list[str]:
    """Names the events before a command does anything, in order: its group is loaded, then it is."""
    group, _, name = words.partition(" ")
    is_alone = words in dialect.logs and dialect.logs[words].alone
    events = [*([] if is_alone else [group]), *(["verbose"] if verbose else []), *([words] if name else [])]
    return [*events, f"{words} verbose"] if verbose else events
