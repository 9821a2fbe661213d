"""Figures over values: tantivy's in Elasticsearch's units, and those that are computed from counted values."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

from index.aggs import Agg, Json
from index.embedded_requests import DEFAULT_PERCENTS, NANOS, VALUES
from index.times import iso_time, parsed_milliseconds

# Value and how often it occurs, by value.
Counted = list[tuple[float, int]]


def metric(agg: Agg, answer: Json) -> Json:
    """Elasticsearch's answer to one metric from tantivy's."""
    values = answer.get(agg.name + VALUES)
    whole = values is not None and values["sum_other_doc_count"] == 0
    if agg.type == "cardinality":
        return {"value": len(values["buckets"]) if whole and values else round(answer[agg.name]["value"])}
    if agg.type == "value_count" and agg.kind != "bool":
        return {"value": int(answer[agg.name]["value"])}
    if agg.type == "percentiles":
        counted = _counted(agg, values) if whole and values else None
        return _percentiles(agg, counted, answer[agg.name]["values"])
    if agg.kind == "bool":
        return _of_booleans(agg, _counted(agg, answer[agg.name + VALUES]))
    return _with_texts(agg, {name: _scaled(agg, name, value) for name, value in answer[agg.name].items()})


def _counted(agg: Agg, native: Json) -> Counted:
    read: Callable[[object], float] = _READ_KEY[agg.kind]
    return sorted((read(bucket["key"]), bucket["doc_count"]) for bucket in native["buckets"])


_READ_KEY: dict[str, Callable[[object], float]] = {
    "date": lambda key: float(parsed_milliseconds(str(key))),
    "float": lambda key: float(str(key)),
    "bool": lambda key: float(str(key)),
}


def _scaled(agg: Agg, name: str, value: float | None) -> float | None:
    return value / NANOS if agg.kind == "date" and name != "count" and value is not None else value


def _with_texts(agg: Agg, found: Json) -> Json:
    """Beside times their text, as Elasticsearch prints both."""
    if agg.kind != "date" or found.get("count") == 0:
        return found
    return found | {
        f"{name}_as_string": iso_time(int(value))
        for name, value in found.items()
        if name != "count" and value is not None
    }


def _of_booleans(agg: Agg, counted: Counted) -> Json:
    count = sum(times for _, times in counted)
    total = sum(value * times for value, times in counted)
    present = [value for value, _ in counted]
    figures = {
        "count": count,
        "min": min(present, default=None),
        "max": max(present, default=None),
        "avg": total / count if count else None,
        "sum": total,
    }
    if agg.type == "value_count":
        return {"value": count}
    if agg.type == "stats":
        texts = {f"{name}_as_string": _truth(value) for name, value in figures.items() if name != "count"}
        return figures | (texts if count else {})
    value = figures[agg.type]
    return {"value": value} | ({} if value is None else {"value_as_string": _truth(value)})


def _truth(value: float | None) -> str:
    return "true" if value else "false"


def _percentiles(agg: Agg, counted: Counted | None, estimated: Json) -> Json:
    percents = agg.body.get("percents", DEFAULT_PERCENTS)
    values: Json = {}
    for percent in sorted({float(percent) for percent in percents}):
        value = _scaled(agg, "", estimated[str(percent)]) if counted is None else _quantile(counted, percent / 100)
        value = None if value is None or math.isnan(value) else value
        values[str(percent)] = value
        if agg.kind == "date" and value is not None:
            values[f"{percent}_as_string"] = iso_time(int(value))
    return {"values": values}


def _quantile(counted: Counted, share: float) -> float | None:
    """Linear interpolation between the closest ranks (R. Hyndman and Y. Fan 1996, definition 7)."""
    if not counted:
        return None
    ends = list(accumulate(times for _, times in counted))
    place = share * (ends[-1] - 1)
    lower = counted[bisect_right(ends, math.floor(place))][0]
    upper = counted[bisect_right(ends, math.ceil(place))][0]
    return lower + (upper - lower) * (place - math.floor(place))
