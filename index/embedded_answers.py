"""tantivy's aggregation answers in Elasticsearch's words: keys, order, nulls."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from index.aggs import Agg, Json
from index.embedded_metrics import metric
from index.embedded_requests import DEFAULT_TERMS, bound_of, native_bound, orders_of
from index.store import StoreError
from index.times import iso_time, parsed_milliseconds


def answers(plan: Sequence[Agg], answer: Json) -> Json:
    """Elasticsearch's answer to the plan from tantivy's."""
    return {agg.name: _READ.get(agg.type, metric)(agg, answer) for agg in plan}


def _bucket(agg: Agg, bucket: Json, head: Json) -> Json:
    return {**head, "doc_count": bucket["doc_count"], **answers(agg.subs, bucket)}


def _read_terms(agg: Agg, answer: Json) -> Json:
    native = answer[agg.name]
    buckets = [_bucket(agg, bucket, _term_key(agg, bucket["key"])) for bucket in native["buckets"]]
    if "missing" in agg.body:
        buckets = _joined(agg, buckets)
    least = agg.body.get("min_doc_count", 1)
    buckets = [bucket for bucket in buckets if bucket["doc_count"] >= least]
    # Ties of the asked order go by key; stable sorts from the last criterion to the first.
    buckets.sort(key=lambda bucket: bucket["key"])
    for key, way in reversed(orders_of(agg)):
        buckets = _sorted(agg, buckets, key, descending=way == "desc")
    size = agg.body.get("size", DEFAULT_TERMS)
    other = native["sum_other_doc_count"] + sum(bucket["doc_count"] for bucket in buckets[size:])
    return {"doc_count_error_upper_bound": 0, "sum_other_doc_count": other, "buckets": buckets[:size]}


def _joined(agg: Agg, buckets: list[Json]) -> list[Json]:
    """A value for missing that also occurs is one bucket, not two."""
    joined: dict[Any, Json] = {}
    for bucket in buckets:
        known = joined.get(bucket["key"])
        if known is None:
            joined[bucket["key"]] = bucket
        elif agg.subs:
            raise StoreError(
                f"Aggregation „{agg.name}“: der Wert für missing kommt auch vor; mit Unteraggregationen braucht es "
                "einen eigenen."
            )
        else:
            known["doc_count"] += bucket["doc_count"]
    return list(joined.values())


def _sorted(agg: Agg, buckets: list[Json], key: str, *, descending: bool) -> list[Json]:
    ranked = [(_rank(agg, bucket, key), bucket) for bucket in buckets]
    with_value = [pair for pair in ranked if pair[0] is not None]
    with_value.sort(key=lambda pair: pair[0], reverse=descending)
    return [bucket for _, bucket in with_value] + [bucket for rank, bucket in ranked if rank is None]


def _rank(agg: Agg, bucket: Json, key: str) -> Any:
    if key == "_count":
        return bucket["doc_count"]
    if key == "_key":
        return bucket["key"]
    name, _, part = key.partition(".")
    found = bucket.get(name)
    if not isinstance(found, dict) or "buckets" in found:
        raise StoreError(f"Aggregation „{agg.name}“: nach {key} lässt sich nicht ordnen.")
    return found["values"].get(str(float(part))) if "values" in found else found.get(part or "value")


def _term_key(agg: Agg, key: Any) -> Json:
    if agg.kind == "bool":
        truth = key in (1, "true")
        return {"key": int(truth), "key_as_string": "true" if truth else "false"}
    if agg.kind == "date":
        time = parsed_milliseconds(key)
        return {"key": time, "key_as_string": iso_time(time)}
    return {"key": float(key) if agg.kind == "float" else key}


def _read_date_histogram(agg: Agg, answer: Json) -> Json:
    buckets = answer[agg.name]["buckets"]
    return {
        "buckets": [
            _bucket(agg, bucket, {"key_as_string": iso_time(int(bucket["key"])), "key": int(bucket["key"])})
            for bucket in buckets
        ]
    }


def _read_histogram(agg: Agg, answer: Json) -> Json:
    buckets = answer[agg.name]["buckets"]
    return {"buckets": [_bucket(agg, bucket, {"key": bucket["key"]}) for bucket in buckets]}


def _read_range(agg: Agg, answer: Json) -> Json:
    found = []
    for number, entry in enumerate(agg.body["ranges"]):
        bounds = {end: bound_of(agg, entry[end]) for end in ("from", "to") if entry.get(end) is not None}
        native = {end: native_bound(agg, bound) for end, bound in bounds.items()}
        # tantivy also answers for what lies below and above.
        bucket = next(
            bucket
            for bucket in answer[f"{agg.name}\x00{number}"]["buckets"]
            if {end: bucket[end] for end in ("from", "to") if end in bucket} == native
        )
        lower, upper = bounds.get("from", -math.inf), bounds.get("to", math.inf)
        found.append((lower, upper, _bucket(agg, bucket, _range_head(agg, entry, bounds))))
    return {"buckets": [bucket for _, _, bucket in sorted(found, key=lambda entry: entry[:2])]}


def _range_head(agg: Agg, entry: Mapping[str, Any], bounds: Mapping[str, float]) -> Json:
    head: Json = {}
    names = {"from": "*", "to": "*"}
    for end, bound in bounds.items():
        head[end] = bound
        names[end] = str(bound)
        if agg.kind == "date":
            names[end] = head[f"{end}_as_string"] = iso_time(int(bound))
    return {"key": entry.get("key", f"{names['from']}-{names['to']}"), **head}


_READ: dict[str, Callable[[Agg, Json], Json]] = {
    "terms": _read_terms,
    "date_histogram": _read_date_histogram,
    "histogram": _read_histogram,
    "range": _read_range,
}
