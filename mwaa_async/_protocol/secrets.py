"""Which words of a command are secrets, and how a command is shown without them."""

import html
import json
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from mwaa_async._protocol.catalogue import HARMLESS_OPTIONS, SECRET_GROUPS, SECRET_OPTIONS, known_words
from mwaa_async._protocol.command_line import split_words

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

# The beginning of a word that may be what a command is called, and no value: "variables" of "variables=k".
_CALLED = re.compile(r"(?:[A-Za-z][\w-]{0,30}(?![\w-]))?", re.ASCII)

_SHORT = 4  # characters; what is shorter is a piece of too many other words to be blanked out within them


def redacted(line: str) -> str:
    """Return the command line with the values of connections and variables blanked out."""
    try:
        words = split_words(line)
    except ValueError:
        return HIDDEN  # which of its words are secrets cannot be told
    shown = _shown(words)
    if shown == words:
        return line
    return " ".join(word if HIDDEN in word else shlex.quote(word) for word in shown)


def called(line: str) -> str:
    """Return what somebody calls a command, known or not, without any argument that may be a secret."""
    try:
        words = split_words(line)[:2]
    except ValueError:
        return HIDDEN
    plain = words[0] in known_words()[0] and words[0] not in _SECRET_GROUPS
    return " ".join([words[0], *map(_called, words[1:])] if plain else _shown_of_unknown(words))


def without_secrets(text: str, line: str) -> str:
    """Return `text`, something that the command printed, with the secrets of its command line blanked out."""
    try:
        words = split_words(line)
    except ValueError:
        return HIDDEN
    spellings = {spelling for secret in _secrets(words) for spelling in _spellings(secret)}
    found = sorted((spelling for spelling in spellings if spelling in text), key=len, reverse=True)
    return re.sub("|".join(map(_pattern, found)), HIDDEN, text) if found else text


def _pattern(secret: str) -> str:
    return re.escape(secret) if len(secret) >= _SHORT else rf"(?<!\w){re.escape(secret)}(?!\w)"


def _secrets(words: list[str]) -> set[str]:
    hidden = {
        word.removeprefix(shown.removesuffix(HIDDEN))
        for word, shown in zip(words, _shown(words), strict=True)
        if word != shown
    }
    return hidden | {part for secret in hidden for part in _parts(secret)}


def _parts(secret: str) -> Iterator[str]:
    """Yield what is a secret by itself: an option's value (`-dVALUE`), a URI's password and extras, JSON's texts."""
    if secret.startswith("-"):
        yield from (secret.lstrip("-"), secret.partition("=")[2], secret[2:])
    with suppress(ValueError):  # no URI
        uri = urlsplit(secret)
        yield from (uri.password or "", unquote(uri.password or ""), *(value for _, value in parse_qsl(uri.query)))
    with suppress(ValueError, RecursionError):  # no JSON
        yield from _texts(json.loads(secret))


def _texts(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    for value in document.values() if isinstance(document, dict) else document if isinstance(document, list) else ():
        yield from _texts(value)


def _spellings(secret: str) -> set[str]:
    """Return how a secret may be printed: as it is, in one line, line by line, as Python, JSON or HTML quotes it."""
    quoted = {repr(secret)[1:-1], json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    lines = {secret, secret.replace("\n", " "), " ".join(secret.split()), *map(str.strip, secret.splitlines())}
    return {spelling for spelling in lines | quoted | {html.escape(secret)} if spelling.strip()}


def _shown(words: list[str]) -> list[str]:
    """Return the words as they may be shown, one for one."""
    start = next((at for at, word in enumerate(words) if word != "airflow" and not word.startswith("-")), len(words))
    group = "".join(words[start : start + 1])
    if group in known_words()[0] and group not in _SECRET_GROUPS:
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
