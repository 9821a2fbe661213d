"""The query language on documents in memory: brand rules, alert filters, `brandmelder match`, highlighting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from index.analysis import FORMS, Token, tokens
from index.mention import composed
from index.query import ast
from index.query.documents import Document, read_flag, read_float, read_moment
from index.query.patterns import compiled
from index.query.phrases import placements, runs
from index.query.resolve import SPECS
from index.query.syntax import Query

_WordTest = Callable[[str], bool]


class Span(NamedTuple):
    """A found word or phrase: `text[start:end]` is `term`, in characters."""

    term: str
    start: int
    end: int


def matches(query: Query, document: Mapping[str, Any] | Document) -> bool:
    """Whether the query matches a document: a mention's JSON, or any row with some of its fields.

    Keys may be nested or dotted; a plain value may stand for an object (`rating: 2`). Pass a `Document` to ask
    several queries of one text at the cost of one analysis.
    """
    return _holds(query.node, document if isinstance(document, Document) else Document(document))


def find_terms(
    query: Query, text: str, *, field: str = "text", document: Mapping[str, Any] | Document | None = None
) -> list[Span]:
    """What in a text made the query match: words and phrases that it asks of `field`, in order, none overlapping.

    Negated parts are no finds. With `document`, only the alternatives that hold for it count.
    """
    if document is not None and not isinstance(document, Document):
        document = Document(document)
    words = tokens(text)
    found: set[tuple[int, int]] = set()
    for leaf in _positive(query.node, document):
        if not isinstance(leaf, ast.Range | ast.Exists) and field in leaf.fields:
            found.update(_places(leaf, words))
    return _spans(text, words, found)


def _spans(text: str, words: Sequence[Token], found: set[tuple[int, int]]) -> list[Span]:
    spans: list[Span] = []
    for first, last in sorted(found, key=lambda place: (place[0], -place[1])):
        start, end = words[first].start, words[last].end
        if not spans or start >= spans[-1].end:
            spans.append(Span(text[start:end], start, end))
    return spans


def _positive(node: ast.Node, document: Document | None) -> Iterator[ast.Leaf]:
    """The leaves that speak for a match; of a negation those that speak against its opposite."""
    if isinstance(node, ast.Not):
        yield from _negative(node.child, document)
    elif isinstance(node, ast.And | ast.Or):
        for child in node.children:
            if document is None or _holds(child, document):
                yield from _positive(child, document)
    elif not isinstance(node, ast.MatchAll | ast.MatchNone):
        yield node


def _negative(node: ast.Node, document: Document | None) -> Iterator[ast.Leaf]:
    if isinstance(node, ast.Not):
        yield from _positive(node.child, document)
    elif isinstance(node, ast.And | ast.Or):
        for child in node.children:
            yield from _negative(child, document)


def _holds(node: ast.Node, document: Document) -> bool:
    return _HOLDS[type(node)](node, document)


def _term(node: ast.Term, document: Document) -> bool:
    if SPECS[node.fields[0]].kind == "text":
        return any(node.value in document.vocabulary(name, node.form) for name in node.fields)
    if isinstance(node.value, bool):
        return any(read_flag(value) is node.value for name in node.fields for value in document.values(name))
    return any(node.value in document.keywords(name) for name in node.fields)


def _phrase(node: ast.Phrase, document: Document) -> bool:
    return any(
        document.vocabulary(name, node.form).issuperset(node.terms)
        and any(True for _ in placements(node.terms, document.words(name, node.form), node.slop))
        for name in node.fields
    )


def _wildcard(node: ast.Wildcard, document: Document) -> bool:
    tests = [_fits(pattern) for pattern in node.patterns]
    if SPECS[node.fields[0]].kind != "text":
        return any(tests[0](value) for name in node.fields for value in document.keywords(name))
    if len(tests) == 1:
        return any(tests[0](word) for name in node.fields for word in document.vocabulary(name, node.form))
    return any(True for name in node.fields for _ in runs(tests, document.words(name, node.form)))


def _fits(pattern: str) -> _WordTest:
    fullmatch = compiled(pattern).fullmatch
    return lambda word: fullmatch(word) is not None


def _fuzzy(node: ast.Fuzzy, document: Document) -> bool:
    if SPECS[node.fields[0]].kind != "text":
        values = {value for name in node.fields for value in document.keywords(name)}
        return any(within(node.term, value, node.distance) for value in values)
    words = {word for name in node.fields for word in document.vocabulary(name, node.form)}
    return any(within(node.term, word, node.distance) for word in words)


@lru_cache(maxsize=1 << 15)
def within(left: str, right: str, distance: int) -> bool:
    """Whether at most `distance` edits lead from one word to the other; a swap of neighbours is one edit.

    The optimal string alignment distance, as Lucene's and tantivy's automata accept it.
    """
    if abs(len(left) - len(right)) > distance:
        return False
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        above, row = row, [i]
        for j, b in enumerate(right, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and b == left[i - 2]:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > distance:
            return False
        before = above
    return row[-1] <= distance


def _range(node: ast.Range, document: Document) -> bool:
    if SPECS[node.name].kind == "date":
        values: list[Any] = [read_moment(value, node.name) for value in document.values(node.name)]
    else:
        values = [read_float(value) for value in document.values(node.name)]
    return any(value is not None and _between(value, node) for value in values)


def _between(value: Any, node: ast.Range) -> bool:
    lower: Any = node.lower
    upper: Any = node.upper
    if lower is not None and not (value > lower or (node.include_lower and value == lower)):
        return False
    return upper is None or value < upper or bool(node.include_upper and value == upper)


_HOLDS: dict[type, Callable[[Any, Document], bool]] = {
    ast.MatchAll: lambda _node, _document: True,
    ast.MatchNone: lambda _node, _document: False,
    ast.And: lambda node, document: all(_holds(child, document) for child in node.children),
    ast.Or: lambda node, document: any(_holds(child, document) for child in node.children),
    ast.Not: lambda node, document: not _holds(node.child, document),
    ast.Term: _term,
    ast.Phrase: _phrase,
    ast.Wildcard: _wildcard,
    ast.Fuzzy: _fuzzy,
    ast.Range: _range,
    ast.Exists: lambda node, document: bool(document.values(node.name)),
}


def _places(leaf: ast.Leaf, words: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """First and last token of every place where a text leaf stands."""
    if isinstance(leaf, ast.Range | ast.Exists):
        return
    change = FORMS[leaf.form]
    changed = [change(composed(word.text)) for word in words]
    if isinstance(leaf, ast.Phrase):
        yield from placements(leaf.terms, changed, leaf.slop)
    else:
        yield from runs(_tests(leaf), changed)


def _tests(leaf: ast.Term | ast.Wildcard | ast.Fuzzy) -> list[_WordTest]:
    if isinstance(leaf, ast.Term):
        return [lambda word: word == leaf.value]
    if isinstance(leaf, ast.Fuzzy):
        return [lambda word: within(leaf.term, word, leaf.distance)]
    return [_fits(pattern) for pattern in leaf.patterns]
