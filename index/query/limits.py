"""How large a query may be, so that every engine answers it, and soon."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from index.query import ast
from index.query.errors import QuerySyntaxError

# Levels of AND, OR and NOT in each other. Elasticsearch takes 30 levels, of which a leaf needs up to three and a filter
# around the query one.
MAX_NESTING = 24
# Words that are looked for, those of phrases counted one by one.
MAX_WORDS = 1000
# Each makes an index walk through its dictionary, once per field.
MAX_PATTERNS = 100
# An index builds an automaton for each misspelled word, per field and month. Its size grows with the letters; two
# errors cost four times as much as one.
MAX_FUZZY = 20
FUZZY_LETTERS = 10
_FUZZY_COST = {1: 1, 2: 4}
MAX_FUZZY_LETTERS = 32
# How many placements of their words sloppy phrases of more than two words, or with a repeated one, may have in all; and
# the same where each further word halves the weight, because fewer texts hold them all.
MAX_ARRANGEMENTS = 5000
MAX_ARRANGED = 1300


def arrangements(words: int, slop: int) -> int:
    """In how many ways a phrase's words can be displaced by at most `slop`: an index may have to try each."""
    return int((slop + 1) ** words - slop**words)


def _is_wide(words: int, slop: int) -> bool:
    return arrangements(words, slop) > MAX_ARRANGEMENTS or _weight(words, slop) > MAX_ARRANGED


def _weight(words: int, slop: int) -> int:
    return arrangements(words, slop) * 8 >> words


def spelled_out(node: ast.Phrase) -> bool:
    """Whether a phrase has to be taken apart into its arrangements (see index.query.tantivy_target)."""
    return node.slop > 0 and (len(node.terms) > 2 or len(set(node.terms)) < len(node.terms))


def check_fuzzy(word: str, *, query: str, position: int) -> None:
    """Raises `QuerySyntaxError` for a word that is too long to look for with misspellings."""
    if len(word) > MAX_FUZZY_LETTERS:
        raise QuerySyntaxError("fuzzy_long", query=query, position=position, limit=MAX_FUZZY_LETTERS)


def check_size(root: ast.Node, *, query: str) -> None:
    """Raises `QuerySyntaxError`, with the place where it becomes too much, for a query that no engine should get."""
    counted = _Counted()
    for node, depth in _walk(root):
        if depth > MAX_NESTING:
            raise QuerySyntaxError("too_deep", query=query, position=node.at, limit=MAX_NESTING)
        counted.add(node, query)


def _walk(root: ast.Node) -> Iterator[tuple[ast.Node, int]]:
    """All nodes in the query's order, with the number of operators around each."""
    waiting: list[tuple[ast.Node, int]] = [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        if isinstance(node, ast.And | ast.Or):
            waiting.extend((child, depth + 1) for child in reversed(node.children))
        elif isinstance(node, ast.Not):
            waiting.append((node.child, depth + 1))


@dataclass
class _Counted:
    words: int = 0
    patterns: int = 0
    fuzzy: int = 0
    arranged: int = 0
    weight: int = 0

    def add(self, node: ast.Node, query: str) -> None:
        if isinstance(node, ast.Phrase):
            self.words += len(node.terms)
            self.arrange(node, query)
        elif isinstance(node, ast.Wildcard):
            self.patterns += len(node.patterns)
            self.words += len(node.patterns)
        elif isinstance(node, ast.Fuzzy):
            self.fuzzy += -(-len(node.term) // FUZZY_LETTERS) * _FUZZY_COST[node.distance]
            self.words += 1
        elif isinstance(node, ast.Term | ast.Range | ast.Exists):
            self.words += 1
        for code, count, limit in (
            ("too_many_terms", self.words, MAX_WORDS),
            ("wildcard_words_many", self.patterns, MAX_PATTERNS),
            ("fuzzy_many", self.fuzzy, MAX_FUZZY),
        ):
            if count > limit:
                raise QuerySyntaxError(code, query=query, position=node.at, limit=limit)

    def arrange(self, node: ast.Phrase, query: str) -> None:
        if not spelled_out(node):
            return
        words = len(node.terms)
        if _is_wide(words, node.slop):
            widest = next((slop for slop in range(node.slop, 0, -1) if not _is_wide(words, slop)), 0)
            raise QuerySyntaxError("proximity_wide", query=query, position=node.at, words=words, limit=widest)
        self.arranged += arrangements(words, node.slop)
        self.weight += _weight(words, node.slop)
        if self.arranged > MAX_ARRANGEMENTS or self.weight > MAX_ARRANGED:
            raise QuerySyntaxError("proximity_many", query=query, position=node.at)
