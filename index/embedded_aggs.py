"""Aggregations on tantivy, asked and answered as Elasticsearch does.

tantivy computes; the request becomes tantivy's (`embedded_requests`), the answer Elasticsearch's (`embedded_answers`).
Cardinalities and percentiles, which tantivy estimates, are computed from counted values while those are few enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from index.aggs import Json, read_aggs
from index.embedded_answers import answers
from index.embedded_requests import request
from index.store import StoreError


def aggregate(searcher: Any, query: Any, aggs: Mapping[str, Any]) -> Json:
    """The answer to `aggs` over the matches of a `tantivy.Query`. Raises `StoreError`."""
    plan = read_aggs(aggs)
    if not plan:
        return {}
    try:
        try:
            answer = searcher.aggregate(query, request(plan, exact=True))
        except ValueError as error:
            if "bucket limit" not in str(error):
                raise
            answer = searcher.aggregate(query, request(plan, exact=False))
    except ValueError as error:
        if "bucket limit" in str(error):
            raise StoreError("Die Aggregation ergibt zu viele Gruppen: bitte gröber teilen oder filtern.") from error
        raise StoreError(f"Die Aggregation lässt sich nicht ausführen: {error}") from error
    return answers(plan, answer)
