"""Which words of a command are secrets, and how a command is shown without them."""

import re
import shlex
from urllib.parse import unquote, urlsplit

from mwaa_async._protocol.command_line import split_words

HIDDEN = "***"

# Shown is only what is known to be harmless. So an abbreviated option (argparse takes `--conn-pass`), a value that
# begins with a dash and an option of a later version are never shown by mistake.
_SECRET_GROUPS = ("connections", "variables")
_SUBCOMMANDS = ("add", "set", "get", "delete", "list")
_FLAGS = ("-j", "--json", "-v", "--verbose", "-o", "--output", "-s", "--set", "-g", "--get", "-x", "--delete", "--")
_SECRET_OPTIONS = ("-d", "--default")
_HARMLESS_OPTIONS = ("--conn-id", "--conn-type", "--conn-host", "--conn-port", "--conn-login", "--conn-schema")


def redacted(line: str) -> str:
    """Return the command line with the values of connections and variables blanked out."""
    try:
        words = split_words(line)
    except ValueError:
        return " ".join([*line.split()[:2], HIDDEN])
    shown = _shown(words)
    if shown == words:
        return line
    return " ".join(word if HIDDEN in word else shlex.quote(word) for word in shown)


def without_secrets(text: str, line: str) -> str:
    """Return `text`, something that the command printed, with the secrets of its command line blanked out."""
    try:
        words = split_words(line)
    except ValueError:
        return text
    for secret in sorted(_secrets(words), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", HIDDEN, text)
    return text


def _secrets(words: list[str]) -> set[str]:
    hidden = {
        word.removeprefix(shown.removesuffix(HIDDEN))
        for word, shown in zip(words, _shown(words), strict=True)
        if word != shown
    }
    return (hidden | {_password_in(secret) for secret in hidden}) - {""}


def _password_in(uri: str) -> str:
    try:
        return unquote(urlsplit(uri).password or "")
    except ValueError:
        return ""


def _shown(words: list[str]) -> list[str]:
    """Return the words as they may be shown, one for one."""
    if words[:1] not in ([group] for group in _SECRET_GROUPS):
        return words
    shown, option, key_seen = words[:1], "", False
    for word in words[1:]:
        is_key = not key_seen and not word.startswith("-") and option not in _SECRET_OPTIONS and "--conn" not in option
        is_subcommand = len(shown) == 1 and word in _SUBCOMMANDS
        harmless = is_subcommand or is_key or option in _HARMLESS_OPTIONS or _is_option_name(word)
        shown.append(word if harmless else _blanked(word))
        key_seen = key_seen or (is_key and not is_subcommand)
        option = word if word.startswith("-") else ""
    return shown


def _is_option_name(word: str) -> bool:
    return word in _FLAGS or word in _SECRET_OPTIONS or re.fullmatch("--conn[-_][a-z_-]+", word) is not None


def _blanked(word: str) -> str:
    name, equals, _ = word.partition("=")
    return f"{name}={HIDDEN}" if equals and name.startswith("-") else HIDDEN
