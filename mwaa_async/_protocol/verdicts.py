"""Telling from Airflow's output whether a command failed, since the answer does not hold the exit status."""

import re

# argparse as Airflow sets it up (exit 2), in every version.
_USAGE_ERROR = re.compile(r"^airflow( [\w-]+){0,2} command error: .*, see help above\.$")
# What Airflow's commands pass to `sys.exit()` or `SystemExit` (airflow/cli/commands/*.py): Python prints it as the last
# line of stderr and exits with 1.
_EXIT_MESSAGES = re.compile(
    "|".join(
        (
            r"DAG: .* does not exist in ('dag' table|the database)",
            r"Can not find dag '.*'( in database)?",
            r"DagRun failed",
            r"Configuration .* is not valid JSON\. Error: .*",
            r"Variable .* does not exist\.?",
            r"A connection with `conn_id`=.* already exists\.",
            r"(Did not find a|Found more than one) connection with `conn_id`=.*",
            r"(Must supply either|Cannot supply both) conn-uri .*conn-json.*",
            r"The following args are (required to add a connection|not compatible with the --conn-\w+ flag): .*",
            r"The URI provided to --conn-uri is invalid: .*",
            r"conn-json is invalid; must supply conn-type",
            r"Could not create connection\. .*",
            r"No such provider installed: .*",
            r"Asset (alias )?with .* does not exist\.",
            r"More than one (asset exists|DAG materializes asset) with .*",
            r"(Either --name or --uri is required|Required --name with --alias|Cannot use --uri with --alias)",
            r"Bundles not found: .*",
        )
    )
)
_TRACEBACK = "Traceback (most recent call last):"
_LOG_LINE = re.compile(r"^(?:\x1b\[\d+m)?\[?(?:\x1b\[\d+m)?\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")
_WARNING = re.compile(r"^\S+:\d+:? \w*Warning: ")
_NOTE = re.compile(r"^\[(?:INFO|WARN|DEBUG)\] ")


def failure(stdout: str, stderr: str) -> str | None:
    """Return the line in which Airflow says why the command failed, or `None` where it did not fail.

    Warnings and log lines on stderr are no failure, nor is the word "Error" in them. What counts is the end of stderr:
    a usage error, an exception that nobody caught, a message that the process exited with.
    """
    lines = stderr.rstrip().splitlines()
    if not lines:
        return None
    last = lines[-1].strip()
    if _USAGE_ERROR.match(last) or _EXIT_MESSAGES.fullmatch(last):
        return last
    return _uncaught_exception(lines) or _exit_message(lines, stdout)


def _uncaught_exception(lines: list[str]) -> str | None:
    """Return the exception's line of the traceback with which stderr ends."""
    starts = [number for number, line in enumerate(lines) if line == _TRACEBACK]
    if not starts:
        return None
    after = [line for line in lines[starts[-1] + 1 :] if not line.startswith(" ")]
    if not after or any(_LOG_LINE.match(line) for line in after):
        return None  # logged, and the command went on
    return after[0].strip()


def _exit_message(lines: list[str], stdout: str) -> str | None:
    """Return the last line where it can only be what the process exited with: no answer, no log, no warning."""
    last = lines[-1]
    if _answered(stdout) or last.startswith((" ", "\t")) or _LOG_LINE.match(last) or _NOTE.match(last):
        return None
    return None if any(_WARNING.match(line) for line in lines) else last.strip()


def _answered(stdout: str) -> bool:
    return any(line.strip() and not _LOG_LINE.match(line) for line in stdout.splitlines())
