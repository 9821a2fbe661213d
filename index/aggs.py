"""Aggregation requests in Elasticsearch's JSON: what `Store.aggregate` takes, checked once for both stores."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from index.fields import ALIASES, DERIVED, FIELDS
from index.store import StoreError

Json = dict[str, Any]

KINDS = {spec.name: spec.kind for spec in (*FIELDS, *DERIVED)}
METRICS = frozenset({"avg", "min", "max", "sum", "stats", "value_count", "cardinality", "percentiles"})
_NUMERIC = frozenset({"float", "date", "bool"})
_ANY = frozenset({"keyword", "date", "float", "bool"})

# Per type: the kinds of fields it works on, and the parameters beside `field`.
_TYPES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "terms": (_ANY, frozenset({"size", "shard_size", "order", "missing", "min_doc_count"})),
    "date_histogram": (frozenset({"date"}), frozenset({"fixed_interval", "min_doc_count"})),
    "histogram": (frozenset({"float"}), frozenset({"interval", "offset", "min_doc_count"})),
    "range": (frozenset({"float", "date"}), frozenset({"ranges"})),
    "avg": (_NUMERIC, frozenset({"missing"})),
    "min": (_NUMERIC, frozenset({"missing"})),
    "max": (_NUMERIC, frozenset({"missing"})),
    "sum": (_NUMERIC, frozenset({"missing"})),
    "stats": (_NUMERIC, frozenset({"missing"})),
    "value_count": (_ANY, frozenset()),
    "cardinality": (_ANY, frozenset({"precision_threshold"})),
    "percentiles": (frozenset({"float", "date"}), frozenset({"percents"})),
}
_REQUIRED = {"date_histogram": "fixed_interval", "histogram": "interval", "range": "ranges"}
_INTERVAL = re.compile(r"[1-9][0-9]*[dhms]")
_SUBS = ("aggs", "aggregations")


@dataclass(frozen=True)
class Agg:
    """One aggregation of a request: `field` is a name of `index.fields`, `kind` the field's, `body` the rest."""

    name: str
    type: str
    field: str
    kind: str
    body: Mapping[str, Any]
    subs: tuple[Agg, ...]


def read_aggs(aggs: Mapping[str, Any]) -> tuple[Agg, ...]:
    """The request, checked, with aliases of fields resolved. Raises `StoreError` for what the stores don't answer."""
    _check(isinstance(aggs, Mapping), "Eine Aggregation ist ein JSON-Objekt aus Namen und Aggregationen")
    return tuple(_read(name, body) for name, body in aggs.items())


def resolved(aggs: tuple[Agg, ...]) -> dict[str, Any]:
    """The request as Elasticsearch reads it, aliases resolved."""
    request: dict[str, Any] = {}
    for agg in aggs:
        request[agg.name] = {agg.type: {"field": agg.field, **agg.body}}
        if agg.subs:
            request[agg.name]["aggs"] = resolved(agg.subs)
    return request


def _check(good: bool, sentence: str) -> None:
    if not good:
        raise StoreError(f"{sentence}.")


def _read(name: str, spec: Any) -> Agg:
    _check(isinstance(spec, Mapping), f"Aggregation „{name}“: ein JSON-Objekt wird erwartet")
    types = [key for key in spec if key not in _SUBS]
    _check(len(types) == 1, f"Aggregation „{name}“: genau ein Typ wird erwartet, etwa terms")
    type = types[0]
    _check(type in _TYPES, f"Aggregation „{name}“: den Typ {type} gibt es nicht; möglich sind {', '.join(_TYPES)}")
    body = spec[type]
    _check(isinstance(body, Mapping) and isinstance(body.get("field"), str), f"Aggregation „{name}“: „field“ fehlt")
    field = ALIASES.get(body["field"], body["field"])
    _check_field(name, type, field)
    _check_body(name, type, body)
    subs = spec.get("aggs", spec.get("aggregations")) or {}
    _check(type not in METRICS or not subs, f"Aggregation „{name}“: {type} nimmt keine Unteraggregationen")
    _check(_takes_missing(type, field, body), f"Aggregation „{name}“: missing geht nicht bei {type} auf {field}")
    rest = {key: value for key, value in body.items() if key != "field"}
    return Agg(name, type, field, KINDS[field], rest, read_aggs(subs))


def _takes_missing(type: str, field: str, body: Mapping[str, Any]) -> bool:
    return "missing" not in body or KINDS[field] in (("keyword", "float", "bool") if type == "terms" else ("float",))


def _check_field(name: str, type: str, field: str) -> None:
    kind = KINDS.get(field)
    _check(kind is not None, f"Aggregation „{name}“: das Feld {field} gibt es nicht")
    allowed = _TYPES[type][0]
    _check(kind in allowed, f"Aggregation „{name}“: {type} geht nicht auf dem Feld {field} (Art {kind})")


def _check_body(name: str, type: str, body: Mapping[str, Any]) -> None:
    strange = sorted(set(body) - _TYPES[type][1] - {"field"})
    _check(not strange, f"Aggregation „{name}“: {type} kennt hier kein {', '.join(strange)}")
    needed = _REQUIRED.get(type)
    _check(needed is None or needed in body, f"Aggregation „{name}“: {needed} fehlt")
    for key, value in body.items():
        if key in _VALUES:
            good, meaning = _VALUES[key]
            _check(good(value), f"Aggregation „{name}“: {key} ist {meaning}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_ranges(value: Any) -> bool:
    def good(entry: Any) -> bool:
        return (
            isinstance(entry, Mapping) and entry.keys() <= {"from", "to", "key"} and bool({"from", "to"} & entry.keys())
        )

    return isinstance(value, list) and bool(value) and all(map(good, value))


def _is_order(value: Any) -> bool:
    orders = value if isinstance(value, list) else [value]
    return bool(orders) and all(
        isinstance(order, Mapping) and len(order) == 1 and all(way in ("asc", "desc") for way in order.values())
        for order in orders
    )


_VALUES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "size": (lambda value: _is_count(value) and value > 0, "eine Zahl ab 1"),
    "min_doc_count": (_is_count, "eine Zahl ab 0"),
    "fixed_interval": (lambda value: isinstance(value, str) and bool(_INTERVAL.fullmatch(value)), "etwa 1d oder 6h"),
    "interval": (lambda value: _is_number(value) and value > 0, "eine Zahl über 0"),
    "offset": (_is_number, "eine Zahl"),
    "ranges": (_is_ranges, "eine Liste aus {from, to}"),
    "percents": (
        lambda value: isinstance(value, list) and bool(value) and all(_is_number(p) and 0 <= p <= 100 for p in value),
        "eine Liste von Zahlen von 0 bis 100",
    ),
    "order": (_is_order, 'etwa {"_count": "desc"}'),
    "missing": (lambda value: isinstance(value, str | int | float | bool), "ein einzelner Wert"),
}
