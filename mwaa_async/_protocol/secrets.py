"""Which words of a command are secrets, and how a command is shown without them."""

import html
import json
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any
from urllib.parse import unquote

from mwaa_async._protocol.catalogue import (
    HARMLESS_OPTIONS,
    SECRET_GROUPS,
    SECRET_OPTIONS,
    first_two_words,
    known_words,
)
from mwaa_async._protocol.words import MOST_WORDS, first_words

HIDDEN = "***"

# Shown is only what is known to be harmless: an abbreviated option (argparse takes `--conn-pass`), a value that begins
# with a dash and an option of a later version are never shown by mistake, nor is what stands after them.
_SECRET_GROUPS = (*SECRET_GROUPS, "users", "create_user")  # the last two are not offered, and yet written by mistake
_SUBCOMMANDS = ("add", "set", "get", "delete", "list", "import", "export", "test", "create")
_FLAGS = {"-j", "--json", "-v", "--verbose", "-h", "--help", "--"}
# Options of 1.10, which has no subcommands; a key follows.
_FLAGS |= {"-s", "--set", "-g", "--get", "-x", "--delete", "-a", "--add", "-l", "--list"}
_SETTING = {"set", "-s", "--set"}
_VALUED_OPTIONS = HARMLESS_OPTIONS | SECRET_OPTIONS
_OPTIONS = _FLAGS | _VALUED_OPTIONS

# They print rendered templates, in which variables and connections may be, or what a task logs.
_PRINTING_TASKS = frozenset({"tasks render", "tasks test", "tasks run", "dags test", "render", "test", "run"})

# The beginning of a word that may be what a command is called, and no value: "variables" of "variables=k".
_CALLED = re.compile(r"(?:[A-Za-z][\w-]{0,30}(?![\w-]))?", re.ASCII)

_SHORT = 4  # characters; what is shorter is a piece of too many other words to be blanked out within them

_LONGEST_COMMAND = 200  # characters of one in a message
_LONGEST_TEXT = 1000  # characters of what a command printed in a message
_MOST_SECRETS = 1000  # where there are more, a text is not shown at all


def redacted(line: str) -> str:
    """Return the beginning of the command line with the values of connections and variables blanked out."""
    return beginning(_redacted(line), _LONGEST_COMMAND)


def called(line: str) -> str:
    """Return what somebody calls a command, known or not, without any argument that may be a secret."""
    words = first_two_words(line)
    return " ".join([words[0], *map(_called, words[1:])] if _is_harmless(words[0]) else _shown_of_unknown(words))


def named(line: str) -> str:
    """Return the words that say which command this is, and none of its arguments."""
    first, *second = called(line).split(" ")
    return " ".join([first, *(word for word in second if word in known_words()[1])])


def without_secrets(text: str, line: str, longest: int = _LONGEST_TEXT) -> str:
    """Return the beginning of `text`, something that the command printed, with the line's secrets blanked out."""
    try:
        hidden = _spelled_secrets(line, longest)
    except ValueError:
        return HIDDEN
    # A secret that goes on behind what is shown is found by so much of it as could be shown.
    window = text[: 2 * longest]
    if hidden and (cut := _CUT.search(window)):
        return f"{beginning(window[: cut.start()], longest)}{HIDDEN}"
    found = sorted((spelling for spelling in hidden if spelling in window), key=len, reverse=True)
    shown = _blanked(window, found, longest) if found else text[:longest]
    return shown if len(text) <= longest else f"{shown}{_rest(text)}"


# How SQLAlchemy shows a long parameter of a statement (sqlalchemy/sql/util.py, _repr_params): with a half of it at
# either end, which no spelling of a secret is found in.
_CUT = re.compile(r"\[parameters: .*?\(\d+ characters truncated\)|.*\(\d+ characters truncated\)")


def may_print_secrets(line: str) -> bool:
    """Tell whether the command's output may hold secrets: stored ones, or those of its own line once more."""
    words = first_two_words(line)
    return not _is_harmless(words[0]) or words[0] in _PRINTING_TASKS or " ".join(words) in _PRINTING_TASKS


def beginning(text: str, longest: int) -> str:
    """Return the text, or its beginning and how long it is."""
    return text if len(text) <= longest else f"{text[:longest]}{_rest(text)}"


def _rest(text: str) -> str:
    return f"… ({len(text)} characters)"


def _is_harmless(group: str) -> bool:
    return group in known_words()[0] and group not in _SECRET_GROUPS


def _redacted(line: str) -> str:
    try:
        if _is_harmless(first_two_words(line)[0]):
            return line
        words = first_words(line, MOST_WORDS + 1)
    except ValueError:
        return HIDDEN  # which of its words are secrets cannot be told
    if len(words) > MOST_WORDS:
        return f"{called(line)} {HIDDEN}"
    shown = _shown(words)
    if shown == words:
        return line
    return " ".join(word if HIDDEN in word else shlex.quote(word) for word in shown)


def _blanked(text: str, secrets: list[str], longest: int) -> str:
    """Return the text up to there with these spellings of secrets blanked out, also where they go on behind it."""
    pieces, position = [], 0
    for found in re.finditer("|".join(map(_pattern, secrets)), text):
        if found.start() >= longest:
            break
        pieces += [text[position : found.start()], HIDDEN]
        # Of a secret that is longer only the beginning was looked for.
        position = len(text) if len(found[0]) >= longest else found.end()
    return "".join([*pieces, text[position:longest]])


def _pattern(secret: str) -> str:
    return re.escape(secret) if len(secret) >= _SHORT else rf"(?<!\w){re.escape(secret)}(?!\w)"


def _spelled_secrets(line: str, longest: int) -> set[str]:
    """Return the beginnings of the line's secrets, however they are spelled. Raises `ValueError` where nobody can."""
    if _is_harmless(first_two_words(line)[0]):
        return set()
    words = first_words(line, MOST_WORDS + 1)
    secrets = [secret[:longest] for secret in islice(_secrets(words), _MOST_SECRETS + 1)]
    if len(words) > MOST_WORDS or len(secrets) > _MOST_SECRETS:
        raise ValueError("too many to look for")
    return {spelling[:longest] for secret in set(secrets) for spelling in _spellings(secret)}


def _secrets(words: list[str]) -> Iterator[str]:
    for word, shown in zip(words, _shown(words), strict=True):
        if word != shown:
            secret = word.removeprefix(shown.removesuffix(HIDDEN))
            yield secret
            yield from _parts(secret)


def _parts(secret: str) -> Iterator[str]:
    """Yield what is a secret by itself: an option's value (`-dVALUE`), a line, a URI's password and extras, JSON's."""
    if secret.startswith("-"):
        yield from (secret.lstrip("-"), secret.partition("=")[2], secret[2:])
    yield from map(str.strip, secret.splitlines())
    yield from _parts_of_uri(secret)
    if secret.lstrip().startswith(("[", "{", '"')):
        with suppress(ValueError, RecursionError):  # no JSON
            yield from _texts(json.loads(secret))


def _parts_of_uri(secret: str) -> Iterator[str]:
    address, _, query = secret.partition("?")
    user, at, _ = re.split("[/?#]", address.partition("//")[2], maxsplit=1)[0].rpartition("@")
    values = [field.partition("=")[2] for field in query.partition("#")[0].split("&", _MOST_SECRETS)]
    # Of a password with a "/", "#" or "?" that is not encoded, Python takes the beginning for a port, and names it.
    password = secret.partition("//")[2].rpartition("@")[0].partition(":")[2]
    values += [password, *re.split("[/?#]", password, maxsplit=_MOST_SECRETS)]
    for value in [user.partition(":")[2], *values] if at or password or "=" in query else ():
        yield value
        decoded = unquote(value[: 12 * _LONGEST_TEXT])  # a character is up to four bytes, each of them "%XX"
        yield from (decoded, decoded.replace("+", " "))


def _texts(document: Any) -> Iterator[str]:
    waiting = [document]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
            if one.lstrip().startswith(("[", "{")):  # as the extra of a connection is
                with suppress(ValueError, RecursionError):
                    waiting.append(json.loads(one))
        elif isinstance(one, dict | list):
            waiting += one.values() if isinstance(one, dict) else one


def _spellings(secret: str) -> set[str]:
    """Return how a secret may be printed: as it is, in one line, as Python, JSON or HTML quotes it."""
    quoted = {repr(secret)[1:-1], json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    # Python escapes one kind of quote, which depends on all of the text.
    quoted.add(repr(f"{secret}'\"")[1:-4])
    lines = {secret, secret.replace("\n", " "), " ".join(secret.split())}
    return {spelling for spelling in lines | quoted | {html.escape(secret)} if spelling.strip()}


def _shown(words: list[str]) -> list[str]:
    """Return the words as they may be shown, one for one."""
    start = next((at for at, word in enumerate(words) if word != "airflow" and not word.startswith("-")), len(words))
    group = "".join(words[start : start + 1])
    if _is_harmless(group):
        return words
    shown = [HIDDEN if word.startswith("-") and word not in _FLAGS else word for word in words[:start]]
    if group not in _SECRET_GROUPS:
        return shown + _shown_of_unknown(words[start:])
    shown.append(group)
    subcommand = [word for word in words[start + 1 : start + 2] if not word.startswith("-")]
    shown += [word if word in _SUBCOMMANDS else HIDDEN for word in subcommand]
    arguments = list(_shown_arguments(words[len(shown) :], key_comes=HIDDEN not in shown))
    if HIDDEN not in arguments and _SETTING.intersection(words):
        # The one word may be a value whose key looks like an option.
        arguments = [word if word.startswith("-") else HIDDEN for word in arguments]
    return shown + arguments


def _shown_of_unknown(words: list[str]) -> list[str]:
    """Return what may be shown of a command that no version knows: it may be a misspelled one with secrets."""
    subcommands = known_words()[1].union(_SUBCOMMANDS)
    second = [word if word in subcommands else HIDDEN for word in words[1:2]]
    return [_called(word) for word in words[:1]] + second + [HIDDEN] * (len(words) - 2)


def _called(word: str) -> str:
    match = _CALLED.match(word)
    assert match
    return word if match[0] == word else f"{match[0]}{HIDDEN}"


def _shown_arguments(words: list[str], *, key_comes: bool) -> Iterator[str]:
    option, options_end = "", False
    for word in words:
        if word.startswith("-") and not options_end:
            name, equals, _ = word.partition("=")
            option = name.replace("_", "-")  # 1.10 spells it `--conn_id`
            if option not in _OPTIONS:
                yield HIDDEN
            else:
                yield word if not equals or option in HARMLESS_OPTIONS else f"{name}={HIDDEN}"
            # `--set=KEY` uses up the key.
            key_comes = key_comes and option in _OPTIONS and not (equals and option in _FLAGS)
            option = "" if equals or option not in _VALUED_OPTIONS else option
            options_end = word == "--"
        elif option:
            yield word if option in HARMLESS_OPTIONS else HIDDEN
            option = ""
        else:
            yield word if key_comes else HIDDEN
            key_comes = False
