"""What an alert shows as evidence: where it is said, and three verbatims."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashboard.alerts.counts import about, counted, published
from index.mention import Aspect, Mention
from index.query import Query, conjunction
from index.store import Store

VERBATIMS = 3
CANDIDATES = 100
MAX_CHARACTERS = 280
SHORTEST = 25


@dataclass(frozen=True)
class Verbatim:
    """What one person wrote, shortened around the statement about the topic. `url` is None unless it is http(s).

    `has_time` says whether `published_at` knows the time of day.
    """

    text: str
    source: str
    published_at: datetime | None
    has_time: bool
    url: str | None


@dataclass(frozen=True)
class Evidence:
    """Sources with their counts, busiest first, and the verbatims."""

    sources: tuple[tuple[str, int], ...]
    verbatims: tuple[Verbatim, ...]


def collect(store: Store, *, brand: str, topic: str, start: datetime, end: datetime) -> Evidence:
    """The evidence for negative statements about a topic from `start` on and before `end`."""
    query = conjunction(counted(brand), about(topic), published(start, end))
    answer = store.aggregate({"sources": {"terms": {"field": "source", "size": 20}}}, query=query)
    sources = tuple((str(bucket["key"]), int(bucket["doc_count"])) for bucket in answer["sources"]["buckets"])
    return Evidence(sources, tuple(_verbatims(store, query, topic)))


def overlap(store: Store, first: Query, second: Query) -> float:
    """Which share of the matches of `second` also matches `first`; 0 where `second` has none."""
    total = store.search(second, limit=0).total
    return store.search(conjunction(first, second), limit=0).total / total if total else 0.0


def _verbatims(store: Store, query: Query, topic: str) -> list[Verbatim]:
    """The most negative statements, from different authors and, where there are several, different sources."""
    found = store.search(query, limit=CANDIDATES).mentions
    ranked = sorted(found, key=lambda mention: (len(mention.text) < SHORTEST, _polarity(mention, topic), mention.id))
    chosen: list[Mention] = []
    for fresh_source in (True, False):
        for mention in ranked:
            if len(chosen) < VERBATIMS and _is_new(mention, chosen, fresh_source=fresh_source):
                chosen.append(mention)
    return [_verbatim(mention, topic) for mention in chosen]


def _is_new(mention: Mention, chosen: list[Mention], *, fresh_source: bool) -> bool:
    if any(mention.id == other.id or (mention.author_key or "") == other.author_key for other in chosen):
        return False
    return not (fresh_source and any(mention.source == other.source for other in chosen))


def _statement(mention: Mention, topic: str) -> Aspect | None:
    aspects = [aspect for aspect in mention.aspects if aspect.topic == topic]
    return min(aspects, key=lambda aspect: aspect.polarity, default=None)


def _polarity(mention: Mention, topic: str) -> float:
    statement = _statement(mention, topic)
    if statement is not None:
        return statement.polarity
    return 0.0 if mention.sentiment is None else mention.sentiment.polarity


def _verbatim(mention: Mention, topic: str) -> Verbatim:
    statement = _statement(mention, topic)
    text = shortened(mention.text, 0 if statement is None else statement.start)
    url = mention.url if mention.url.lower().startswith(("http://", "https://")) else None
    has_time = mention.date_precision in ("minute", "second")
    return Verbatim(text, mention.source, mention.published_at, has_time, url)


def shortened(text: str, start: int) -> str:
    """At most `MAX_CHARACTERS` of a text that show the place `start`, cut between words, with … at the cuts."""
    if len(text) <= MAX_CHARACTERS:
        return " ".join(text.split())
    begin = start if start + MAX_CHARACTERS <= len(text) else max(0, text.rfind(" ", 0, len(text) - MAX_CHARACTERS) + 1)
    if start < MAX_CHARACTERS // 2:
        begin = 0
    end = begin + MAX_CHARACTERS
    if end < len(text):
        end = text.rfind(" ", begin + 1, end) if " " in text[begin + 1 : end] else end
    cut = " ".join(text[begin:end].split())
    return f"{'… ' if begin else ''}{cut}{' …' if end < len(text) else ''}"
