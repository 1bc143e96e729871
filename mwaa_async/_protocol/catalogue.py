"""The commands that MWAA offers, and what is known of each: the one place that says so."""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Literal, cast

from mwaa_async._protocol.command_line import split_words
from mwaa_async._protocol.versions import Version, parse_version

# `reads` changes nothing, `sets` leaves the same behind when it runs twice, `adds` does more each time it runs.
Effect = Literal["reads", "sets", "adds"]

# https://docs.aws.amazon.com/mwaa/latest/userguide/airflow-cli-command-reference.html, compared with the options of
# Airflow's own argument parsers. "1.10" has the old words, with the options that choose what `variables` and `pool`
# do; "2" and "3" the first version of that line which MWAA offers the command on, "json" the first one that takes
# `--output json`; "-" is none.
_TABLE = """
words                       1.10                              2      3      effect  json
cheat-sheet                 -                                 2.0    3.0    reads   -
version                     version                           2.0    3.0    reads   -
assets details              -                                 -      3.0    reads   3.0
assets list                 -                                 -      3.0    reads   3.0
assets materialize          -                                 -      3.0    adds    3.0
backfill create             -                                 -      3.0    adds    -
connections add             -                                 2.0    3.0    adds    -
connections delete          -                                 2.0    3.0    sets    -
dags backfill               backfill                          2.2    -      adds    -
dags delete                 delete_dag                        2.0    3.0    sets    -
dags list                   list_dags                         2.2    3.0    reads   2.0
dags list-import-errors     -                                 2.6    3.0    reads   2.4
dags list-jobs              -                                 2.0    3.0    reads   2.0
dags list-runs              list_dag_runs                     2.2    3.0    reads   2.0
dags next-execution         next_execution                    2.2    3.0    reads   -
dags pause                  pause                             2.0    3.0    sets    2.9
dags report                 -                                 2.0    3.0    reads   2.0
dags reserialize            -                                 2.4    3.0    sets    -
dags show                   show_dag                          2.0    3.0    reads   -
dags state                  dag_state                         2.0    3.0    reads   -
dags test                   -                                 2.0    3.0    adds    -
dags trigger                trigger_dag                       2.0    3.0    adds    2.6
dags unpause                unpause                           2.0    3.0    sets    2.9
db clean                    -                                 2.4    3.0    sets    -
pool get                    pool -g,pool --get                -      -      reads   -
pool set                    pool -s,pool --set                -      -      sets    -
pool delete                 pool -x,pool --delete             -      -      sets    -
pool                        pool                              -      -      adds    -
providers behaviours        -                                 2.0    3.0    reads   2.0
providers get               -                                 2.0    3.0    reads   2.0
providers hooks             -                                 2.0    3.0    reads   2.0
providers links             -                                 2.0    3.0    reads   2.0
providers list              -                                 2.0    3.0    reads   2.0
providers notifications     -                                 2.8    3.0    reads   2.8
providers secrets           -                                 2.6    3.0    reads   2.0
providers triggerer         -                                 2.7    3.0    reads   2.7
providers triggers          -                                 2.7    3.0    reads   2.7
providers widgets           -                                 2.0    3.0    reads   2.0
roles add-perms             -                                 2.6    3.0    sets    -
roles create                -                                 2.6    3.0    sets    -
roles del-perms             -                                 2.6    3.0    sets    -
roles list                  -                                 2.0    3.0    reads   2.0
tasks clear                 clear                             2.0    3.0    adds    -
tasks failed-deps           task_failed_deps                  2.0    3.0    reads   -
tasks list                  list_tasks                        2.0    3.0    reads   -
tasks render                render                            2.0    3.0    reads   -
tasks run                   run                               2.0    -      adds    -
tasks state                 task_state                        2.0    3.0    reads   -
tasks states-for-dag-run    -                                 2.0    3.0    reads   2.0
tasks test                  test                              2.0    3.0    adds    -
variables delete            variables -x,variables --delete   2.0    3.0    sets    -
variables get               variables -g,variables --get      2.0    3.0    reads   -
variables list              variables                         2.0    3.0    reads   2.0
variables set               variables -s,variables --set      2.0    3.0    sets    -
"""

_HELP = frozenset({"-h", "--help"})
_QUOTES = frozenset("'\"\\")

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

    `old_words` are those of 1.10 (several spellings). `since_2`, `since_3` and `json_since` are the first versions
    with it, `None` where there is none.
    """

    words: str
    old_words: tuple[str, ...]
    since_2: Version | None
    since_3: Version | None
    effect: Effect
    json_since: Version | None

    def is_offered(self, version: Version) -> bool:
        """Tell whether MWAA offers the command on this Airflow version."""
        if version < (2, 0, 0):
            return bool(self.old_words)
        since = self.since_2 if version < (3, 0, 0) else self.since_3
        return since is not None and version >= since

    def prints_json(self, version: Version) -> bool:
        """Tell whether the command takes `--output json` in this version."""
        return self.json_since is not None and version >= self.json_since

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
    start, offered = _start(line), _offered(version)
    return start[0] in offered or " ".join(start) in offered or not _HELP.isdisjoint(start)


def nearest(line: str, version: Version | None) -> str:
    """Return what the command is called in this version, or else the offered one that is spelled most like it."""
    start = _start(line)
    asked = " ".join(start)
    for command in catalogue().values():
        twins = command.spellings(version)
        if twins and (asked == command.words or start[0] in command.old_words):
            return twins[0]
    offered = sorted(_offered(version))
    of_group = [words for words in offered if words.split()[0] == start[0]]
    return get_close_matches(asked, of_group or offered, n=1, cutoff=0.0)[0]


def only_reads(line: str) -> bool:
    """Tell whether the command changes nothing in Airflow."""
    start, effects = _start(line), _effects()
    if effect := effects.get(" ".join(start)):
        return effect == "reads"
    # Of 1.10's `variables` and `pool` the options say what they do, in any order.
    return effects.get(start[0]) == "reads" and start[0] not in ("variables", "pool")


def _command(row: str) -> Command:
    words, old, since_2, since_3, effect, json_since = re.split(" {2,}", row)
    old_words = () if old == "-" else tuple(old.split(","))
    return Command(words, old_words, _version(since_2), _version(since_3), cast(Effect, effect), _version(json_since))


def _version(text: str) -> Version | None:
    return None if text == "-" else parse_version(text)


def _start(line: str) -> list[str]:
    """Return the first two words, without the trouble of splitting a long line like a shell."""
    start = line.split(None, 2)[:2]
    return split_words(line)[:2] if _QUOTES.intersection("".join(start)) else start


@cache
def _offered(version: Version | None) -> frozenset[str]:
    return frozenset(words for command in catalogue().values() for words in command.spellings(version))


@cache
def _effects() -> dict[str, Effect]:
    return {words: command.effect for command in catalogue().values() for words in command.spellings(None)}
