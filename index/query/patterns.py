"""Words with wildcards: `*` for any run of characters, `?` for exactly one, a backslash before a literal one."""

from __future__ import annotations

import re
from functools import lru_cache

from index.analysis import analyse_form
from index.query.errors import QuerySyntaxError

MAX_WILDCARDS = 8
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
    signs = [(wild, escaped or plain) for escaped, wild, plain in _PIECE.findall(pattern)]
    wild = sum(bool(sign) for sign, _ in signs)
    if wild > MAX_WILDCARDS:
        raise QuerySyntaxError("wildcard_many", query=query, position=position, limit=MAX_WILDCARDS)
    least = _LEAST_LEADING if signs[0][0] else _LEAST
    if wild and len(signs) - wild < least:
        raise QuerySyntaxError("wildcard_short", query=query, position=position, value=pattern, least=least)
    return pattern


def index_regex(pattern: str) -> str:
    """A pattern as a regular expression for a whole value, in tantivy's syntax."""
    return "".join(
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
    return re.compile(first + "".join(f"(?>.*?{piece})" for piece in middle) + last)


def _quoted(character: str) -> str:
    return "\\" + character if character in r"\.+*?()|[]{}^$#&-~" else character
