"""Text to syntax tree, with errors that say where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from luqum.exceptions import ParseError
from luqum.parser import parser
from luqum.tree import Item


class QuerySyntaxError(ValueError):
    """A query that can't be read. `position` is the 0-based character in `query` where reading failed."""

    def __init__(self, message: str, *, query: str, position: int) -> None:
        super().__init__(message)
        self.query = query
        self.position = position


@dataclass(frozen=True)
class Query:
    """A parsed query: what was typed, and luqum's tree of it. `tree` None matches everything."""

    text: str
    tree: Item | None = field(compare=False, hash=False)


def parse_query(text: str) -> Query:
    """Read a query in Lucene syntax. An empty text, or `*`, matches everything. Raises `QuerySyntaxError`."""
    stripped = text.strip()
    if stripped in ("", "*", "*:*"):
        return Query("", None)
    try:
        return Query(stripped, parser.parse(stripped))
    except ParseError as error:
        raise QuerySyntaxError(str(error), query=text, position=0) from error


def conjunction(*queries: Query) -> Query:
    """All of the given queries at once; those that match everything fall away."""
    return parse_query(" AND ".join(f"({query.text})" for query in queries if query.tree is not None))


def clause(name: str, value: Any) -> str:
    """`name:"value"` with the value escaped: the safe way to build a filter from data."""
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}:"{escaped}"'
