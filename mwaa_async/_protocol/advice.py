"""What to do about mistakes that public reports show: from a command line, and what Airflow says of it."""

import re
from collections.abc import Iterator

from mwaa_async._protocol.catalogue import SECRET_GROUPS, command_words, meant
from mwaa_async._protocol.confs import QUOTED, wrong_with
from mwaa_async._protocol.instead import NO_SHELL
from mwaa_async._protocol.words import MOST_WORDS, first_words

_LONGEST_REASON = 4096  # characters, in which it is to be seen; argparse repeats every argument
_ABOUT_CONF = re.compile(
    r"TypeError: |ValueError: |.*(?:JSONDecodeError: |not valid JSON|unrecognized arguments: |expected one argument)"
)
# Each command with a conf in some version (airflow/cli/cli_config.py; of 1.10's `clear`, `-c` is another option).
_WITH_CONF = {
    **dict.fromkeys(("dags trigger", "trigger_dag", "dags backfill", "backfill", "dags test"), ("-c", "--conf")),
    "backfill create": ("--dag-run-conf",),
}
_ASKED = re.compile(r"EOFError: |User did not confirm; exiting\.")
# The option by which each command that asks does it at once; of 1.10 first.
_YES = {
    "clear": "--no_confirm",
    **dict.fromkeys(
        (
            "delete_dag",
            "backfill",
            "dags backfill",
            "dags delete",
            "dags pause",
            "dags unpause",
            "db clean",
            "tasks clear",
        ),
        "--yes",
    ),
}

_UNRECOGNIZED = re.compile(r".*?unrecognized arguments: (.*?)(?:, see help above\.|\Z)")
_REQUIRED = re.compile(r".*?the following arguments are required: (.*?)(?:, see help above\.|\Z)")
_CHOICE = re.compile(r".*?: invalid choice: '([^']*)'")
_QUOTED = re.compile(r"""(?:'[^']*+'|"(?:[^"\\]++|\\.)*"|\\.)+""", re.DOTALL)
# A shell's operator as a word, or at one end of a word: `&` within a word is rather a URL's.
_SHELLS = re.compile(r"(?:\A|[ \t])(?:\d?[<>]|[|;&])|[|;&<>](?:[ \t]|\Z)")
_OPERATOR = re.compile(r"[|;&<>]")
_OLD_OPTION = re.compile(r"--[a-z]+(?:_[a-z]+)+(?:=|\Z)")
_NEW_OPTION = re.compile(r"--[a-z]+(?:-[a-z]+)+(?:=|\Z)")
# What an option of another version is called in the one that does not know it (airflow/cli/cli_config.py).
_RENAMED = {
    ("dags trigger", "-e --exec-date --exec_date"): "Airflow 3 calls it --logical-date",
    ("dags trigger", "-l --logical-date"): "before Airflow 3 it is called --exec-date",
    ("dags list-runs", "-d --dag-id"): "Airflow 3 takes the DAG as it is: dags list-runs DAG_ID",
    ("dags list", "-r --report"): "from Airflow 2 on it is 'dags report'",
    ("tasks list", "-t --tree"): "Airflow 3 has no tree; 'dags show DAG_ID' shows how the tasks depend on each other",
    ("tasks clear", "-c --no_confirm --no-confirm"): "from Airflow 2 on it is called --yes",
    ("clear", "-y --yes"): "on Airflow 1.10 it is called --no_confirm",
}
_RENAMED_OPTIONS = {(words, option): text for (words, names), text in _RENAMED.items() for option in names.split()}
_SUBDIRS = frozenset({"-S", "-sd", "--subdir"})
_OUTPUTS = frozenset({"-o", "--output"})
_DAG_IDS = frozenset({"-d", "--dag-id", "--dag_id"})
_TAKES_A_DAG = re.compile(
    r"(?:dags (?:backfill|delete|next-execution|pause|show|state|test|trigger|unpause)|tasks [a-z-]+"
    r"|backfill|clear|dag_state|delete_dag|list_dag_runs|list_tasks|next_execution|pause|render|run|show_dag"
    r"|task_failed_deps|task_state|test|trigger_dag|unpause)\Z"
)

_ASKED_FOR_JSON = re.compile(r"(?: -o ?| --o[a-z]*[ =])json(?: |\Z)")


def advice(line: str, reason: str) -> str | None:
    """Return what to do about a command that failed for this reason, as Airflow told it; `None` where nobody knows."""
    called, reason = _called(line), reason[:_LONGEST_REASON]
    return (
        _about_confirmation(called, reason)
        or _about_conf(called, line, reason)
        or _about_arguments(called, line, reason)
    )


def json_advice(line: str) -> str:
    """Return what to do about a command that printed no JSON document."""
    command = meant(line)
    if _ASKED_FOR_JSON.search(" ".join(first_words(line, MOST_WORDS))):
        return "it was asked for JSON, and what it printed instead is in the result's stdout"
    if command is None:
        return "commands that can print one do so with '--output json'"
    since = command.json_since
    if since is None or _called(line) != command.words:
        return "it never prints one; what it printed is in the result's stdout"
    return f"it prints one with '--output json'{'' if since[1] == 0 else f' (Airflow {since[0]}.{since[1]} and later)'}"


def _called(line: str) -> str:
    """Return the words that call the command: one of 1.10, two of a group."""
    command, words = meant(line), command_words(line)
    return words if command is None or words == command.words else words.partition(" ")[0]


def _about_confirmation(called: str, reason: str) -> str | None:
    if not _ASKED.match(reason):
        return None
    if called not in _YES:
        return "it asks something, and nobody can answer over MWAA's endpoint"
    return f"it asks before it does it, and nobody can answer over MWAA's endpoint: add {_YES[called]}"


def _about_conf(called: str, line: str, reason: str) -> str | None:
    if called not in _WITH_CONF or not _ABOUT_CONF.match(reason):
        return None
    conf = next(_values(first_words(line, MOST_WORDS), _WITH_CONF[called]), None)
    if conf is None or not (wrong := wrong_with(conf)):
        return None
    return (
        f"about its conf: {wrong}. Write {QUOTED}; pass json.dumps(conf) in a sequence of arguments; or do without "
        "quoting: environment.dags.trigger(DAG_ID, conf=conf), mwaa-async trigger ENVIRONMENT DAG_ID --conf @FILE"
    )


def _values(words: list[str], options: tuple[str, ...]) -> Iterator[str]:
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if word in options:
            yield from words[at + 1 : at + 2]
        elif equals and name in options:
            yield value
        elif len(options[0]) == 2 and word.startswith(options[0]):
            yield word[2:]


def _about_arguments(called: str, line: str, reason: str) -> str | None:
    if required := _REQUIRED.match(reason):
        return _about_required(called, line, required[1])
    if choice := _CHOICE.match(reason):
        return _about_choice(called, choice[1])
    if not (unrecognized := _UNRECOGNIZED.match(reason)):
        return None
    unknown = unrecognized[1].split()
    if _OPERATOR.search(line) and _SHELLS.search(_QUOTED.sub("_", line)):
        return NO_SHELL
    names = [word.partition("=")[0] for word in unknown]
    texts = [_RENAMED_OPTIONS.get((called, name)) or _about_option(called, name) for name in names]
    if called == "dags list-runs" and names and not names[0].startswith("-"):
        texts.append("before Airflow 3 it takes the DAG with an option: dags list-runs -d DAG_ID")
    return next(filter(None, texts), None) or _about_blanks(line, unknown)


def _about_required(called: str, line: str, required: str) -> str | None:
    if called == "dags list-runs" and "--dag-id" in required:
        return "before Airflow 3 it takes the DAG with an option: dags list-runs -d DAG_ID"
    options = (word.partition("=")[0] for word in first_words(line, MOST_WORDS))
    return _about_dag_id(called) if required.startswith("dag_id") and not _DAG_IDS.isdisjoint(options) else None


def _about_choice(called: str, choice: str) -> str | None:
    if called == "providers triggerer":  # AWS lists it by this name
        return "the command is 'providers triggers'"
    return NO_SHELL if re.search(r"[;|&<>]", choice) else None


def _about_dag_id(called: str) -> str | None:
    return f"the DAG's id stands by itself: {called} DAG_ID" if _TAKES_A_DAG.match(called) else None


def _about_option(called: str, name: str) -> str | None:
    """Return what to say of an option that is another version's for many commands."""
    command = meant(called)
    if name in _SUBDIRS:
        return "leave it out, since MWAA knows where the environment's DAGs are"
    if name in _DAG_IDS and (told := _about_dag_id(called)):
        return told
    if name == "--json" and command and command.json_since:
        return "JSON comes with '-o json' from Airflow 2 on"
    if name in _OUTPUTS and command and command.json_since:
        since = command.json_since
        return f"it knows --output from Airflow {since[0]}.{since[1]} on"
    is_old = command is not None and called != command.words
    if _OLD_OPTION.match(name) and not is_old:
        return "from Airflow 2 on options are spelled with dashes, as in --run-id, and not with underscores"
    if _NEW_OPTION.match(name) and is_old:
        return "on Airflow 1.10 options are spelled with underscores, as in --run_id, and not with dashes"
    return None


def _about_blanks(line: str, unknown: list[str]) -> str | None:
    group, _, second = command_words(line).partition(" ")
    if not unknown:  # an empty argument
        return None
    if group == "variables" and unknown[0] == second:
        return "on Airflow 1.10 an option says what to do: variables --get KEY, --set KEY VALUE or --delete KEY"
    if group in SECRET_GROUPS and not unknown[0].startswith("-"):
        return "a value with blanks in it goes into quotes, or pass a sequence of arguments"
    return None
