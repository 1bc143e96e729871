"""Splitting a command line into words, as the web server does: like a POSIX shell, without expanding anything.

The words are those of `shlex.split`, which takes a minute for one word of 1 MB. Here the time is linear.
"""

import re
from collections.abc import Iterator
from itertools import islice

BLANKS = " \t\r\n"  # what separates words for `shlex`: no other blank, such as U+00A0, does
MOST_WORDS = 1000  # far more than any command has: who looks for an option or a secret need not look further

# No group is possessive here: up to Python 3.11.4 such a one may match what it should not
# (https://github.com/python/cpython/issues/106052).
_PART = r"""[^ \t\r\n'"\\]++|'[^']*+'|"(?:[^"\\]++|\\.)*"|\\."""
_WORD = re.compile(rf"(?:((?:{_PART})+(?![^ \t\r\n]))|[^ \t\r\n].*)[ \t\r\n]*+", re.DOTALL)
_QUOTED = re.compile(r"""((?:'[^']*+')+)|((?:"(?:[^"\\]++|\\.)*")+)|((?:\\.)+)""", re.DOTALL)


def split_words(line: str) -> list[str]:
    """Return the words of a command line.

    Raises `ValueError` where a quote is not closed or nothing follows a backslash.
    """
    if "'" in line or '"' in line or "\\" in line:
        return [*_words(line)]
    return [*filter(None, line.replace("\t", " ").replace("\r", " ").replace("\n", " ").split(" "))]


def first_words(line: str, most: int) -> list[str]:
    """Return the first words of a command line, without looking at what follows. Raises `ValueError` as above."""
    return [*islice(_words(line), most)]


def _words(line: str) -> Iterator[str]:
    for found in _WORD.finditer(line.lstrip(BLANKS)):
        if found[1] is None:
            raise ValueError("a quote is not closed, or nothing follows a backslash")
        yield _without_quotes(found[1])


def _without_quotes(word: str) -> str:
    if "\\" not in word:
        if '"' not in word:
            return word.replace("'", "")
        if "'" not in word:
            return word.replace('"', "")
    elif not ("'" in word or '"' in word or "\\\\" in word):
        return word.replace("\\", "")
    # Parts by turns: outside of quotes, in single ones, in double ones, behind backslashes; runs of each kind in one.
    parts = _QUOTED.split(word)
    parts[1::4] = [part and part.replace("'", "") for part in parts[1::4]]
    parts[2::4] = [part and _without_double_quotes(part) for part in parts[2::4]]
    parts[3::4] = [part and part[1::2] for part in parts[3::4]]
    return "".join(filter(None, parts))


def _without_double_quotes(text: str) -> str:
    """Return what stands in double quotes, where a backslash makes another one and a quote literal, and nothing else.

    From left to right, two backslashes are one and no backslash is before a quote that ends something.
    """
    if "\\" not in text:
        return text.replace('"', "")
    return "\\".join([_with_literal_quotes(part) for part in text.split("\\\\")])


def _with_literal_quotes(text: str) -> str:
    if '"' not in text:
        return text
    return '"'.join([part.replace('"', "") for part in text.split('\\"')])
