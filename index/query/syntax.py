"""Text to syntax tree, with errors that say where."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from luqum.exceptions import ParseError
from luqum.parser import parser
from luqum.tree import AndOperation, Group, Item
from ply.lex import LexToken

from index.query import ast
from index.query.build import Builder
from index.query.errors import QuerySyntaxError
from index.query.lexing import lex

MAX_LENGTH = 10_000
# Halves of a character that can't be written as UTF-8.
_SURROGATE = re.compile("[\ud800-\udfff]")
# PLY's parser keeps its state in itself.
_parsing = Lock()


@dataclass(frozen=True)
class Query:
    """A parsed query: what was typed, luqum's tree of it (None matches everything), and what it means.

    Times such as `now-7d` were resolved when the query was read: parse it again for every run.
    """

    text: str
    tree: Item | None = field(compare=False, hash=False)
    node: ast.Node = field(compare=False, hash=False, default=ast.MatchAll())


class _Tokens:
    """A token list in the shape of a PLY lexer."""

    def __init__(self, tokens: list[LexToken]) -> None:
        self._rest = iter(tokens)

    def token(self) -> LexToken | None:
        return next(self._rest, None)


def parse_query(text: str, *, now: datetime | None = None) -> Query:
    """Read a query in Lucene syntax (docs/query.md). An empty text, or `*`, matches everything.

    `now` (aware; default: the current time) is what `now`, `heute` and `gestern` refer to.
    Raises `QuerySyntaxError`, and nothing else, for any other text.
    """
    if len(text) > MAX_LENGTH:
        raise QuerySyntaxError("too_long", query=text, position=MAX_LENGTH, length=len(text), limit=MAX_LENGTH)
    if (surrogate := _SURROGATE.search(text)) is not None:
        raise QuerySyntaxError("stray_character", query=text, position=surrogate.start(), character="\ufffd")
    stripped = text.strip()
    if stripped in ("", "*", "*:*"):
        return Query("", None)
    try:
        tree = _parse(stripped)
        return Query(stripped, tree, Builder(stripped, now or datetime.now(UTC)).build(tree))
    except QuerySyntaxError as error:
        moved = error.position + len(text) - len(text.lstrip())
        raise QuerySyntaxError(error.code, query=text, position=moved, **error.details) from None


def _parse(text: str) -> Item:
    tokens = lex(text)
    if not tokens:
        raise QuerySyntaxError("no_words", query=text, position=0)
    try:
        with _parsing:
            return parser.parse(None, lexer=_Tokens(tokens))
    except ParseError as error:
        raise QuerySyntaxError("syntax", query=text, position=0) from error


def conjunction(*queries: Query) -> Query:
    """All of the given queries at once; those that match everything fall away."""
    kept = [query for query in queries if query.tree is not None]
    if not kept:
        return Query("", None)
    if len(kept) == 1:
        return kept[0]
    return Query(
        " AND ".join(f"({query.text})" for query in kept),
        AndOperation(*(Group(query.tree) for query in kept)),
        ast.And(tuple(query.node for query in kept)),
    )


def clause(name: str, value: Any) -> str:
    """`name:"value"` with the value escaped: the safe way to build a filter from data.

    None asks for documents without a value.
    """
    if value is None:
        return f"NOT _exists_:{name}"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}:"{escaped}"'
