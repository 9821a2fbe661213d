"""Requests and answers of the API, with the examples that OpenAPI shows."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MENTION_EXAMPLE: dict[str, Any] = {
    "id": "3f0c7a52e8d14b6f9a1e5d2c8b7a6043",
    "source": "speichenrunde",
    "channel": "forum",
    "url": "https://forum.example/viewtopic.php?p=1042",
    "author_key": "9b1f…",
    "published_at": "2026-03-24T08:14:00+01:00",
    "text": "Seit dem Update geht das Schloss nicht mehr auf.",
    "brands": ["Zeisig"],
    "sentiment": {"label": "negative", "polarity": -0.81, "confidence": 0.86, "uncertain": False},
    "topics": ["app"],
    "is_copy": False,
    "work": {"status": "open", "not_us": False},
    "experience": "negative",
    "topic_experience": ["app|negative"],
    "published_week": "2026-03-23",
}


PROBLEM_EXAMPLE: dict[str, Any] = {
    "type": "about:blank",
    "title": "Die Anfrage ist nicht lesbar",
    "status": 400,
    "detail": "Diese Klammer wird nicht geschlossen.",
    "code": "paren_unclosed",
    "position": 8,
}


NOTE_EXAMPLE: dict[str, Any] = {
    "code": "small_operator",
    "position": 4,
    "message": "„und“ wird als Wort gesucht; als Operator schreibt man es groß: UND.",
}


class QueryNote(BaseModel):
    """What a readable query hardly means: it was answered as it stands. `position` is its 0-based character."""

    model_config = ConfigDict(json_schema_extra={"examples": [NOTE_EXAMPLE]})

    code: str
    position: int
    message: str


class SearchPage(BaseModel):
    """One page of a search. `cursor` goes into the next request; it is null on the last page."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"total": 214, "mentions": [MENTION_EXAMPLE], "cursor": "WyI4YjQy…", "notes": [NOTE_EXAMPLE]}]
        }
    )

    total: int
    mentions: list[dict[str, Any]]
    cursor: str | None
    notes: list[QueryNote] = Field(description="remarks on the query; mostly empty")


class AggregateRequest(BaseModel):
    """Elasticsearch aggregation JSON over the matches of a query."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "query": "is_copy:false AND NOT work.not_us:true AND date:>=now-28d",
                    "aggs": {
                        "themen": {
                            "terms": {"field": "topic_experience", "size": 20},
                            "aggs": {"quellen": {"terms": {"field": "source"}}},
                        }
                    },
                }
            ]
        },
    )

    query: str = Field("", max_length=10_000, description="query language of docs/query.md; empty: everything")
    aggs: dict[str, Any] = Field(description="aggregations by name, as in an Elasticsearch search body")


class Total(BaseModel):
    """How many mentions match."""

    value: int
    relation: Literal["eq"] = "eq"


class Hits(BaseModel):
    """As in Elasticsearch's answers."""

    total: Total


class AggregateAnswer(BaseModel):
    """Elasticsearch's answer shape, whichever store answers."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "hits": {"total": {"value": 214, "relation": "eq"}},
                    "aggregations": {
                        "themen": {
                            "doc_count_error_upper_bound": 0,
                            "sum_other_doc_count": 0,
                            "buckets": [
                                {
                                    "key": "app|negative",
                                    "doc_count": 31,
                                    "quellen": {"buckets": [{"key": "speichenrunde", "doc_count": 31}]},
                                }
                            ],
                        }
                    },
                    "notes": [],
                }
            ]
        }
    )

    hits: Hits
    aggregations: dict[str, Any]
    notes: list[QueryNote] = Field(description="remarks on the query; mostly empty")


class FieldInfo(BaseModel):
    """One field that queries and aggregations can name."""

    name: str
    kind: str = Field(description="text, keyword, date, float, bool; stored ones can't be searched")
    german: str


class Health(BaseModel):
    """Whether the store answers."""

    status: Literal["ok"] = "ok"
    store: str = Field(description="embedded or elasticsearch")


class Problem(BaseModel):
    """What is wrong (RFC 9457). `position` is the 0-based character of the query that it is about."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={"examples": [PROBLEM_EXAMPLE]},
    )

    type: str
    title: str
    status: int
    detail: str | None = None
    code: str | None = None
    position: int | None = None
