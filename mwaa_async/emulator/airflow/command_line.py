"""Airflow's command line: which words and options it knows, and how it refuses the others."""

import argparse
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from mwaa_async.emulator.airflow.dates import parse

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Parsed:
    """A command that Airflow knows, with its arguments; without them where its options are not recorded."""

    words: str
    arguments: argparse.Namespace | None


class Answered(Exception):
    """The command line ends here: help was asked for, or something in it is wrong."""

    def __init__(self, exit_code: int, stdout: str, stderr: str = "") -> None:
        super().__init__(stderr)
        self.exit_code = exit_code
        self.stdout = stdout
        self.stderr = stderr


class CommandLine:
    """The command line of one version, after the recorded description of all its words and options."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self.entries = entries
        self._parsers: dict[str, _Parser] = {}

    def parse(self, argv: Sequence[str]) -> Parsed:
        """Finds the command and its arguments, or raises ``Answered``."""
        words, arguments, unknown = "", list(argv), list[str]()
        while (entry := self.entries.get(words)) is not None:
            found, extra = self._parser(words).parse_known_args(arguments)
            unknown += extra
            if "options" in entry:
                # Only the outermost parser knows what nobody took: this is why Airflow prints the general help here.
                self._refuse_unknown(unknown)
                return Parsed(words, found)
            word, *arguments = found.rest
            words = f"{words} {word}".strip()
        return Parsed(words, None)

    def _refuse_unknown(self, unknown: Iterable[str]) -> None:
        if texts := " ".join(unknown):
            self._parser("").error(f"unrecognized arguments: {texts}")

    def _parser(self, words: str) -> "_Parser":
        if words not in self._parsers:
            self._parsers[words] = _build_parser(words, self.entries[words])
        return self._parsers[words]


class _Parser(argparse.ArgumentParser):
    """A parser that raises what Airflow's own would print; argparse offers no other way than to override it."""

    help_text = ""
    unlisted: Collection[str] = ()

    def print_help(self, file: object = None) -> NoReturn:
        raise Answered(0, self.help_text)

    def error(self, message: str) -> NoReturn:
        raise Answered(2, self.help_text, f"\n{self.prog} command error: {message}, see help above.\n")

    def _check_value(self, action: argparse.Action, value: object) -> None:
        # Python 3.12 and later word this in other ways; Airflow on MWAA runs on older ones.
        if action.choices is not None and value not in action.choices and value not in self.unlisted:
            choices = ", ".join(repr(choice) for choice in action.choices)
            raise argparse.ArgumentError(action, f"invalid choice: {value!r} (choose from {choices})")


def _build_parser(words: str, entry: Entry) -> _Parser:
    parser = _Parser(prog=f"airflow {words}".strip())
    parser.help_text = "\n".join(entry["help"])
    if "commands" in entry:
        parser.unlisted = entry.get("unlisted", ())
        # What add_subparsers() would do, without building the parsers of all commands at once.
        parser.add_argument("rest", nargs=argparse.PARSER, metavar=entry["label"], choices=entry["commands"])
    for option in entry.get("options", ()):
        _add_option(parser, option)
    return parser


def _add_option(parser: argparse.ArgumentParser, option: Mapping[str, Any]) -> None:
    settings = {key: value for key, value in option.items() if key not in ("flags", "dest")}
    if "type" in settings:
        settings["type"] = _TYPES[settings["type"]]
    if isinstance(settings.get("metavar"), list):
        settings["metavar"] = tuple(settings["metavar"])
    if settings.get("action") == "BooleanOptionalAction":
        settings["action"] = argparse.BooleanOptionalAction
    if flags := option.get("flags"):
        parser.add_argument(*flags, dest=option["dest"], **settings)
    else:
        parser.add_argument(option["dest"], **settings)


def _check(value: str) -> int:
    number = int(value) if value.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"'{value}' is not a positive int")
    return number


def string_list_type(value: str) -> list[str]:
    return [part.strip() for part in value.split(",")]


# By the name that Airflow's function has, since argparse puts it into its errors.
_TYPES: Mapping[str, Callable[[str], object]] = {
    "parse": parse,
    "loads": json.loads,
    "string_list_type": string_list_type,
    "_check": _check,
    "str": str,
    "int": int,
    "float": float,
}
