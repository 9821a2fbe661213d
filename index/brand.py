"""Which brand a text speaks of: a brand profile's queries, asked of one document."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from index.mention import MatchedTerm
from index.query import Query
from index.query.documents import Document
from index.query.matcher import find_terms, matches

# "DM" may be a currency, a message or a drugstore: short names in capitals are worth their case.
_SHORT_NAME = 4


@dataclass(frozen=True)
class BrandMatch:
    """The brands of one text, ours first, where they stand in it, and whether an exclusion kept ours away."""

    brands: tuple[str, ...]
    matched: tuple[MatchedTerm, ...]
    excluded: bool


@dataclass(frozen=True)
class BrandRules:
    """A brand and its competitors, each a query. What `exclusions` matches is not our brand; None excludes nothing.

    An exclusion that would match everything (an empty query) excludes nothing either. Competitors are not touched
    by exclusions.
    """

    name: str
    query: Query
    exclusions: Query | None = None
    competitors: Mapping[str, Query] = field(default_factory=dict)

    @cached_property
    def version(self) -> str:
        """Changes when a rule changes: 16 hex digits of SHA-256 over names and queries."""
        excluded = "" if self.exclusions is None else self.exclusions.text
        rivals = [part for name in sorted(self.competitors) for part in (name, self.competitors[name].text)]
        return hashlib.sha256("\x1f".join((self.name, self.query.text, excluded, *rivals)).encode()).hexdigest()[:16]

    def match(self, fields: Mapping[str, Any]) -> BrandMatch:
        """The brands that a document (`text`, and `title`, `thread_title` or any other field of a mention) speaks of.

        Offsets of `matched` are characters of `fields["text"]`; a brand found only in a title has none.
        """
        document = Document(fields)
        excluded = self._excluded(document)
        found = [(name, query) for name, query in self._queries(excluded) if matches(query, document)]
        text = str(fields.get("text") or "")
        terms = [
            MatchedTerm(brand=name, term=span.term, start=span.start, end=span.end)
            for name, query in found
            for span in find_terms(query, text, document=document)
        ]
        return BrandMatch(tuple(name for name, _ in found), tuple(terms), excluded)

    def _excluded(self, document: Document) -> bool:
        """Only a text that would be ours can be excluded."""
        if self.exclusions is None or self.exclusions.tree is None:
            return False
        return matches(self.query, document) and matches(self.exclusions, document)

    def _queries(self, excluded: bool) -> Iterator[tuple[str, Query]]:
        if not excluded:
            yield self.name, self.query
        yield from self.competitors.items()


def names_query(names: Iterable[str], *, exact_case: bool = False) -> str:
    """A query text that finds any of the names, as words and phrases with their inflections.

    With `exact_case`, names of up to four characters in capitals ("DM", "ING") are only found as written. Raises
    `ValueError` without names: an empty query would find everything.
    """
    parts = []
    for name in dict.fromkeys(name.strip() for name in names):
        if not name:
            continue
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        short = exact_case and len(name) <= _SHORT_NAME and name.isupper()
        parts.append(f'case:"{escaped}"' if short else f'"{escaped}"')
    if not parts:
        raise ValueError("a brand needs at least one name")
    return " OR ".join(parts)
