"""What a key may ask: fields by role, and bounds that keep one request from costing too much."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dashboard.api.keys import Role
from dashboard.api.problems import ProblemError
from index.aggs import Agg, read_aggs
from index.query import Query, ast
from index.sharing import WITHHELD

MAX_AGGREGATIONS = 30
MAX_DEPTH = 5
MAX_SIZE = 1_000
MAX_BUCKETS = 20_000
MAX_ENTRIES = 100
SMALLEST_STEP = 0.001
# What a histogram without a stated size is reckoned with.
HISTOGRAM_BUCKETS = 100

# With these a reader could single out a person or a text; counting different ones is figures.
SINGLING = frozenset(
    {"id", "content_hash", "url", "thread_url", "native_id", "parent_id", "author_key", "copy_group", "thread_title"}
)
_COUNTING = frozenset({"cardinality", "value_count"})


def check_query(query: Query, role: Role) -> None:
    """Raises `ProblemError` for fields that the role may not ask about."""
    for name, at in _named(query.node):
        if name in WITHHELD or (role == "reader" and name in SINGLING and not name.endswith("title")):
            raise _forbidden(name, position=at)


def _named(node: ast.Node) -> Iterator[tuple[str, int]]:
    """The fields that a query asks about, with their places."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.And | ast.Or):
            waiting.extend(part.children)
        elif isinstance(part, ast.Not):
            waiting.append(part.child)
        elif isinstance(part, ast.Range | ast.Exists):
            yield part.name, part.at
        elif isinstance(part, ast.Term | ast.Phrase | ast.Wildcard | ast.Fuzzy):
            yield from ((name, part.at) for name in part.fields)


def check_aggregations(aggs: Mapping[str, Any], role: Role) -> None:
    """Raises `ProblemError` for a request beyond the limits, `StoreError` for one that no store answers."""
    if not aggs:
        raise ProblemError(400, ("„aggs“ nennt keine Aggregation.", "'aggs' names no aggregation."))
    _check_shape(aggs)
    _check_plan(read_aggs(aggs), role, 1)


def _check_shape(aggs: Mapping[str, Any]) -> None:
    """Depth and number, without recursion: the request may be nested as deep as its size allows."""
    waiting: list[tuple[Any, int]] = [(aggs, 1)]
    count = 0
    while waiting:
        group, depth = waiting.pop()
        if not isinstance(group, Mapping):
            continue
        count += len(group)
        if depth > MAX_DEPTH or count > MAX_AGGREGATIONS:
            raise _too_much(
                f"höchstens {MAX_DEPTH} Ebenen und {MAX_AGGREGATIONS} Aggregationen",
                f"at most {MAX_DEPTH} levels and {MAX_AGGREGATIONS} aggregations",
            )
        for spec in group.values():
            if isinstance(spec, Mapping):
                waiting += [(spec[key], depth + 1) for key in ("aggs", "aggregations") if key in spec]


def _check_plan(plan: Sequence[Agg], role: Role, above: int) -> None:
    for agg in plan:
        if agg.field in WITHHELD or (role == "reader" and agg.field in SINGLING and agg.type not in _COUNTING):
            raise _forbidden(agg.field, aggregation=agg.name)
        _check_values(agg)
        buckets = above * _buckets(agg)
        if buckets > MAX_BUCKETS:
            raise _too_much(f"höchstens {MAX_BUCKETS} Gruppen", f"at most {MAX_BUCKETS} buckets", aggregation=agg.name)
        _check_plan(agg.subs, role, buckets)


def _buckets(agg: Agg) -> int:
    if agg.type == "terms":
        return int(agg.body.get("size", 10))
    if agg.type == "range":
        return len(agg.body["ranges"])
    return HISTOGRAM_BUCKETS if agg.type.endswith("histogram") else 1


def _check_values(agg: Agg) -> None:
    """Bounds of single values."""
    body = agg.body
    numbers = [value for value in body.values() if isinstance(value, float)]
    too_fine = str(body.get("fixed_interval", "1d"))[-1] not in "dh" or body.get("interval", 1) < SMALLEST_STEP
    too_many = any(isinstance(value, list) and len(value) > MAX_ENTRIES for value in body.values())
    too_large = any(body.get(key, 0) > limit for key, limit in (("size", MAX_SIZE), ("shard_size", 10 * MAX_SIZE)))
    if too_fine or too_many or too_large or not all(map(math.isfinite, numbers)):
        raise _too_much(
            f"size bis {MAX_SIZE}, Schritte ab 1h und {SMALLEST_STEP}, Listen bis {MAX_ENTRIES}",
            f"size up to {MAX_SIZE}, steps from 1h and {SMALLEST_STEP}, lists up to {MAX_ENTRIES}",
            aggregation=agg.name,
        )


def _too_much(german: str, english: str, **more: Any) -> ProblemError:
    return ProblemError(400, (f"Zu viel auf einmal: {german}.", f"Too much at once: {english}."), **more)


def _forbidden(name: str, **more: Any) -> ProblemError:
    return ProblemError(403, (f"Nach {name} darf nicht gefragt werden.", f"{name} may not be asked about."), **more)
