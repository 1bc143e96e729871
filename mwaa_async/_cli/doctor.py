"""`mwaa-async doctor`."""

import asyncio
import os
import shutil
import sys
import textwrap
from collections.abc import Callable
from contextlib import aclosing

import click

from mwaa_async._cli.exits import NOTHING_RAN, StoppedError
from mwaa_async._cli.options import Options, environment_name
from mwaa_async._cli.output import is_plain, say, write, write_json
from mwaa_async._doctor.aws import region_source
from mwaa_async._doctor.examination import Case, examine
from mwaa_async._doctor.findings import Finding, Status

_LONGEST_TURN, _LONGEST_COMMAND = 30.0, 60.0  # seconds, where the options allow more
_INDENT = 16  # columns, with the mark and the name of the check
_MARKS: dict[Status, str] = {"ok": "✓", "warning": "!", "failed": "✗", "not checked": "-"}
_COLORS: dict[Status, str] = {"ok": "green", "warning": "yellow", "failed": "red", "not checked": "bright_black"}
# For a terminal that cannot show them, and what errors and remedies are written with.
_PLAIN = str.maketrans({"✓": "+", "✗": "x", "…": "...", "→": "->"})


@click.command(short_help="Check what a command needs, one by one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.argument("environment", type=environment_name)
@click.pass_obj
def doctor(options: Options, *, as_json: bool, environment: str) -> None:
    """Check everything that a command on ENVIRONMENT needs, and say what to do about what is missing.

    Credentials, region, permission, the environment, the guard, and every step to the web server. The last check runs
    'airflow version' there, which changes nothing, when its turn has come.

    \b
    mwaa-async doctor prod
    mwaa-async --proxy socks5h://localhost:1080 doctor prod --json

    ✓ is good, ! works and should be known, ✗ has to be mended, - could not be checked. Exit status: 0, or 3 with a ✗.
    """
    show = _nothing if as_json else _shown
    try:
        findings = asyncio.run(_examined(_case(options, environment), show))
    except KeyboardInterrupt:
        raise StoppedError("interrupted; at most 'airflow version' may still be running") from None
    wrong = [finding.check for finding in findings if finding.status == "failed"]
    if as_json:
        checks = [finding.to_dict() for finding in findings]
        document = {"environment": environment, "ok": not wrong, "checks": checks}
        write_json(document)
    elif wrong:
        say(f"{environment}: mend {wrong[0]!r} first" if len(wrong) > 1 else f"{environment}: {wrong[0]!r} is wrong")
    raise click.exceptions.Exit(NOTHING_RAN if wrong else 0)


def _case(options: Options, environment: str) -> Case:
    turn = _LONGEST_TURN if options.queue_timeout is None else options.queue_timeout
    return Case(
        environment,
        options.aws(),
        options.route(),
        options.guard,
        region_source=region_source(options.region, options.profile, os.environ),
        queue_timeout=turn,
        command_timeout=min(options.command_timeout, _LONGEST_COMMAND),
        settle_time=options.settle_time,
    )


async def _examined(case: Case, show: Callable[[Finding], None]) -> list[Finding]:
    findings = []
    async with aclosing(examine(case)) as coming:
        async for finding in coming:
            show(finding)
            findings.append(finding)
    return findings


def _nothing(finding: Finding) -> None:
    """Show nothing yet."""


def _shown(finding: Finding) -> None:
    is_terminal = sys.stdout.isatty()
    mark = _MARKS[finding.status]
    text = _text(finding, mark, shutil.get_terminal_size().columns - 1 if is_terminal else None)
    if not _can_show(text):
        text, mark = text.translate(_PLAIN), mark.translate(_PLAIN)
    if is_terminal and not is_plain():
        text = click.style(mark, fg=_COLORS[finding.status]) + text.removeprefix(mark)
    write(text)


def _text(finding: Finding, mark: str, width: int | None) -> str:
    head = f"{mark} {finding.check}".ljust(_INDENT)
    lines = _wrapped(head, finding.found, width)
    return lines + (_wrapped(" " * (_INDENT - 2) + "→ ", finding.remedy, width) if finding.remedy else "")


def _wrapped(head: str, text: str, width: int | None) -> str:
    """Return the text after its head, in lines that end at words, or in one where there is no terminal."""
    text = " ".join(text.split())
    if width is None:
        return f"{head}{text}\n"
    # What is to be copied, a name or a path, stays in one piece.
    wrapped = textwrap.wrap(
        text, max(width - _INDENT, 20), break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )
    indented = "\n" + " " * _INDENT
    return f"{head}{indented.join(wrapped)}\n"


def _can_show(text: str) -> bool:
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return False
    return True
