"""A query as Elasticsearch DSL. Words are analysed already, so that every store compares the same tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from index.fields import column
from index.query import ast
from index.query.bounds import index_bounds
from index.query.patterns import has_wildcard, unescape
from index.query.resolve import SPECS
from index.query.syntax import Query

Clause = dict[str, Any]


# A field of the indexed document only: the names of its text fields that are not empty. For Elasticsearch an empty
# text is a value.
FILLED = "filled"


def to_elastic(query: Query, *, scoring: bool = False) -> Clause:
    """The query in Elasticsearch's DSL: a filter, or with `scoring` one whose matches have a relevance (BM25)."""
    return node_to_elastic(query.node, scoring=scoring)


def node_to_elastic(node: ast.Node, *, scoring: bool = False) -> Clause:
    """The DSL of a resolved query. With `scoring` the parts of a conjunction count for relevance, else none does."""
    if isinstance(node, ast.MatchAll):
        return {"match_all": {}}
    if isinstance(node, ast.MatchNone):
        return {"match_none": {}}
    if isinstance(node, ast.Not):
        return {"bool": {"must_not": [node_to_elastic(node.child)]}}
    if isinstance(node, ast.And):
        children = [node_to_elastic(child, scoring=scoring) for child in node.children]
        return {"bool": {"must" if scoring else "filter": children}}
    if isinstance(node, ast.Or):
        return _any([node_to_elastic(child, scoring=scoring) for child in node.children])
    return _leaf(node)


def _leaf(node: ast.Leaf) -> Clause:
    if isinstance(node, ast.Range):
        return _range(node)
    if isinstance(node, ast.Exists):
        return _exists(node.name)
    return _any([_in_field(node, name) for name in node.fields])


def _in_field(node: ast.Term | ast.Phrase | ast.Wildcard | ast.Fuzzy, name: str) -> Clause:
    field = column(name, node.form)
    if isinstance(node, ast.Term):
        return {"term": {field: {"value": node.value}}}
    if isinstance(node, ast.Phrase):
        # The tokens are joined by what none of them contains, and split again without being analysed again.
        return {"match_phrase": {field: {"query": " ".join(node.terms), "analyzer": "whitespace", "slop": node.slop}}}
    if isinstance(node, ast.Wildcard):
        return _wildcard(field, node.patterns)
    # Without this rewrite only the 50 most similar words would count.
    options = {"value": node.term, "fuzziness": node.distance, "transpositions": True, "rewrite": "constant_score"}
    return {"fuzzy": {field: options}}


def _wildcard(field: str, patterns: Sequence[str]) -> Clause:
    if len(patterns) == 1:
        return {"wildcard": {field: {"value": patterns[0]}}}
    clauses = [
        {"span_multi": {"match": {"wildcard": {field: {"value": pattern}}}}}
        if has_wildcard(pattern)
        else {"span_term": {field: unescape(pattern)}}
        for pattern in patterns
    ]
    return {"span_near": {"clauses": clauses, "slop": 0, "in_order": True}}


def _range(node: ast.Range) -> Clause:
    bounds: Clause = {}
    lower, upper = index_bounds(node)
    if lower is not None:
        bounds["gte" if node.include_lower else "gt"] = _value(lower)
    if upper is not None:
        bounds["lte" if node.include_upper else "lt"] = _value(upper)
    return {"range": {node.name: bounds}}


def _value(bound: float | datetime) -> float | str:
    return bound.isoformat() if isinstance(bound, datetime) else bound


def _exists(name: str) -> Clause:
    kind = SPECS[name].kind
    if kind == "text":
        return {"term": {FILLED: {"value": name}}}
    clause: Clause = {"exists": {"field": name}}
    if kind != "keyword":
        return clause
    # Nothing but empty texts. The range is only looked at where there are such.
    blank = {"filter": [{"term": {name: {"value": ""}}}], "must_not": [{"range": {name: {"gt": ""}}}]}
    return {"bool": {"filter": [clause], "must_not": [{"bool": blank}]}}


def _any(clauses: Sequence[Clause]) -> Clause:
    if len(clauses) == 1:
        return clauses[0]
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}
