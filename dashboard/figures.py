"""The figures of all pages, each written once as aggregation JSON that both stores answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

from dashboard.intervals import Change, Share, adjusted, change, wilson
from index.mention import SENTIMENTS
from index.query import Query
from index.store import Store

Dimension = Literal["source", "journey_phase", "touchpoint", "channel"]
Step = Literal["day", "week"]

# More distinct topics, sources, weeks than a page can show.
MANY = 1000
# A trend of fewer days than this is drawn by day, a longer one by week.
DAILY_UP_TO: Final = 31
# Buckets that one chart can hold; a period beyond (wrong dates in the distant past) keeps its newest part.
MAX_STEPS: Final = 530

EXPERIENCES: Final[dict[str, Any]] = {"terms": {"field": "experience", "size": len(SENTIMENTS)}}


@dataclass(frozen=True)
class Counts:
    """How many mentions tell of which experience. `n` counts those that the model or a person has judged."""

    negative: int = 0
    mixed: int = 0
    neutral: int = 0
    positive: int = 0

    @property
    def n(self) -> int:
        return self.negative + self.mixed + self.neutral + self.positive

    def share(self, experience: str) -> Share:
        """The share of one experience among all judged mentions."""
        return wilson(int(getattr(self, experience)), self.n)


@dataclass(frozen=True)
class Overview:
    """The headline figures: all matches (`total`, also those not judged yet), and how they fall out."""

    total: int
    uncertain: int
    counts: Counts


@dataclass(frozen=True)
class Picture:
    """All figures of the hotspot page for one filter: its headline, its topics, and per dimension its cells."""

    overview: Overview
    topics: Mapping[str, Counts]
    cells: Mapping[Dimension, Sequence[Cell]]


@dataclass(frozen=True)
class TrendPoint:
    """One day, or one week by its Monday."""

    start: date
    counts: Counts


@dataclass(frozen=True)
class Cell:
    """What is said about `topic` in one place (`value` of the dimension)."""

    topic: str
    value: str
    counts: Counts

    @property
    def negative(self) -> Share:
        return self.counts.share("negative")


@dataclass(frozen=True)
class Hotspot:
    """A cell beside the same cell of the period before, which held `before` mentions.

    `change` is empty where these are too few to compare with; `adjusted_p` allows for how many cells were compared.
    """

    cell: Cell
    before: int
    change: Change
    adjusted_p: float | None


@dataclass(frozen=True)
class Voice:
    """How often a brand is spoken of, and how."""

    brand: str
    total: int
    counts: Counts


def overview(store: Store, query: Query) -> Overview:
    """The headline figures of a filter."""
    return _overview(store.aggregate(_OVERVIEW, query=query))


def picture(store: Store, query: Query, dimensions: Sequence[Dimension]) -> Picture:
    """`overview`, `topics` and the `cells` of each dimension, answered at once: the store reads its matches once."""
    answer = store.aggregate(_OVERVIEW | _pairs(dimensions), query=query)
    return Picture(_overview(answer), _topics(answer), {by: _cells(answer, by) for by in dimensions})


# Every mention has one id.
_OVERVIEW: Final[dict[str, Any]] = {
    "total": {"value_count": {"field": "id"}},
    "experiences": EXPERIENCES,
    "uncertain": {"terms": {"field": "sentiment.uncertain", "size": 2}},
}


def _overview(answer: Mapping[str, Any]) -> Overview:
    uncertain = sum(bucket["doc_count"] for bucket in _buckets(answer, "uncertain") if _is_true(bucket))
    return Overview(int(answer["total"]["value"]), uncertain, _counts(answer))


def trend(store: Store, query: Query, *, start: date | None, end: date | None) -> list[TrendPoint]:
    """Experiences over time, without gaps: by day for short periods, else by week. Undated mentions have no place."""
    step = step_for(start, end)
    if step == "day":
        aggs: dict[str, Any] = {
            "time": {
                "date_histogram": {"field": "published_day", "fixed_interval": "1d", "min_doc_count": 1},
                "aggs": {"experiences": EXPERIENCES},
            }
        }
    else:
        aggs = {"time": {"terms": {"field": "published_week", "size": MANY}, "aggs": {"experiences": EXPERIENCES}}}
    answer = store.aggregate(aggs, query=query)
    found = {_day_of(bucket): _counts(bucket) for bucket in _buckets(answer, "time")}
    return _without_gaps(found, step=step, start=start, end=end)


def step_for(start: date | None, end: date | None) -> Step:
    """Days for a period of up to a month, else weeks."""
    return "day" if start is not None and end is not None and (end - start).days < DAILY_UP_TO else "week"


def cells(store: Store, query: Query, by: Dimension) -> list[Cell]:
    """What is said about each topic in each place; only cells that somebody has written about."""
    return _cells(store.aggregate(_pairs((by,)), query=query), by)


def topics(store: Store, query: Query) -> dict[str, Counts]:
    """What is said about each topic, wherever it was said."""
    return _topics(store.aggregate(_pairs(()), query=query))


def _pairs(dimensions: Sequence[Dimension]) -> dict[str, Any]:
    pairs: dict[str, Any] = {"terms": {"field": "topic_experience", "size": MANY * len(SENTIMENTS)}}
    if dimensions:
        pairs["aggs"] = {by: {"terms": {"field": by, "size": MANY}} for by in dimensions}
    return {"pairs": pairs}


def _cells(answer: Mapping[str, Any], by: Dimension) -> list[Cell]:
    found: dict[tuple[str, str], dict[str, int]] = {}
    for pair in _buckets(answer, "pairs"):
        topic, _, experience = str(pair["key"]).rpartition("|")
        for place in _buckets(pair, by):
            found.setdefault((topic, str(place["key"])), {})[experience] = place["doc_count"]
    return [Cell(topic, value, Counts(**counts)) for (topic, value), counts in sorted(found.items())]


def _topics(answer: Mapping[str, Any]) -> dict[str, Counts]:
    found: dict[str, dict[str, int]] = {}
    for pair in _buckets(answer, "pairs"):
        topic, _, experience = str(pair["key"]).rpartition("|")
        found.setdefault(topic, {})[experience] = pair["doc_count"]
    return {topic: Counts(**counts) for topic, counts in sorted(found.items())}


def by_value(store: Store, query: Query, field: str) -> dict[str, Counts]:
    """Experiences per value of a field, most frequent value first."""
    aggs = {"values": {"terms": {"field": field, "size": MANY}, "aggs": {"experiences": EXPERIENCES}}}
    return {str(item["key"]): _counts(item) for item in _buckets(store.aggregate(aggs, query=query), "values")}


def hotspots(now: Iterable[Cell], before: Iterable[Cell], *, min_group: int) -> list[Hotspot]:
    """Cells of at least `min_group` mentions with something negative, worst first: by the lower bound of the share.

    The lower bound keeps three angry posts from outranking three hundred.
    """
    old = {(cell.topic, cell.value): cell.counts for cell in before}
    large = [cell for cell in now if cell.counts.n >= min_group and cell.counts.negative > 0]
    past = [old.get((cell.topic, cell.value), Counts()) for cell in large]
    changes = [
        change(cell.negative, (counts if counts.n >= min_group else Counts()).share("negative"))
        for cell, counts in zip(large, past, strict=True)
    ]
    spots = zip(large, (counts.n for counts in past), changes, adjusted(changes), strict=True)
    return sorted((Hotspot(*spot) for spot in spots), key=_urgency)


def voices(store: Store, query: Query, brands: Sequence[str]) -> list[Voice]:
    """The named brands by how often they are spoken of. A mention of two brands counts for both."""
    aggs = {"brands": {"terms": {"field": "brands", "size": MANY}, "aggs": {"experiences": EXPERIENCES}}}
    answer = store.aggregate(aggs, query=query)
    found = {
        str(item["key"]): Voice(str(item["key"]), item["doc_count"], _counts(item))
        for item in _buckets(answer, "brands")
    }
    return [found.get(brand, Voice(brand, 0, Counts())) for brand in brands]


def values(store: Store, query: Query, fields: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """Per field the values that occur, most frequent first, with their numbers of mentions."""
    aggs = {field: {"terms": {"field": field, "size": MANY}} for field in fields}
    answer = store.aggregate(aggs, query=query)
    return {field: [(str(item["key"]), item["doc_count"]) for item in _buckets(answer, field)] for field in fields}


def copies(store: Store, query: Query) -> dict[str, int]:
    """Per copy group the number of mentions in it."""
    return dict(values(store, query, ("copy_group",))["copy_group"])


def _urgency(spot: Hotspot) -> tuple[float, int, str, str]:
    low = spot.cell.negative.low or 0.0
    return (-low, -spot.cell.counts.n, spot.cell.topic, spot.cell.value)


def _buckets(answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = answer.get(name, {}).get("buckets", [])
    return list(found)


def _counts(bucket: Mapping[str, Any]) -> Counts:
    return Counts(**{str(item["key"]): int(item["doc_count"]) for item in _buckets(bucket, "experiences")})


def _is_true(bucket: Mapping[str, Any]) -> bool:
    return str(bucket.get("key_as_string", bucket["key"])).lower() in ("true", "1")


def _day_of(bucket: Mapping[str, Any]) -> date:
    text = bucket.get("key_as_string") or bucket["key"]
    return date.fromisoformat(str(text)[:10])


def _without_gaps(
    found: Mapping[date, Counts], *, step: Step, start: date | None, end: date | None
) -> list[TrendPoint]:
    if not found and (start is None or end is None):
        return []
    first = min(found) if start is None else start
    last = max(found) if end is None else end
    width = timedelta(days=1 if step == "day" else 7)
    if step == "week":
        first -= timedelta(days=first.weekday())
        last -= timedelta(days=last.weekday())
    first = max(first, last - width * (MAX_STEPS - 1))
    steps = (last - first) // width + 1
    return [TrendPoint(first + width * number, found.get(first + width * number, Counts())) for number in range(steps)]
