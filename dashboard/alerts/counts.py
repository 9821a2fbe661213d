"""Negative mentions per topic and day, read from the store as one aggregation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dashboard.alerts.detector import HISTORY_DAYS
from index.fields import BERLIN
from index.query import Query, clause, conjunction, parse_query
from index.store import Store

MAX_TOPICS = 1000
LONGEST_WINDOW = 7
HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Series:
    """Counts per 24 hours, oldest first, the last bin ending with `end`; `weekdays` are those of the bins' ends."""

    bins: tuple[int, ...]
    weekdays: tuple[int, ...]
    end: datetime


def counted(brand: str) -> Query:
    """What counts: this brand's mentions by customers, near-copies once, without those marked as not ours."""
    rest = "NOT author_role:staff AND NOT is_copy:true AND NOT work.not_us:true"
    return conjunction(parse_query(clause("brands", brand)), parse_query(rest))


def about(topic: str) -> Query:
    """Negative statements about one topic."""
    return parse_query(clause("topic_experience", f"{topic}|negative"))


def published(start: datetime, end: datetime) -> Query:
    """Mentions published from `start` on and before `end`."""
    return parse_query(f'published_at:["{_utc(start)}" TO "{_utc(end)}"}}')


def negative_series(store: Store, brand: str, topics: list[str], now: datetime) -> dict[str, Series]:
    """Per topic the negative mentions before `now`. Days before the brand's first mention are not part of it."""
    # Bins are cut at full hours; the last one is filled up to the hour that has begun.
    end = (now + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    end = now if now == end - timedelta(hours=1) else end
    start = end - timedelta(days=HISTORY_DAYS + LONGEST_WINDOW)
    query = conjunction(counted(brand), published(start, now))
    aggs = {
        "first": {"min": {"field": "published_at"}},
        "topics": {
            "terms": {"field": "topic_experience", "size": MAX_TOPICS},
            "aggs": {
                "hours": {"date_histogram": {"field": "published_at", "fixed_interval": "1h", "min_doc_count": 1}}
            },
        },
    }
    answer = store.aggregate(aggs, query=query)
    first = answer["first"]["value"]
    if first is None:
        return {topic: Series((), (), end) for topic in topics}
    length = min(_age_in_days(first, end) + 1, HISTORY_DAYS + LONGEST_WINDOW)
    hours = {bucket["key"]: bucket["hours"]["buckets"] for bucket in answer["topics"]["buckets"]}
    return {topic: _series(hours.get(f"{topic}|negative", []), length, end) for topic in topics}


def _series(hours: list[dict[str, float]], length: int, end: datetime) -> Series:
    bins = [0] * length
    for bucket in hours:
        age = _age_in_days(bucket["key"], end)
        if 0 <= age < length:
            bins[-1 - age] += int(bucket["doc_count"])
    weekdays = [(end - timedelta(days=age)).astimezone(BERLIN).weekday() for age in range(length - 1, -1, -1)]
    return Series(tuple(bins), tuple(weekdays), end)


def _age_in_days(epoch_ms: float, end: datetime) -> int:
    """How many whole 24-hour bins before the last one the hour that starts there lies."""
    return int((end.timestamp() * 1000 - epoch_ms - HOUR_MS) // (24 * HOUR_MS))


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
