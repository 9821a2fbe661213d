"""Aggregation requests for Elasticsearch: what `index.aggs` has read, with limits that keep figures exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from index.aggs import Agg, read_aggs

# Each monthly index is one shard and answers with this many terms, so that their sums are exact for every field
# with fewer different values.
TERMS_PER_SHARD = 10_000
DEFAULT_TERMS = 10
# Up to here Elasticsearch counts different values (nearly) exactly; it allows no more.
EXACT_VALUES = 40_000


def prepared(aggs: Mapping[str, Any]) -> dict[str, Any]:
    """The request as Elasticsearch reads it. Raises `StoreError` for what the stores don't answer."""
    return _request(read_aggs(aggs))


def _request(plan: Sequence[Agg]) -> dict[str, Any]:
    request: dict[str, Any] = {}
    for agg in plan:
        request[agg.name] = {agg.type: {"field": agg.field, **_limits(agg), **agg.body}}
        if agg.subs:
            request[agg.name]["aggs"] = _request(agg.subs)
    return request


def _limits(agg: Agg) -> dict[str, Any]:
    """What the caller may set otherwise."""
    if agg.type == "terms":
        return {"shard_size": max(TERMS_PER_SHARD, agg.body.get("size", DEFAULT_TERMS))}
    return {"precision_threshold": EXACT_VALUES} if agg.type == "cardinality" else {}
