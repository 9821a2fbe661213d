"""What a query means, with everything resolved: the one tree that the matcher and both compilers walk.

Names in `fields` are names of `index.fields` (never aliases). A leaf with several fields matches when it matches in
any one of them. `form` is one of `index.fields.TEXT_FORMS` and always "" for fields that are not of kind "text".
All words are already analysed: compilers compare them with indexed tokens as they are. `at` is the 0-based character
of the query where the part begins; it doesn't take part in comparisons.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias


@dataclass(frozen=True)
class MatchAll:
    """Every document."""

    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class MatchNone:
    """No document: a range without a value in it."""

    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class And:
    """All of at least two children."""

    children: tuple[Node, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Or:
    """At least one of at least two children."""

    children: tuple[Node, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Not:
    """Every document that the child doesn't match, also where nothing else is asked."""

    child: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Term:
    """One token of a text field, or the whole value of a keyword (str) or bool field."""

    fields: tuple[str, ...]
    form: str
    value: str | bool
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Phrase:
    """At least two tokens of a text field, in order; `slop` is the number of moves allowed (two swapped words: 2)."""

    fields: tuple[str, ...]
    form: str
    terms: tuple[str, ...]
    slop: int = 0
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Wildcard:
    """Adjacent tokens (nearly always one) of a text field, or the whole value of a keyword field (always one).

    In a pattern `*` is any run of characters, `?` exactly one, and a backslash takes the next character literally:
    the syntax of Elasticsearch's wildcard query. Text fields are asked in a form other than "".
    """

    fields: tuple[str, ...]
    form: str
    patterns: tuple[str, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Fuzzy:
    """A token (of a form other than "") or keyword at most `distance` (1 or 2) edits away.

    An edit inserts, deletes or replaces one character or swaps two neighbours.
    """

    fields: tuple[str, ...]
    form: str
    term: str
    distance: int
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Range:
    """A number or a time between bounds; None leaves a side open, but never both.

    Times are aware, in UTC, in whole seconds, and always half-open: lower included, upper excluded.
    """

    name: str
    lower: float | datetime | None
    upper: float | datetime | None
    include_lower: bool = True
    include_upper: bool = True
    at: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Exists:
    """Documents with a value in the field: neither missing nor null nor an empty list or text."""

    name: str
    at: int = field(default=0, compare=False)


Leaf: TypeAlias = Term | Phrase | Wildcard | Fuzzy | Range | Exists
Node: TypeAlias = MatchAll | MatchNone | And | Or | Not | Leaf
