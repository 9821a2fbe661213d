"""Words with wildcards: `*` for any run of characters, `?` for exactly one, a backslash before a literal one."""

from __future__ import annotations

import re
from functools import lru_cache

from index.analysis import analyse_form
from index.query.errors import QuerySyntaxError

MAX_WILDCARDS = 8
# An index builds an automaton from the pattern's bytes, of at most a thousand states (tantivy); a ? behind a * makes it
# grow with every letter in between. A letter has four bytes at most.
MAX_PATTERN = 120
# How long a pattern may be with so many ? behind a *.
MAX_MIXED = {1: 60, 2: 25, 3: 25}
# Words that begin with a wildcard make an index read its whole dictionary.
MAX_LEADING = 20
_LEAST_LEADING = 2
_LEAST = 1

# Letters without case that no analysis changes stand for the wildcards while a word is cut and folded.
_ANY, _ONE = "\ua000", "\ua001"
_PIECE = re.compile(r"\\(.)|([*?])|(.)", re.DOTALL)
_STARS = re.compile(r"\*[*?]*\*|\*+")


def has_wildcard(raw: str) -> bool:
    """Whether a raw word holds an unescaped `*` or `?`."""
    return any(match.group(2) for match in _PIECE.finditer(raw))


def unescape(raw: str) -> str:
    """The text that a raw word or phrase means: the character after a backslash is taken literally."""
    return re.sub(r"\\(.)", r"\1", raw, flags=re.DOTALL)


def keyword_pattern(raw: str, *, query: str, position: int) -> str:
    """A raw word as a pattern for a whole value."""
    pieces = []
    for escaped, wild, plain in _PIECE.findall(raw):
        pieces.append(wild or _literal(escaped or plain))
    return _checked("".join(pieces), query=query, position=position)


def text_patterns(raw: str, form: str, *, query: str, position: int) -> tuple[str, ...]:
    """A raw word as patterns for adjacent tokens of a form; mostly one, "E-Mail*" gives two.

    Pieces that are only a star at either end are dropped: "WLAN-*" asks for WLAN.
    """
    text = "".join(
        (_ANY if wild == "*" else _ONE) if wild else escaped or plain for escaped, wild, plain in _PIECE.findall(raw)
    )
    found = [_pattern(token) for token in analyse_form(text, form)]
    patterns = [re.sub(r"\*[*?]+|[*?]+\*", _collapse, pattern) for pattern in found]
    while patterns and patterns[-1] == "*":
        patterns.pop()
    while patterns and patterns[0] == "*":
        patterns.pop(0)
    if not patterns:
        raise QuerySyntaxError("wildcard_short", query=query, position=position, value=raw, least=_LEAST)
    return tuple(_checked(pattern, query=query, position=position) for pattern in patterns)


def _collapse(match: re.Match[str]) -> str:
    """The same set of words with one star: `?` first."""
    run = match.group()
    return "?" * run.count("?") + "*"


def _pattern(token: str) -> str:
    return "".join("*" if sign == _ANY else "?" if sign == _ONE else _literal(sign) for sign in token)


def _literal(character: str) -> str:
    return "\\" + character if character in "*?\\" else character


def _checked(pattern: str, *, query: str, position: int) -> str:
    pieces = [(wild, escaped or plain) for escaped, wild, plain in _PIECE.findall(pattern)]
    wild = "".join(sign for sign, _ in pieces)
    if not wild:
        return pattern

    def fail(code: str, **details: int | str) -> QuerySyntaxError:
        return QuerySyntaxError(code, query=query, position=position, **details)

    if len(wild) > MAX_WILDCARDS:
        raise fail("wildcard_many", limit=MAX_WILDCARDS)
    least = _LEAST_LEADING if pieces[0][0] else _LEAST
    if len(pieces) - len(wild) < least:
        raise fail("wildcard_short", value=pattern, least=least)
    if len(pieces) > MAX_PATTERN:
        raise fail("wildcard_long", limit=MAX_PATTERN)
    ones = wild.partition("*")[2].count("?")
    most = max(MAX_MIXED)
    if ones > most or len(pieces) > MAX_MIXED.get(ones, MAX_PATTERN):
        raise fail("wildcard_mixed", limit=min(ones, most), letters=MAX_MIXED[min(ones, most)])
    return pattern


def index_regex(pattern: str) -> str:
    """A pattern as a regular expression for a whole value, in tantivy's syntax."""
    return "(?s)" + "".join(
        (".*" if wild == "*" else ".") if wild else _quoted(escaped or plain)
        for escaped, wild, plain in _PIECE.findall(pattern)
    )


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern for `fullmatch`. What follows a star is found once and kept, so that matching takes linear time."""
    pieces = [""]
    for escaped, wild, plain in _PIECE.findall(pattern):
        if wild == "*":
            pieces.append("")
        else:
            pieces[-1] += "." if wild else re.escape(escaped or plain)
    first, *middle = pieces
    last = f".*{middle.pop()}" if middle else ""
    return re.compile(first + "".join(f"(?>.*?{piece})" for piece in middle) + last, re.DOTALL)


def _quoted(character: str) -> str:
    return "\\" + character if character in r"\.+*?()|[]{}^$#&-~" else character
