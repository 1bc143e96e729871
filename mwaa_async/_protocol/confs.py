"""What is wrong with a text that should be a DAG run's conf."""

import json
import re

# PowerShell before 7.3 strips the double quotes within an argument, and Windows' cmd knows no single ones.
# https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_parsing
QUOTED = (
    """--conf '{"day": "2026-01-01"}' in a command line, in sh and in PowerShell from 7.3 on, """
    """--conf '{\\"day\\": \\"2026-01-01\\"}' in older PowerShells, """
    """--conf "{\\"day\\": \\"2026-01-01\\"}" in Windows' cmd"""
)

TOO_DEEP = "it is nested too deeply"

_SYMPTOMS = tuple(
    (re.compile(rf"\s*+{beginning}"), symptom)
    for beginning, symptom in (
        (r"@", "only 'mwaa-async trigger' reads a file with @FILE"),
        (r"'+\s*[{\[]", "it has single quotes around it, which Windows' cmd takes for a part of it"),
        (r"\{\s*'", "its quotes are single ones, as Python writes a dict, and JSON has double ones"),
        (r"\{\s*\\", "it has backslashes before its quotes, which belong to another shell"),
        (r"\{\s*[^\s\"'{}]", "its double quotes were lost on the way"),
    )
)


def wrong_with(conf: str) -> str | None:
    """Return what is wrong with the conf, without any of its values, or `None` for a JSON object."""
    try:
        document = json.loads(conf)
    except RecursionError:
        return TOO_DEEP
    except json.JSONDecodeError as error:
        return _symptom(conf) or _cause(conf, error)
    return None if isinstance(document, dict) else "a conf is a JSON object: {…}"


def _symptom(conf: str) -> str | None:
    return next((symptom for beginning, symptom in _SYMPTOMS if beginning.match(conf)), None)


def _cause(conf: str, error: json.JSONDecodeError) -> str:
    cut = error.pos >= len(conf.rstrip()) or error.msg.startswith("Unterminated")
    if cut and conf.lstrip().startswith("{"):
        return "it ends too early, as if it was split at a blank"
    return f"no JSON: {error}"
