"""The commands that MWAA offers, and what is known of each: the one place that says so."""

import re
from contextlib import suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from typing import Literal, cast

from mwaa_async._protocol.versions import Version, parse_version
from mwaa_async._protocol.words import BLANKS, MOST_WORDS, first_words

# `reads` changes nothing, `sets` leaves the same behind when it runs twice, `adds` does more each time it runs.
Effect = Literal["reads", "sets", "adds"]

# https://docs.aws.amazon.com/mwaa/latest/userguide/airflow-cli-command-reference.html, compared with the options of
# Airflow's own argument parsers. "1.10" has the old words, with the options that choose what `variables` and `pool`
# do; "2" and "3" the first version of that line which MWAA offers the command on, "json" the first one that takes
# `--output json`, "answers" the first one with which a success always prints something (airflow/cli/commands/*.py; a
# task without templates has nothing to render); "-" is none.
_TABLE = """
words                       1.10                              2      3      effect  json   answers
cheat-sheet                 -                                 2.0    3.0    reads   -      2.0
version                     version                           2.0    3.0    reads   -      1.10
assets details              -                                 -      3.0    reads   3.0    3.0
assets list                 -                                 -      3.0    reads   3.0    3.0
assets materialize          -                                 -      3.0    adds    3.0    3.0
backfill create             -                                 -      3.0    adds    -      -
connections add             -                                 2.0    3.0    adds    -      2.0
connections delete          -                                 2.0    3.0    sets    -      2.0
dags backfill               backfill                          2.2    -      adds    -      -
dags delete                 delete_dag                        2.0    3.0    sets    -      1.10
dags list                   list_dags                         2.2    3.0    reads   2.0    1.10
dags list-import-errors     -                                 2.6    3.0    reads   2.4    2.0
dags list-jobs              -                                 2.0    3.0    reads   2.0    2.0
dags list-runs              list_dag_runs                     2.2    3.0    reads   2.0    1.10
dags next-execution         next_execution                    2.2    3.0    reads   -      1.10
dags pause                  pause                             2.0    3.0    sets    2.9    1.10
dags report                 -                                 2.0    3.0    reads   2.0    2.0
dags reserialize            -                                 2.4    3.0    sets    -      -
dags show                   show_dag                          2.0    3.0    reads   -      1.10
dags state                  dag_state                         2.0    3.0    reads   -      1.10
dags test                   -                                 2.0    3.0    adds    -      -
dags trigger                trigger_dag                       2.0    3.0    adds    2.6    1.10
dags unpause                unpause                           2.0    3.0    sets    2.9    1.10
db clean                    -                                 2.4    3.0    sets    -      -
pool get                    pool -g,pool --get                -      -      reads   -      1.10
pool set                    pool -s,pool --set                -      -      sets    -      1.10
pool delete                 pool -x,pool --delete             -      -      sets    -      1.10
pool                        pool                              -      -      adds    -      1.10
providers behaviours        -                                 2.0    3.0    reads   2.0    2.0
providers get               -                                 2.0    3.0    reads   2.0    2.0
providers hooks             -                                 2.0    3.0    reads   2.0    2.0
providers links             -                                 2.0    3.0    reads   2.0    2.0
providers list              -                                 2.0    3.0    reads   2.0    2.0
providers notifications     -                                 2.8    3.0    reads   2.8    2.0
providers secrets           -                                 2.6    3.0    reads   2.0    2.0
providers triggerer         -                                 2.7    3.0    reads   2.7    2.0
providers triggers          -                                 2.7    3.0    reads   2.7    2.0
providers widgets           -                                 2.0    3.0    reads   2.0    2.0
roles add-perms             -                                 2.6    3.0    sets    -      2.0
roles create                -                                 2.6    3.0    sets    -      2.0
roles del-perms             -                                 2.6    3.0    sets    -      2.0
roles list                  -                                 2.0    3.0    reads   2.0    2.0
tasks clear                 clear                             2.0    3.0    adds    -      -
tasks failed-deps           task_failed_deps                  2.0    3.0    reads   -      1.10
tasks list                  list_tasks                        2.0    3.0    reads   -      -
tasks render                render                            2.0    3.0    reads   -      -
tasks run                   run                               2.0    -      adds    -      -
tasks state                 task_state                        2.0    3.0    reads   -      1.10
tasks states-for-dag-run    -                                 2.0    3.0    reads   2.0    2.0
tasks test                  test                              2.0    3.0    adds    -      -
variables delete            variables -x,variables --delete   2.0    3.0    sets    -      2.0
variables get               variables -g,variables --get      2.0    3.0    reads   -      1.10
variables list              variables                         2.0    3.0    reads   2.0    2.0
variables set               variables -s,variables --set      2.0    3.0    sets    -      2.0
"""

_HELP = frozenset({"-h", "--help"})
_LONGEST_ASKED = 40  # characters: no command is as long, and comparing takes its time
_LONGEST_START = 200  # characters in which a command's words are, whatever quotes are around them
_ALIKE = 0.78  # of 1: `tigger` and `trigger`, but neither `get` and `set` nor `delete-run` and `delete`
# Commands that another one has taken the place of, with options of its own.
_TWINS = {"dags backfill": ("backfill create",), "backfill create": ("dags backfill",)}
_QUOTE = re.compile(r"""['"\\]""")
_BETWEEN_WORDS = re.compile(f"[{BLANKS}]++")

# Of 1.10's `variables` and `pool` the options say what they do, in any order, and each that is there is carried out
# (airflow/bin/cli.py). These are the ones that change nothing.
_CHOSEN_BY_OPTIONS = frozenset({"variables", "pool"})
_READING_OPTIONS = frozenset({"-g", "--get", "-d", "--default", "-j", "--json"})
_IDEMPOTENT_OPTIONS = _READING_OPTIONS | {"-s", "--set", "-x", "--delete"}

# What follows a group from Airflow 2 on, or what people expect there. 1.10 takes the same word for an argument: its
# `backfill list` fills up the DAG `list`.
_VERBS = """
add cancel check create delete describe details export failed-deps get get-value import info list list-import-errors
list-jobs list-runs ls next-execution pause report set show show-dependencies state states-for-dag-run status stop
unpause
"""
_SUBCOMMANDS = frozenset(_VERBS.split())
_GROUPS_OF_1_10 = _CHOSEN_BY_OPTIONS | {"backfill"}

_VALUES = frozenset({"variables get", "variables -g", "variables --get"})
_TEXTS = _VALUES | {"tasks render", "render"}
# These are not offered.
_MORE_VALUES = frozenset({"variables export", "connections get", "connections export", "connections list"})

# Which words of these groups' commands may be shown (`_protocol/secrets.py`): subcommands, options without a value,
# options whose value is harmless. Everything else that stands in them is a secret, or may be one.
SECRET_GROUPS = ("connections", "variables")
HARMLESS_OPTIONS = frozenset(
    {"-o", "--output", "--conn-id", "--conn-type", "--conn-host", "--conn-port", "--conn-login", "--conn-schema"}
)
SECRET_OPTIONS = frozenset(
    {"--conn-password", "--conn-uri", "--conn-extra", "--conn-json", "--conn-description", "--description"}
    | {"-d", "--default"}
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command that MWAA offers: its words in Airflow 2 and 3, and what is known of it.

    `old_words` are those of 1.10 (several spellings). `since_2`, `since_3`, `json_since` and `answers_since` are the
    first versions with it, `None` where there is none.
    """

    words: str
    old_words: tuple[str, ...]
    since_2: Version | None
    since_3: Version | None
    effect: Effect
    json_since: Version | None
    answers_since: Version | None

    def is_offered(self, version: Version) -> bool:
        """Tell whether MWAA offers the command on this Airflow version."""
        if version < (2, 0, 0):
            return bool(self.old_words)
        since = self.since_2 if version < (3, 0, 0) else self.since_3
        return since is not None and version >= since

    def prints_json(self, version: Version) -> bool:
        """Tell whether the command takes `--output json` in this version."""
        return self.json_since is not None and version >= self.json_since

    def always_answers(self, spelling: str) -> bool:
        """Tell whether the command, called by this spelling, prints something whenever it succeeds."""
        since = self.answers_since
        return since is not None and (spelling not in self.old_words or since < (2, 0, 0))

    def spellings(self, version: Version | None) -> tuple[str, ...]:
        """Return the words that call it in this version, or in any where none is given."""
        if version is None:
            return (*self.old_words, self.words) if self.since_2 or self.since_3 else self.old_words
        return () if not self.is_offered(version) else self.old_words if version < (2, 0, 0) else (self.words,)


@cache
def catalogue() -> dict[str, Command]:
    """Return the commands by their words."""
    return {command.words: command for command in map(_command, _TABLE.strip().splitlines()[1:])}


def is_offered(line: str, version: Version | None) -> bool:
    """Tell whether MWAA offers the command of this line; without a version, whether it does on any.

    Nothing is known of a line that names no command and asks for Airflow's help (`dags --help`); it may be sent.
    """
    start, offered = first_two_words(line), _offered(version)
    if start[0] in _GROUPS_OF_1_10 and _has_subcommand(start):
        return " ".join(start) in offered
    return start[0] in offered or " ".join(start) in offered or not _HELP.isdisjoint(start)


def meant(line: str) -> Command | None:
    """Return the command, of any version, that the line calls by its words there."""
    start = first_two_words(line)
    names = [" ".join(start).partition("=")[0]]  # of 1.10's `variables -s` the option says which it is
    if not _has_subcommand(start) and (start[0] not in _CHOSEN_BY_OPTIONS or _options_follow(start)):
        names.append(start[0])
    commands = catalogue().values()
    return next((c for name in names for c in commands if name == c.words or name in c.old_words), None)


def successor(line: str, version: Version | None) -> str | None:
    """Return what another version's command is called in this one, where MWAA offers it here."""
    command = meant(line)
    names = (command.words, *_TWINS.get(command.words, ())) if command else ()
    return next((spelling for name in names for spelling in catalogue()[name].spellings(version)), None)


def comes_with(line: str, version: Version) -> Version | None:
    """Return the first later version with which MWAA offers the command."""
    command = meant(line)
    versions = (command.since_2, command.since_3) if command else ()
    return next((since for since in versions if since is not None and since > version), None)


def misspelled(line: str, version: Version | None) -> str | None:
    """Return what the command, of any version, of which this is plainly a misspelling is called in this one.

    What is only a little like another one is none: `connections get` is no `connections delete`.
    """
    asked = [word[:_LONGEST_ASKED] for word in first_two_words(line)]
    names = (words for words in _offered(None) - _CHOSEN_BY_OPTIONS if " " in words or _keeps_verb(asked, words))
    likeness, words = max((_likeness(asked, words.split()), words) for words in names)
    if likeness < _ALIKE:
        return None
    return successor(words, version) if version else words


def offered_of(group: str, version: Version | None) -> list[str]:
    """Return the words that MWAA offers after this first one (`list` after `dags`)."""
    spellings = [words.split() for words in _offered(version)]
    return sorted(words[1] for words in spellings if words[0] == group and words[1:])


@cache
def known_words() -> tuple[frozenset[str], frozenset[str]]:
    """Return the first words of the commands of all versions, and the second ones."""
    spellings = [spelling.split() for command in catalogue().values() for spelling in command.spellings(None)]
    return frozenset(words[0] for words in spellings), frozenset(words[1] for words in spellings if words[1:])


def first_two_words(line: str) -> list[str]:
    """Return the first two words, without the trouble of splitting a long line like a shell."""
    text = line.lstrip(BLANKS)[:_LONGEST_START]
    start = _BETWEEN_WORDS.split(text.rstrip(BLANKS), 2)[:2]
    if _QUOTE.search(" ".join(start)):
        with suppress(ValueError):  # a word that is cut in two is none that anybody knows
            return first_words(text, 2)
    return start


def command_words(line: str) -> str:
    """Return the words that say what the command of this line is: its first two."""
    return " ".join(first_two_words(line))


def only_reads(line: str) -> bool:
    """Tell whether the command changes nothing in Airflow."""
    return _effect(line, _READING_OPTIONS) == "reads"


def is_idempotent(line: str) -> bool:
    """Tell whether the command leaves the same behind when it runs twice; of what is not known here it is not."""
    return _effect(line, _IDEMPOTENT_OPTIONS) in ("reads", "sets")


def _effect(line: str, options: frozenset[str]) -> Effect | None:
    """Return what the command does, or `None` where nobody knows, as of 1.10's groups with other options than these."""
    start, effects = first_two_words(line), _effects()
    if start[0] in _CHOSEN_BY_OPTIONS and start[1:] and start[1].startswith("-"):
        words = first_words(line, MOST_WORDS + 1)
        given = {word.partition("=")[0] for word in words if word.startswith("-")}
        return effects.get(" ".join(start)) if given <= options and len(words) <= MOST_WORDS else None
    if effect := effects.get(" ".join(start)):
        return effect
    return None if start[0] in _CHOSEN_BY_OPTIONS else effects.get(start[0])


def always_answers(line: str) -> bool:
    """Tell whether the command prints something whenever it succeeds; of what is not known here it is expected."""
    return answers(line) is not False


def answers(line: str) -> bool | None:
    """Tell whether the command prints something whenever it succeeds, or `None` for what is not known here."""
    start, known = first_two_words(line), _answers()
    return known.get(" ".join(start), known.get(start[0]))


def prints_a_text(line: str) -> bool:
    """Tell whether the command's answer is text that somebody stored, in which any line may stand."""
    start = first_two_words(line)
    return start[0] in _TEXTS or " ".join(start) in _TEXTS


def prints_stored_values(line: str) -> bool:
    """Tell whether the command's answer is the values of variables or connections."""
    return command_words(line) in _VALUES | _MORE_VALUES


def _likeness(asked: list[str], words: list[str]) -> float:
    """Return how much the word is like the other one, from 0 to 1, that is least like it."""
    if len(asked) < len(words):
        return 0.0
    return min(SequenceMatcher(None, *pair).ratio() for pair in zip(asked, words, strict=False))


def _command(row: str) -> Command:
    words, old, since_2, since_3, effect, json_since, answers_since = re.split(" {2,}", row)
    old_words = () if old == "-" else tuple(old.split(","))
    versions = [_version(since) for since in (since_2, since_3, json_since, answers_since)]
    return Command(words, old_words, versions[0], versions[1], cast(Effect, effect), versions[2], versions[3])


def _version(text: str) -> Version | None:
    return None if text == "-" else parse_version(text)


def _has_subcommand(start: list[str]) -> bool:
    return not _SUBCOMMANDS.isdisjoint(start[1:])


def _keeps_verb(asked: list[str], word: str) -> bool:
    """Tell whether a word of 1.10 does what is asked for: `backfill` is not what `get_backfill` means."""
    verb = re.split("[_-]", asked[0], maxsplit=1)[0] if asked else ""
    return not _has_subcommand(asked) and (verb not in _SUBCOMMANDS or word.startswith(verb))


def _options_follow(start: list[str]) -> bool:
    return start[1:] == [] or start[1].startswith("-")


@cache
def _offered(version: Version | None) -> frozenset[str]:
    return frozenset(words for command in catalogue().values() for words in command.spellings(version))


@cache
def _effects() -> dict[str, Effect]:
    return {words: command.effect for command in catalogue().values() for words in command.spellings(None)}


@cache
def _answers() -> dict[str, bool]:
    return {
        spelling: command.always_answers(spelling)
        for command in catalogue().values()
        for spelling in command.spellings(None)
    }
