"""Elasticsearch's aggregation requests in tantivy's words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from index.aggs import Agg, Json
from index.store import StoreError
from index.times import parsed_milliseconds

DEFAULT_TERMS = 10
# tantivy gives up beyond 65,000 buckets in one answer.
MOST_TERMS = 60_000
# So many distinct values are counted one by one before cardinalities and percentiles are estimated.
EXACT_VALUES = 10_000
DEFAULT_PERCENTS = (1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0)
NANOS = 1_000_000
_FARTHEST = 9.2e18
VALUES = "\x00values"


def request(plan: Sequence[Agg], *, exact: bool) -> Json:
    """tantivy's request for the plan; `exact` asks for the values behind cardinalities and percentiles as well."""
    asked: Json = {}
    for agg in plan:
        for suffix, spec in _BUILD.get(agg.type, _build_metric)(agg, exact):
            asked[agg.name + suffix] = spec
            if agg.subs:
                spec["aggs"] = request(agg.subs, exact=exact)
    return asked


Built = list[tuple[str, Json]]


def _build_metric(agg: Agg, exact: bool) -> Built:
    if agg.kind == "bool" or agg.type in ("cardinality", "percentiles"):
        counted = [(VALUES, {"terms": _all_terms(agg.field, EXACT_VALUES)})] if exact or agg.kind == "bool" else []
        return counted if agg.kind == "bool" else [*counted, ("", _native(agg))]
    return [("", _native(agg))]


def _native(agg: Agg) -> Json:
    body: Json = {"field": agg.field}
    if "missing" in agg.body:
        body["missing"] = agg.body["missing"]
    if "percents" in agg.body:
        body["percents"] = agg.body["percents"]
    return {agg.type: body}


def _all_terms(field: str, size: int) -> Json:
    # Every segment hands in its whole list: counts are exact.
    return {"field": field, "size": size, "segment_size": MOST_TERMS}


def _build_terms(agg: Agg, exact: bool) -> Built:
    size = agg.body.get("size", DEFAULT_TERMS)
    # More than asked for: the order among equals is ours.
    body = _all_terms(agg.field, min(MOST_TERMS, size + (1_000 if exact else 0)))
    orders = orders_of(agg)
    key, way = orders[0]
    if key == "_key":
        body["order"] = {"_key": way}
    elif key != "_count":
        body["size"] = EXACT_VALUES if exact else min(MOST_TERMS, size)
    elif way == "asc":
        body["order"] = {"_count": "asc"}
    if agg.body.get("min_doc_count") == 0:
        body["min_doc_count"] = 0
    if "missing" in agg.body:
        body["missing"] = _missing_term(agg)
    return [("", {"terms": body})]


def _missing_term(agg: Agg) -> Any:
    value = agg.body["missing"]
    if agg.kind == "bool":
        return "true" if value in (True, "true") else "false"
    if agg.kind == "float":
        return float(value)
    return str(value)


def _build_date_histogram(agg: Agg, _exact: bool) -> Built:
    body = {"field": agg.field, "fixed_interval": agg.body["fixed_interval"]}
    return [("", {"date_histogram": body | {"min_doc_count": agg.body.get("min_doc_count", 0)}})]


def _build_histogram(agg: Agg, _exact: bool) -> Built:
    return [("", {"histogram": {"field": agg.field, "min_doc_count": 0, **agg.body}})]


def _build_range(agg: Agg, _exact: bool) -> Built:
    # One by one: Elasticsearch's ranges may overlap, tantivy's not.
    built: Built = []
    for number, entry in enumerate(agg.body["ranges"]):
        bounds = {
            end: native_bound(agg, bound_of(agg, entry[end])) for end in ("from", "to") if entry.get(end) is not None
        }
        built.append((f"\x00{number}", {"range": {"field": agg.field, "ranges": [bounds]}}))
    return built


def bound_of(agg: Agg, value: Any) -> float:
    """A range's bound in Elasticsearch's units: milliseconds since 1970 for dates.

    Raises StoreError where it is neither a number nor a time.
    """
    return float(_instant(value)) if agg.kind == "date" else _number(value)


def native_bound(agg: Agg, bound: float) -> float:
    """The same as tantivy counts it: nanoseconds for dates, of which it knows some three centuries to either side."""
    return max(-_FARTHEST, min(_FARTHEST, bound * NANOS)) if agg.kind == "date" else bound


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise StoreError(f"„{value}“ ist keine Zahl.") from error
    if not math.isfinite(number):
        raise StoreError(f"„{value}“ ist keine Zahl.")
    return number


def _instant(value: Any) -> int:
    """A bound in milliseconds: a number of them, or an ISO time (UTC where it names no zone)."""
    if isinstance(value, int | float):
        return int(_number(value))
    try:
        return parsed_milliseconds(str(value))
    except ValueError as error:
        raise StoreError(f"„{value}“ ist kein Zeitpunkt, etwa 2026-03-01 oder 2026-03-01T18:00:00Z.") from error


def orders_of(agg: Agg) -> list[tuple[str, str]]:
    """What an aggregation's buckets are sorted by, most important first: (key, asc or desc); by count if not said."""
    order = agg.body.get("order", {"_count": "desc"})
    return [next(iter(entry.items())) for entry in (order if isinstance(order, list) else [order])]


_BUILD: dict[str, Callable[[Agg, bool], Built]] = {
    "terms": _build_terms,
    "date_histogram": _build_date_histogram,
    "histogram": _build_histogram,
    "range": _build_range,
}
