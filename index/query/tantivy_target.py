"""A query for tantivy, over columns that hold our own tokens.

What the index must look like (`index.fields.column` gives the names, dots included):

- per text field and form one text column, tokenizer "whitespace", with positions: the tokens of `analyse_form(text,
  form)` joined by blanks;
- keyword fields: text columns, tokenizer "raw", fast; bool fields: indexed and fast; float and date fields: fast;
- `PRESENT`: a raw text column with the names of the mention's text fields that have a value, since tantivy finds
  existing values only in fast fields; and, behind `BLANK`, of the keyword fields that hold nothing but empty texts.

tantivy's own slop is exact for two different words only (with three it misses places, with a repeated word it counts
one twice), so other sloppy phrases are spelled out as the exact phrases that they stand for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import tantivy

from index.fields import column
from index.query import ast
from index.query.bounds import index_bounds
from index.query.limits import spelled_out
from index.query.patterns import index_regex
from index.query.phrases import displacements
from index.query.resolve import SPECS
from index.query.syntax import Query

__all__ = ["PRESENT", "column", "to_tantivy"]

PRESENT = "_present"
BLANK = "!"


def to_tantivy(query: Query, index: tantivy.Index) -> tantivy.Query:
    """The query for an index of the shape above."""
    return _Compiler(index.schema).compile(query.node)


class _Compiler:
    def __init__(self, schema: tantivy.Schema) -> None:
        self.schema = schema
        self.handlers: dict[type, Callable[[Any], tantivy.Query]] = {
            ast.MatchAll: lambda _node: tantivy.Query.all_query(),
            ast.MatchNone: lambda _node: tantivy.Query.empty_query(),
            ast.And: lambda node: self.conjunction(node.children),
            ast.Or: lambda node: _any_of(self.compile(child) for child in node.children),
            ast.Not: lambda node: self.conjunction((node,)),
            ast.Term: self.term,
            ast.Phrase: self.phrase,
            ast.Wildcard: self.wildcard,
            ast.Fuzzy: self.fuzzy,
            ast.Range: self.range,
            ast.Exists: self.exists,
        }

    def compile(self, node: ast.Node) -> tantivy.Query:
        return self.handlers[type(node)](node)

    def conjunction(self, children: tuple[ast.Node, ...]) -> tantivy.Query:
        parts = []
        for child in _conjuncts(children):
            if isinstance(child, ast.Not):
                parts.append((tantivy.Occur.MustNot, self.compile(child.child)))
            else:
                parts.append((tantivy.Occur.Must, self.compile(child)))
        if all(occur == tantivy.Occur.MustNot for occur, _ in parts):
            parts.append((tantivy.Occur.Must, tantivy.Query.all_query()))
        return tantivy.Query.boolean_query(parts)

    def term(self, node: ast.Term) -> tantivy.Query:
        return _any_of(
            tantivy.Query.term_query(self.schema, column(name, node.form), node.value) for name in node.fields
        )

    def phrase(self, node: ast.Phrase) -> tantivy.Query:
        return _any_of(self.phrase_in(column(name, node.form), node) for name in node.fields)

    def phrase_in(self, name: str, node: ast.Phrase) -> tantivy.Query:
        terms: list[str | tuple[int, str]] = list(node.terms)
        if not spelled_out(node):
            return tantivy.Query.phrase_query(self.schema, name, terms, node.slop)
        exact = [
            tantivy.Query.phrase_query(self.schema, name, list(words), 0)
            for words in displacements(node.terms, node.slop)
        ]
        everywhere = [
            (tantivy.Occur.Must, tantivy.Query.term_query(self.schema, name, term)) for term in set(node.terms)
        ]
        return tantivy.Query.boolean_query([*everywhere, (tantivy.Occur.Must, _any_of(exact))])

    def wildcard(self, node: ast.Wildcard) -> tantivy.Query:
        return _any_of(self.wildcard_in(column(name, node.form), node.patterns) for name in node.fields)

    def wildcard_in(self, name: str, patterns: tuple[str, ...]) -> tantivy.Query:
        if len(patterns) == 1:
            return tantivy.Query.regex_query(self.schema, name, index_regex(patterns[0]))
        regexes: list[str | tuple[int, str]] = [index_regex(pattern) for pattern in patterns]
        return tantivy.Query.regex_phrase_query(self.schema, name, regexes, 0)

    def fuzzy(self, node: ast.Fuzzy) -> tantivy.Query:
        return _any_of(
            tantivy.Query.fuzzy_term_query(self.schema, column(name, node.form), node.term, node.distance)
            for name in node.fields
        )

    def range(self, node: ast.Range) -> tantivy.Query:
        kind = tantivy.FieldType.Date if SPECS[node.name].kind == "date" else tantivy.FieldType.Float
        lower, upper = index_bounds(node)
        return tantivy.Query.range_query(
            self.schema,
            node.name,
            kind,
            lower,
            upper,
            include_lower=node.lower is None or node.include_lower,
            include_upper=node.upper is None or node.include_upper,
        )

    def exists(self, node: ast.Exists) -> tantivy.Query:
        if SPECS[node.name].kind == "text":
            return tantivy.Query.term_query(self.schema, PRESENT, node.name)
        found = tantivy.Query.exists_query(node.name)
        if SPECS[node.name].kind != "keyword":
            return found
        blank = tantivy.Query.term_query(self.schema, PRESENT, BLANK + node.name)
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, found), (tantivy.Occur.MustNot, blank)])


def _conjuncts(children: Iterable[ast.Node]) -> Iterator[ast.Node]:
    """All that must hold, without conjunctions in conjunctions: tantivy reads one of many parts the fastest."""
    for child in children:
        if isinstance(child, ast.And):
            yield from _conjuncts(child.children)
        else:
            yield child


def _any_of(queries: Iterable[tantivy.Query]) -> tantivy.Query:
    parts = list(queries)
    if len(parts) == 1:
        return parts[0]
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, part) for part in parts])
